//! Streams under the wrong label: a rule on tool calls sees them all the same, and every byte passes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may panic; clippy only knows its `#[test]` functions

use serde_json::json;
use switchtower_tests::{Agent, Answer, Dialect, Options, Provider, Runtime, Turn, provider::encode, render};

const BLOCK: &str = "version = 1\nname = \"block\"\nagents = [\"block-*\"]\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"No.\" } }]\n";

/// Content types that say nothing, or the wrong thing, of a stream.
const LABELS: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some("text/plain; charset=utf-8"),
    Some("application/octet-stream"),
    Some("text/html"),
    Some("text/event-stream"),
];

fn turn() -> Turn {
    Turn::call("search", json!({"path": "a"})).and_call("delete_file", json!({"path": "/"})).with_text("Now.")
}

/// A runtime before a provider that labels every stream as the header `x-label` says, compressed as `x-packed` says.
async fn mislabelling() -> (Provider, Runtime) {
    let provider = Provider::start(|request| {
        let mut reply = render::answer(request, &turn());
        reply.headers.retain(|(name, _)| name != "content-type");
        if let Some(label) = request.header("x-label") {
            reply = reply.header("content-type", label);
        }
        match request.header("x-packed") {
            Some(encoding) => reply.encoded(encoding),
            None => reply.cut_into(std::iter::repeat(7)),
        }
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("block", BLOCK));
    (provider, runtime)
}

fn cases() -> impl Iterator<Item = (Dialect, Option<&'static str>, Option<&'static str>)> {
    let labels = Dialect::ALL.into_iter().flat_map(|dialect| LABELS.map(|label| (dialect, label)));
    labels.flat_map(|(dialect, label)| [None, Some("gzip"), Some("zstd")].map(|packed| (dialect, label, packed)))
}

fn agent(runtime: &Runtime, name: &str, place: usize, case: (Dialect, Option<&str>, Option<&str>)) -> Agent {
    let (dialect, label, packed) = case;
    let mut agent = Agent::new(&runtime.proxy, dialect, true).labelled(&format!("{name}~{place}"));
    agent.say("Clean up");
    agent.headers.extend(label.map(|label| ("x-label".to_owned(), label.to_owned())));
    agent.headers.extend(packed.map(|packed| ("x-packed".to_owned(), packed.to_owned())));
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_sees_the_calls_of_a_mislabelled_stream() {
    let (_provider, runtime) = mislabelling().await;
    for (place, case) in cases().enumerate().filter(|(_, (dialect, ..))| *dialect != Dialect::OllamaGenerate) {
        let response = agent(&runtime, "block-it", place, case).send().await.unwrap();
        let answer = Answer::read(case.0, true, &response.body).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        let names: Vec<&str> = answer.calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["search"], "{case:?}: {}", response.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mislabelled_stream_passes_byte_for_byte_and_is_read() {
    let (_provider, runtime) = mislabelling().await;
    for (place, case) in cases().enumerate() {
        let mut agent = agent(&runtime, "open", place, case);
        agent.extra = json!({"stream_options": {"include_usage": true}});
        let response = agent.send().await.unwrap();
        let plain = render::render(case.0, true, true, &turn()).bytes();
        let expected = case.2.map_or(plain.clone(), |encoding| encode(encoding, &plain));
        assert_eq!(response.body, expected, "{case:?}");
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
        assert_eq!(exchange["usage"]["output_tokens"], 34, "{case:?}: {}", exchange["usage"]);
        let calls = if case.0 == Dialect::OllamaGenerate { 0 } else { 2 };
        assert_eq!(exchange["calls"].as_array().map(Vec::len), Some(calls), "{case:?}");
    }
}
