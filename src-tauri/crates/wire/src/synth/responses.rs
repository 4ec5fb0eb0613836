//! OpenAI Responses: a message item and an item for each call with their whole sequence of events, numbered from 0.

use super::{Answer, Made, sse, streamed, whole};
use crate::json::{self, quote};
use domain::ToolCall;

const USAGE: &str = r#"{"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":0,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":0}"#;

/// What a response repeats of its request, with the vendor's default.
const ECHOED: [(&str, &str); 14] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("store", "true"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
];

pub(super) fn message(answer: &Answer) -> Made {
    let mut events = Vec::new();
    let mut items = Vec::new();
    if answer.has_text() {
        let (said, item) = message_item(&format!("msg_{}", answer.id), answer.text, answer.as_refusal, 0, 2);
        events.extend(said);
        items.push(item);
    }
    for call in &answer.calls {
        let (said, item) = call_item(call, items.len() as u64, 2 + events.len() as u64);
        events.extend(said);
        items.push(item);
    }
    let end = if answer.early { "incomplete" } else { "completed" };
    let done = response(answer, end, &items.join(","), USAGE);
    if !answer.request.stream {
        return whole(done);
    }
    let open = response(answer, "in_progress", "", "null");
    let event = |kind: &str, number: usize, response: &str| {
        sse(Some(kind), &format!(r#"{{"type":"{kind}","sequence_number":{number},"response":{response}}}"#))
    };
    let mut frames = vec![event("response.created", 0, &open), event("response.in_progress", 1, &open)];
    frames.extend(events.iter().map(|(kind, data)| sse(Some(kind), data)));
    frames.push(event(&format!("response.{end}"), 2 + events.len(), &done));
    streamed(frames)
}

/// The events of one function call, and the finished item.
fn call_item(call: &ToolCall, place: u64, sequence: u64) -> (Vec<(&'static str, String)>, String) {
    let (call_id, name, whole) = (quote(&call.id), quote(&call.name), quote(&call.arguments));
    let id = quote(&format!("fc_{}", call.id));
    let item = |status: &str, arguments: &str| {
        format!(
            r#"{{"id":{id},"type":"function_call","status":"{status}","arguments":{arguments},"call_id":{call_id},"name":{name}}}"#
        )
    };
    let done = item("completed", &whole);
    let events = [
        ("response.output_item.added", format!(r#","item":{}"#, item("in_progress", r#""""#))),
        ("response.function_call_arguments.delta", format!(r#","item_id":{id},"delta":{whole}"#)),
        ("response.function_call_arguments.done", format!(r#","item_id":{id},"name":{name},"arguments":{whole}"#)),
        ("response.output_item.done", format!(r#","item":{done}"#)),
    ];
    (numbered(events, place, sequence), done)
}

/// Events with their numbers: each one's place in the output, and its own in the stream.
fn numbered<const N: usize>(events: [(&'static str, String); N], place: u64, from: u64) -> Vec<(&'static str, String)> {
    let numbered = events.into_iter().zip(from..).map(|((kind, rest), number)| {
        (kind, format!(r#"{{"type":"{kind}","sequence_number":{number},"output_index":{place}{rest}}}"#))
    });
    numbered.collect()
}

fn response(answer: &Answer, status: &str, item: &str, usage: &str) -> String {
    let (id, created, model) = (quote(&format!("resp_{}", answer.id)), answer.created_at, quote(&answer.request.model));
    let body = &answer.request.body;
    let root = json::root(body);
    let echoed: String = ECHOED
        .iter()
        .map(|(key, default)| {
            let own = root.clone().and_then(|root| json::member(body, root, key));
            let value = own.and_then(|span| std::str::from_utf8(&body[span]).ok()).filter(|value| *value != "null");
            format!(r#","{key}":{}"#, value.unwrap_or(default))
        })
        .collect();
    let why = if status == "incomplete" { r#"{"reason":"max_output_tokens"}"# } else { "null" };
    format!(
        r#"{{"id":{id},"object":"response","created_at":{created},"status":"{status}","background":false,"error":null,"incomplete_details":{why},"model":{model},"output":[{item}],"usage":{usage},"user":null{echoed}}}"#
    )
}

/// The events of one assistant message at `place`, numbered from `sequence`, as (type, data); and the finished item.
pub(crate) fn message_item(
    id: &str,
    text: &str,
    as_refusal: bool,
    place: u64,
    sequence: u64,
) -> (Vec<(&'static str, String)>, String) {
    let (id, text) = (quote(id), quote(text));
    let part = |text: &str| match as_refusal {
        true => format!(r#"{{"type":"refusal","refusal":{text}}}"#),
        false => format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":{text}}}"#),
    };
    let item = |status: &str, content: &str| {
        format!(r#"{{"id":{id},"type":"message","status":"{status}","content":[{content}],"role":"assistant"}}"#)
    };
    let done = item("completed", &part(&text));
    let within = r#","item_id":"#;
    let text_delta = match as_refusal {
        true => ("response.refusal.delta", format!(r#"{within}{id},"content_index":0,"delta":{text}"#)),
        false => {
            ("response.output_text.delta", format!(r#"{within}{id},"content_index":0,"delta":{text},"logprobs":[]"#))
        }
    };
    let text_done = match as_refusal {
        true => ("response.refusal.done", format!(r#"{within}{id},"content_index":0,"refusal":{text}"#)),
        false => {
            ("response.output_text.done", format!(r#"{within}{id},"content_index":0,"text":{text},"logprobs":[]"#))
        }
    };
    let part_event = |text: &str| format!(r#"{within}{id},"content_index":0,"part":{}"#, part(text));
    let events = [
        ("response.output_item.added", format!(r#","item":{}"#, item("in_progress", ""))),
        ("response.content_part.added", part_event(r#""""#)),
        text_delta,
        text_done,
        ("response.content_part.done", part_event(&text)),
        ("response.output_item.done", format!(r#","item":{done}"#)),
    ];
    (numbered(events, place, sequence), done)
}
