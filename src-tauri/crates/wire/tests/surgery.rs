//! Surgery on responses, in every dialect, streamed and whole: goldens, and that both ways agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::type_complexity
)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod script;

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use script::*;
use switchtower_wire::{Answer, Framing, StreamSurgeon, cut_whole, merge_whole, note_whole};

fn bad(name: &str) -> bool {
    name.starts_with("bad")
}

struct Case {
    name: &'static str,
    first: Script,
    follow_up: Option<Script>,
}

fn cases() -> Vec<Case> {
    let done = || Some(script("second", vec![say("I may not do that, so I stop.")]));
    let case = |name, items, follow_up: Option<Script>| Case { name, first: script("first", items), follow_up };
    let mut interleaved = case(
        "all of several dropped",
        vec![call("bad_a", r#"{"x":1}"#), call("bad_b", r#"{"y":[2,"}"]}"#), call("bad_c", "{}")],
        done(),
    );
    interleaved.first.interleaved = true;
    vec![
        case("only call dropped, no follow-up", vec![think("hm"), call("bad_rm", r#"{"path":"/"}"#)], None),
        case(
            "only call dropped, then continued",
            vec![think("hm"), say("Let me. "), call("bad_rm", r#"{"path":"/"}"#)],
            done(),
        ),
        case("first of two dropped", vec![call("bad_rm", r#"{"path":"/"}"#), call("good_ls", r#"{"path":"."}"#)], None),
        case(
            "second of two dropped",
            vec![call("good_ls", r#"{"path":"."}"#), call("bad_rm", r#"{"path":"/"}"#)],
            None,
        ),
        interleaved,
        case("text before and after", vec![say("before "), call("bad_rm", "{}"), say("after")], done()),
        case(
            "follow-up calls a tool itself",
            vec![call("bad_rm", "{}")],
            Some(script("second", vec![think("then"), call("good_ls", r#"{"path":"."}"#)])),
        ),
    ]
}

fn streamed(dialect: Dialect, framing: Framing, case: &Case) -> Driven {
    let streams: Vec<Bytes> = [Some(&case.first), case.follow_up.as_ref()]
        .into_iter()
        .flatten()
        .map(|script| script.stream(dialect, framing))
        .collect();
    drive(dialect, framing, &streams, &[], bad, &|_| true)
}

fn whole(dialect: Dialect, case: &Case) -> Bytes {
    let body = case.first.whole(dialect);
    let calls = decoded(dialect, Framing::Whole, &body).calls;
    let drop: Vec<u32> = calls.iter().filter(|call| bad(&call.name)).map(|call| call.index).collect();
    let cut = cut_whole(dialect, &body, &drop);
    match &case.follow_up {
        Some(second) => merge_whole(dialect, &cut, &second.whole(dialect)),
        None if drop.len() == calls.len() => note_whole(dialect, &cut, "[blocked by rule r1]"),
        None => cut,
    }
}

/// What both ways must agree on; ids of calls only where the dialect has them.
fn gist(answer: &Answer) -> (String, String, Vec<(String, String)>, Option<String>, Option<domain::Usage>, bool) {
    let calls = answer.calls.iter().map(|call| (call.name.clone(), compact(call))).collect();
    (answer.text.clone(), answer.reasoning.clone(), calls, answer.finish.clone(), answer.usage, answer.complete)
}

fn compact(call: &ToolCall) -> String {
    serde_json::from_str::<serde_json::Value>(&call.arguments).unwrap().to_string()
}

#[test]
fn every_case_reads_as_the_golden_says() {
    for (dialect, framing) in FRAMINGS {
        let mut shown = String::new();
        for case in cases() {
            let stream = streamed(dialect, framing, &case).text();
            let whole = String::from_utf8(whole(dialect, &case).to_vec()).unwrap();
            shown.push_str(&format!("##### {}\n{stream}\n-- whole\n{whole}\n\n", case.name));
        }
        let mode = if framing == Framing::JsonArray { "-array" } else { "" };
        insta::assert_snapshot!(format!("{}{mode}", dialect.name()), shown);
    }
}

#[test]
fn a_cut_stream_says_what_the_cut_body_says() {
    for (dialect, framing) in FRAMINGS {
        for case in cases() {
            let driven = streamed(dialect, framing, &case);
            assert!(driven.ended, "{} {}", dialect.name(), case.name);
            let from_stream = decoded(dialect, framing, &driven.bytes());
            let from_body = decoded(dialect, Framing::Whole, &whole(dialect, &case));
            assert_eq!(gist(&from_stream), gist(&from_body), "{} {}", dialect.name(), case.name);
            assert!(!from_stream.calls.iter().any(|call| bad(&call.name)), "{} {}", dialect.name(), case.name);
        }
    }
}

#[test]
fn an_answer_without_a_call_left_is_continued_into_one_message() {
    for (dialect, framing) in FRAMINGS {
        let case = cases().into_iter().nth(1).unwrap();
        let answer = decoded(dialect, framing, &streamed(dialect, framing, &case).bytes());
        assert!(answer.text.starts_with("Let me. ") && answer.text.ends_with("so I stop."), "{}", answer.text);
        assert_eq!(answer.calls, []);
        let usage = answer.usage.unwrap();
        assert_eq!(usage.output, 20, "{}", dialect.name());
        let first = decoded(dialect, framing, &case.first.stream(dialect, framing));
        assert_eq!((answer.id, answer.model), (first.id, first.model), "{}", dialect.name());
        // Anthropic's input is the first request's: its start went out before the follow-up was known.
        let input = if dialect == Dialect::Anthropic { first.usage.unwrap().input } else { 200 };
        assert_eq!(usage.input, input, "{}", dialect.name());
    }
}

#[test]
fn kept_calls_keep_the_bytes_of_the_stream() {
    for (dialect, framing) in FRAMINGS {
        for case in cases() {
            let stream = case.first.stream(dialect, framing);
            let driven = drive(dialect, framing, std::slice::from_ref(&stream), &[], bad, &|_| false);
            assert_eq!(driven.text(), String::from_utf8(stream.to_vec()).unwrap(), "{} {}", dialect.name(), case.name);
            assert!(driven.ended && driven.dropped.is_empty());
            let held = case.first.items.iter().filter(|item| matches!(item, Item::Call(name, _) if bad(name))).count();
            assert_eq!(driven.judged.len(), held, "{} {}", dialect.name(), case.name);
        }
    }
}

#[test]
fn judged_calls_carry_the_arguments_whole() {
    for (dialect, framing) in FRAMINGS {
        let case = cases().into_iter().nth(4).unwrap();
        let driven = streamed(dialect, framing, &case);
        let arguments: Vec<String> = driven.dropped.iter().map(compact).collect();
        assert_eq!(arguments, [r#"{"x":1}"#, r#"{"y":[2,"}"]}"#, "{}"], "{}", dialect.name());
        let indices: Vec<u32> = driven.dropped.iter().map(|call| call.index).collect();
        assert_eq!(indices, [0, 1, 2]);
    }
}

#[test]
fn text_before_a_held_call_leaves_at_once_and_nothing_after_it_does() {
    for (dialect, framing) in FRAMINGS {
        let script = script("one", vec![say("before"), call("bad_rm", r#"{"path":"/"}"#), say("after")]);
        let mut surgeon = StreamSurgeon::new(dialect, framing, Box::new(bad));
        let (mut out, mut waiting) = (Vec::new(), Vec::new());
        for frame in frames_of(framing, &script.stream(dialect, framing)) {
            let cut = surgeon.push(frame);
            out.extend(cut.out);
            waiting.extend(cut.judge);
        }
        let text = String::from_utf8(out.concat()).unwrap();
        let seen = decoded(dialect, framing, text.as_bytes());
        assert_eq!((seen.text.as_str(), seen.complete), ("before", false), "{}", dialect.name());
        assert!(!text.contains("bad_rm"));
        assert_eq!(waiting.len(), 1);
        // The provider's end does not decide for the person who is asked.
        assert_eq!(surgeon.finish().concat(), b"");
        let rest = surgeon.keep(0).concat();
        assert_eq!([text.as_bytes(), &rest].concat(), script.stream(dialect, framing).to_vec(), "{}", dialect.name());
        assert!(surgeon.has_ended());
    }
}

#[test]
fn a_stream_cut_inside_a_held_call_never_lets_the_call_out() {
    for (dialect, framing) in FRAMINGS {
        if matches!(dialect, Dialect::Gemini | Dialect::Ollama) {
            continue; // calls come whole there
        }
        let script = script("one", vec![say("before"), call("bad_rm", r#"{"path":"/"}"#)]);
        let stream = script.stream(dialect, framing);
        let end = String::from_utf8(stream.to_vec()).unwrap().find("bad_rm").unwrap() + 200;
        let driven = drive(dialect, framing, &[stream.slice(..end)], &[], bad, &|_| false);
        assert!(!driven.text().contains("bad_rm"), "{}", driven.text());
        assert!(!driven.ended && driven.judged.is_empty());
        let seen = decoded(dialect, framing, &driven.bytes());
        assert_eq!((seen.text.as_str(), seen.complete, seen.finish), ("before", false, None));
    }
}

#[test]
fn numbers_stay_consecutive_after_a_cut() {
    let case = cases().into_iter().nth(5).unwrap();
    let text = streamed(Dialect::OpenaiResponses, Framing::Sse, &case).text();
    let numbers: Vec<u64> = text.split(r#""sequence_number":"#).skip(1).map(number).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    let places: Vec<u64> = text
        .lines()
        .filter(|line| line.contains(r#""type":"response.output_item.added""#))
        .map(|line| number(line.split(r#""output_index":"#).nth(1).unwrap()))
        .collect();
    assert_eq!(places, [0, 1, 2]);
}

fn number(text: &str) -> u64 {
    text.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn a_length_stop_is_not_continued() {
    let script = script("one", vec![call("bad_rm", "{}")]);
    for (dialect, framing, from, to) in [
        (Dialect::OpenaiChat, Framing::Sse, r#""finish_reason":"tool_calls""#, r#""finish_reason":"length""#),
        (Dialect::Anthropic, Framing::Sse, r#""stop_reason":"tool_use""#, r#""stop_reason":"max_tokens""#),
        (Dialect::Gemini, Framing::Sse, "STOP", "MAX_TOKENS"),
        (Dialect::Ollama, Framing::Ndjson, r#""done_reason":"stop""#, r#""done_reason":"length""#),
    ] {
        let stream = String::from_utf8(script.stream(dialect, framing).to_vec()).unwrap().replace(from, to);
        let driven = drive(dialect, framing, &[Bytes::from(stream)], &[], bad, &|_| true);
        assert!(driven.ended && !driven.text().contains("blocked by rule"), "{}", driven.text());
        assert!(driven.text().contains(to));
    }
}
