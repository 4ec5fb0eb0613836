//! Budgets of time: each refuses once it is used up, is shown as a gauge, and leaves out what a person held.

use crate::{agent, say};
use serde_json::json;
use std::{process::Command, time::Duration};
use switchtower_tests::{Agent, Dialect, Options, Runtime, Turn, agent::Outcome, cells::forms, runtime};

fn policy(per: &str, ms: u64) -> String {
    format!("version = 1\nname = \"p\"\n[budget.clock]\nper = \"{per}\"\nlimit_ms = {ms}\n")
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_s_time_runs_out_between_its_calls_and_the_next_run_has_its_own() {
    for (dialect, streamed) in forms() {
        for per in ["run", "subtask"] {
            let what = format!("{dialect:?} streamed={streamed} per {per}");
            let provider = crate::hand_world::provider(|round| match round {
                0 => Turn::call("search", json!({"path": "a"})),
                _ => Turn::text("Fine."),
            })
            .await;
            let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy(per, 1_000)));
            let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("bot~one");
            let (answer, _) = say(&mut agent, "Search").await;
            pause(1_200).await;
            agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
            let (answer, response) = agent.turn().await;
            assert!(answer.text.contains("Refused by budget clock of policy p"), "{what}: {}", answer.text);
            assert!(answer.text.contains("of 1000 ms per"), "{what}: {}", answer.text);
            assert!(response.header("x-switchtower-intervention").is_some(), "{what}");
            assert_eq!(provider.received().len(), 1, "{what}");
            let (answer, _) = say(&mut agent, "Another").await;
            assert_eq!(answer.text, "Fine.", "{what}: a new run has its own time");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_s_time_does_not_begin_anew_and_show_tells_it() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.")).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy("session", 1_500)));
    let mut agent = agent(&runtime, "bot~one", Dialect::Chat, false);
    assert_eq!(say(&mut agent, "One").await.0.text, "Fine.");
    let session = runtime.sessions().await[0]["id"].as_str().unwrap().to_owned();
    let detail = runtime.rpc("get_session", json!({"session": session})).await;
    let gauge = &detail["budgets"][0];
    assert_eq!((&gauge["unit"], &gauge["limit"]), (&json!("ms"), &json!(1_500.0)), "{detail}");
    pause(1_600).await;
    assert!(say(&mut agent, "Two").await.0.text.contains("budget clock"));
    assert!(say(&mut agent, "Three").await.0.text.contains("budget clock"));
    let mut command = Command::new(runtime::binary());
    command.args(["show", &session, "--data"]).arg(&runtime.data);
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let shown = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(shown.contains("budget clock of p:") && shown.contains("per session"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_may_take_is_counted_from_its_own_beginning() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.")).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy("request", 5_000)));
    let mut agent = agent(&runtime, "bot~one", Dialect::Anthropic, true);
    for text in ["One", "Two"] {
        assert_eq!(say(&mut agent, text).await.0.text, "Fine.");
        pause(300).await;
    }
}
