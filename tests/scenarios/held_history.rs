//! A call is taken out where the provider holds the history: the agent goes on by a response's id alone, and the provider must hear
//! what became of the call that it still waits for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may panic; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, render};

const POLICY: &str = "version = 1\nname = \"block\"\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"Deleting is not allowed here.\" } }]\n";

/// What the agent got, and what went upstream when it went on from there by the response's id.
async fn goes_on(streamed: bool, first: Turn, results: impl Fn(&[String]) -> Value) -> (Value, Vec<Value>) {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let provider = Provider::start(move |request| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let turn = if number == 0 { first.clone() } else { Turn::text("Very well.") };
        render::answer(request, &turn.numbered(number))
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("block", POLICY));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Responses, streamed);
    agent.say("Clean up");
    let (answer, response) = agent.turn().await;
    let id = response.header("x-switchtower-exchange").unwrap().to_owned();
    let exchange = runtime.settled(&id).await;
    let side = if exchange["agent_response"].is_null() { "provider_response" } else { "agent_response" };
    let body = String::from_utf8(runtime.body(&exchange[side]).await).unwrap();
    let given = body.split("\"resp_").nth(1).and_then(|rest| rest.split('"').next()).expect("a response id");
    let calls: Vec<String> = answer.calls.iter().map(|call| call.id.clone()).collect();
    let next = json!({
        "model": "gpt-4o-mini", "stream": streamed, "previous_response_id": format!("resp_{given}"), "input": results(&calls)
    });
    let request = Dialect::Responses.request(streamed, "sk-held-history-test", next.to_string());
    let response = switchtower_tests::http::Client::once(&runtime.proxy, &request).await.unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    let received = provider.received().iter().map(|request| request.json()).collect();
    (json!(format!("resp_{given}")), received)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_taken_out_beside_another_is_answered_by_a_synthetic_output() {
    for streamed in [false, true] {
        let first = Turn::call("search", json!({"path": "a"})).and_call("delete_file", json!({"path": "/"}));
        let output =
            |calls: &[String]| json!([{"type": "function_call_output", "call_id": calls[0], "output": "fine"}]);
        let (given, sent) = goes_on(streamed, first, output).await;
        assert_eq!(sent.len(), 2, "streamed={streamed}");
        assert_eq!(sent[1]["previous_response_id"], given, "streamed={streamed}");
        let input = sent[1]["input"].as_array().unwrap();
        assert_eq!(input.len(), 2, "streamed={streamed}: {input:?}");
        let told = input.iter().find(|item| item["output"].to_string().contains("not allowed")).expect("a reason");
        assert_eq!(told["type"], "function_call_output", "streamed={streamed}");
        assert_ne!(told["call_id"], input.iter().find(|item| item["output"] == "fine").unwrap()["call_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_continuation_the_provider_is_asked_to_go_on_from_its_own_latest_response() {
    for streamed in [false, true] {
        let first = Turn::call("delete_file", json!({"path": "/"}));
        let (given, sent) = goes_on(streamed, first, |_| json!("Thanks")).await;
        assert_eq!(sent.len(), 3, "streamed={streamed}: one follow-up inside the first response");
        assert_ne!(sent[2]["previous_response_id"], given, "streamed={streamed}: the agent knows only the first id");
        assert_eq!(sent[2]["input"], json!("Thanks"), "streamed={streamed}: nothing else is touched");
    }
}

/// What a rule answered in the model's place, its provider never heard: the agent goes on from it, in the same session, and the provider
/// hears what was asked and said.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_goes_on_from_what_a_rule_answered() {
    let policy = "version = 1\n[[rule]]\nid = \"no\"\non = \"model.request\"\nwhen = \"session.steps == 2\"\ndo = [{ block = \"Not now.\" }]\n";
    for streamed in [false, true] {
        let provider = Provider::turns([Turn::text("First."), Turn::text("Third.").numbered(2)]).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Responses, streamed);
        let mut answers = Vec::new();
        for text in ["One", "Two", "Three"] {
            agent.history.clear();
            agent.say(text);
            let (answer, response) = agent.turn().await;
            let given = response.text().split("\"resp_").nth(1).unwrap().split('"').next().unwrap().to_owned();
            agent.extra = json!({"previous_response_id": format!("resp_{given}"), "store": true});
            answers.push(answer.text);
        }
        assert!(answers[1].starts_with("Not now."), "streamed={streamed}: {answers:?}");
        assert_eq!(answers[2], "Third.", "streamed={streamed}");
        let sent = provider.received().iter().map(|request| request.json()).collect::<Vec<_>>();
        assert_eq!(sent.len(), 2, "streamed={streamed}");
        assert_eq!(sent[1]["previous_response_id"], "resp_scripted_0", "streamed={streamed}: the last that it knows");
        let told = sent[1]["input"].to_string();
        for words in ["Two", "Not now.", "Three"] {
            assert!(told.contains(words), "streamed={streamed}: {words} is missing in {told}");
        }
        assert_eq!(runtime.sessions().await.len(), 1, "streamed={streamed}");
    }
}
