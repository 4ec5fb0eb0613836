//! Tool calls that wait: edited at a breakpoint, or decided as a rule's question.

use crate::{Dialect, Turned, args, hand_world::World, two_turns};
use serde_json::json;
use switchtower_tests::{Answer, Turn, agent::Outcome};

pub async fn held_call(dialect: Dialect, streamed: bool) -> (World, tokio::task::JoinHandle<Turned>) {
    let world = World::alone(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::text("Ready."),
            1 => Turn::call("search", json!({"path": "a"}))
                .and_call("delete_file", json!({"path": "/etc"}))
                .with_text("I begin.")
                .thinking("Hm.", "c2ln"),
            _ => Turn::text("Done."),
        },
        &[],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.rpc("set_breakpoint", json!({"on": "tool.call", "when": "tool.name == 'delete_file'"})).await;
    agent.say("Go");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    (world, turn)
}

pub async fn edit_arguments(dialect: Dialect, streamed: bool) {
    let (world, turn) = held_call(dialect, streamed).await;
    let held = world.held().await;
    assert_eq!(held["call"]["name"], "delete_file", "{held}");
    let id = held["call"]["id"].clone();
    let edit = |arguments: &str| json!({"command": "edit_response", "call": id, "arguments": arguments});
    let bad = world.try_control(edit("{\"path\"")).await.unwrap_err();
    assert!(bad["message"].as_str().unwrap().contains("JSON"), "{bad}");
    world.control(edit("{\"path\": \"/tmp/x\"}")).await;
    assert_edited(&world, turn.await.unwrap()).await;
}

/// The agent runs the edited call; the model's own stands in the next request, with a word on the edit after the results.
pub async fn assert_edited(world: &World, ((answer, _), mut agent): Turned) {
    assert_eq!(answer.calls.len(), 2, "{answer:?}");
    assert_eq!(answer.text, "I begin.");
    assert_eq!(args(&answer.calls[0]), json!({"path": "a"}));
    assert_eq!(args(&answer.calls[1]), json!({"path": "/tmp/x"}), "the agent gets the edited call");
    agent.give(&answer.calls.iter().map(|call| (call.clone(), Outcome::good("fine"))).collect::<Vec<_>>());
    let last = agent.turn().await.0;
    assert_eq!(last.text, "Done.");
    let sent = world.upstream();
    let told = json!(sent.last().unwrap()).to_string();
    assert!(told.contains("/etc"), "the model's own call stands: {told}");
    assert!(told.contains("a person changed the arguments"), "and it is told of the edit: {told}");
    let edit = told.find("a person changed").unwrap();
    assert!(told.rfind("fine").unwrap() < edit, "after the results: {told}");
    agent.say("More");
    agent.turn().await;
    let sent = world.upstream();
    let (before, after) = (&sent[sent.len() - 2], &sent[sent.len() - 1]);
    assert_eq!(after[..before.len()], before[..], "the same in every later request");
}

const ASK: &str = "version = 1\nname = \"ask\"\n[[rule]]\nid = \"ask-deletes\"\non = \"tool.call\"\nwhen = \"tool.name == 'delete_file'\"\ndo = [\"escalate\"]\n";

pub async fn question(dialect: Dialect, streamed: bool, decision: &str) {
    let world = World::start(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::call("search", json!({"path": "a"}))
                .and_call("delete_file", json!({"path": "/etc"}))
                .with_text("I begin.")
                .thinking("Hm.", "c2ln"),
            _ => Turn::text("Done."),
        },
        &[("ask", ASK)],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Go");
    let turn = tokio::spawn(async move { (agent.turn().await, agent) });
    let escalation = world.escalation("pending").await;
    assert_eq!(
        (&escalation["tool"], &escalation["rule"], &escalation["on_timeout"]),
        (&json!("delete_file"), &json!("ask-deletes"), &json!("deny")),
        "{escalation}"
    );
    assert_eq!(world.session().await["state"], "waiting");
    let mut answer = json!({"escalation": escalation["id"], "decision": decision});
    if decision == "edit" {
        answer["edit"] = json!("{\"path\": \"/tmp/x\"}");
    }
    if decision == "deny" {
        answer["reason"] = json!("Not on this machine.");
    }
    world.rpc("resolve_escalation", answer.clone()).await;
    let twice = world.ask("resolve_escalation", answer).await.unwrap_err();
    assert!(twice["message"].as_str().unwrap().contains("already"), "a second answer says so: {twice}");
    let ended = turn.await.unwrap();
    match decision {
        "approve" => {
            let answer = &ended.0.0;
            assert_eq!(answer.calls.len(), 2, "{answer:?}");
            let direct = switchtower_tests::render::render(
                dialect,
                streamed,
                false,
                &Turn::call("search", json!({"path": "a"}))
                    .and_call("delete_file", json!({"path": "/etc"}))
                    .with_text("I begin.")
                    .thinking("Hm.", "c2ln")
                    .numbered(0),
            );
            let own = Answer::read(dialect, streamed, &direct.bytes()).unwrap();
            assert_eq!(answer.calls, own.calls, "as the model made them");
        }
        "edit" => {
            assert_edited(&world, ended).await;
            let listed = world.rpc("list_interventions", json!({"session": world.session().await["id"]})).await;
            let asked = listed["interventions"].as_array().unwrap().iter().filter(|act| act["action"] == "escalate");
            assert_eq!(asked.count(), 1, "what was edited asks nobody again: {listed}");
            return;
        }
        _ => {
            let ((answer, _), mut agent) = ended;
            assert_eq!(answer.calls.len(), 1, "{answer:?}");
            agent.give(&[(answer.calls[0].clone(), Outcome::good("fine"))]);
            agent.turn().await;
            let told = json!(world.upstream().last().unwrap()).to_string();
            assert!(told.contains("Not on this machine."), "the model is told why: {told}");
        }
    }
    assert_eq!(world.upstream().len(), if decision == "deny" { 2 } else { 1 }, "no second model call");
}

const ASK_REQUEST: &str = "version = 1\nname = \"ask\"\n[[rule]]\nid = \"ask-first\"\non = \"model.request\"\nwhen = \"request.text.contains('Danger')\"\ndo = [\"escalate\"]\n";

pub async fn request_question(dialect: Dialect, streamed: bool, approve: bool) {
    let world = World::start(dialect, streamed, two_turns, &[("ask", ASK_REQUEST)]).await;
    let mut agent = world.agent();
    agent.say("Danger");
    let turn = tokio::spawn(async move { agent.turn().await });
    let escalation = world.escalation("pending").await;
    assert_eq!(world.upstream().len(), 0);
    let decision = if approve { "approve" } else { "deny" };
    world
        .rpc("resolve_escalation", json!({"escalation": escalation["id"], "decision": decision, "reason": "No."}))
        .await;
    let (answer, _) = turn.await.unwrap();
    match approve {
        true => assert_eq!(answer.text, "First."),
        false => assert!(answer.text.contains("No."), "{}", answer.text),
    }
    assert_eq!(world.upstream().len(), usize::from(approve));
}
