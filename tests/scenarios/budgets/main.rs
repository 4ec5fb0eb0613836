//! Budgets and rates at the real runtime: calls at once never exceed a budget together, who names no maximum is capped, what fails is
//! released, what was open at a kill counts as spent, and each simple key trips in every dialect.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

#[path = "../hand_world/mod.rs"]
mod hand_world;

mod beside;
mod capped;
mod choices;
mod money;
mod parallel;
mod rates;
mod released;
mod shared;
mod streams;
mod time;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchtower_tests::{Agent, Answer, Dialect, Runtime, http::Response, turn::Usage};

/// An agent of one session and few words: without tools its requests are counted to some 20 tokens.
fn agent(runtime: &Runtime, label: &str, dialect: Dialect, streamed: bool) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled(label);
    agent.tools.clear();
    agent
}

/// Names a maximum of output, each dialect in its way.
fn naming(mut agent: Agent, tokens: u64) -> Agent {
    agent.extra = match agent.dialect {
        Dialect::Chat | Dialect::Anthropic => json!({"max_tokens": tokens}),
        Dialect::Responses => json!({"max_output_tokens": tokens}),
        Dialect::Gemini | Dialect::GeminiArray => json!({"generationConfig": {"maxOutputTokens": tokens}}),
        Dialect::Ollama | Dialect::OllamaGenerate => json!({"options": {"num_predict": tokens}}),
    };
    agent
}

/// The maximum that a request asks for.
fn maximum(dialect: Dialect, body: &Value) -> Option<u64> {
    match dialect {
        Dialect::Chat | Dialect::Anthropic => body["max_tokens"].as_u64(),
        Dialect::Responses => body["max_output_tokens"].as_u64(),
        Dialect::Gemini | Dialect::GeminiArray => body["generationConfig"]["maxOutputTokens"].as_u64(),
        Dialect::Ollama | Dialect::OllamaGenerate => body["options"]["num_predict"].as_u64(),
    }
}

async fn say(agent: &mut Agent, text: &str) -> (Answer, Response) {
    agent.say(text);
    agent.turn().await
}

fn used(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// The actions of what was done by this rule, oldest first.
async fn acts(runtime: &Runtime, rule: &str) -> Vec<Value> {
    let listed = runtime.rpc("list_interventions", json!({"limit": 500})).await;
    let all = listed["interventions"].as_array().unwrap().iter();
    let mut mine: Vec<Value> = all.filter(|act| act["rule"] == rule).cloned().collect();
    mine.reverse();
    mine
}

/// The payloads of the ledger's events of a kind.
async fn events(runtime: &Runtime, kind: &str) -> Vec<Value> {
    // Those of a response that came whole are on disk.
    let ledger = rusqlite::Connection::open(runtime.data.join("traces.db")).unwrap();
    let mut statement = ledger.prepare("SELECT payload FROM event WHERE kind = ?1 ORDER BY seq").unwrap();
    let rows = statement.query_map([kind], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|payload| serde_json::from_str(&payload.unwrap()).unwrap()).collect()
}

/// Waits for a number that the ledger's query comes to.
async fn until(runtime: &Runtime, sql: &str, wanted: i64) {
    let begun = Instant::now();
    let ledger = rusqlite::Connection::open(runtime.data.join("traces.db")).unwrap();
    loop {
        let found: i64 = ledger.query_row(sql, [], |row| row.get(0)).unwrap();
        if found == wanted {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{sql} stays at {found}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
