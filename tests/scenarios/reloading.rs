//! Policies change while traffic flows: a good edit holds from the next exchange on, a broken one keeps what was, says where, and stops
//! nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may panic; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::{fs, time::Duration};
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, render};

fn blocking(tool: &str) -> String {
    format!(
        "version = 1\nname = \"tools\"\n\n[[rule]]\nid = \"no-{tool}\"\non = \"tool.call\"\nwhen = \"tool.name == '{tool}'\"\n\
         do = [{{ block = {{ text = \"No {tool}.\" }} }}]\n"
    )
}

/// The tools that an agent may still call.
async fn allowed(runtime: &Runtime, label: &str) -> Vec<String> {
    let mut agent = Agent::new(&runtime.proxy, Dialect::Anthropic, true).labelled(&format!("me~{label}"));
    agent.say("Go");
    let (answer, _) = agent.turn().await;
    answer.calls.into_iter().map(|call| call.name).collect()
}

/// The policy as `health` tells it, once it reads as `wanted`.
async fn health(runtime: &Runtime, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..200 {
        last = runtime.rpc("health", json!({})).await;
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("health stayed {last:#}")
}

fn state(health: &Value, name: &str) -> Option<String> {
    let policies = health["policies"].as_array()?;
    let policy = policies.iter().find(|policy| policy["name"] == name)?;
    policy["state"].as_str().map(str::to_owned)
}

fn version(health: &Value) -> String {
    let policies = health["policies"].as_array().unwrap();
    policies
        .iter()
        .find(|policy| policy["name"] == "tools")
        .map(|policy| policy["version"].to_string())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_taken_as_their_files_come_change_break_and_go() {
    let turn = Turn::call("search", json!({})).and_call("read_file", json!({})).and_call("delete_file", json!({}));
    let provider = Provider::turns([turn]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let file = runtime.folder().join("policies/tools.toml");
    assert_eq!(allowed(&runtime, "0").await, ["search", "read_file", "delete_file"]);

    fs::write(&file, blocking("delete_file")).unwrap();
    let first = health(&runtime, |health| state(health, "tools").as_deref() == Some("active")).await;
    assert_eq!(allowed(&runtime, "1").await, ["search", "read_file"]);

    // As editors save: a new file under the old name.
    let beside = file.with_extension("tmp");
    fs::write(&beside, blocking("search")).unwrap();
    fs::rename(&beside, &file).unwrap();
    let second = health(&runtime, |health| version(health) != version(&first)).await;
    assert_eq!(allowed(&runtime, "2").await, ["read_file", "delete_file"]);

    for (broken, place, word) in [
        ("version = 1\nname = \"tools\"\nmax_tool_erors = 3\n", "tools.toml:3:1", "max_tool_errors"),
        (
            "version = 1\nname = \"tools\"\n[[rule]]\nid = \"x\"\non = \"tool.cal\"\ndo = [{ taint = \"t\" }]\n",
            "tools.toml:5:",
            "tool.call",
        ),
        (
            "version = 1\nname = \"tools\"\n[[rule]]\nid = \"x\"\non = \"tool.call\"\nwhen = \"tool.nme == 'a'\"\ndo = [{ taint = \"t\" }]\n",
            "tools.toml:6:",
            "tool.name",
        ),
        (
            "version = 1\nname = \"tools\"\n[[rule]]\nid = \"x\"\non = \"tool.call\"\ndo = [{ blok = {} }]\n",
            "tools.toml:6:",
            "block",
        ),
        ("version = \n", "tools.toml:1:", ""),
    ] {
        fs::write(&file, broken).unwrap();
        let found = health(&runtime, |health| {
            let error = health["policies"][0]["error"].as_str().unwrap_or_default();
            state(health, "tools").as_deref() == Some("kept") && error.contains(place) && error.contains(word)
        })
        .await;
        let error = found["policies"][0]["error"].as_str().unwrap();
        assert_eq!((&found["state"], version(&found)), (&json!("degraded"), version(&second)), "{error}");
        assert_eq!(
            allowed(&runtime, &place.replace(':', "-")).await,
            ["read_file", "delete_file"],
            "the last good one holds"
        );
    }

    fs::remove_file(&file).unwrap();
    health(&runtime, |health| state(health, "tools").is_none()).await;
    assert_eq!(allowed(&runtime, "3").await, ["search", "read_file", "delete_file"]);
    let healthy = health(&runtime, |health| health["state"] == "ok").await;
    assert_eq!(state(&healthy, "default").as_deref(), Some("active"), "the shipped one again: {healthy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_ends_under_the_policies_it_began_with() {
    let turn = Turn::call("delete_file", json!({"path": "/"}))
        .and_call("search", json!({}))
        .with_text(&"Slowly now. ".repeat(20));
    let reply = render::render(Dialect::Anthropic, true, true, &turn).pace(Duration::from_millis(25));
    let provider = Provider::replies([reply]).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("tools", &blocking("delete_file")));
    let file = runtime.folder().join("policies/tools.toml");
    let before = runtime.rpc("health", json!({})).await;
    let mut agent = Agent::new(&runtime.proxy, Dialect::Anthropic, true);
    agent.say("Go");
    let (answer, ()) = tokio::join!(agent.turn(), async {
        while provider.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fs::write(&file, blocking("search")).unwrap();
        health(&runtime, |health| version(health) != version(&before)).await;
    });
    let names: Vec<&str> = answer.0.calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["search"], "judged by what was in force when it began");
}
