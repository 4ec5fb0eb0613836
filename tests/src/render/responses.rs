//! OpenAI Responses.

use super::{DELTA, chat::interleave, named_event};
use crate::{Turn, turn::pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn items(turn: &Turn) -> Vec<Value> {
    let mut items = Vec::new();
    if let Some(reasoning) = &turn.reasoning {
        items.push(json!({
            "id": format!("rs_scripted_{}", turn.number), "type": "reasoning", "encrypted_content": reasoning.signature,
            "summary": [{"type": "summary_text", "text": reasoning.text}],
        }));
    }
    if !turn.text.is_empty() {
        items.push(json!({
            "id": format!("msg_scripted_{}", turn.number), "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": turn.text}],
        }));
    }
    items.extend(turn.calls.iter().map(|call| {
        json!({
            "id": format!("fc_{}", call.id), "type": "function_call", "status": "completed",
            "arguments": call.arguments, "call_id": call.id, "name": call.name,
        })
    }));
    items
}

fn response(turn: &Turn, status: &str, output: Vec<Value>, done: bool) -> Value {
    let usage = turn.usage;
    json!({
        "id": format!("resp_scripted_{}", turn.number), "object": "response", "created_at": 1_763_800_000, "status": status, "error": null,
        "incomplete_details": null, "instructions": null, "model": "gpt-4o-mini-2024-07-18", "output": output,
        "parallel_tool_calls": true, "previous_response_id": null, "store": false, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "truncation": "disabled", "metadata": {},
        "usage": if done { json!({
            "input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        }) } else { Value::Null },
    })
}

/// As it ended: whole, or cut where its turn says why.
fn ended(turn: &Turn, items: Vec<Value>) -> Value {
    match &turn.stop {
        Some(reason) => {
            let mut cut = response(turn, "incomplete", items, true);
            cut["incomplete_details"] = json!({ "reason": reason });
            cut
        }
        None => response(turn, "completed", items, true),
    }
}

pub fn whole(turn: &Turn) -> Value {
    ended(turn, items(turn))
}

/// The events of one output item, without sequence numbers.
fn of_item(index: usize, item: &Value) -> Vec<Value> {
    let id = &item["id"];
    let mut events = Vec::new();
    let mut open = item.clone();
    match item["type"].as_str().unwrap_or_default() {
        "message" => {
            open["status"] = json!("in_progress");
            open["content"] = json!([]);
            let text = item["content"][0]["text"].as_str().unwrap_or_default();
            let part = |text: &str| json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
            let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": index, "content_index": 0});
            let with = |mut event: Value, key: &str, value: Value| {
                event[key] = value;
                event
            };
            events.push(with(at("response.content_part.added"), "part", part("")));
            for piece in pieces(text, DELTA) {
                events.push(with(with(at("response.output_text.delta"), "delta", json!(piece)), "logprobs", json!([])));
            }
            events.push(with(with(at("response.output_text.done"), "text", json!(text)), "logprobs", json!([])));
            events.push(with(at("response.content_part.done"), "part", part(text)));
        }
        "function_call" => {
            open["status"] = json!("in_progress");
            open["arguments"] = json!("");
            let arguments = item["arguments"].as_str().unwrap_or_default();
            for piece in pieces(arguments, DELTA) {
                events.push(json!({"type": "response.function_call_arguments.delta", "item_id": id,
                    "output_index": index, "delta": piece}));
            }
            events.push(json!({"type": "response.function_call_arguments.done", "item_id": id,
                "output_index": index, "arguments": arguments}));
        }
        _ => {
            open["summary"] = json!([]);
            let text = item["summary"][0]["text"].clone();
            let at = |kind: &str, key: &str, value: Value| {
                json!({"type": kind, "item_id": id, "output_index": index,
                "summary_index": 0, key: value})
            };
            let part = |text: Value| json!({"type": "summary_text", "text": text});
            events.push(at("response.reasoning_summary_part.added", "part", part(json!(""))));
            events.push(at("response.reasoning_summary_text.delta", "delta", text.clone()));
            events.push(at("response.reasoning_summary_text.done", "text", text.clone()));
            events.push(at("response.reasoning_summary_part.done", "part", part(text)));
        }
    }
    events.insert(0, json!({"type": "response.output_item.added", "output_index": index, "item": open}));
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    events
}

pub fn frames(turn: &Turn) -> Vec<Bytes> {
    let items = items(turn);
    let mut events = vec![
        json!({"type": "response.created", "response": response(turn, "in_progress", vec![], false)}),
        json!({"type": "response.in_progress", "response": response(turn, "in_progress", vec![], false)}),
    ];
    let of_items: Vec<Vec<Value>> = items.iter().enumerate().map(|(index, item)| of_item(index, item)).collect();
    let first_call = items.iter().position(|item| item["type"] == "function_call").unwrap_or(items.len());
    let (before, calls) = of_items.split_at(first_call);
    events.extend(before.iter().flatten().cloned());
    if turn.interleaved {
        let packed = calls.iter().map(|list| list.iter().map(|event| event.to_string().into()).collect()).collect();
        let mixed: Vec<Bytes> = interleave(packed);
        events.extend(mixed.iter().map(|event| serde_json::from_slice::<Value>(event).expect("JSON of ours")));
    } else {
        events.extend(calls.iter().flatten().cloned());
    }
    let last = if turn.stop.is_some() { "response.incomplete" } else { "response.completed" };
    events.push(json!({"type": last, "response": ended(turn, items)}));
    events
        .into_iter()
        .enumerate()
        .map(|(number, mut event)| {
            event["sequence_number"] = json!(number);
            named_event(event["type"].as_str().unwrap_or_default(), &event)
        })
        .collect()
}
