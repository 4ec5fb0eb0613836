//! What compaction saves, and what it loses: recorded sessions replayed request by request, each trigger and target a line of the curve.
//!
//! `cargo run -p switchtower-act --example recoverability -- SESSIONS.jsonl.gz`. Tokens are bytes by four. A later call's argument value counts
//! as recoverable where it stands in the request that led to the call; values that the whole history did not hold are left out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a measurement for a terminal

use domain::{Dialect, MessageFacts, Role};
use serde_json::Value;
use std::{io::Read, sync::Arc};
use switchtower_act::{Plan, plan};

/// A recorded conversation: its messages' facts and sizes, and the size of what stands beside them.
struct Session {
    facts: Vec<Arc<MessageFacts>>,
    bytes: Vec<usize>,
    beside: usize,
    tools: String,
}

#[derive(Default)]
struct Sums {
    whole: usize,
    sent: usize,
    /// Read anew though the provider's cache would have served it.
    anew: usize,
    compactions: usize,
    values: usize,
    found: usize,
}

fn main() {
    let path = std::env::args().nth(1).expect("the path of a file of sessions");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    let sessions: Vec<Session> = text.lines().map(|line| session(&serde_json::from_str(line).unwrap())).collect();
    println!("{} sessions of {path}", sessions.len());
    println!(
        "| begins at | down to | tokens saved | of those read anew | compactions | values recoverable |\n|---|---|---|---|---|---|"
    );
    for trigger in [3_000, 4_000, 5_000, 6_000, 8_000] {
        for share in [0.5, 0.67, 0.8] {
            let sums = sessions.iter().fold(Sums::default(), |sums, session| replay(session, trigger * 4, share, sums));
            let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
            println!(
                "| {trigger} tokens | {:.0} % | {:.1} % | {:.1} % | {} | {:.2} % of {} |",
                share * 100.0,
                100.0 - percent(sums.sent, sums.whole),
                percent(sums.anew, sums.whole),
                sums.compactions,
                percent(sums.found, sums.values),
                sums.values
            );
        }
    }
}

fn session(line: &Value) -> Session {
    let messages: Vec<Vec<u8>> =
        line["messages"].as_array().unwrap().iter().map(|message| message.to_string().into_bytes()).collect();
    let facts = messages
        .iter()
        .enumerate()
        .map(|(place, message)| Arc::new(wire::facts(Dialect::OpenaiChat, message, place as u32)))
        .collect();
    let tools = line["tools"].to_string();
    Session { facts, bytes: messages.iter().map(Vec::len).collect(), beside: tools.len(), tools }
}

/// Each assistant message is the answer to a request with all before it.
fn replay(session: &Session, trigger: usize, share: f64, mut sums: Sums) -> Sums {
    let mut current: Option<Plan> = None;
    for at in 1..session.facts.len() {
        if session.facts[at].role != Role::Assistant {
            continue;
        }
        let whole: usize = session.beside + session.bytes[..at].iter().sum::<usize>();
        let mut sent = size(session, at, current.as_ref());
        if sent > trigger {
            let target = ((trigger as f64 * share) as usize).saturating_sub(session.beside);
            let next = plan(&session.facts[..at], &session.bytes[..at], target, &[], &wire::Substitutions::default());
            let shorter = next.as_ref().map(|next| size(session, at, Some(next)));
            if let (Some(next), Some(shorter)) = (next, shorter.filter(|shorter| *shorter < sent)) {
                let head: usize = session.beside + session.bytes[..next.from].iter().sum::<usize>();
                sums.anew += shorter - head;
                sums.compactions += 1;
                (current, sent) = (Some(next), shorter);
            }
        }
        sums.whole += whole;
        sums.sent += sent;
        let told = context(session, at, current.as_ref());
        let all = context(session, at, None);
        for call in &session.facts[at].calls {
            let mut values = Vec::new();
            leaves(&serde_json::from_str(&call.arguments).unwrap_or_default(), &mut values);
            values.retain(|value| all.contains(value.as_str()));
            sums.values += values.len();
            sums.found += values.iter().filter(|value| told.contains(value.as_str())).count();
        }
    }
    sums
}

fn size(session: &Session, at: usize, plan: Option<&Plan>) -> usize {
    let own: usize = session.bytes[..at].iter().sum();
    let gone = plan.map_or(0, |plan| session.bytes[plan.from..plan.to].iter().sum());
    session.beside + own - gone + plan.map_or(0, |plan| plan.line.len() + 40)
}

fn context(session: &Session, at: usize, plan: Option<&Plan>) -> String {
    let mut out = session.tools.clone();
    for (place, facts) in session.facts[..at].iter().enumerate() {
        if plan.is_some_and(|plan| (plan.from..plan.to).contains(&place)) {
            continue;
        }
        out.push_str(&facts.text);
        facts.calls.iter().for_each(|call| out.push_str(&call.arguments));
        facts.results.iter().for_each(|result| out.push_str(&result.text));
        out.push('\n');
    }
    out.push_str(plan.map_or("", |plan| &plan.line));
    out
}

fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, into)),
        Value::Object(object) => object.values().for_each(|value| leaves(value, into)),
        _ => {}
    }
}
