//! Recorded agents' sessions, every turn a request, unlabelled, eight at a time into one ledger: turns of one session
//! come out as one, turns of different ones apart. Data: `sessions/` of the shared folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use switchtower_tests::{Dialect, Options, Provider, Reply, Runtime, http::Client, shared};
use tokio::task::JoinSet;

const SETS: [&str; 4] = ["tau-airline", "intercode", "whowhen", "medagentbench"];

/// One request of a recorded session, and which session the runtime put it in.
struct Turn {
    /// The recorded session.
    truth: usize,
    body: String,
    found: String,
}

/// The answer to each recorded turn, in the shape of Chat Completions.
fn answer(message: &Value) -> String {
    let calls = message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
    json!({
        "id": "chatcmpl-recorded", "object": "chat.completion", "created": 1_763_800_000, "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "finish_reason": if calls { "tool_calls" } else { "stop" }}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    })
    .to_string()
}

/// Each assistant message i: the request `messages[:i]` and the answer `messages[i]`.
fn turns(session: &Value) -> Vec<(String, String)> {
    let messages = session["messages"].as_array().unwrap();
    (1..messages.len())
        .filter(|place| messages[*place]["role"] == "assistant")
        .map(|place| {
            let mut body = json!({"model": "gpt-4o", "messages": messages[..place]});
            if session["tools"].is_array() {
                body["tools"] = session["tools"].clone();
            }
            (body.to_string(), answer(&messages[place]))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn recorded_sessions_are_told_apart_unlabelled_and_interleaved() {
    let mut sessions = Vec::new();
    for set in SETS {
        let Some(lines) = shared::lines(&format!("sessions/{set}.dev.jsonl.gz")) else { return };
        sessions.extend(lines);
    }
    // In an order that is no set's own, the same each time.
    sessions.sort_by_key(|session| {
        session["id"]
            .as_str()
            .unwrap()
            .bytes()
            .fold(7u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    let answers: Arc<Mutex<HashMap<u64, String>>> = Arc::default();
    let provider = {
        let answers = answers.clone();
        Provider::start(move |request| {
            let key = request.header("x-turn").unwrap().parse().unwrap();
            Reply::json(200, answers.lock().unwrap().remove(&key).unwrap())
        })
        .await
    };
    let runtime = Arc::new(Runtime::start(&Options::to(&provider.base)));
    let count = sessions.len();
    let queue: Arc<Mutex<VecDeque<(usize, Value)>>> = Arc::new(Mutex::new(sessions.into_iter().enumerate().collect()));
    let mut agents = JoinSet::new();
    for agent in 0..8u64 {
        let (queue, answers, base) = (queue.clone(), answers.clone(), runtime.proxy.clone());
        agents.spawn(async move {
            let mut done = Vec::new();
            // One connection for all: a connection is no session.
            let mut client = Client::connect(&base).await.unwrap();
            let mut number = agent << 32;
            loop {
                let Some((truth, session)) = queue.lock().unwrap().pop_front() else { return done };
                for (body, answer) in turns(&session) {
                    number += 1;
                    answers.lock().unwrap().insert(number, answer);
                    let request =
                        Dialect::Chat.request(false, "sk-sessions", body.clone()).header("x-turn", &number.to_string());
                    let response = client.send(&request).await.unwrap();
                    let found = response.header("x-switchtower-session").expect("labelled").to_owned();
                    done.push(Turn { truth, body, found });
                }
            }
        });
    }
    let turns = agents.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    let (kept, twins) = without_twins(turns);
    let (precision, recall) = pairwise(&kept);
    println!(
        "{count} sessions, {} turns judged, {twins} left out (their bytes equal another session's): \
         precision {precision:.5}, recall {recall:.5}",
        kept.len()
    );
    assert!(precision >= 0.99 && recall >= 0.99, "precision {precision:.5}, recall {recall:.5}");
}

/// Leaves out turns whose bytes equal a turn of another session: nothing could tell them apart.
fn without_twins(turns: Vec<Turn>) -> (Vec<Turn>, usize) {
    let mut truths: HashMap<&str, usize> = HashMap::new();
    let mut shared = std::collections::HashSet::new();
    for turn in &turns {
        if *truths.entry(&turn.body).or_insert(turn.truth) != turn.truth {
            shared.insert(turn.body.clone());
        }
    }
    let all = turns.len();
    let kept: Vec<Turn> = turns.into_iter().filter(|turn| !shared.contains(&turn.body)).collect();
    let left_out = all - kept.len();
    (kept, left_out)
}

/// Of all pairs of turns: how many said to be of one session are, and how many that are were said to be.
fn pairwise(turns: &[Turn]) -> (f64, f64) {
    let pairs = |count: u64| count * (count - 1) / 2;
    let mut both: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    let mut truth: BTreeMap<usize, u64> = BTreeMap::new();
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for turn in turns {
        *both.entry((turn.truth, &turn.found)).or_default() += 1;
        *truth.entry(turn.truth).or_default() += 1;
        *found.entry(&turn.found).or_default() += 1;
    }
    let right: u64 = both.values().map(|count| pairs(*count)).sum();
    let said: u64 = found.values().map(|count| pairs(*count)).sum();
    let real: u64 = truth.values().map(|count| pairs(*count)).sum();
    (right as f64 / said as f64, right as f64 / real as f64)
}
