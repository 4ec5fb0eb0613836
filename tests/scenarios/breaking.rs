//! Streams that break off: the agent hears so, in its dialect where that is possible, and never gets a clean end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use std::time::Duration;
use switchtower_tests::{
    Agent, Answer, Dialect, Fault, Options, Provider, Reply, Runtime, Turn,
    http::{Ended, Response},
    render,
};

const BLOCK: &str = "version = 1\nname = \"block\"\nagents = [\"block-*\"]\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"No.\" } }]\n";

fn turn() -> Turn {
    Turn::call("search", serde_json::json!({"path": "somewhere"})).with_text("I search now.")
}

fn reply(dialect: Dialect) -> Reply {
    render::render(dialect, true, true, &turn())
}

/// A provider that breaks off as the header `x-fault` says.
async fn breaking() -> (Provider, Runtime) {
    let provider = Provider::start(|request| {
        let (dialect, _) = Dialect::of(request.target()).unwrap();
        let (kind, at) = request.header("x-fault").unwrap().split_once(' ').unwrap();
        let at = at.parse().unwrap();
        reply(dialect).fault(match kind {
            "cut" => Fault::Cut(at),
            "reset" => Fault::Reset(at),
            "silence" => Fault::Silence(at),
            _ => Fault::CleanEnd(at),
        })
    })
    .await;
    let options = Options::to(&provider.base).policy("block", BLOCK);
    let runtime = Runtime::start(&options);
    (provider, runtime)
}

fn agent(runtime: &Runtime, dialect: Dialect, fault: &str, label: &str) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, true).labelled(label);
    agent.say("Go on");
    agent.headers.push(("x-fault".into(), fault.into()));
    agent
}

/// How an event of the harness's streams ends.
fn end(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Ollama | Dialect::OllamaGenerate => "\n",
        Dialect::Gemini => "\r\n\r\n",
        _ => "\n\n",
    }
}

/// The error that a stream's last event tells, in the shape that its dialect's clients raise.
fn told(dialect: Dialect, response: &Response) -> Option<String> {
    let text = response.text();
    let last = match dialect {
        Dialect::Ollama | Dialect::OllamaGenerate => text.trim_end().lines().last()?.to_owned(),
        Dialect::GeminiArray => {
            let all: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            all.as_array()?.last()?.to_string()
        }
        _ => text.trim_end().split("\n\n").last()?.lines().last()?.strip_prefix("data: ")?.to_owned(),
    };
    let event: serde_json::Value = serde_json::from_str(&last).unwrap_or_else(|error| panic!("{error}: {last}"));
    let error = match dialect {
        Dialect::Ollama | Dialect::OllamaGenerate => &event["error"],
        Dialect::Responses if event["type"] == "response.failed" => &event["response"]["error"]["message"],
        Dialect::Anthropic if event["type"] != "error" => return None,
        _ => &event["error"]["message"],
    };
    error.as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_ends_in_an_error_event_and_a_broken_connection() {
    let (provider, runtime) = breaking().await;
    for (place, dialect) in Dialect::ALL.into_iter().enumerate() {
        let whole = reply(dialect).bytes();
        for at in [1, whole.len() / 3, whole.len() / 2, whole.len() - 12] {
            for (kind, label) in [("cut", "open"), ("reset", "open"), ("end", "open"), ("cut", "block-it")] {
                let label = format!("{label}~{place}-{at}-{kind}");
                let what = format!("{dialect:?} {kind} at {at} of {}, {label}", whole.len());
                provider.forget();
                let agent = agent(&runtime, dialect, &format!("{kind} {at}"), &label);
                let response = agent.send().await.unwrap_or_else(|broken| panic!("{what}: no head: {broken:?}"));
                assert_ne!(response.ended, Ended::Complete, "{what}: a clean end: {}", response.text());
                assert!(Answer::read(dialect, true, &response.body).is_err(), "{what}: looks whole");
                let why = told(dialect, &response);
                assert!(why.is_some_and(|why| why.contains("broke off")), "{what}: {}", response.text());
                let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
                assert_eq!((&exchange["state"], &exchange["origin"]), (&"failed".into(), &"provider".into()), "{what}");
                let got = runtime.body(&exchange["agent_response"]).await;
                assert_eq!(String::from_utf8_lossy(&got), response.text(), "{what}: recorded as the agent got it");
                let sent = runtime.body(&exchange["provider_response"]).await;
                assert!(whole.starts_with(&sent), "{what}: recorded as the provider sent it");
                assert_eq!(provider.received().len(), 1, "{what}: never retried after a forwarded byte");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_before_a_break_reaches_the_agent_as_it_came() {
    let (_provider, runtime) = breaking().await;
    for dialect in Dialect::FIVE {
        let whole = reply(dialect).bytes();
        let at = whole.len() / 2;
        let response = agent(&runtime, dialect, &format!("cut {at}"), "open").send().await.unwrap();
        let same = response.body.iter().zip(whole.iter()).take_while(|(got, sent)| got == sent).count();
        let end = end(dialect);
        let frames = String::from_utf8_lossy(&whole[..at]).rfind(end).map_or(0, |place| place + end.len());
        assert!(frames > 0 && same >= frames, "{dialect:?}: {same} of {frames} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_carry_an_event_is_reset() {
    for (encoding, streamed) in [(Some("gzip"), true), (None, false)] {
        let reply = render::render(Dialect::Chat, streamed, true, &turn());
        let reply = encoding.map_or(reply.clone(), |encoding| reply.encoded(encoding));
        let half = reply.bytes().len() / 2;
        let provider = Provider::replies([reply.fault(Fault::Cut(half))]).await;
        let runtime = Runtime::start(&Options::to(&provider.base));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, streamed);
        agent.extra = serde_json::json!({"stream_options": {"include_usage": true}});
        agent.say("Go on");
        let response = agent.send().await.unwrap();
        assert_ne!(response.ended, Ended::Complete, "{encoding:?}: {}", response.text());
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
        assert_eq!(exchange["state"], "failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_falls_silent_is_given_up_in_the_dialects_words() {
    let provider = Provider::start(|request| {
        let (dialect, _) = Dialect::of(request.target()).unwrap();
        let reply = reply(dialect);
        let half = reply.bytes().len() / 2;
        reply.fault(Fault::Silence(half))
    })
    .await;
    let mut options = Options::to(&provider.base);
    options.settings = "idle_timeout = \"1s\"".into();
    let runtime = Runtime::start(&options);
    for dialect in Dialect::FIVE {
        let mut agent = Agent::new(&runtime.proxy, dialect, true);
        agent.say("Go on");
        let answer = tokio::time::timeout(Duration::from_secs(10), agent.send()).await;
        let response = answer.expect("the idle time-out ends it").unwrap();
        assert!(told(dialect, &response).is_some(), "{dialect:?}: {}", response.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_the_provider_itself_streams_passes_and_is_a_failure() {
    for dialect in Dialect::FIVE {
        let frames = String::from_utf8(reply(dialect).bytes().to_vec()).unwrap();
        let end = end(dialect);
        let first = frames.find(end).unwrap() + end.len();
        let error = match dialect {
            Dialect::Ollama => "{\"error\":\"out of memory\"}\n".to_owned(),
            Dialect::Anthropic => "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"out of memory\"}}\n\n".to_owned(),
            Dialect::Responses => "event: error\ndata: {\"type\":\"error\",\"code\":\"x\",\"message\":\"out of memory\",\"param\":null,\"sequence_number\":1}\n\n".to_owned(),
            _ => "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n".to_owned(),
        };
        let body = format!("{}{error}", &frames[..first]);
        let kind = reply(dialect).headers[0].1.clone();
        let provider = Provider::replies([Reply::stream(&kind, vec![body.clone().into()])]).await;
        let runtime = Runtime::start(&Options::to(&provider.base));
        let mut agent = Agent::new(&runtime.proxy, dialect, true);
        agent.say("Go on");
        let response = agent.send().await.unwrap();
        assert_eq!((response.text(), response.ended), (body, Ended::Complete), "{dialect:?}");
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
        assert_eq!(exchange["state"], "failed", "{dialect:?}: {}", exchange["error"]);
        assert!(exchange["error"].as_str().unwrap().contains("out of memory"), "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_provider_is_a_failed_row_and_adds_up_in_the_figures() {
    let provider = Provider::start(|request| {
        let (dialect, _) = Dialect::of(request.target()).unwrap();
        match request.header("x-status").and_then(|status| status.parse().ok()) {
            Some(status) => render::error(dialect, status, "slow down"),
            None => render::answer(request, &Turn::text("Hi")),
        }
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    for dialect in Dialect::FIVE {
        for status in [None, Some("429"), Some("500")] {
            let mut agent = Agent::new(&runtime.proxy, dialect, true);
            agent.say(&format!("{dialect:?} {status:?}"));
            agent.headers.extend(status.map(|status| ("x-status".to_owned(), status.to_owned())));
            let response = agent.send().await.unwrap();
            let id = response.header("x-switchtower-exchange").unwrap().to_owned();
            let exchange = runtime.settled(&id).await;
            let ask = serde_json::json!({"session": exchange["session"], "from": 0, "count": 50});
            let rows = runtime.rpc("list_timeline", ask).await;
            let row =
                rows["rows"].as_array().unwrap().iter().find(|row| row["exchange"] == id.as_str()).unwrap().clone();
            match status {
                None => assert_eq!((&row["state"], &row["error"]), (&"complete".into(), &serde_json::Value::Null)),
                Some(status) => {
                    assert_eq!(row["state"], "failed", "{dialect:?} {status}");
                    assert_eq!(row["error"], format!("{status}: slow down"), "{dialect:?}");
                }
            }
        }
    }
    let figures = runtime.rpc("metrics", serde_json::json!({})).await;
    let classes = figures["errors"].as_array().unwrap();
    let counted: u64 = classes.iter().map(|class| class["count"].as_u64().unwrap()).sum();
    assert_eq!(
        (figures["exchanges"].as_u64(), figures["failed"].as_u64(), counted),
        (Some(15), Some(10), 10),
        "{figures}"
    );
}
