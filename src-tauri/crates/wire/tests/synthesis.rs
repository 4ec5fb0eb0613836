//! Answers that the runtime makes are complete and read as normal messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod script;

use bytes::Bytes;
use domain::Dialect;
use script::decoded;
use serde_json::Value;
use switchtower_wire::*;

const TEXT: &str = "Refused by rule \"budget\":\nover 50,000 tokens.";

fn request(dialect: Dialect, stream: bool, array: bool) -> Request {
    let body = match dialect {
        Dialect::OpenaiResponses => {
            r#"{"model":"m","input":"hi","tools":[{"type":"function","name":"f"}],"temperature":0.5}"#
        }
        Dialect::Gemini => r#"{"contents":[]}"#,
        _ => r#"{"model":"m","messages":[],"stream_options":{"include_usage":true}}"#,
    };
    let model = (dialect == Dialect::Gemini).then(|| String::from("m"));
    let route = Route { dialect, operation: Operation::Generate, model, stream: Some(stream), array };
    parse(&route, Bytes::from(body)).unwrap()
}

fn all() -> Vec<(Request, Framing)> {
    let mut all: Vec<(Request, Framing)> =
        Dialect::ALL.iter().map(|dialect| (request(*dialect, false, false), Framing::Whole)).collect();
    for (dialect, framing) in script::FRAMINGS {
        all.push((request(dialect, true, framing == Framing::JsonArray), framing));
    }
    all
}

#[test]
fn every_refusal_reads_as_the_golden_says() {
    let mut shown = String::new();
    for (request, framing) in all() {
        let made = refusal(&request, TEXT, "exc_1", 1_700_000_000);
        let text = String::from_utf8(made.frames.concat()).unwrap();
        shown.push_str(&format!(
            "##### {} {framing:?} {} {}\n{text}\n",
            request.dialect.name(),
            made.status,
            made.content_type
        ));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_refusal_is_a_complete_normal_message() {
    for (request, framing) in all() {
        let made = refusal(&request, TEXT, "exc_1", 1_700_000_000);
        let answer = decoded(request.dialect, framing, &made.frames.concat());
        assert_eq!((answer.text.as_str(), answer.complete, answer.error.as_deref()), (TEXT, true, None), "{framing:?}");
        assert_eq!(answer.model.as_deref(), Some("m"));
        assert!(answer.finish.is_some() && answer.calls.is_empty() && !answer.atoms.is_empty());
        assert_eq!(super_framing(&request, made.content_type), framing);
    }
}

/// The framing that the reading half takes from what we say of ourselves.
fn super_framing(request: &Request, content_type: &str) -> Framing {
    framing(request.dialect, Some(content_type), request)
}

#[test]
fn the_last_frame_of_a_refusal_is_terminal() {
    for (request, framing) in all().into_iter().filter(|(_, framing)| *framing != Framing::Whole) {
        let made = refusal(&request, TEXT, "exc_1", 0);
        let mut decoder = Decoder::new(request.dialect, framing);
        let seen: Vec<bool> = made
            .frames
            .iter()
            .map(|frame| script::frames_of(framing, frame).iter().any(|frame| decoder.push(frame).terminal))
            .collect();
        let (last, before) = seen.split_last().unwrap();
        assert!(before.iter().all(|terminal| !terminal), "{}", request.dialect.name());
        // Gemini's end is the stream's own.
        assert_eq!(*last, request.dialect != Dialect::Gemini, "{}", request.dialect.name());
    }
}

#[test]
fn a_request_for_json_is_refused_in_the_vendors_refusal_field() {
    let route =
        Route { dialect: Dialect::OpenaiChat, operation: Operation::Generate, model: None, stream: None, array: false };
    let body = Bytes::from_static(br#"{"messages":[],"response_format":{"type":"json_schema"}}"#);
    let made = refusal(&parse(&route, body).unwrap(), TEXT, "1", 0);
    let value: Value = serde_json::from_slice(&made.frames[0]).unwrap();
    assert_eq!(value["choices"][0]["message"]["refusal"], TEXT);
    assert_eq!(value["choices"][0]["message"]["content"], Value::Null);
}

#[test]
fn ollama_generate_is_refused_as_a_completion() {
    let route = Route {
        dialect: Dialect::Ollama,
        operation: Operation::Generate,
        model: None,
        stream: Some(false),
        array: false,
    };
    let made = refusal(&parse(&route, Bytes::from_static(br#"{"model":"m","prompt":"x"}"#)).unwrap(), TEXT, "1", 0);
    let value: Value = serde_json::from_slice(&made.frames[0]).unwrap();
    assert_eq!((&value["response"], &value["message"]), (&Value::from(TEXT), &Value::Null));
}

#[test]
fn errors_have_the_vendors_shape() {
    for dialect in Dialect::ALL {
        let made = error(None, dialect, 403, TEXT, "policy");
        let body = made.frames.concat();
        assert_eq!((made.status, made.content_type), (403, "application/json"));
        assert_eq!(decoded(dialect, Framing::Whole, &body).error.as_deref(), Some(TEXT), "{}", dialect.name());
    }
    let gemini: Value = serde_json::from_slice(&error(None, Dialect::Gemini, 403, TEXT, "").frames[0]).unwrap();
    assert_eq!(gemini["error"]["status"], "PERMISSION_DENIED");
    let array = error(Some(&request(Dialect::Gemini, true, true)), Dialect::Gemini, 403, TEXT, "");
    assert!(array.frames[0].starts_with(b"[{"));
}

#[test]
fn an_error_inside_a_stream_is_no_clean_end() {
    for (dialect, framing) in script::FRAMINGS {
        let frame = error_frame_in(dialect, framing, None, TEXT);
        let answer = decoded(dialect, framing, &frame);
        assert_eq!((answer.error.as_deref(), answer.complete), (Some(TEXT), false), "{}", dialect.name());
        let begun = Answer { id: Some("resp_9".into()), ..Answer::default() };
        let frame = error_frame_in(dialect, framing, Some(&begun), TEXT);
        if dialect == Dialect::OpenaiResponses {
            assert_eq!(decoded(dialect, framing, &frame).id, begun.id);
        }
        assert_eq!(frame.starts_with(b","), framing == Framing::JsonArray);
    }
}
