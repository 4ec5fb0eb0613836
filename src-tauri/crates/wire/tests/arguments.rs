//! Calls that leave with other arguments, and answers made with calls: what an agent reads is what a person wrote, in every dialect,
//! streamed and whole; everything else is as the provider wrote it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod script;

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use script::*;
use serde_json::{Value, json};
use switchtower_wire::*;

const NEW: &str = r#"{"path":"/tmp/\"safe\"","deep":{"n":12345678901234567890}}"#;

fn scripts() -> Vec<Script> {
    let mut interleaved = script("first", vec![call("rm", r#"{"path":"/"}"#), call("ls", r#"{"path":"."}"#)]);
    interleaved.interleaved = true;
    vec![
        script(
            "first",
            vec![think("hm"), say("I clean up."), call("rm", r#"{"path":"/"}"#), call("ls", r#"{"path":"."}"#)],
        ),
        script("first", vec![call("ls", "{}"), call("rm", "{}")]),
        script("first", vec![say("ünï"), call("rm", r#"{"path":"/ä","list":[1,2,{"x":"}"}]}"#)]),
        interleaved,
    ]
}

fn arguments(answer: &Answer, name: &str) -> Value {
    let call = answer.calls.iter().find(|call| call.name == name).unwrap();
    serde_json::from_str(&call.arguments).unwrap_or_else(|error| panic!("{name}: {error}: {}", call.arguments))
}

fn assert_only_that_changed(dialect: Dialect, framing: Framing, before: &Bytes, after: &Bytes, what: &str) {
    let (old, new) = (decoded(dialect, framing, before), decoded(dialect, framing, after));
    assert_eq!(arguments(&new, "rm"), serde_json::from_str::<Value>(NEW).unwrap(), "{what}");
    let spelled = new.calls.iter().find(|call| call.name == "rm").unwrap();
    assert!(spelled.arguments.contains("12345678901234567890"), "{what}: {}", spelled.arguments);
    for (old, new) in old.calls.iter().zip(&new.calls) {
        assert_eq!((&old.id, &old.name, old.index), (&new.id, &new.name, new.index), "{what}");
        assert!(old.name == "rm" || old.arguments == new.arguments, "{what}");
    }
    assert_eq!(
        (&old.text, &old.reasoning, &old.finish, &old.usage, old.complete),
        (&new.text, &new.reasoning, &new.finish, &new.usage, new.complete),
        "{what}"
    );
}

#[test]
fn a_streamed_call_leaves_with_the_arguments_that_a_person_gave_it() {
    for (dialect, framing) in FRAMINGS {
        for script in scripts() {
            let stream = script.stream(dialect, framing);
            let index = decoded(dialect, framing, &stream).calls.iter().find(|call| call.name == "rm").unwrap().index;
            let edited = edit_response(dialect, framing, 0, &stream, &[(index, NEW.to_owned())]);
            assert_only_that_changed(
                dialect,
                framing,
                &stream,
                &edited,
                &format!("{dialect:?} {framing:?} {script:?}"),
            );
            let nothing = edit_response(dialect, framing, 0, &stream, &[]);
            assert_eq!(nothing, stream, "{dialect:?}: without an edit every byte stays");
        }
    }
}

#[test]
fn an_unstreamed_call_leaves_with_the_arguments_that_a_person_gave_it() {
    for dialect in Dialect::ALL {
        for script in scripts() {
            let body = script.whole(dialect);
            let index =
                decoded(dialect, Framing::Whole, &body).calls.iter().find(|call| call.name == "rm").unwrap().index;
            let edited = edit_whole(dialect, &body, &[(index, NEW.to_owned())]);
            assert_only_that_changed(dialect, Framing::Whole, &body, &edited, &format!("{dialect:?} {script:?}"));
        }
    }
}

#[test]
fn pieces_of_edited_arguments_come_once() {
    let stream = scripts()[0].stream(Dialect::Anthropic, Framing::Sse);
    let edited = edit_response(Dialect::Anthropic, Framing::Sse, 0, &stream, &[(0, NEW.to_owned())]);
    let text = String::from_utf8(edited.to_vec()).unwrap();
    assert_eq!(text.matches("12345678901234567890").count(), 1);
    let last = scripts()[0].stream(Dialect::OpenaiResponses, Framing::Sse);
    let edited = edit_response(Dialect::OpenaiResponses, Framing::Sse, 0, &last, &[(0, NEW.to_owned())]);
    // As a delta, done, in its item, and in the final response.
    assert_eq!(String::from_utf8(edited.to_vec()).unwrap().matches("12345678901234567890").count(), 4);
}

#[test]
fn a_made_answer_with_calls_reads_as_a_model_s() {
    let calls: Vec<ToolCall> = [("get_weather", r#"{"city":"Ürzig \"a\""}"#), ("ls", "{}")]
        .iter()
        .zip(0..)
        .map(|((name, arguments), index)| ToolCall {
            id: String::new(),
            name: (*name).into(),
            arguments: (*arguments).into(),
            index,
        })
        .collect();
    let forms = FRAMINGS.iter().copied().chain(Dialect::ALL.map(|dialect| (dialect, Framing::Whole)));
    for (dialect, framing) in forms {
        for text in ["Let me look.", ""] {
            let what = format!("{dialect:?} {framing:?} {text:?}");
            let route = Route {
                dialect,
                operation: Operation::Generate,
                model: Some("m".into()),
                stream: Some(framing != Framing::Whole),
                array: framing == Framing::JsonArray,
            };
            let body = json!({"model": "m", "messages": [], "contents": [], "input": []}).to_string();
            let request = parse(&route, body.into()).unwrap();
            let made = answer(&request, Saying { text, calls: &calls, ..Saying::default() }, "exc_1", 1_700_000_000);
            let read = decoded(dialect, framing, &made.frames.concat());
            assert_eq!(read.text, text, "{what}");
            assert!(read.complete || framing == Framing::Whole, "{what}");
            let names: Vec<(&str, Value)> = read
                .calls
                .iter()
                .map(|call| (call.name.as_str(), serde_json::from_str(&call.arguments).unwrap()))
                .collect();
            assert_eq!(names, [("get_weather", json!({"city": "Ürzig \"a\""})), ("ls", json!({}))], "{what}");
            assert!(read.calls.iter().all(|call| !call.id.is_empty()), "{what}");
        }
    }
}

#[test]
fn a_no_op_says_nothing_in_any_dialect() {
    for (dialect, framing) in FRAMINGS {
        let stream = scripts()[0].stream(dialect, framing);
        let plain = decoded(dialect, framing, &stream);
        for family in [None, Some("codex"), Some("claude-code")] {
            let noop = keepalive(dialect, framing, Said::Nothing, family);
            // Before everything, as a held agent hears it, and again.
            let kept = decoded(dialect, framing, &[&noop[..], &noop, &stream].concat());
            assert_eq!(
                (&plain.text, &plain.calls, plain.complete),
                (&kept.text, &kept.calls, kept.complete),
                "{dialect:?} {framing:?} {family:?}"
            );
            let Some(first) = stream.windows(2).position(|pair| pair == b"\n\n").filter(|_| framing == Framing::Sse)
            else {
                continue;
            };
            let (first, rest) = stream.split_at(first + 2);
            let noop = keepalive(dialect, framing, Said::Frames, family);
            let kept = decoded(dialect, framing, &[first, &noop, &noop, rest].concat());
            assert_eq!(
                (&plain.text, &plain.calls, &plain.finish, plain.usage, plain.complete),
                (&kept.text, &kept.calls, &kept.finish, kept.usage, kept.complete),
                "{dialect:?} {framing:?} {family:?}, under way"
            );
        }
    }
}

#[test]
fn withheld_tools_are_not_offered() {
    let chat = r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"a"}}, {"type":"function","function":{"name":"b"}}],"tool_choice":"auto"}"#;
    let gemini =
        r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"a"},{"name":"b"}]},{"googleSearch":{}}]}"#;
    let anthropic =
        r#"{"model":"m","messages":[],"tools":[{"name":"a","input_schema":{}},{"name":"b","input_schema":{}}]}"#;
    let cases = [
        (
            Dialect::OpenaiChat,
            chat,
            r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"b"}}],"tool_choice":"auto"}"#,
        ),
        (
            Dialect::Gemini,
            gemini,
            r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"b"}]},{"googleSearch":{}}]}"#,
        ),
        (Dialect::Anthropic, anthropic, r#"{"model":"m","messages":[],"tools":[{"name":"b","input_schema":{}}]}"#),
    ];
    for (dialect, body, expected) in cases {
        let route =
            Route { dialect, operation: Operation::Generate, model: Some("m".into()), stream: None, array: false };
        let request = parse(&route, Bytes::from(body)).unwrap();
        let left: Value = serde_json::from_slice(&withhold_tools(&request, &["a".into()])).unwrap();
        assert_eq!(left, serde_json::from_str::<Value>(expected).unwrap(), "{dialect:?}");
        assert_eq!(&withhold_tools(&request, &["zzz".into()])[..], body.as_bytes(), "{dialect:?}");
        let none = withhold_tools(&request, &["a".into(), "b".into()]);
        assert!(!String::from_utf8_lossy(&none).contains("\"a\""), "{dialect:?}: {none:?}");
        assert!(serde_json::from_slice::<Value>(&none).unwrap().get("tool_choice").is_none(), "{dialect:?}");
    }
}
