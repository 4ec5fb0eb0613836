//! The writing half on every recorded response of the shared data. Where the data is absent these tests say so and pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

extern crate switchtower_wire as wire;

#[allow(dead_code)] // shared with the reading half's tests
#[path = "recorded/data.rs"]
mod data;
mod script;

use bytes::Bytes;
use data::Exchange;
use domain::Dialect;
use script::*;
use std::collections::BTreeMap;
use wire::{Answer, Framing, answer_as_messages, cut_whole, facts, framing, note_whole, parse};

const NOTE: &str = "[blocked by rule r1]";

/// The recorded successful answers that came to their end.
fn answers(mut with: impl FnMut(&Exchange, Dialect, Framing, Bytes, Answer)) {
    for exchange in [data::cassettes(), data::clients()].into_iter().flatten().flatten() {
        let Some(route) = exchange.route().filter(|_| exchange.status == 200) else { continue };
        let Ok(request) = parse(&route, Bytes::copy_from_slice(exchange.request.as_bytes())) else { continue };
        let framing = framing(route.dialect, exchange.content_type.as_deref(), &request);
        let body = Bytes::copy_from_slice(exchange.response.as_bytes());
        // Events under the name of a JSON body can only be read; and of several choices none is continued.
        let mislabelled = framing == Framing::Whole && wire::json::root(&body).is_none();
        if mislabelled || exchange.response.contains(r#""choices":[{"index":1"#) {
            continue;
        }
        let answer = decoded(route.dialect, framing, &body);
        with(&exchange, route.dialect, framing, body, answer);
    }
}

#[test]
fn a_surgeon_who_drops_nothing_changes_no_recorded_stream() {
    let mut seen = BTreeMap::<(Dialect, &str), usize>::new();
    answers(|exchange, dialect, framing, body, answer| {
        if framing == Framing::Whole {
            assert_eq!(cut_whole(dialect, &body, &[]), body, "{}", exchange.id);
            return;
        }
        // A stream that was cut within a call loses that call; every other one keeps its bytes.
        if answer.complete || answer.error.is_some() && answer.calls.is_empty() {
            let driven = drive(dialect, framing, std::slice::from_ref(&body), &[], |_| true, &|_| false);
            let kept = driven.bytes() == body;
            assert!(kept || !answer.complete, "{} {}", exchange.folder, exchange.id);
            assert_eq!(driven.judged.len(), answer.calls.len(), "{} {}", exchange.folder, exchange.id);
            *seen.entry((dialect, if kept { "kept" } else { "cut in a call" })).or_default() += 1;
        }
    });
    println!("{seen:?}");
}

#[test]
fn every_recorded_call_can_be_dropped_and_the_answer_continued() {
    let mut seen = BTreeMap::<(Dialect, bool), usize>::new();
    answers(|exchange, dialect, framing, body, answer| {
        if !answer.complete || answer.calls.is_empty() || answer.error.is_some() {
            return;
        }
        let id = format!("{} {} {}", dialect.name(), exchange.folder, exchange.id);
        let all: Vec<u32> = answer.calls.iter().map(|call| call.index).collect();
        if framing == Framing::Whole {
            let cut = decoded(dialect, framing, &note_whole(dialect, &cut_whole(dialect, &body, &all), NOTE));
            assert_eq!(cut.calls, [], "{id}");
            assert!(cut.text.starts_with(answer.text.trim_end()) && cut.text.ends_with(NOTE), "{id}: {:?}", cut.text);
            assert_eq!((cut.id, cut.usage, cut.reasoning), (answer.id, answer.usage, answer.reasoning), "{id}");
        } else {
            let second = script("second", vec![say("Then I stop.")]).stream(dialect, framing);
            let driven = drive(dialect, framing, &[body.clone(), second], &[], |_| true, &|_| true);
            let cut = decoded(dialect, framing, &driven.bytes());
            assert_eq!((cut.calls.len(), cut.complete, &cut.id), (0, true, &answer.id), "{id}");
            assert!(cut.text.starts_with(&answer.text) && cut.text.ends_with("Then I stop."), "{id}: {:?}", cut.text);
            let output = |answer: &Answer| answer.usage.map_or(0, |usage| usage.output);
            let first = decoded(dialect, framing, &body);
            // A provider that counts nothing leaves the follow-up's count alone.
            let expected = if first.usage.is_some() { output(&first) + 10 } else { 10 };
            assert_eq!(output(&cut), expected, "{id}");
            let held: Vec<_> = driven.dropped.iter().map(|call| (&call.id, &call.name, &call.index)).collect();
            assert_eq!(
                held,
                answer.calls.iter().map(|call| (&call.id, &call.name, &call.index)).collect::<Vec<_>>(),
                "{id}"
            );
        }
        *seen.entry((dialect, framing == Framing::Whole)).or_default() += 1;
    });
    println!("{seen:?}");
}

#[test]
fn every_recorded_answer_comes_back_as_messages() {
    let mut seen = BTreeMap::<Dialect, usize>::new();
    answers(|exchange, dialect, framing, body, answer| {
        if !answer.complete || answer.error.is_some() || answer.atoms.is_empty() {
            return;
        }
        let id = format!("{} {} {}", dialect.name(), exchange.folder, exchange.id);
        let messages = match answer_as_messages(dialect, framing, &frames_of(framing, &body)) {
            Ok(messages) => messages,
            // Ollama's completions are no conversation.
            Err(_) if exchange.path.ends_with("/generate") => return,
            Err(error) => panic!("{id}: {error}"),
        };
        let atoms: Vec<_> = messages.iter().flat_map(|message| facts(dialect, message, 0).atoms).collect();
        assert_eq!(atoms, answer.atoms, "{id}");
        *seen.entry(dialect).or_default() += 1;
    });
    println!("{seen:?}");
}
