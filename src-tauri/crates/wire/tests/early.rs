//! An answer that is ended early reads as a whole one, cut for length, wherever it was cut: scripted and recorded streams.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

extern crate switchtower_wire as wire;

#[allow(dead_code)] // shared with the reading half's tests
#[path = "recorded/data.rs"]
mod data;
mod script;

use bytes::Bytes;
use domain::{Dialect, Usage};
use script::*;
use std::collections::BTreeMap;
use wire::{
    EndEarly, Frame, Framing, Operation, Request, Route, StreamSurgeon, answer_as_messages, end_early, facts, framing,
    parse, said_early, shorten_whole, whole_so_far,
};

const NOTE: &str = "[Partial answer: out of time.]";

const ENDING: EndEarly<'static> = EndEarly {
    note: NOTE,
    usage: Usage { input: 70, cached: 0, cache_write: 0, output: 7, reasoning: 0, estimated: true },
    id: "exc_1",
    created_at: 1_700_000_000,
};

fn request(dialect: Dialect, framing: Framing) -> Request {
    let body = match dialect {
        Dialect::OpenaiResponses => r#"{"model":"m","input":"hi"}"#,
        Dialect::Gemini => r#"{"contents":[]}"#,
        _ => r#"{"model":"m","messages":[],"stream_options":{"include_usage":true}}"#,
    };
    let model = (dialect == Dialect::Gemini).then(|| String::from("m"));
    let array = framing == Framing::JsonArray;
    let route =
        Route { dialect, operation: Operation::Generate, model, stream: Some(framing != Framing::Whole), array };
    parse(&route, Bytes::from(body)).unwrap()
}

fn length_stop(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenaiChat | Dialect::Ollama => "length",
        Dialect::OpenaiResponses => "max_output_tokens",
        Dialect::Anthropic => "max_tokens",
        Dialect::Gemini => "MAX_TOKENS",
    }
}

/// What has gone out of the first frames, calls only whole.
fn delivered(dialect: Dialect, framing: Framing, frames: &[Frame]) -> Vec<u8> {
    let mut surgeon = StreamSurgeon::new(dialect, framing, Box::new(|_| true));
    let mut out = Vec::new();
    for frame in frames {
        let cut = surgeon.push(frame.clone());
        out.extend(cut.out);
        for call in cut.judge {
            out.extend(surgeon.keep(call.index));
        }
    }
    out.concat()
}

/// Cuts a stream behind each of some frames and ends it; says how often.
fn cut_everywhere(id: &str, request: &Request, framing: Framing, body: &Bytes, step: usize) -> usize {
    let dialect = request.dialect;
    let frames = frames_of(framing, body);
    let mut cuts = 0;
    for count in (0..frames.len()).step_by(step.max(1)) {
        let before = delivered(dialect, framing, &frames[..count]);
        let sofar = decoded(dialect, framing, &before);
        if sofar.finish.is_some() || sofar.complete || sofar.error.is_some() {
            break;
        }
        let ended = end_early(request, framing, &before, &ENDING);
        let whole = [&before[..], &ended.frames.concat()[..]].concat();
        let answer = decoded(dialect, framing, &whole);
        let at = format!("{id} behind frame {count}: {}", String::from_utf8_lossy(&whole));
        assert!(answer.complete && answer.error.is_none(), "{at}");
        assert_eq!(answer.finish.as_deref(), Some(length_stop(dialect)), "{at}");
        assert!(answer.text.starts_with(sofar.text.trim_end()) && answer.text.ends_with(NOTE), "{at}");
        // A call whose JSON is whole may have gone out before a frame says that it ended.
        assert!(answer.calls.starts_with(&sofar.calls), "{at}");
        assert!(answer.calls.iter().all(|call| wire::json::root(call.arguments.as_bytes()).is_some()), "{at}");
        let uncounted = dialect == Dialect::OpenaiChat && request.include_usage != Some(true);
        assert!(uncounted || answer.usage.is_some(), "{at}");
        let course = whole_so_far(request, framing, &frames[..count], &ENDING);
        let messages = match answer_as_messages(dialect, framing, &course) {
            Ok(messages) => messages,
            // Ollama's completions are no conversation.
            Err(_) if dialect == Dialect::Ollama => Vec::new(),
            Err(error) => panic!("{at}: {error}"),
        };
        if ended.unfinished.is_none() && !messages.is_empty() {
            let atoms: Vec<_> = messages.iter().flat_map(|message| facts(dialect, message, 0).atoms).collect();
            assert_eq!(atoms, answer.atoms, "{at}");
        }
        cuts += 1;
    }
    cuts
}

#[test]
fn a_scripted_answer_ends_early_behind_every_frame() {
    for (dialect, framing) in FRAMINGS {
        let items =
            vec![think("hm"), say("Let me look. "), call("a", r#"{"x":1}"#), call("b", r#"{"y":[2,"}"]}"#), say("So.")];
        for items in [items.clone(), items[..2].to_vec(), items[2..4].to_vec()] {
            let body = script("first", items).stream(dialect, framing);
            let cuts = cut_everywhere("scripted", &request(dialect, framing), framing, &body, 1);
            assert!(cuts > 0, "{dialect:?}");
        }
    }
}

#[test]
fn reasoning_that_breaks_off_is_named_and_left_out_of_what_the_model_is_told() {
    for (dialect, framing) in [(Dialect::Anthropic, Framing::Sse), (Dialect::OpenaiResponses, Framing::Sse)] {
        let body = script("first", vec![think("a long thought, never ended"), say("So.")]).stream(dialect, framing);
        let frames = frames_of(framing, &body);
        let begun = |frame: &Frame| String::from_utf8_lossy(&frame.raw).contains("a long thought");
        let count = frames.iter().position(begun).unwrap() + 1;
        let before = delivered(dialect, framing, &frames[..count]);
        let request = request(dialect, framing);
        assert_eq!(end_early(&request, framing, &before, &ENDING).unfinished, Some(0));
        let course = whole_so_far(&request, framing, &frames[..count], &ENDING);
        let messages = answer_as_messages(dialect, framing, &course).unwrap();
        let told = String::from_utf8(messages.concat()).unwrap();
        assert!(told.contains(NOTE) && !told.contains("thought"), "{told}");
    }
}

#[test]
fn a_whole_answer_is_shortened_and_one_of_which_nothing_came_is_the_note() {
    for dialect in Dialect::ALL {
        let items = vec![say("Let me look."), call("a", r#"{"x":1}"#)];
        let whole = script("first", items).whole(dialect);
        let answer = decoded(dialect, Framing::Whole, &shorten_whole(dialect, &whole, NOTE));
        assert_eq!(answer.finish.as_deref(), Some(length_stop(dialect)));
        assert_eq!((answer.text.ends_with(NOTE), answer.calls.len()), (true, 1), "{answer:?}");
        let made = said_early(&request(dialect, Framing::Whole), &ENDING);
        let answer = decoded(dialect, Framing::Whole, &made.frames.concat());
        assert_eq!((answer.text.as_str(), answer.finish.as_deref()), (NOTE, Some(length_stop(dialect))));
    }
    let nonsense = Bytes::from_static(b"not JSON");
    assert_eq!(shorten_whole(Dialect::Anthropic, &nonsense, NOTE), nonsense);
}

#[test]
fn every_recorded_stream_ends_early_where_it_is_cut() {
    let mut seen = BTreeMap::<Dialect, usize>::new();
    for exchange in [data::cassettes(), data::clients()].into_iter().flatten().flatten() {
        let Some(route) = exchange.route().filter(|_| exchange.status == 200) else { continue };
        let Ok(request) = parse(&route, Bytes::copy_from_slice(exchange.request.as_bytes())) else { continue };
        let framing = framing(route.dialect, exchange.content_type.as_deref(), &request);
        let body = Bytes::copy_from_slice(exchange.response.as_bytes());
        // Of several choices none is ended here, as none is continued.
        if framing == Framing::Whole || exchange.response.contains(r#""choices":[{"index":1"#) {
            continue;
        }
        let id = format!("{} {} {}", route.dialect.name(), exchange.folder, exchange.id);
        let frames = frames_of(framing, &body).len();
        *seen.entry(route.dialect).or_default() += cut_everywhere(&id, &request, framing, &body, frames.div_ceil(8));
    }
    println!("{seen:?}");
}
