//! Recorded sessions, replayed without a label: every turn is a request, eight sessions are interleaved, one finder tells them
//! apart. Tool-call ids repeat across them, and many begin with the same words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod shared;

use bytes::Bytes;
use domain::{ExchangeId, SessionId, Timestamp};
use flate2::read::GzDecoder;
use http::HeaderMap;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader},
};
use switchtower_observe::{Caller, Finder, Reader, Reading};
use wire::{Answer, Decoder, Framer, Framing, Request};

struct Turn {
    request: Request,
    reading: Reading,
    answer: Answer,
}

/// How turns of eight sessions follow each other.
#[derive(Clone, Copy, Debug)]
enum Interleaving {
    /// One after the other, each answered before the next asks.
    RoundRobin,
    /// Anyone at any moment; eight requests may be open at once.
    Overlapping(u64),
}

fn recorded() -> Option<Vec<Vec<Turn>>> {
    let folder = shared::data("sessions")?;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let reader = Reader::new(64 << 20);
    let route = wire::route("/v1/chat/completions", None, &HeaderMap::new()).unwrap();
    let mut sessions = Vec::new();
    for file in files {
        for line in BufReader::new(GzDecoder::new(File::open(file).unwrap())).lines() {
            let session: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let messages = session["messages"].as_array().unwrap();
            let places = (0..messages.len()).filter(|place| messages[*place]["role"] == "assistant");
            sessions.push(places.map(|place| turn(&session, messages, place, &route, &reader)).collect());
        }
    }
    Some(sessions)
}

fn turn(session: &Value, messages: &[Value], place: usize, route: &wire::Route, reader: &Reader) -> Turn {
    let mut body = json!({ "model": session["model"], "messages": messages[..place] });
    if !session["tools"].is_null() {
        body["tools"] = session["tools"].clone();
    }
    let request = wire::parse(route, Bytes::from(body.to_string())).unwrap();
    let reading = reader.read(&request);
    let message = &messages[place];
    let finish = if message["tool_calls"].is_null() { "stop" } else { "tool_calls" };
    let completion = json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": session["model"],
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }] });
    let mut framer = Framer::new(Framing::Whole);
    let mut decoder = Decoder::new(route.dialect, Framing::Whole).at(place as u32);
    framer.push(Bytes::from(completion.to_string())).iter().for_each(|frame| {
        decoder.push(frame);
    });
    framer.finish().iter().for_each(|frame| {
        decoder.push(frame);
    });
    Turn { request, reading, answer: decoder.into_answer() }
}

/// A few random numbers, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

/// Plays everything; gives the session that each turn was found to belong to.
fn replay(sessions: &[Vec<Turn>], order: &[usize], how: Interleaving) -> HashMap<(usize, usize), SessionId> {
    let mut finder = Finder::new(16 << 20);
    let headers = HeaderMap::new();
    let mut found_in = HashMap::new();
    let mut waiting = order.iter().copied().rev().collect::<Vec<_>>();
    let mut live: Vec<(usize, usize, Option<ExchangeId>)> = Vec::new();
    let mut dice = Dice(match how {
        Interleaving::RoundRobin => 0,
        Interleaving::Overlapping(seed) => seed,
    });
    let mut next = 0;
    let mut tick = 0;
    loop {
        while live.len() < 8 {
            let Some(session) = waiting.pop() else { break };
            live.push((session, 0, None));
        }
        if live.is_empty() {
            break;
        }
        let slot = match how {
            Interleaving::RoundRobin => next % live.len(),
            Interleaving::Overlapping(_) => dice.below(live.len()),
        };
        let (session, place, open) = live[slot];
        let turn = &sessions[session][place];
        tick += 1;
        let exchange = match open {
            Some(exchange) => exchange,
            None => {
                let at = Timestamp(tick * 1000);
                let caller = Caller { headers: &headers, agent_label: None, session_label: None, peer: None, at };
                let found = finder.find(&caller, &turn.request, &turn.reading);
                assert!(
                    found.parent.is_none() && !found.side_call,
                    "session {session}, turn {place}: no sub-agents here"
                );
                let exchange = ExchangeId(tick);
                let id = found.session.unwrap_or(SessionId(tick));
                finder.opened(&found, id, exchange, &caller, &turn.request, &turn.reading);
                found_in.insert((session, place), id);
                live[slot].2 = Some(exchange);
                if matches!(how, Interleaving::Overlapping(_)) {
                    continue;
                }
                exchange
            }
        };
        finder.answered(exchange, Some(&turn.answer), true);
        live[slot] = (session, place + 1, None);
        next += 1;
        if place + 1 == sessions[session].len() {
            live.remove(slot);
        }
    }
    found_in
}

/// Pairwise precision and recall over the turns whose bytes are no other session's.
fn judge(sessions: &[Vec<Turn>], found_in: &HashMap<(usize, usize), SessionId>) -> (f64, f64, usize) {
    let mut owners: HashMap<domain::Hash, HashSet<usize>> = HashMap::new();
    for (session, turns) in sessions.iter().enumerate() {
        turns.iter().for_each(|turn| {
            owners.entry(turn.reading.digest).or_default().insert(session);
        });
    }
    let counted = |session: usize, place: usize| owners[&sessions[session][place].reading.digest].len() == 1;
    let mut both: BTreeMap<(usize, SessionId), u64> = BTreeMap::new();
    let (mut truth, mut said): (BTreeMap<usize, u64>, BTreeMap<SessionId, u64>) = Default::default();
    let mut left_out = 0;
    for ((session, place), id) in found_in {
        if !counted(*session, *place) {
            left_out += 1;
            continue;
        }
        *both.entry((*session, *id)).or_default() += 1;
        *truth.entry(*session).or_default() += 1;
        *said.entry(*id).or_default() += 1;
    }
    let pairs = |counts: &mut dyn Iterator<Item = u64>| {
        counts.map(|count| count * count.saturating_sub(1) / 2).sum::<u64>() as f64
    };
    let right = pairs(&mut both.values().copied());
    (right / pairs(&mut said.values().copied()), right / pairs(&mut truth.values().copied()), left_out)
}

#[test]
fn unlabelled_sessions_are_told_apart() {
    let Some(sessions) = recorded() else { return };
    let in_order: Vec<usize> = (0..sessions.len()).collect();
    let mut shuffled = in_order.clone();
    let mut dice = Dice(7);
    (1..shuffled.len()).rev().for_each(|place| shuffled.swap(place, dice.below(place + 1)));
    // The hardest: sessions that begin alike run at the same time.
    let mut alike = in_order.clone();
    alike.sort_by_key(|session| (sessions[*session][0].reading.end(), *session));
    let ways = [
        ("in order, one by one", &in_order, Interleaving::RoundRobin),
        ("in order, overlapping", &in_order, Interleaving::Overlapping(1)),
        ("shuffled, one by one", &shuffled, Interleaving::RoundRobin),
        ("shuffled, overlapping", &shuffled, Interleaving::Overlapping(2)),
        ("alike together, one by one", &alike, Interleaving::RoundRobin),
        ("alike together, overlapping", &alike, Interleaving::Overlapping(3)),
    ];
    for (name, order, how) in ways {
        let found_in = replay(&sessions, order, how);
        let (precision, recall, left_out) = judge(&sessions, &found_in);
        println!(
            "{name}: {} sessions, precision {precision:.5}, recall {recall:.5}, {left_out} turns left out",
            sessions.len()
        );
        assert!(precision >= 0.99 && recall >= 0.99, "{name}");
    }
}
