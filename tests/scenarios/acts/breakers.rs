//! Breakers, and what is answered from earlier results while they are open.

use super::attempts::flaky;
use crate::{hand_world::World, recorded, say, scripted};
use serde_json::{Value, json};
use std::time::Duration;
use switchtower_tests::{Agent, Answer, Call, Dialect, Received, Reply, Turn, agent::Outcome, render};

/// A provider that fails as `faults` says, at a runtime of its own: breakers are shared between sessions.
async fn flaky_alone(
    dialect: Dialect,
    streamed: bool,
    policy: &str,
    faults: impl Fn(usize, Reply) -> Reply + Send + Sync + 'static,
) -> (World, Agent) {
    let replies = move |request: &Received, round: usize| {
        faults(round, render::answer(request, &Turn::text(&format!("Answer {round}.")).numbered(round)))
    };
    let world = World::replying_alone(dialect, streamed, replies, &[("acts", policy)]).await;
    let agent = world.agent();
    (world, agent)
}

fn told(world: &World, round: usize) -> String {
    json!(world.upstream()[round]).to_string()
}

/// Each result of the answer's calls.
fn give(agent: &mut Agent, answer: &Answer, outcome: impl Fn(&Call) -> Outcome) {
    let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), outcome(call))).collect();
    agent.give(&results);
}

/// A read-only tool's call is answered from its last result, inside the same response and in every later request; another tool's is not.
pub async fn cached_call(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[tools]\nread_only = [\"sea*\"]\n[[rule]]\nid = \"known\"\non = \"tool.call\"\n\
                  when = \"session.seen('search')\"\ndo = [{ first = [\"cached\", { block = \"Not now.\" }] }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0 | 2 => Turn::call("search", json!({"path": "a"})).with_text("I look. ").thinking("So.", "c2ln"),
        1 => Turn::text("Seen."),
        3 => Turn::text("Known already."),
        4 => Turn::call("delete_file", json!({"path": "a"})),
        _ => Turn::text("Then not."),
    })
    .await;
    let (answer, _) = say(&mut agent, "One").await;
    give(&mut agent, &answer, |_| Outcome::good("found 17"));
    agent.turn().await;
    let (answer, _) = say(&mut agent, "Two").await;
    assert!(answer.calls.is_empty() && answer.text.contains("Known already."), "{answer:?}");
    let sent = told(&world, 3);
    assert!(sent.contains("found 17") && sent.contains("s ago: search is not asked at present"), "{sent}");
    assert!(!sent.contains("is_error") && !sent.contains("{\"error\""), "it is no error: {sent}");
    let (answer, _) = say(&mut agent, "Three").await;
    assert!(answer.text.contains("Then not."), "{answer:?}");
    let sent = world.upstream();
    let last = sent[3].len();
    assert_eq!(sent[4][..last], sent[3][..], "call and result stand in later requests");
    assert!(told(&world, 5).contains("Not now."), "{}", told(&world, 5));
    let session = world.session().await;
    let rows = world.rpc("list_timeline", json!({"session": session["id"], "from": 0, "count": 100})).await;
    let calls: Vec<_> = rows["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "tool").collect();
    let told: Vec<_> =
        calls.iter().map(|row| (&row["tool_calls"][0]["blocked"], &row["tool_calls"][0]["from_cache"])).collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(told, [(no, no), (yes, yes), (yes, no)], "a list says which was answered from cache: {rows}");
    let exchange = world.rpc("get_exchange", json!({"exchange": calls[1]["exchange"]})).await;
    assert_eq!((&exchange["calls"][0]["from_cache"], &exchange["calls"][0]["blocked"]), (yes, yes), "{exchange}");
    let act = recorded(&world, "cached").await;
    let summary = act["summary"].as_str().unwrap();
    assert!(summary.contains("delete_file is not among `[tools] read_only`"), "{summary}");
}

/// The very same request gets the answer that it got before, where the model fails now; another request does not.
pub async fn cached_answer(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"known\"\non = \"model.response\"\nwhen = \"response.failed\"\ndo = [\"cached\"]\n";
    let (world, mut agent) = flaky(dialect, streamed, policy, move |round, _, good| match round {
        0 => good,
        _ => render::error(dialect, 503, "down"),
    })
    .await;
    let mut twin = agent.clone();
    say(&mut agent, "One").await;
    let (answer, response) = say(&mut twin, "One").await;
    assert_eq!(answer.text, "Answer 0.");
    assert!(response.header("age").is_some_and(|age| age.parse::<u64>().is_ok()), "it says its age");
    let exchange = world.exchange(&response).await;
    let attempts = exchange["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{exchange}");
    assert!(attempts[1]["why"].as_str().unwrap().contains("no model was asked"), "{exchange}");
    twin.say("Two");
    assert_eq!(twin.send().await.unwrap().status, 503);
    let act = recorded(&world, "cached").await;
    assert!(act["summary"].as_str().unwrap().starts_with("Could not"), "{act}");
}

/// A tool that keeps failing is not called any more: its last good result stands in, and the trace says when and why.
pub async fn of_tool(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[tools]\nread_only = [\"search\"]\n[breaker.tool]\nper = \"tool\"\nmin_calls = 4\nerror_rate = 0.5\n\
                  [[rule]]\nid = \"broken\"\non = \"tool.call\"\nwhen = \"breaker.tool.open\"\ndo = [\"cached\"]\n";
    let turns = |round| match round {
        0..5 => Turn::call("search", json!({"path": "a"})),
        _ => Turn::text("Done."),
    };
    let world = World::alone(dialect, streamed, turns, &[("acts", policy)]).await;
    let mut agent = world.agent();
    agent.say("Find it");
    for round in 0..4 {
        let (answer, _) = agent.turn().await;
        assert_eq!(answer.calls.len(), 1, "{round}");
        give(&mut agent, &answer, |_| if round < 2 { Outcome::good("found") } else { Outcome::bad("error: down") });
    }
    let (answer, _) = agent.turn().await;
    assert!(answer.calls.is_empty() && answer.text.contains("Done."), "{answer:?}");
    assert!(told(&world, 5).contains("search is not asked at present"), "{}", told(&world, 5));
    let event: Value = serde_json::from_str(&world.events(&["breaker_opened"]).await[0]).unwrap();
    assert_eq!((&event["breaker"], &event["key"]), (&json!("acts/tool"), &json!("search")), "{event}");
    assert_eq!(event["why"], "50 % of 4 calls failed", "{event}");
    assert_eq!(event["measured"], "the agent's own results and times");
    let listed = world.rpc("health", json!({})).await;
    assert_eq!(listed["breakers"][0]["state"], "open", "{listed}");
}

/// A provider that fails is left alone until a probe finds it well.
pub async fn of_provider(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[breaker.main]\nper = \"provider\"\nconsecutive = 2\ncooldown = \"400ms\"\n\
                  [[rule]]\nid = \"away\"\non = \"model.request\"\nwhen = \"breaker.main.open\"\ndo = [{ block = \"The provider is away.\" }]\n";
    let (world, mut agent) = flaky_alone(dialect, streamed, policy, move |round, good| match round {
        0 => render::error(dialect, 401, "bad key"),
        1 | 2 => render::error(dialect, 500, "down"),
        _ => good,
    })
    .await;
    agent.say("One");
    for status in [401, 500, 500] {
        assert_eq!(agent.send().await.unwrap().status, status);
    }
    let (answer, _) = agent.turn().await;
    assert!(answer.text.starts_with("The provider is away."), "{answer:?}");
    assert_eq!(world.bodies().len(), 3, "nothing goes out while it is open");
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(say(&mut agent, "Two").await.0.text, "Answer 3.");
    assert_eq!(say(&mut agent, "Three").await.0.text, "Answer 4.");
    let events = world.events(&["breaker_opened", "breaker_half_opened", "breaker_closed"]).await;
    assert!(events[0].contains("2 calls in a row failed"), "a caller's mistake does not count: {events:?}");
}

/// The simple key: the same, without a rule of one's own.
pub async fn simple(dialect: Dialect, streamed: bool) {
    let policy =
        "version = 1\n[circuit_breaker]\nerror_rate_threshold = 0.5\nwindow_seconds = 60\ncooldown_seconds = 1\n";
    let (world, mut agent) = flaky_alone(dialect, streamed, policy, move |round, good| match round {
        0..5 => render::error(dialect, 500, "down"),
        _ => good,
    })
    .await;
    agent.say("One");
    for _ in 0..5 {
        assert_eq!(agent.send().await.unwrap().status, 500);
    }
    let (answer, _) = agent.turn().await;
    assert!(answer.text.contains("circuit_breaker"), "a clear refusal: {}", answer.text);
    assert_eq!(world.bodies().len(), 5);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(say(&mut agent, "Two").await.0.text, "Answer 5.");
    recorded(&world, "block").await;
}
