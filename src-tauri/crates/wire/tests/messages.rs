//! A provider's answer comes back as messages of a request with every block as the provider wrote it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod script;

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use script::*;
use serde_json::{Value, json};
use switchtower_wire::{Framing, answer_as_messages, facts, result_message, result_messages};

fn spoken() -> Script {
    script("one", vec![think("hm"), say("Let me look."), call("ls", r#"{"path":"."}"#), call("rm", "{}")])
}

fn values(messages: &[Bytes]) -> Vec<Value> {
    messages.iter().map(|message| serde_json::from_slice(message).unwrap()).collect()
}

fn from_text(dialect: Dialect, framing: Framing, text: &str) -> Vec<Value> {
    values(
        &answer_as_messages(dialect, framing, &frames_of(framing, &Bytes::copy_from_slice(text.as_bytes()))).unwrap(),
    )
}

#[test]
fn a_streamed_and_a_whole_answer_give_the_same_messages() {
    for (dialect, framing) in FRAMINGS {
        let streamed =
            answer_as_messages(dialect, framing, &frames_of(framing, &spoken().stream(dialect, framing))).unwrap();
        let whole =
            answer_as_messages(dialect, Framing::Whole, &frames_of(Framing::Whole, &spoken().whole(dialect))).unwrap();
        assert_eq!(values(&streamed), values(&whole), "{}", dialect.name());
    }
}

#[test]
fn the_messages_are_found_again_by_the_atoms_of_the_answer() {
    for (dialect, framing) in FRAMINGS {
        let stream = spoken().stream(dialect, framing);
        let messages = answer_as_messages(dialect, framing, &frames_of(framing, &stream)).unwrap();
        let atoms: Vec<_> = messages.iter().flat_map(|message| facts(dialect, message, 0).atoms).collect();
        assert_eq!(atoms, decoded(dialect, framing, &stream).atoms, "{}", dialect.name());
    }
}

#[test]
fn signatures_and_redacted_thinking_come_back_unchanged() {
    let stream = r#"event: message_start
data: {"type":"message_start","message":{"id":"m","role":"assistant","content":[]}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Ep+/=="}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"EmwKAh\/+=="}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"caf\u00e9 "}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"ok"}}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"text","text":""}}

event: content_block_start
data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"direct"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"n\": 1.0, \"big\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":":12345678901234567890}"}}

event: message_stop
data: {"type":"message_stop"}

"#;
    let frames = frames_of(Framing::Sse, &Bytes::copy_from_slice(stream.as_bytes()));
    let messages = answer_as_messages(Dialect::Anthropic, Framing::Sse, &frames).unwrap();
    let expected = concat!(
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"Ep+/=="},"#,
        r#"{"type":"redacted_thinking","data":"EmwKAh\/+=="},"#,
        r#"{"type":"text","text":"caf\u00e9 ok","citations":[{"type":"char_location","cited_text":"x"}]},"#,
        r#"{"type":"tool_use","id":"t","name":"f","input":{"n": 1.0, "big":12345678901234567890},"caller":{"type":"direct"}}]}"#,
    );
    assert_eq!(std::str::from_utf8(&messages[0]).unwrap(), expected);
}

#[test]
fn a_vendors_own_members_beside_a_call_are_kept() {
    let chunk = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}));
    let google = json!({"google": {"thought_signature": "sig=="}});
    let stream = [
        chunk(json!({"role": "assistant", "reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0}]})),
        chunk(json!({"reasoning_details": [{"type": "reasoning.text", "text": "b", "signature": "s", "index": 0}]})),
        chunk(json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\""}, "extra_content": google}]})),
        chunk(json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ":1}"}}]})),
    ]
    .concat();
    let expected = json!({
        "role": "assistant", "content": null,
        "reasoning_details": [{"type": "reasoning.text", "text": "ab", "signature": "s", "index": 0}],
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}, "extra_content": google}]
    });
    assert_eq!(from_text(Dialect::OpenaiChat, Framing::Sse, &stream), [expected]);
}

#[test]
fn a_part_with_a_signature_is_never_joined() {
    let chunk = |part: Value| {
        format!("data: {}\r\n\r\n", json!({"candidates": [{"content": {"parts": [part], "role": "model"}}]}))
    };
    let stream = [
        chunk(json!({"text": "a"})),
        chunk(json!({"text": "b"})),
        chunk(json!({"text": "", "thoughtSignature": "sig"})),
        chunk(json!({"text": "c"})),
        chunk(json!({"text": ""})),
    ]
    .concat();
    let expected =
        json!({"role": "model", "parts": [{"text": "ab"}, {"text": "", "thoughtSignature": "sig"}, {"text": "c"}]});
    assert_eq!(from_text(Dialect::Gemini, Framing::Sse, &stream), [expected]);
}

#[test]
fn what_is_no_answer_is_an_error() {
    for (dialect, framing) in FRAMINGS {
        let frames = frames_of(framing, &Bytes::from_static(b"data: {\"error\":{}}\n\n"));
        assert!(answer_as_messages(dialect, framing, &frames).is_err(), "{}", dialect.name());
    }
}

#[test]
fn results_answer_the_calls_in_the_dialects_way() {
    let call = |id: &str, name: &str| ToolCall { id: id.into(), name: name.into(), arguments: "{}".into(), index: 0 };
    let (one, two) = (call("t1", "f"), call("t2", "g"));
    let both = [(&one, "no \"1\""), (&two, "no 2")];
    let of = |dialect: Dialect, answer: &[Bytes]| values(&result_messages(dialect, answer, &both));
    assert_eq!(
        of(Dialect::OpenaiChat, &[]),
        [
            json!({"role": "tool", "tool_call_id": "t1", "content": "no \"1\""}),
            json!({"role": "tool", "tool_call_id": "t2", "content": "no 2"})
        ]
    );
    assert_eq!(
        of(Dialect::Anthropic, &[]),
        [json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "no \"1\""},
            {"type": "tool_result", "tool_use_id": "t2", "is_error": true, "content": "no 2"}]})]
    );
    assert_eq!(
        of(Dialect::Gemini, &[]),
        [json!({"role": "user", "parts": [
            {"functionResponse": {"id": "t1", "name": "f", "response": {"error": "no \"1\""}}},
            {"functionResponse": {"id": "t2", "name": "g", "response": {"error": "no 2"}}}]})]
    );
    let custom = Bytes::from_static(br#"{"type":"custom_tool_call","call_id":"t2","name":"g","input":""}"#);
    assert_eq!(
        of(Dialect::OpenaiResponses, &[custom]),
        [
            json!({"type": "function_call_output", "call_id": "t1", "output": "no \"1\""}),
            json!({"type": "custom_tool_call_output", "call_id": "t2", "output": "no 2"})
        ]
    );
    let made = values(&[result_message(Dialect::Ollama, &call("call-3-0", "f"), "no")]);
    assert_eq!(made, [json!({"role": "tool", "tool_name": "f", "content": "no"})]);
}
