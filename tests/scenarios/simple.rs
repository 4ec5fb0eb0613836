//! POLICY's simple form, key for key: a session that trips each, what was done, and what `policy explain` says of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may panic and spawn; clippy only knows its `#[test]` functions

use futures::future::join_all;
use serde_json::{Value, json};
use std::{process::Command, sync::Arc, time::Duration};
use switchtower_tests::{
    Agent, Dialect, Fault, Received, Reply, Stage, Turn, Usage, agent::Outcome, judge, render, runtime,
};

/// A key with its value, and the actions that it must have led to, oldest first.
const KEYS: &[(&str, &str, &[&str])] = &[
    ("max_tool_errors", "max_tool_errors = 1", &["inject"]),
    ("context_limit", "context_limit = 0.5", &["compact"]),
    ("the usual context_limit", "max_tool_errors = 9", &["compact"]),
    ("token_budget_per_session", "token_budget_per_session = 400", &["limit", "block"]),
    ("cost_budget_usd", "cost_budget_usd = 0.000001", &["escalate"]),
    ("latency_budget_ms", "latency_budget_ms = 6000\nfallback_model = \"fast-model\"", &["reroute"]),
    ("latency_budget_ms_per_request", "latency_budget_ms_per_request = 700", &["partial"]),
    ("latency_budget_ms_per_subtask", "latency_budget_ms_per_subtask = 700", &["partial"]),
    ("safety_classifiers", "safety_classifiers = [\"secrets\"]", &["redact"]),
    ("circuit_breaker", "[circuit_breaker]\nerror_rate_threshold = 0.5\nwindow_seconds = 60", &["block"]),
];

const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";

fn turn(key: &str, dialect: Dialect, round: usize) -> Turn {
    let call = Turn::call("search", json!({"path": format!("p{round}")}));
    match (key, round) {
        ("max_tool_errors", 0..2) | ("latency_budget_ms", 0) | ("latency_budget_ms_per_subtask", 0..2) => call,
        ("context_limit" | "the usual context_limit", 0..7) => {
            let window = if dialect == Dialect::Chat { 128_000 } else { 200_000 };
            let share = if key == "context_limit" { 60 } else { 90 };
            let input = if round < 5 { 900 } else { window * share / 100 };
            call.with_usage(Usage { input, ..Usage::default() })
        }
        _ => Turn::text("Done."),
    }
}

fn reply(key: &'static str, dialect: Dialect) -> impl Fn(&Received) -> Reply + Send + Sync {
    let count = std::sync::atomic::AtomicUsize::new(0);
    judge::strict(move |request| {
        let round = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let good = render::answer(request, &turn(key, dialect, round).numbered(round));
        match key {
            "circuit_breaker" => render::error(dialect, 500, "down"),
            "latency_budget_ms_per_request" => good.fault(Fault::Silence(20)),
            _ => good,
        }
    })
}

/// Drives the agent until the key has done what it does.
async fn trip(stage: &Stage, key: &str, agent: &mut Agent) {
    let pause = |ms| tokio::time::sleep(Duration::from_millis(ms));
    match key {
        "circuit_breaker" => {
            agent.say("One");
            for _ in 0..12 {
                if agent.send().await.unwrap().status == 200 {
                    return;
                }
            }
            panic!("it never refused");
        }
        "token_budget_per_session" => {
            for text in ["One", "Two", "Three", "Four", "Five"] {
                agent.say(text);
                agent.turn().await;
            }
        }
        "cost_budget_usd" => {
            agent.say("Buy it");
            let waiting = agent.clone();
            let asked = tokio::spawn(async move { waiting.send().await.unwrap() });
            for _ in 0..500 {
                let (session, _) = stage.session(agent).await;
                let listed = stage.runtime.rpc("list_escalations", json!({"state": "pending"})).await;
                let all = listed["escalations"].as_array().unwrap();
                if let Some(mine) = all.iter().find(|one| one["session"] == session["id"]) {
                    let no = json!({"escalation": mine["id"], "decision": "deny", "reason": "Too dear."});
                    stage.runtime.rpc("resolve_escalation", no).await;
                    let response = asked.await.unwrap();
                    assert!(response.text().contains("Too dear."), "{}", response.text());
                    return;
                }
                pause(20).await;
            }
            panic!("nobody was asked");
        }
        _ => {
            agent.say(if key == "safety_classifiers" { SECRET } else { "Go" });
            loop {
                let (answer, _) = agent.turn().await;
                if answer.calls.is_empty() {
                    return;
                }
                match key {
                    "latency_budget_ms" => pause(5_000).await,
                    "latency_budget_ms_per_subtask" => pause(800).await,
                    _ => {}
                }
                let outcome = if key == "max_tool_errors" {
                    Outcome::bad("Error: no such file")
                } else {
                    Outcome::good(&"word ".repeat(400))
                };
                agent.give(&answer.calls.iter().map(|call| (call.clone(), outcome.clone())).collect::<Vec<_>>());
            }
        }
    }
}

async fn explained(stage: &Stage, exchange: &Value) -> String {
    let mut command = Command::new(runtime::binary());
    command.args(["policy", "explain", exchange.as_str().unwrap(), "--data"]).arg(&stage.runtime.data);
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

async fn cell(stage: Arc<Stage>, key: &'static str, wanted: &'static [&'static str], dialect: Dialect, streamed: bool) {
    let mut agent = stage.scripted(key, dialect, streamed, reply(key, dialect));
    trip(&stage, key, &mut agent).await;
    let (_, mut acts) = stage.session(&agent).await;
    acts.reverse();
    let by_rules = acts.iter().filter(|act| act["cause"] == "rule" && act["mode"] == "enforce");
    let mut done: Vec<&str> = by_rules.clone().map(|act| act["action"].as_str().unwrap()).collect();
    done.dedup();
    let missing: Vec<_> = wanted.iter().filter(|action| !done.contains(action)).collect();
    assert!(missing.is_empty(), "{key} × {dialect:?}: {missing:?} of {done:?}: {acts:?}");
    for act in by_rules.filter(|act| wanted.contains(&act["action"].as_str().unwrap())) {
        let told = explained(&stage, &act["exchange"]).await;
        let rule = act["rule"].as_str().unwrap();
        assert!(told.contains(rule), "explain does not name {rule} ({key}): {told}");
    }
    let upstream = json!(stage.bodies(&agent)).to_string();
    match key {
        "max_tool_errors" => assert!(upstream.contains("2 tool calls of this run have failed"), "{upstream}"),
        "latency_budget_ms" => assert!(upstream.contains("fast-model"), "{upstream}"),
        "safety_classifiers" => assert!(!upstream.contains(SECRET), "{upstream}"),
        "cost_budget_usd" => assert_eq!(stage.bodies(&agent).len(), 0, "nothing was spent"),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_simple_key_does_what_it_says_and_is_explained() {
    let policies: Vec<(&str, String)> = KEYS.iter().map(|(key, line, _)| (*key, format!("{line}\n"))).collect();
    let stage = Stage::start(&policies).await;
    let forms = [(Dialect::Chat, true), (Dialect::Anthropic, false)];
    let cells = KEYS.iter().flat_map(|(key, _, wanted)| {
        forms.map(|(dialect, streamed)| tokio::spawn(cell(stage.clone(), key, wanted, dialect, streamed)))
    });
    let failed: Vec<String> =
        join_all(cells).await.into_iter().filter_map(Result::err).map(|e| e.to_string()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
