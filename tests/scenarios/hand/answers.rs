//! A person's words in a request's or an answer's place.

use crate::{
    Dialect, Turned, args,
    hand_world::{World, text_of},
    two_turns,
};
use serde_json::json;
use switchtower_tests::{Turn, agent::Outcome};

pub async fn edit_request(dialect: Dialect, streamed: bool) {
    let world = World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[]).await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.control(json!({"command": "pause"})).await;
    agent.say("Delete everything");
    let body = agent.body().to_string().replace("Delete everything", "Delete nothing");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    world.held().await;
    let bad = world.try_control(json!({"command": "edit_request", "body": "{\"model\": "})).await.unwrap_err();
    assert!(bad["message"].as_str().unwrap().contains("JSON"), "says what is wrong: {bad}");
    world.control(json!({"command": "edit_request", "body": body})).await;
    world.control(json!({"command": "resume"})).await;
    let ((answer, _), mut agent) = turn.await.unwrap();
    assert_eq!(answer.text, "Answer 1.");
    agent.say("And now?");
    agent.turn().await;
    let sent = world.upstream();
    let told = |round: usize| json!(sent[round]).to_string();
    assert!(told(1).contains("Delete nothing") && !told(1).contains("Delete everything"), "{}", told(1));
    assert!(told(2).contains("Delete nothing") && !told(2).contains("Delete everything"), "it stays: {}", told(2));
    assert_eq!(sent[2][..sent[1].len()], sent[1][..], "byte for byte alike in the next request");
}

pub async fn whole_response(dialect: Dialect, streamed: bool) -> (World, tokio::task::JoinHandle<Turned>) {
    let world = World::alone(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::text("Ready."),
            1 => Turn::text("Wrong answer."),
            _ => Turn::text("Done."),
        },
        &[],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.rpc("set_breakpoint", json!({"on": "model.response", "when": "response.text.contains('Wrong')"})).await;
    agent.say("Go");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    assert_eq!(world.held().await["point"], "model.response");
    (world, turn)
}

pub async fn edit_message(dialect: Dialect, streamed: bool) {
    let (world, turn) = whole_response(dialect, streamed).await;
    let calls = json!([{"name": "search", "arguments": "{\"path\": \"b\"}"}]);
    world.control(json!({"command": "edit_response", "text": "Right answer.", "calls": calls})).await;
    let ((answer, response), mut agent) = turn.await.unwrap();
    assert_eq!(answer.text, "Right answer.");
    assert_eq!(answer.calls.len(), 1, "{answer:?}");
    assert_eq!(args(&answer.calls[0]), json!({"path": "b"}));
    let exchange = world.exchange(&response).await;
    assert!(world.body(&exchange["provider_response"]).await.contains("Wrong"), "the record has what came");
    assert!(world.body(&exchange["agent_response"]).await.contains("Right answer."), "and what the agent got");
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    assert_eq!(agent.turn().await.0.text, "Done.");
    assert!(json!(world.upstream().last().unwrap()).to_string().contains("Right answer."));
    let late = world.try_control(json!({"command": "edit_response", "text": "Too late."})).await.unwrap_err();
    assert!(late["message"].as_str().unwrap().contains("model.response"), "names what it takes: {late}");
}

pub async fn edit_raw(dialect: Dialect, streamed: bool) {
    let (world, turn) = whole_response(dialect, streamed).await;
    let held = world.held().await;
    let bad = world.try_control(json!({"command": "edit_response", "body": "nonsense"})).await.unwrap_err();
    assert!(bad["message"].as_str().unwrap().contains("complete answer"), "{bad}");
    let exchange = held["exchange"].as_str().unwrap();
    let raw = switchtower_tests::render::render(dialect, streamed, true, &Turn::text("Raw answer.")).bytes();
    let raw = String::from_utf8(raw.to_vec()).unwrap();
    world.control(json!({"command": "edit_response", "exchange": exchange, "body": raw})).await;
    let ((answer, response), _) = turn.await.unwrap();
    assert_eq!(answer.text, "Raw answer.");
    if !streamed {
        assert_eq!(text_of(&response), raw, "exactly what was written");
    }
}

pub async fn answer(dialect: Dialect, streamed: bool, held: bool) {
    let world = World::start(dialect, streamed, two_turns, &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    agent.turn().await;
    let answer = json!({"command": "answer", "text": "From a person."});
    if held {
        world.control(json!({"command": "pause"})).await;
    } else {
        world.control(answer.clone()).await;
    }
    agent.say("Two");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    if held {
        world.held().await;
        world.control(answer).await;
        world.control(json!({"command": "resume"})).await;
    }
    let ((got, response), mut agent) = turn.await.unwrap();
    assert_eq!(got.text, "From a person.");
    assert_eq!(world.upstream().len(), 1, "the model was not asked");
    assert_eq!(world.exchange(&response).await["state"], "answered");
    agent.say("Three");
    assert_eq!(agent.turn().await.0.text, "Second.");
    assert!(json!(world.upstream()[1]).to_string().contains("From a person."), "it stands in the history");
}
