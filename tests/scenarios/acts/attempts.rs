//! Calls that fail: tried again, sent elsewhere, answered in their place, or passed on as they failed.

use crate::{hand_world::World, recorded, say, without};
use serde_json::Value;
use switchtower_tests::{
    Agent, Dialect, Fault, Received, Reply, Turn,
    http::{Ended, Response},
    render,
};

/// A provider that fails as `faults` says at its `n`th request, and else answers `Answer n.`
pub async fn flaky(
    dialect: Dialect,
    streamed: bool,
    policy: &str,
    faults: impl Fn(usize, &Received, Reply) -> Reply + Send + Sync + 'static,
) -> (World, Agent) {
    let replies = move |request: &Received, round: usize| {
        faults(round, request, render::answer(request, &Turn::text(&format!("Answer {round}.")).numbered(round)))
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", policy)]).await;
    let agent = world.agent();
    (world, agent)
}

fn rule(action: &str) -> String {
    format!(
        "version = 1\n[[rule]]\nid = \"mend\"\non = \"model.response\"\nwhen = \"response.failed\"\ndo = [{action}]\n"
    )
}

const RETRY: &str = "{ retry = { times = 3, base = \"20ms\", max = \"50ms\" } }";

/// What each attempt came to, as the record has it: its status, or 0 where no head came.
async fn attempts(world: &World, response: &Response) -> Vec<u64> {
    let exchange = world.exchange(response).await;
    let attempts = exchange["attempts"].as_array().unwrap();
    attempts.iter().map(|attempt| attempt["status"].as_u64().unwrap_or_default()).collect()
}

pub async fn retry(dialect: Dialect, streamed: bool) {
    let (world, mut agent) = flaky(dialect, streamed, &rule(RETRY), move |round, _, good| match round {
        0 => render::error(dialect, 503, "busy"),
        1 => render::error(dialect, 429, "too many").header("retry-after", "0.3"),
        _ => good,
    })
    .await;
    let (answer, response) = say(&mut agent, "One").await;
    assert_eq!(answer.text, "Answer 2.");
    assert_eq!(attempts(&world, &response).await, [503, 429, 200]);
    let sent = world.received();
    assert_eq!(sent.len(), 3);
    for again in &sent[1..] {
        assert_eq!((&again.body, again.target()), (&sent[0].body, sent[0].target()), "byte for byte the same call");
        assert_eq!(again.header("authorization"), sent[0].header("authorization"));
    }
    let waited = sent[2].at - sent[1].at;
    assert!(waited.as_millis() >= 300, "the provider asked for 300 ms, it got {waited:?}");
    let (_, response) = say(&mut agent, "Two").await;
    assert_eq!(attempts(&world, &response).await, [200], "what went well is not tried again");
    let act = recorded(&world, "retry").await;
    assert!(act["summary"].as_str().unwrap().contains("429: too many"), "{act}");
    assert_eq!(act["effect"]["basis"], "estimated", "{act}");
}

/// Before its first token a stream can be asked for again; after it never.
pub async fn retry_broken(dialect: Dialect, streamed: bool) {
    let (world, mut agent) = flaky(dialect, streamed, &rule(RETRY), move |round, request, good| match round {
        0 => good.fault(Fault::Reset(9)),
        1 => good.fault(Fault::Cut(0)),
        3 if streamed => {
            let long = render::answer(request, &Turn::text(&"A long answer. ".repeat(40)).numbered(round));
            let most = long.bytes().len() * 3 / 4;
            long.fault(Fault::Cut(most))
        }
        _ => good,
    })
    .await;
    let (answer, response) = say(&mut agent, "One").await;
    assert_eq!(answer.text, "Answer 2.");
    assert_eq!(attempts(&world, &response).await.len(), 3);
    agent.say("Two");
    let response = agent.send().await.unwrap();
    assert_eq!(attempts(&world, &response).await.len(), 1);
    assert_eq!(world.bodies().len(), 4, "nothing is tried again once a byte went out");
    let whole = response.ended == Ended::Complete;
    assert!(whole != streamed, "a cut stays a cut: {:?}", response.ended);
}

/// The last failure passes as it came; a caller's mistake is never tried again.
pub async fn give_up(dialect: Dialect, streamed: bool) {
    let (world, mut agent) = flaky(dialect, streamed, &rule(RETRY), move |round, _, good| match round {
        0 => render::error(dialect, 400, "prompt is too long"),
        6.. => good,
        round => render::error(dialect, 503, &format!("busy {round}")).header("retry-after", "0"),
    })
    .await;
    agent.say("One");
    let response = agent.send().await.unwrap();
    assert_eq!((response.status, attempts(&world, &response).await), (400, vec![400]));
    agent.say("Two");
    let response = agent.send().await.unwrap();
    assert_eq!(response.status, 503);
    assert_eq!(response.header("retry-after"), Some("0"));
    assert_eq!(response.text(), String::from_utf8_lossy(&render::error(dialect, 503, "busy 4").bytes()));
    assert_eq!(attempts(&world, &response).await, [503; 4]);
    // The client's own retry is the same request: it gets its one attempt and no more of ours.
    let response = agent.send().await.unwrap();
    assert_eq!((response.status, attempts(&world, &response).await), (503, vec![503]));
    assert_eq!(say(&mut agent, "Three").await.0.text, "Answer 6.");
    let act = recorded(&world, "retry").await;
    let told = act["summary"].as_str().unwrap();
    assert!(told.contains("Could not retry") && told.contains("the client's own retries counted"), "{told}");
}

pub async fn reroute(dialect: Dialect, streamed: bool) {
    let policy = rule("{ reroute = { model = \"other-model\", scope = \"call\" } }");
    let (world, mut agent) = flaky(dialect, streamed, &policy, move |_, request, good| {
        let other = request.target().contains("other-model") || request.json()["model"] == "other-model";
        if other { good } else { render::error(dialect, 529, "overloaded") }
    })
    .await;
    let (answer, response) = say(&mut agent, "One").await;
    assert_eq!(answer.text, "Answer 1.");
    assert_eq!(attempts(&world, &response).await, [529, 200]);
    let sent = world.bodies();
    let plain = |body: &Value| without(body.clone(), &["model"]);
    assert_eq!(plain(&sent[0]), plain(&sent[1]), "nothing else is changed");
    say(&mut agent, "Two").await;
    assert_eq!(world.models(), [dialect.model(), "other-model", dialect.model(), "other-model"]);
    let act = recorded(&world, "reroute").await;
    assert!(act["summary"].as_str().unwrap().contains("to other-model"), "{act}");
}

pub async fn block(dialect: Dialect, streamed: bool) {
    let policy = rule(
        "{ first = [{ retry = { times = 1, base = \"20ms\" } }, { block = \"The model is away; ask again later.\" }] }",
    );
    let (world, mut agent) =
        flaky(dialect, streamed, &policy, move |_, _, _| render::error(dialect, 500, "down")).await;
    let (answer, response) = say(&mut agent, "One").await;
    assert!(answer.text.starts_with("The model is away; ask again later."), "{}", answer.text);
    assert_eq!(attempts(&world, &response).await, [500, 500]);
    assert_eq!(world.exchange(&response).await["state"], "answered");
    let act = recorded(&world, "block").await;
    assert_eq!(act["before"], "500: down", "{act}");
}
