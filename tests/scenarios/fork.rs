//! Fork: a recorded request asked again, changed, with the user's own key and never an agent's; both answers beside each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may panic and spawn; clippy only knows its `#[test]` functions

mod hand_world;

use serde_json::{Value, json};
use std::process::Command;
use switchtower_tests::cells::forms;
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Runtime, Turn, agent::Outcome, http::Client, judge, render, runtime::binary,
};

const OWN: &str = "own-key-0123456789abcdef0123";

/// Says what it was asked last, after two tool calls.
async fn provider() -> Provider {
    Provider::start(judge::strict(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let round = body.matches("result of ").count();
        let turn = match round {
            _ if body.contains("In short") => Turn::text("Short."),
            0 | 1 => Turn::call("search", json!({ "path": round })),
            _ => Turn::text("A long answer."),
        };
        render::answer(request, &turn.numbered(round))
    }))
    .await
}

/// A runtime with a provider of each dialect that has a key of the user's own.
fn options(provider: &Provider) -> Options {
    let mut options = Options::to(&provider.base);
    for (dialect, path) in [("openai", "/v1"), ("anthropic", ""), ("gemini", ""), ("ollama", "")] {
        let base = &provider.base;
        options.config += &format!(
            "[providers.own-{dialect}]\ndialect = \"{dialect}\"\nbase_url = \"{base}{path}\"\napi_key = \"env:OWN_KEY\"\n\n"
        );
    }
    options.environment.push(("OWN_KEY".into(), OWN.into()));
    options
}

/// The exchanges of a run with two tool calls.
async fn recorded(runtime: &Runtime, dialect: Dialect, streamed: bool) -> Vec<String> {
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("worker~one");
    agent.say("Find it");
    let mut exchanges = Vec::new();
    loop {
        let (answer, response) = agent.turn().await;
        exchanges.push(response.header("x-switchtower-exchange").unwrap().to_owned());
        let result = |call: &switchtower_tests::Call| Outcome::good(&format!("result of {}", call.arguments));
        let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), result(call))).collect();
        if results.is_empty() {
            return exchanges;
        }
        agent.give(&results);
    }
}

fn messages(body: &Value) -> Vec<Value> {
    let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array());
    list.expect("messages").iter().filter(|message| message["role"] != "system").cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_is_asked_again_changed_and_with_the_own_key() {
    for (dialect, streamed) in forms() {
        let cell = format!("{dialect:?} streamed={streamed}");
        let provider = provider().await;
        let runtime = Runtime::start(&options(&provider));
        let exchanges = recorded(&runtime, dialect, streamed).await;
        let upstream = provider.received();
        provider.forget();

        let same = runtime.rpc("fork_session", json!({ "exchange": exchanges[2] })).await;
        let again = provider.last();
        assert_eq!(again.body, upstream[2].body, "{cell}: unchanged, to the byte");
        assert_eq!(again.target(), upstream[2].target(), "{cell}");
        assert_eq!(same["comparison"]["before"]["text"], same["comparison"]["after"]["text"], "{cell}");
        let credential = ["authorization", "x-api-key", "x-goog-api-key"].iter().find_map(|name| again.header(name));
        assert!(credential.unwrap_or_default().ends_with(OWN), "{cell}: {credential:?}");

        let ask = json!({ "exchange": exchanges[2], "model": "other-model", "message": "In short, please." });
        let fork = runtime.rpc("fork_session", ask).await;
        let sent = provider.last();
        match dialect {
            Dialect::Gemini | Dialect::GeminiArray => assert!(sent.target().contains("/models/other-model:"), "{cell}"),
            _ => assert_eq!(sent.json()["model"], "other-model", "{cell}"),
        }
        let (was, is) = (messages(&upstream[2].json()), messages(&sent.json()));
        assert_eq!(is[..was.len()], was[..], "{cell}: the recorded context");
        assert!(
            is[was.len()..].iter().any(|message| message.to_string().contains("In short, please.")),
            "{cell}: {is:?}"
        );
        let (before, after) = (&fork["comparison"]["before"], &fork["comparison"]["after"]);
        assert_eq!((&before["text"], &after["text"]), (&json!("A long answer."), &json!("Short.")), "{cell}");
        assert_eq!(after["exchange"], fork["exchange"], "{cell}");
        assert!(
            after["output_tokens"].as_u64().unwrap() > 0 && after["duration_ms"].as_f64().is_some(),
            "{cell}: {after}"
        );
        assert_eq!(provider.received().len(), 2, "{cell}: one model call each");

        let detail = runtime.rpc("get_session", json!({ "session": fork["session"] })).await;
        let from = &detail["forked_from"];
        assert_eq!(
            (&from["exchange"], &from["model"]),
            (&json!(exchanges[2]), &json!("other-model")),
            "{cell}: {from}"
        );
        assert_eq!((&detail["agent"], &detail["steps"]), (&json!("worker"), &json!(1)), "{cell}: {detail}");
        let told =
            runtime.rpc("compare_exchanges", json!({ "exchange": exchanges[2], "with": fork["exchange"] })).await;
        assert_eq!(told, fork["comparison"], "{cell}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_of_the_users_is_replaced_and_a_whole_request_taken_as_it_is() {
    let provider = provider().await;
    let runtime = Runtime::start(&options(&provider));
    let exchanges = recorded(&runtime, Dialect::Anthropic, true).await;
    runtime.rpc("fork_session", json!({ "exchange": exchanges[0], "message": "In short!" })).await;
    let said = messages(&provider.last().json());
    assert_eq!(said.len(), 1);
    assert!(said[0].to_string().contains("In short!") && !said[0].to_string().contains("Find it"), "{said:?}");
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "In short" }] });
    runtime.rpc("fork_session", json!({ "exchange": exchanges[0], "body": body })).await;
    assert_eq!(provider.last().json(), body);
    let wrong = runtime.ask("fork_session", json!({ "exchange": exchanges[0], "body": "{oops" })).await.unwrap_err();
    assert!(wrong["message"].as_str().unwrap().contains("no JSON object"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_of_the_users_own_nothing_is_asked_and_the_way_to_one_is_said() {
    let provider = provider().await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let exchanges = recorded(&runtime, Dialect::Chat, true).await;
    provider.forget();
    for ask in [json!({ "exchange": exchanges[0] }), json!({ "exchange": exchanges[0], "provider": "openai" })] {
        let error = runtime.ask("fork_session", ask).await.unwrap_err();
        assert_eq!(error["code"], "refused", "{error}");
        assert!(error["message"].as_str().unwrap().contains("are not kept"), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("api_key = \"env:NAME\""), "{error}");
    }
    let error = runtime.ask("fork_session", json!({ "exchange": exchanges[0], "provider": "x" })).await.unwrap_err();
    assert_eq!(error["code"], "not_found", "{error}");
    assert_eq!(provider.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_the_provider_holds_is_refused() {
    let provider = Provider::turns([Turn::text("Yes.")]).await;
    let runtime = Runtime::start(&options(&provider));
    let body = json!({ "model": "m", "previous_response_id": "resp_1", "input": "And then?" });
    let request = Dialect::Responses.request(false, "sk-held-history-0123456789", body.to_string());
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    let exchange = response.header("x-switchtower-exchange").unwrap();
    let error = runtime.ask("fork_session", json!({ "exchange": exchange })).await.unwrap_err();
    assert_eq!(error["code"], "refused");
    assert!(error["message"].as_str().unwrap().contains("holds the history"), "{error}");
    assert_eq!(provider.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_apply_to_a_fork_and_its_key_is_nowhere_in_the_record() {
    let policy = "version = 1\nname = \"block\"\nagents = [\"worker\"]\n[[rule]]\nid = \"no\"\non = \"tool.call\"\n\
        when = \"tool.name == 'search'\"\ndo = [{ block = { text = \"Not now.\" } }]\n";
    let provider = Provider::start(|request| {
        let turn = match String::from_utf8_lossy(&request.body).contains("Not now.") {
            true => Turn::text("{credential}"),
            false => Turn::call("search", json!({})),
        };
        render::answer(request, &turn).echo_credential()
    })
    .await;
    let runtime = Runtime::start(&options(&provider));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Anthropic, false).labelled("worker~one");
    agent.say("Find it");
    let (_, response) = agent.turn().await;
    let exchange = response.header("x-switchtower-exchange").unwrap().to_owned();
    runtime.rpc("save_policy", json!({ "name": "block", "source": policy })).await;
    let fork = runtime.rpc("fork_session", json!({ "exchange": exchange })).await;
    let after = &fork["comparison"]["after"];
    assert_eq!(after["calls"][0]["blocked"], true, "{after}");
    let ask = json!({ "exchange": exchange, "without": ["block/no"] });
    let free = runtime.rpc("fork_session", ask).await;
    assert_eq!(free["comparison"]["after"]["calls"][0]["blocked"], false, "judged without the rule: {free}");
    let detail = runtime.rpc("get_session", json!({ "session": free["session"] })).await;
    assert_eq!(detail["forked_from"]["without"], json!(["block/no"]), "{detail}");
    let wrong =
        runtime.ask("fork_session", json!({ "exchange": exchange, "without": ["block/on"] })).await.unwrap_err();
    assert!(wrong["message"].as_str().unwrap().contains("no rule “block/on”"), "{wrong}");
    let shown = runtime.exchange(fork["exchange"].as_str().unwrap()).await.to_string();
    assert!(!shown.contains(OWN), "the own key is masked");
    assert!(!fork.to_string().contains(OWN));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_forks_and_prints_both_answers() {
    let provider = provider().await;
    let runtime = Runtime::start(&options(&provider));
    let exchanges = recorded(&runtime, Dialect::Chat, false).await;
    let run = |words: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["ctl", "fork"]).args(words).arg("--data").arg(&runtime.data).env("HOME", runtime.folder());
        command.output().unwrap()
    };
    let out = run(&[&exchanges[2], "--message", "In short", "--model", "small"]);
    let printed = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for told in ["forked as ses_", "A long answer.", "Short.", "tokens out"] {
        assert!(printed.contains(told), "{told}: {printed}");
    }
    let out = run(&[&exchanges[2], "--json"]);
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["comparison"]["after"]["text"], "A long answer.");
    assert_eq!(run(&["exc_0000000000001"]).status.code(), Some(3));
}
