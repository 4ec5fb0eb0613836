//! What rules do, as a generated table: every action on every dialect, streamed and not. Each cell runs an agent under one policy and asserts
//! what the agent gets, message by message what goes upstream then and later, and what stands in the trace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

#[path = "../hand_world/mod.rs"]
mod hand_world;

mod attempts;
mod breakers;
mod context;
mod ends;
mod extract;
mod follow_ups;
mod keys;
mod orders;
mod partial;
mod redact;
mod safety;
mod summary;
mod time;

use futures::{StreamExt, stream};
use hand_world::World;
use serde_json::{Value, json};
use switchtower_tests::{Agent, Answer, Dialect, Turn, cells, http::Response};

/// A row of the table; with tools in it, the form without tools has no cell.
struct Row {
    name: &'static str,
    tools: bool,
}

const fn row(name: &'static str) -> Row {
    Row { name, tools: false }
}

const fn with_tools(name: &'static str) -> Row {
    Row { name, tools: true }
}

const ROWS: &[Row] = &[
    row("reroute for the call"),
    row("reroute for the run"),
    row("reroute for the session"),
    with_tools("reroute strips"),
    row("limit tokens"),
    with_tools("limit tools"),
    row("stop"),
    with_tools("stop at a call"),
    row("rollback"),
    row("alert"),
    row("first"),
    row("retry"),
    row("retry a broken answer"),
    row("retry gives up"),
    with_tools("retry a follow-up"),
    with_tools("a follow-up fails"),
    row("reroute a failed call"),
    row("block a failed call"),
    with_tools("cached call"),
    row("cached answer"),
    with_tools("breaker of a tool"),
    row("breaker of a provider"),
    row("circuit_breaker"),
    with_tools("redact a request"),
    with_tools("replace in results"),
    with_tools("redact an answer"),
    row("redact a stream"),
    with_tools("redact a call"),
    row("block an answer"),
    row("block by a score"),
    with_tools("safety classifiers"),
    with_tools("schema"),
    with_tools("truncate"),
    with_tools("extract"),
    with_tools("extract by a model"),
    with_tools("extract or what comes next"),
    with_tools("compact"),
    with_tools("partial amid an answer"),
    with_tools("partial within a thought"),
    row("partial before a word"),
    row("partial at a request"),
    with_tools("partial at an answer"),
    with_tools("compact with a summary"),
    with_tools("compact without one"),
    with_tools("time of a run"),
    with_tools("time of a request and a subtask"),
    with_tools("the loop closes"),
];

fn forms(row: &Row) -> Vec<(Dialect, bool)> {
    let has_tools = |dialect: &Dialect| *dialect != Dialect::OllamaGenerate;
    let dialects = Dialect::ALL.into_iter().filter(|dialect| !row.tools || has_tools(dialect));
    dialects.flat_map(|dialect| [(dialect, false), (dialect, true)]).collect()
}

/// Every action on every dialect. Written to `tests/out/acts.md`.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_acts_on_every_dialect_streamed_and_not() {
    let mut failures = Vec::new();
    let mut table = String::from("| action |");
    for dialect in Dialect::ALL {
        table += &format!(" {dialect:?}, whole | {dialect:?}, streamed |");
    }
    table += &format!("\n|---|{}\n", "---|".repeat(Dialect::ALL.len() * 2));
    let chosen = std::env::var("ACTS").unwrap_or_default();
    for row in ROWS.iter().filter(|row| row.name.contains(&chosen)) {
        let each = forms(row).into_iter().map(|(dialect, streamed)| async move {
            cells::demand(row.name, dialect, streamed);
            let outcome = tokio::spawn(cells::of(row.name, cell(row.name, dialect, streamed))).await;
            (
                dialect,
                streamed,
                outcome.map_err(|error| format!("{} × {dialect:?} streamed={streamed}: {error}", row.name)),
            )
        });
        let filled: Vec<_> = stream::iter(each).buffered(4).collect().await;
        table += &format!("| {} |", row.name);
        for (dialect, streamed) in Dialect::ALL.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
            let came_to = filled.iter().find(|(of, mode, _)| (*of, *mode) == (dialect, streamed));
            table += match came_to {
                Some((.., Ok(()))) => " ✓ |",
                Some((.., Err(_))) => " ✗ |",
                None => {
                    assert!(row.tools && dialect == Dialect::OllamaGenerate, "{}: {dialect:?} is empty", row.name);
                    " has no tools |"
                }
            };
        }
        table += "\n";
        failures.extend(filled.into_iter().filter_map(|(.., outcome)| outcome.err()));
    }
    println!("{table}");
    let out = concat!(env!("CARGO_MANIFEST_DIR"), "/out");
    std::fs::create_dir_all(out).unwrap();
    std::fs::write(format!("{out}/acts.md"), table).unwrap();
    assert!(failures.is_empty(), "{} cells failed:\n{}", failures.len(), failures.join("\n"));
}

async fn cell(name: &str, dialect: Dialect, streamed: bool) {
    match name {
        "reroute for the call" => orders::reroute(dialect, streamed, "call").await,
        "reroute for the run" => orders::reroute(dialect, streamed, "run").await,
        "reroute for the session" => orders::reroute(dialect, streamed, "session").await,
        "reroute strips" => orders::reroute_strips(dialect, streamed).await,
        "limit tokens" => orders::limit_tokens(dialect, streamed).await,
        "limit tools" => orders::limit_tools(dialect, streamed).await,
        "stop" => ends::stop(dialect, streamed).await,
        "stop at a call" => ends::stop_at_call(dialect, streamed).await,
        "rollback" => ends::rollback(dialect, streamed).await,
        "alert" => ends::alert(dialect, streamed).await,
        "first" => orders::first(dialect, streamed).await,
        "retry" => attempts::retry(dialect, streamed).await,
        "retry a broken answer" => attempts::retry_broken(dialect, streamed).await,
        "retry gives up" => attempts::give_up(dialect, streamed).await,
        "retry a follow-up" => follow_ups::tried_again(dialect, streamed).await,
        "a follow-up fails" => follow_ups::given_up(dialect, streamed).await,
        "reroute a failed call" => attempts::reroute(dialect, streamed).await,
        "block a failed call" => attempts::block(dialect, streamed).await,
        "cached call" => breakers::cached_call(dialect, streamed).await,
        "cached answer" => breakers::cached_answer(dialect, streamed).await,
        "breaker of a tool" => breakers::of_tool(dialect, streamed).await,
        "breaker of a provider" => breakers::of_provider(dialect, streamed).await,
        "circuit_breaker" => breakers::simple(dialect, streamed).await,
        "redact a request" => redact::request(dialect, streamed).await,
        "replace in results" => redact::result(dialect, streamed).await,
        "redact an answer" => redact::answer(dialect, streamed).await,
        "redact a stream" => redact::stream(dialect, streamed).await,
        "block an answer" => safety::block(dialect, streamed).await,
        "block by a score" => safety::scored(dialect, streamed).await,
        "safety classifiers" => safety::certain(dialect, streamed).await,
        "schema" => safety::schema(dialect, streamed).await,
        "redact a call" => redact::call(dialect, streamed).await,
        "truncate" => context::truncate(dialect, streamed).await,
        "extract" => context::extract(dialect, streamed).await,
        "extract by a model" => extract::by_a_model(dialect, streamed).await,
        "extract or what comes next" => extract::or_what_comes_next(dialect, streamed).await,
        "compact" => context::compact(dialect, streamed).await,
        "partial amid an answer" => partial::amid(dialect, streamed).await,
        "partial within a thought" => partial::within_a_thought(dialect, streamed).await,
        "partial before a word" => partial::before_a_word(dialect, streamed).await,
        "partial at a request" => partial::at_a_request(dialect, streamed).await,
        "partial at an answer" => partial::at_an_answer(dialect, streamed).await,
        "compact with a summary" => summary::summarised(dialect, streamed).await,
        "compact without one" => summary::without(dialect, streamed).await,
        "time of a run" => time::of_a_run(dialect, streamed).await,
        "time of a request and a subtask" => time::of_a_request_and_a_subtask(dialect, streamed).await,
        "the loop closes" => time::the_loop_closes(dialect, streamed).await,
        _ => panic!("{name} has no scenario"),
    }
}

/// A world under one policy, whose model answers `Answer 0.`, `Answer 1.`, …
async fn answering(dialect: Dialect, streamed: bool, policy: &str) -> (World, Agent) {
    scripted(dialect, streamed, policy, |round| Turn::text(&format!("Answer {round}."))).await
}

async fn scripted(
    dialect: Dialect,
    streamed: bool,
    policy: &str,
    turns: impl Fn(usize) -> Turn + Send + Sync + 'static,
) -> (World, Agent) {
    let world = World::start(dialect, streamed, turns, &[("acts", policy)]).await;
    let agent = world.agent();
    (world, agent)
}

async fn say(agent: &mut Agent, text: &str) -> (Answer, Response) {
    agent.say(text);
    agent.turn().await
}

/// The newest intervention of that action, with its texts; it cites rule and version, and the exchange's record holds it.
async fn recorded(world: &World, action: &str) -> Value {
    let session = world.session().await["id"].clone();
    let listed = world.rpc("list_interventions", json!({"session": session})).await;
    let all = listed["interventions"].as_array().unwrap();
    let act = all.iter().find(|act| act["action"] == action && act["cause"] == "rule");
    let act = act.unwrap_or_else(|| panic!("no {action} in {listed}"));
    assert!(!act["rule"].as_str().unwrap_or_default().is_empty(), "{act}");
    act.clone()
}

/// A body without what names or places its conversation: what no action on the model may touch.
fn without(mut body: Value, keys: &[&str]) -> Value {
    for key in keys {
        body.as_object_mut().unwrap().remove(*key);
    }
    body
}
