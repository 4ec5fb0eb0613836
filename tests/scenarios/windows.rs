//! Text that must not leak, while it streams: what is no match goes on at once, what may become one waits, and of a match no byte gets out,
//! however the stream is cut or broken. Shadow rules and late classifiers stand in the way of nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::time::Duration;
use switchtower_tests::{
    Agent, Dialect, Fault, Options, Provider, Reply, Runtime, Turn, cells::forms, http::Ended, render,
};

const KEY: &str = "AKIAABCDEFGHIJKLMNOP";
const WINDOW: &str =
    "version = 1\n[[rule]]\nid = \"keys\"\non = \"model.stream\"\ndo = [{ redact = \"secret_key\" }]\n";

fn said() -> String {
    format!("One two three four five, {KEY}, {}", "six seven eight nine ten eleven twelve. ".repeat(6))
}

async fn world(policy: &str, reply: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> (Provider, Runtime) {
    let provider = Provider::start(move |request| reply(render::answer(request, &Turn::text(&said())))).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("window", policy));
    (provider, runtime)
}

fn agent(runtime: &Runtime, dialect: Dialect) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, true);
    agent.say("What is the key?");
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_lets_text_go_on_while_it_looks() {
    let (_provider, runtime) = world(WINDOW, |reply| reply.pace(Duration::from_millis(40))).await;
    for (dialect, _) in forms().filter(|(_, streamed)| *streamed) {
        let (answer, response) = agent(&runtime, dialect).turn().await;
        assert_eq!(answer.text, said().replace(KEY, "[redacted:secret_key:1]"), "{dialect:?}");
        let (first, last) = (response.pieces[0].0, response.pieces.last().unwrap().0);
        assert!(response.pieces.len() > 4, "{dialect:?}: not held whole: {:?}", response.pieces);
        assert!(first * 2 < last, "{dialect:?}: the first piece came at {first:?} of {last:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_match_no_byte_leaves_however_the_stream_is_cut() {
    for size in [1, 7, 64, 4096] {
        let (_provider, runtime) = world(WINDOW, move |reply| reply.cut_into(std::iter::repeat(size))).await;
        for (dialect, _) in forms().filter(|(_, streamed)| *streamed) {
            let (answer, response) = agent(&runtime, dialect).turn().await;
            assert_eq!(answer.text, said().replace(KEY, "[redacted:secret_key:1]"), "{dialect:?} by {size}");
            let body = String::from_utf8_lossy(&response.body).into_owned();
            assert!(!body.contains("AKIA"), "{dialect:?} by {size}: {body}");
        }
    }
}

/// Two calls, of which one passes the key; they come in one piece, in many, and one well before the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_calls_arguments_leave_under_tokens_however_the_stream_is_cut() {
    let policy = WINDOW.replace("model.stream", "tool.call").replace("do =", "when = \"tool.name == 'search'\"\ndo =");
    for (size, pace) in [(1, 0), (7, 0), (64, 0), (300, 0), (300, 20), (4096, 0)] {
        let turn = || {
            Turn::call("search", json!({"path": KEY, "deep": {"list": [format!("\"{KEY}\"")]}}))
                .and_call("read_file", json!({"path": "b"}))
        };
        let pace = Duration::from_millis(pace);
        let script = move |request: &_| render::answer(request, &turn()).cut_into(std::iter::repeat(size)).pace(pace);
        let provider = Provider::start(script).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("window", &policy));
        for (dialect, _) in forms().filter(|(_, streamed)| *streamed) {
            let what = format!("{dialect:?} by {size}, {pace:?} apart");
            let (answer, response) = agent(&runtime, dialect).turn().await;
            let arguments: Value = serde_json::from_str(&answer.calls[0].arguments).unwrap();
            let token = "[redacted:secret_key:1]";
            let expected = json!({"path": token, "deep": {"list": [format!("\"{token}\"")]}});
            assert_eq!(arguments, expected, "{what}");
            assert_eq!(answer.calls[1].name, "read_file", "{what}");
            let body = String::from_utf8_lossy(&response.body).into_owned();
            assert!(!body.contains("AKIA"), "{what}: {body}");
        }
    }
}

/// The provider's connection breaks within the key: what had come of it stays here.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_within_a_match_gives_none_of_it_away() {
    let broken = |reply: Reply| {
        let body = reply.bytes();
        let place =
            body.windows(4).position(|window| window == b"AKIA").or_else(|| body.windows(2).position(|w| w == b"AK"));
        let behind = place.map_or(body.len() / 2, |place| place + 4);
        // To the end of the frame that brings the key's beginning.
        let end = body[behind..].windows(1).position(|byte| byte == b"\n").map_or(body.len(), |end| behind + end + 2);
        reply.fault(Fault::Cut(end))
    };
    let (_provider, runtime) = world(WINDOW, broken).await;
    let sent = agent(&runtime, Dialect::Chat).send().await;
    let body = match sent {
        Ok(response) => {
            assert_ne!(response.ended, Ended::Complete, "never as if it had ended");
            String::from_utf8_lossy(&response.body).into_owned()
        }
        Err(broken) => format!("{broken:?}"),
    };
    assert!(!body.contains("AKI"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_window_holds_nothing_and_says_what_it_would_have_done() {
    let shadow = WINDOW.replace("do =", "mode = \"shadow\"\ndo =");
    let (provider, runtime) = world(&shadow, |reply| reply).await;
    for (dialect, streamed) in forms().take(4) {
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
        agent.say("What is the key?");
        let (answer, response) = agent.turn().await;
        assert_eq!(answer.text, said());
        runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
    }
    assert_eq!(provider.received().len(), 4);
    let listed = runtime.rpc("list_interventions", json!({})).await;
    let acts = listed["interventions"].as_array().unwrap();
    let would = |act: &&Value| {
        act["mode"] == "shadow" && act["summary"].as_str().unwrap().starts_with("Would have: Kept 1 value")
    };
    assert_eq!((acts.len(), acts.iter().filter(would).count()), (4, 4), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_classifier_holds_an_answer_no_longer_than_it_may() {
    let judge = Provider::start(|_| Reply::json(200, r#"{"score": 1.0}"#).delay(Duration::from_secs(20))).await;
    let policy = format!(
        "version = 1\n[classifier.slow]\nkind = \"http\"\nurl = \"{}\"\nmax = \"150ms\"\n[[rule]]\nid = \"judged\"\n\
         on = \"model.response\"\nwhen = \"score.slow > 0.5\"\ndo = [\"block\"]\n",
        judge.base
    );
    let (_provider, runtime) = world(&policy, |reply| reply).await;
    let began = std::time::Instant::now();
    let (answer, response) = agent(&runtime, Dialect::Anthropic).turn().await;
    assert_eq!(answer.text, said(), "on_error is open");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
    let verdict = exchange["verdicts"].as_array().unwrap().iter().find(|verdict| verdict["rule"] == "judged").unwrap();
    assert!(verdict["error"].as_str().unwrap().contains("score.slow"), "{verdict}");
}
