//! What rules remember over a restart, and what those in shadow would have done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::process::Command;
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, runtime};

async fn say(agent: &mut Agent, text: &str) -> String {
    agent.say(text);
    agent.turn().await.0.text
}

#[tokio::test(flavor = "multi_thread")]
async fn risk_and_what_rules_did_survive_a_restart() {
    let policy = "version = 1\n[[rule]]\nid = \"suspect\"\non = \"model.request\"\nrisk = 12\nwhen = \"request.text == 'One'\"\n\
                  do = [{ taint = \"suspect\" }, { taint = \"twice\" }]\n\
                  [[rule]]\nid = \"risky\"\non = \"model.request\"\nwhen = \"session.risk >= 3.0 && history.suspect.fires_in_session == 1 && request.text == 'Three'\"\n\
                  do = [{ block = \"Risk is {{session.risk}}.\" }]\n";
    let provider = Provider::turns([Turn::text("Answer.")]).await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::to(&provider.base).policy("risk", policy);
    let mut first = Runtime::start_in(folder.path(), &options);
    let mut agent = Agent::new(&first.proxy, Dialect::Chat, false).labelled("a~one");
    assert_eq!(say(&mut agent, "One").await, "Answer.");
    assert_eq!(say(&mut agent, "Two").await, "Answer.");
    first.kill();
    let second = Runtime::start_in(folder.path(), &options);
    agent.base = second.proxy.clone();
    // 12, half of it at "Two", half again at "Three".
    let text = say(&mut agent, "Three").await;
    assert!(text.contains("Risk is 3"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shadow_rules_count_for_themselves_and_the_report_says_what_they_would_have_flipped() {
    let policy = "version = 1\n[[rule]]\nid = \"soft\"\non = \"model.request\"\nmode = \"shadow\"\nmax_fires = 2\n\
                  do = [{ block = \"Never.\" }]\n\
                  [[rule]]\nid = \"away\"\non = \"model.request\"\nmode = \"shadow\"\nwhen = \"history.soft.fires_in_session == 2\"\n\
                  do = [{ reroute = \"other-model\" }]\n";
    let provider = Provider::turns([Turn::text("Answer.")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("shadows", policy));
    for session in ["a~one", "a~two"] {
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false).labelled(session);
        for text in ["One", "Two", "Three"] {
            assert_eq!(say(&mut agent, text).await, "Answer.", "traffic is as it was");
        }
    }
    assert!(provider.received().iter().all(|request| request.json()["model"] == "gpt-4o-mini"));
    let report = runtime.rpc("policy_flips", json!({"policy": "shadows"})).await;
    let flips = report["flips"].as_array().unwrap();
    let told: Vec<_> = flips
        .iter()
        .map(|f| (f["rule"].clone(), f["would"].clone(), f["times"].clone(), f["sessions"].clone()))
        .collect();
    let expected = |rule: &str, would: &str, times: u64| (json!(rule), json!(would), json!(times), json!(2));
    assert_eq!(told, [expected("soft", "blocked", 4), expected("away", "rerouted", 2)], "{report}");
    assert_eq!(flips[0]["first"].as_array().unwrap().len(), 3);
    assert!(flips[0]["first"][0]["summary"].as_str().unwrap().starts_with("Would have: Refused the call"));
    assert_eq!(runtime.rpc("policy_flips", json!({"policy": "none"})).await, json!({"flips": []}));

    let words =
        Command::new(runtime::binary()).args(["policy", "flips", "shadows", "--data"]).arg(&runtime.data).output();
    let words = String::from_utf8(words.unwrap().stdout).unwrap();
    assert!(words.contains("shadows/soft") && words.contains("blocked") && words.contains("rerouted"), "{words}");
    let asked = ["policy", "flips", "--json", "--data"];
    let answer = Command::new(runtime::binary()).args(asked).arg(&runtime.data).output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["flips"].as_array().unwrap().len(), 2);
}
