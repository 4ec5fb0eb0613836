//! Standing orders: what a person changed about the calls to come.

use crate::{
    Dialect,
    hand_world::{World, provider},
};
use serde_json::json;
use switchtower_tests::{Agent, Options, Runtime, Turn, agent::Outcome};

pub async fn inject(dialect: Dialect, streamed: bool, standing: bool) {
    let world = World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    agent.turn().await;
    world.control(json!({"command": "inject", "text": "Mind the budget.", "standing": standing})).await;
    for text in ["Two", "Three"] {
        agent.say(text);
        agent.turn().await;
    }
    let sent = world.upstream();
    let count = |round: usize| json!(sent[round]).to_string().matches("Mind the budget.").count();
    assert_eq!((count(0), count(1), count(2)), (0, 1, if standing { 2 } else { 1 }));
    assert_eq!(sent[2][..sent[1].len()], sent[1][..], "byte for byte alike in the next request");
}

pub async fn model(dialect: Dialect, streamed: bool) {
    for (scope, expected) in [("call", [true, false]), ("session", [true, true])] {
        let world = World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[]).await;
        let mut agent = world.agent();
        agent.say("One");
        agent.turn().await;
        world.control(json!({"command": "model", "model": "other-model", "scope": scope})).await;
        for text in ["Two", "Three"] {
            agent.say(text);
            agent.turn().await;
        }
        let models = world.models();
        let switched: Vec<bool> = models[1..].iter().map(|model| model == "other-model").collect();
        assert_eq!(switched, expected, "{scope}: {models:?}");
    }
}

pub async fn tools(dialect: Dialect, streamed: bool) {
    let world = World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    agent.turn().await;
    world.control(json!({"command": "tools", "withhold": ["search"]})).await;
    agent.say("Two");
    agent.turn().await;
    world.control(json!({"command": "tools", "offer": ["search"]})).await;
    agent.say("Three");
    agent.turn().await;
    let offered: Vec<bool> =
        world.bodies().iter().map(|body| body["tools"].to_string().contains("\"search\"")).collect();
    assert_eq!(offered, [true, false, true]);
}

const BUDGET: &str = "version = 1\nname = \"budget\"\ntoken_budget_per_session = 320\n";

pub async fn budget(dialect: Dialect, streamed: bool) {
    let world =
        World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[("budget", BUDGET)]).await;
    let mut agent = world.agent();
    let say = async |agent: &mut switchtower_tests::Agent| {
        agent.say("More");
        agent.turn().await.0.text
    };
    say(&mut agent).await;
    say(&mut agent).await;
    assert!(say(&mut agent).await.contains("token_budget_per_session"), "the budget is spent");
    let wrong = world.try_control(json!({"command": "budget", "name": "nonsense", "set": 3})).await.unwrap_err();
    assert!(wrong["message"].as_str().unwrap().contains("token_budget_per_session"), "names what there is: {wrong}");
    world.control(json!({"command": "budget", "name": "token_budget_per_session", "raise": 100_000})).await;
    assert!(say(&mut agent).await.starts_with("Answer"), "raised for this session");
}

const BLOCK: &str = "version = 1\nname = \"careful\"\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\nwhen = \"tool.name == 'delete_file'\"\ndo = [\"block\"]\n";

pub async fn mute(dialect: Dialect, streamed: bool) {
    let world = World::start(
        dialect,
        streamed,
        |round| match round {
            0 => Turn::text("Ready."),
            _ => Turn::call("delete_file", json!({"path": "/tmp"})).and_call("search", json!({"path": "a"})),
        },
        &[("careful", BLOCK)],
    )
    .await;
    let mut agent = world.agent();
    agent.say("Hello");
    agent.turn().await;
    world.control(json!({"command": "mute", "rule": "no-deletes"})).await;
    agent.say("Go");
    let (answer, _) = agent.turn().await;
    assert_eq!(answer.calls.len(), 2, "the rule is not asked: {answer:?}");
    agent.give(&answer.calls.iter().map(|call| (call.clone(), Outcome::good("fine"))).collect::<Vec<_>>());
    world.control(json!({"command": "mute", "rule": "no-deletes", "off": true})).await;
    let (answer, _) = agent.turn().await;
    assert_eq!(answer.calls.len(), 1, "and asked again: {answer:?}");
}

pub async fn rollback(dialect: Dialect, streamed: bool) {
    let world = World::start(dialect, streamed, |round| Turn::text(&format!("Answer {round}.")), &[]).await;
    let mut agent = world.agent();
    agent.say("One");
    let (_, first) = agent.turn().await;
    for text in ["Two", "Three"] {
        agent.say(text);
        agent.turn().await;
    }
    let exchange = first.header("x-switchtower-exchange").unwrap().to_owned();
    world.control(json!({"command": "rollback", "exchange": exchange, "text": "Start over from here."})).await;
    agent.say("Four");
    agent.turn().await;
    agent.say("Five");
    agent.turn().await;
    let sent = world.upstream();
    let told = json!(sent[3]).to_string();
    assert!(told.contains("One") && told.contains("Start over from here."), "{told}");
    assert!(
        !told.contains("Two") && !told.contains("Answer 1.") && !told.contains("Four"),
        "what came since is gone: {told}"
    );
    assert_eq!(sent[4][..sent[3].len()], sent[3][..], "and stays so, byte for byte");
    assert!(json!(sent[4]).to_string().contains("Five"));
}

/// What a request of an earlier life of the runtime was is in the record: it can be gone back to.
pub async fn rollback_after_restart(dialect: Dialect, streamed: bool) {
    let provider = provider(|round| Turn::text(&format!("Answer {round}."))).await;
    let folder = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::start_in(folder.path(), &Options::to(&provider.base));
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled("hand~one");
    agent.say("One");
    let first = agent.turn().await.1.header("x-switchtower-exchange").unwrap().to_owned();
    agent.say("Two");
    let second = agent.turn().await.1.header("x-switchtower-exchange").unwrap().to_owned();
    runtime.settled(&second).await;
    runtime.kill();
    drop(runtime);
    let runtime = Runtime::start_in(folder.path(), &Options::to(&provider.base));
    let session = runtime.sessions().await[0]["id"].clone();
    let rollback = |exchange: &str| json!({"session": session, "command": "rollback", "exchange": exchange, "text": "Start over from here."});
    let unknown = runtime.ask("control_session", rollback("exc_0000000000001")).await.unwrap_err();
    assert!(unknown["message"].as_str().unwrap().contains("no request of this session"), "{unknown}");
    runtime.rpc("control_session", rollback(&first)).await;
    agent.base = runtime.proxy.clone();
    agent.say("Three");
    agent.turn().await;
    let told = provider.received().last().unwrap().json().to_string();
    assert!(told.contains("One") && told.contains("Start over from here."), "{dialect:?} {streamed}: {told}");
    assert!(
        !told.contains("Two") && !told.contains("Three"),
        "{dialect:?} {streamed}: what came since is gone: {told}"
    );
}
