//! Budgets of time, and rules that see what came of an earlier one.

use crate::{hand_world::World, recorded, say, scripted};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchtower_tests::{Dialect, Fault, Turn, agent::Outcome, render};

async fn until(begun: Instant, ms: u64) {
    tokio::time::sleep_until((begun + Duration::from_millis(ms)).into()).await;
}

fn switched(world: &World) -> Vec<bool> {
    world.models().iter().map(|model| model == "other-model").collect()
}

/// Ten seconds for a run: from the eighth on a faster model with less effort, after the tenth an answer at once; the next run is as ever.
pub async fn of_a_run(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\nlatency_budget_ms = 10_000\nfallback_model = \"other-model\"\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0 | 1 => Turn::call("search", json!({"path": format!("{round}")})),
        _ => Turn::text(&format!("Answer {round}.")),
    })
    .await;
    let (answer, _) = say(&mut agent, "Find it").await;
    // The run began before that.
    let begun = Instant::now();
    until(begun, 8_050).await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let (answer, _) = agent.turn().await;
    assert_eq!(switched(&world), [false, true], "four fifths of the time are gone: {:?}", world.models());
    let act = recorded(&world, "reroute").await;
    assert_eq!(act["rule"], "latency_budget_nearly_used", "{act}");
    recorded(&world, "limit").await;
    until(begun, 10_500).await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found more"))]);
    let (answer, _) = agent.turn().await;
    assert!(answer.text.contains("The 10000 ms that rule latency_budget_ms"), "{}", answer.text);
    assert_eq!(world.bodies().len(), 2, "no model is asked any more");
    assert_eq!(recorded(&world, "partial").await["rule"], "latency_budget_used");
    let (answer, _) = say(&mut agent, "And now?").await;
    assert_eq!((answer.text.as_str(), switched(&world)), ("Answer 2.", vec![false, true, false]));
}

/// A request's time is up while the provider is silent; a subtask's before a call.
pub async fn of_a_request_and_a_subtask(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\nlatency_budget_ms_per_request = 2000\nlatency_budget_ms_per_subtask = 1500\n";
    let replies = |request: &_, round| match round {
        0 => render::answer(request, &Turn::text("never whole").numbered(round)).fault(Fault::Silence(3)),
        1 | 2 => render::answer(request, &Turn::call("search", json!({"path": format!("{round}")})).numbered(round)),
        _ => render::answer(request, &Turn::text("Done.").numbered(round)),
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", policy)]).await;
    let mut agent = world.agent();
    let (answer, _) = say(&mut agent, "Find it").await;
    assert!(answer.text.contains("rule latency_budget_ms_per_request"), "{}", answer.text);
    let (answer, _) = say(&mut agent, "Again").await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let (answer, _) = agent.turn().await;
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let (answer, _) = agent.turn().await;
    assert!(answer.text.contains("rule latency_budget_ms_per_subtask"), "{}", answer.text);
    assert_eq!(world.bodies().len(), 3, "the loop's time is used up before this call");
}

/// The first action does not help, the rule sees it and does another, and that one does.
pub async fn the_loop_closes(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[tiers]\nstrong = \"other-model\"\n[[rule]]\nid = \"stuck\"\non = \"model.request\"\n\
                  when = \"run.tool_errors_in_row >= 1 && (history.stuck.fires_in_run == 0 || history.stuck.errored_next && history.stuck.repeated_next)\"\n\
                  do = [{ inject = \"That failed. Change your approach.\" }]\nagain = [{ reroute = \"tier:strong\" }]\nmax_fires = 2\n";
    let replies = |request: &switchtower_tests::Received, round| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let strong = body.contains("other-model") || request.target().contains("other-model");
        let turn = if strong { Turn::text("Solved.") } else { Turn::call("search", json!({"path": "missing"})) };
        render::answer(request, &turn.numbered(round))
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", policy)]).await;
    let answers = world.agent().run("Find it", 6, |_| Outcome::bad("error: no such path")).await;
    assert_eq!(answers.last().unwrap().text, "Solved.");
    assert_eq!(switched(&world), [false, false, true], "told first, then another model: {:?}", world.models());
    let told = |body: &Value| body.to_string().contains("Change your approach");
    assert_eq!(world.bodies().iter().map(told).collect::<Vec<_>>(), [false, true, true]);
    let session = world.session().await["id"].clone();
    let listed = world.rpc("list_interventions", json!({"session": session})).await;
    let acts: Vec<_> = listed["interventions"].as_array().unwrap().iter().map(|act| act["action"].clone()).collect();
    assert_eq!(acts, ["reroute", "inject"], "newest first");
    let reroute = listed["interventions"][0]["exchange"].as_str().unwrap().to_owned();
    let verdicts = world.rpc("get_exchange", json!({"exchange": reroute})).await["verdicts"].clone();
    let read = verdicts.as_array().unwrap().iter().find(|verdict| verdict["rule"] == "stuck").unwrap();
    assert_eq!(read["values"]["history.stuck.errored_next"], true, "{read}");
    assert_eq!(read["values"]["history.stuck.repeated_next"], true, "{read}");
}
