//! Prints what the runtime would send, one JSON line an answer: refusals, and responses after surgery, in every dialect. For trying
//! real SDKs against: serve `frames` one by one and compare what the SDK accumulates with `text` and `calls`.

#[path = "../tests/script/mod.rs"]
mod script;

use bytes::Bytes;
use domain::Dialect;
use script::*;
use serde_json::{Value, json};
use std::io::Write;
use switchtower_wire::*;

fn bad(name: &str) -> bool {
    name.starts_with("bad")
}

fn line(name: &str, dialect: Dialect, framing: Framing, kind: &str, frames: &[Bytes]) -> Value {
    let answer = decoded(dialect, framing, &frames.concat());
    let calls: Vec<Value> = answer.calls.iter().map(|call| json!([call.name, call.arguments])).collect();
    let frames: Vec<String> = frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect();
    json!({"name": name, "dialect": dialect.name(), "framing": format!("{framing:?}"), "content_type": kind, "frames": frames,
        "text": answer.text, "calls": calls, "output_tokens": answer.usage.map_or(0, |usage| usage.output)})
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for stream in [false, true] {
        for (dialect, framing) in FRAMINGS {
            let array = framing == Framing::JsonArray;
            let route =
                Route { dialect, operation: Operation::Generate, model: Some("m".into()), stream: Some(stream), array };
            let body = Bytes::from_static(
                br#"{"model":"m","messages":[],"input":[],"contents":[],"stream_options":{"include_usage":true}}"#,
            );
            let Ok(request) = parse(&route, body) else { continue };
            let made = refusal(&request, "Refused by rule r1:\n\"no\".", "exc_1", 1_700_000_000);
            let framing = if stream { framing } else { Framing::Whole };
            writeln!(out, "{}", line("refusal", dialect, framing, made.content_type, &made.frames))?;
        }
    }
    for (dialect, framing) in FRAMINGS {
        let begun = script("first", vec![say("Look.")]).stream(dialect, framing);
        let begun = frames_of(framing, &begun).into_iter().take(3).map(|frame| frame.raw);
        let mut frames: Vec<Bytes> = begun.collect();
        let answer = decoded(dialect, framing, &frames.concat());
        frames.push(error_frame_in(dialect, framing, Some(&answer), "stopped by rule r1"));
        let kind = if framing == Framing::Sse { "text/event-stream" } else { "application/json" };
        writeln!(out, "{}", line("error within", dialect, framing, kind, &frames))?;
    }
    let second = script("second", vec![think("so"), say("I stop.")]);
    let calls = script("second", vec![say("then"), call("good_ls", r#"{"path":"."}"#)]);
    let mut mixed = script(
        "first",
        vec![
            call("bad_a", r#"{"x":1}"#),
            call("good_ls", r#"{"path":"/\"é"}"#),
            call("bad_b", "{}"),
            call("good_x", "{}"),
        ],
    );
    mixed.interleaved = true;
    let cases = [
        (
            "first of two dropped",
            script("first", vec![think("hm"), say("Look: "), call("bad_rm", "{}"), call("good_ls", "{}")]),
            None,
        ),
        (
            "second of two dropped",
            script("first", vec![call("good_ls", r#"{"path":"."}"#), call("bad_rm", "{}")]),
            None,
        ),
        ("two of four interleaved dropped", mixed, None),
        ("ended with a note", script("first", vec![say("Look."), call("bad_rm", "{}")]), None),
        (
            "continued with text",
            script("first", vec![think("hm"), say("Look."), call("bad_rm", "{}"), say("after")]),
            Some(second),
        ),
        ("continued with a call", script("first", vec![call("bad_rm", r#"{"a":[1,2]}"#)]), Some(calls)),
    ];
    for (name, first, follow_up) in &cases {
        for (dialect, framing) in FRAMINGS {
            let streams: Vec<Bytes> = [Some(first), follow_up.as_ref()]
                .into_iter()
                .flatten()
                .map(|script| script.stream(dialect, framing))
                .collect();
            let driven = drive(dialect, framing, &streams, &[], bad, &|_| true);
            let kind = match framing {
                Framing::Sse => "text/event-stream",
                Framing::Ndjson => "application/x-ndjson",
                _ => "application/json",
            };
            writeln!(out, "{}", line(name, dialect, framing, kind, &driven.out))?;
            let body = first.whole(dialect);
            let all = decoded(dialect, Framing::Whole, &body).calls;
            let drop: Vec<u32> = all.iter().filter(|call| bad(&call.name)).map(|call| call.index).collect();
            let cut = cut_whole(dialect, &body, &drop);
            let whole = match follow_up {
                Some(second) => merge_whole(dialect, &cut, &second.whole(dialect)),
                None if drop.len() == all.len() => note_whole(dialect, &cut, "[blocked by rule r1]"),
                None => cut,
            };
            writeln!(out, "{}", line(name, dialect, Framing::Whole, "application/json", &[whole]))?;
        }
    }
    Ok(())
}
