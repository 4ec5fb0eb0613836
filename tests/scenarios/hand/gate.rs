//! Stopping and going on: pause, steps, breakpoints, an end.

use crate::{Dialect, args, hand_world::World, two_turns};
use serde_json::{Value, json};
use switchtower_tests::{Turn, agent::Outcome};

pub async fn pause(dialect: Dialect, streamed: bool) {
    let world = World::start(dialect, streamed, two_turns, &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    assert_eq!(agent.turn().await.0.text, "First.");
    let done = world.control(json!({"command": "pause"})).await;
    assert_eq!(done["state"], "paused", "{done}");
    agent.say("Two");
    let turn = tokio::spawn(async move { agent.turn().await });
    let held = world.held().await;
    assert_eq!((&held["point"], &held["cause"]), (&json!("model.request"), &json!("paused")), "{held}");
    assert_eq!(world.upstream().len(), 1, "nothing goes out while it is held");
    assert_eq!(world.session().await["state"], "paused");
    let done = world.control(json!({"command": "resume"})).await;
    assert_eq!(done["state"], "running", "{done}");
    assert_eq!(turn.await.unwrap().0.text, "Second.");
    assert_eq!(world.acts().await, ["pause", "resume"]);
}

pub async fn step(dialect: Dialect, streamed: bool) {
    let world = World::start(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::text("Ready."),
            1 => Turn::call("search", json!({"path": "a"})),
            _ => Turn::text("Done."),
        },
        &[],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.control(json!({"command": "pause"})).await;
    agent.say("Go");
    let turn = tokio::spawn(async move { agent.turn().await });
    let mut points = Vec::new();
    for _ in 0..3 {
        points.push(world.held().await["point"].as_str().unwrap().to_owned());
        assert_eq!(world.control(json!({"command": "step"})).await["state"], "stepping");
    }
    assert_eq!(points, ["model.request", "tool.call", "model.response"]);
    let (answer, _) = turn.await.unwrap();
    assert_eq!(answer.calls.len(), 1, "{answer:?}");
}

pub async fn step_over(dialect: Dialect, streamed: bool) {
    let world = World::start(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::text("Ready."),
            1 => Turn::call("search", json!({"path": "a"})),
            _ => Turn::text("Done."),
        },
        &[],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.control(json!({"command": "pause"})).await;
    agent.say("Go");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    assert_eq!(world.held().await["point"], "model.request");
    world.control(json!({"command": "step_over"})).await;
    // Past tool call and response, to the next model call.
    let ((answer, _), mut agent) = turn.await.unwrap();
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let turn = tokio::spawn(async move { agent.turn().await });
    assert_eq!(world.held().await["point"], "model.request");
    world.control(json!({"command": "resume"})).await;
    assert_eq!(turn.await.unwrap().0.text, "Done.");
}

pub async fn kill(dialect: Dialect, streamed: bool, held: bool) {
    let world = World::start(dialect, streamed, two_turns, &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    agent.turn().await;
    if held {
        world.control(json!({"command": "pause"})).await;
    }
    agent.say("Two");
    let kill = json!({"command": "kill", "text": "That is enough."});
    let got = if held {
        let turn = tokio::spawn(async move { (agent.turn().await, agent) });
        world.held().await;
        assert_eq!(world.control(kill).await["state"], "ended");
        let ((got, _), again) = turn.await.unwrap();
        agent = again;
        got
    } else {
        assert_eq!(world.control(kill).await["state"], "ended");
        agent.turn().await.0
    };
    assert_eq!(got.text, "That is enough.");
    agent.say("Three");
    assert_eq!(agent.turn().await.0.text, "That is enough.", "every later request too");
    assert_eq!(world.upstream().len(), 1);
    assert_eq!(world.session().await["state"], "ended");
}

pub async fn breakpoint(dialect: Dialect, streamed: bool) {
    let (world, turn) = crate::calls::held_call(dialect, streamed).await;
    let held = world.held().await;
    assert_eq!(held["cause"], "breakpoint", "{held}");
    let listed = world.rpc("list_breakpoints", json!({})).await;
    assert_eq!(listed["breakpoints"][0]["hits"], 1, "{listed}");
    let wrong = world.ask("set_breakpoint", json!({"on": "tool.call", "when": "tool.nam == 'x'"})).await.unwrap_err();
    assert!(wrong["message"].as_str().unwrap().contains("nam"), "a condition is checked: {wrong}");
    world.rpc("clear_breakpoint", json!({"breakpoint": listed["breakpoints"][0]["id"]})).await;
    world.control(json!({"command": "resume"})).await;
    let ((answer, _), _) = turn.await.unwrap();
    let paths: Vec<Value> = answer.calls.iter().map(|call| args(call)["path"].clone()).collect();
    assert_eq!(paths, [json!("a"), json!("/etc")]);
}

/// It stops where the rule matches, a shadow one too, and nowhere else.
pub async fn rule_breakpoint(dialect: Dialect, streamed: bool) {
    let watch = "version = 1\nname = \"watch\"\n[defaults]\nmode = \"shadow\"\n[[rule]]\nid = \"deletes\"\non = \"tool.call\"\n\
                 when = \"tool.name == 'delete_file'\"\ndo = [{ block = {} }]\n";
    let turns = |round| match round {
        0 => Turn::text("Ready."),
        _ => Turn::call("search", json!({"path": "a"})).and_call("delete_file", json!({"path": "/etc"})),
    };
    let world = World::alone(dialect, streamed, turns, &[("watch", watch)]).await;
    for (rule, said) in [("deletion", "watch/deletes"), ("watch/deletes", "tool.call")] {
        let on = if rule == "deletion" { "tool.call" } else { "model.request" };
        let wrong = world.ask("set_breakpoint", json!({"on": on, "rule": rule})).await.unwrap_err();
        assert!(wrong.to_string().contains(said), "what cannot stop anything is said: {wrong}");
    }
    world.rpc("set_breakpoint", json!({"on": "tool.call", "rule": "watch/deletes"})).await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    agent.say("Go");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    let held = world.held().await;
    assert_eq!((&held["cause_name"], &held["call"]["name"]), (&json!("rule watch/deletes"), &json!("delete_file")));
    world.control(json!({"command": "resume"})).await;
    let ((answer, _), _) = turn.await.unwrap();
    assert_eq!(answer.calls.len(), 2, "a shadow rule takes nothing out: {answer:?}");
}
