//! Rates: calls wait for their turn or are refused; tool calls are taken out of the answer.

use crate::{acts, agent, say};
use serde_json::json;
use std::time::{Duration, Instant};
use switchtower_tests::{Agent, Dialect, Options, Runtime, Turn, cells::forms};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_call_waits_for_its_turn_and_the_wait_is_told() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.")).await;
    let policy = "version = 1\nname = \"p\"\n[limit.slow]\nmatch = { model = \"*\" }\nrate = \"1/2s\"\nburst = 1\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    for label in ["one~a", "one~b", "one~c"] {
        let mut agent = agent(&runtime, label, Dialect::Chat, false);
        calls.spawn(async move { say(&mut agent, "Go").await.0.text });
    }
    assert_eq!(calls.join_all().await, ["Fine."; 3]);
    assert!(begun.elapsed() >= Duration::from_millis(3_900), "{:?}", begun.elapsed());
    let acts = acts(&runtime, "limit.slow").await;
    assert_eq!(acts.iter().map(|act| act["action"].as_str().unwrap()).collect::<Vec<_>>(), ["delay", "delay"]);
    let waited = acts[0]["effect"]["ms"].as_f64().unwrap();
    assert!((10.0..6_000.0).contains(&waited), "{acts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_call_without_a_turn_is_refused_on_every_dialect() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.")).await;
    let policy = "version = 1\nname = \"p\"\n[limit.few]\nmatch = { model = \"*\" }\nrate = \"1/h\"\non_exceed = \"deny\"\n\
                  per = \"session\"\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        provider.forget();
        let mut agent = agent(&runtime, &format!("one~{dialect:?}{streamed}").to_lowercase(), dialect, streamed);
        assert_eq!(say(&mut agent, "Go").await.0.text, "Fine.", "{what}: each session has its own");
        let (answer, response) = say(&mut agent, "Go").await;
        assert!(
            answer.text.contains("Refused by limit few of policy p: at most 1 in 1h, 1 at once. The next turn is in "),
            "{what}: {}",
            answer.text
        );
        assert!(response.header("x-switchtower-intervention").is_some(), "{what}");
        assert_eq!(provider.received().len(), 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_without_a_turn_is_taken_out_and_the_model_is_told() {
    for (dialect, streamed) in forms().filter(|(dialect, _)| *dialect != Dialect::OllamaGenerate) {
        let what = format!("{dialect:?} streamed={streamed}");
        let provider = crate::hand_world::provider(|round| match round {
            0 => Turn::call("search", json!({"path": "a"})).and_call("search", json!({"path": "b"})),
            _ => Turn::text("Fine."),
        })
        .await;
        let policy = "version = 1\nname = \"p\"\n[limit.search]\nmatch = { tool = \"sea*\" }\nrate = \"1/h\"\non_exceed = \"deny\"\n";
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("one~a");
        let (answer, _) = say(&mut agent, "Search").await;
        assert_eq!(answer.calls.len(), 1, "{what}: {answer:?}");
        assert!(answer.calls[0].arguments.to_string().contains('a'), "{what}: the first has its turn");
        agent.give(&[(answer.calls[0].clone(), switchtower_tests::agent::Outcome::good("found"))]);
        let (answer, _) = agent.turn().await;
        assert_eq!(answer.text, "Fine.", "{what}");
        let sent = provider.last().json().to_string();
        assert!(sent.contains("limit search of policy p"), "{what}: {sent}");
        let acts = acts(&runtime, "limit.search").await;
        assert_eq!(acts.iter().map(|act| act["action"].as_str().unwrap()).collect::<Vec<_>>(), ["block"], "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_waits_for_its_turn() {
    for streamed in [false, true] {
        let provider = crate::hand_world::provider(|_| {
            Turn::call("search", json!({"path": "a"})).and_call("search", json!({"path": "b"}))
        })
        .await;
        let policy =
            "version = 1\nname = \"p\"\n[limit.search]\nmatch = { tool = \"search\" }\nrate = \"2/s\"\nburst = 1\n";
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Anthropic, streamed).labelled("one~a");
        let begun = Instant::now();
        let (answer, _) = say(&mut agent, "Search").await;
        assert_eq!(answer.calls.len(), 2);
        assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
        assert_eq!(acts(&runtime, "limit.search").await[0]["action"], "delay");
    }
}

/// A call that a person lets through takes its turn like any other.
#[tokio::test(flavor = "multi_thread")]
async fn an_approved_tool_call_takes_its_turn() {
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let provider = crate::hand_world::provider(|round| match round {
            0 => Turn::call("search", json!({"path": "a"})).and_call("search", json!({"path": "b"})),
            _ => Turn::text("Fine."),
        })
        .await;
        let policy = "version = 1\nname = \"p\"\n[limit.search]\nmatch = { tool = \"sea*\" }\nrate = \"1/h\"\non_exceed = \"deny\"\n\
                      [[rule]]\nid = \"ask\"\non = \"tool.call\"\ndo = [\"escalate\"]\n";
        let mut options = Options::to(&provider.base).policy("p", policy);
        options.config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
        let runtime = Runtime::start(&options);
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("one~a");
        let turn = tokio::spawn(async move { say(&mut agent, "Search").await.0 });
        for _ in 0..2 {
            let asked = crate::hand_world::escalation(&runtime, "pending").await;
            runtime.rpc("resolve_escalation", json!({"escalation": asked["id"], "decision": "approve"})).await;
        }
        let answer = turn.await.unwrap();
        assert_eq!(answer.calls.len(), 1, "{what}: both were approved, one has a turn: {answer:?}");
        let acts = acts(&runtime, "limit.search").await;
        assert_eq!(acts.iter().map(|act| act["action"].as_str().unwrap()).collect::<Vec<_>>(), ["block"], "{what}");
    }
}

/// A follow-up after a removed call is a call to the model like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_takes_its_turn_at_the_model() {
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let provider = crate::hand_world::provider(|round| match round {
            0 => Turn::call("search", json!({"path": "a"})).with_text("I look."),
            _ => Turn::text("Fine."),
        })
        .await;
        let policy = "version = 1\nname = \"p\"\n[limit.few]\nmatch = { model = \"*\" }\nrate = \"1/h\"\non_exceed = \"deny\"\n\
                      [[rule]]\nid = \"no\"\non = \"tool.call\"\ndo = [\"block\"]\n";
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("one~a");
        let (answer, _) = say(&mut agent, "Search").await;
        assert!(answer.text.contains("limit.few of policy p has no turn for another call"), "{what}: {}", answer.text);
        assert_eq!(provider.received().len(), 1, "{what}");
    }
}
