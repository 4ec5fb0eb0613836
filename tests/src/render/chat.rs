//! OpenAI Chat Completions.

use super::{DELTA, event};
use crate::{Turn, turn::pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn usage(turn: &Turn) -> Value {
    let usage = turn.usage;
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    })
}

fn stop(turn: &Turn) -> &str {
    turn.stop.as_deref().unwrap_or(if turn.calls.is_empty() { "stop" } else { "tool_calls" })
}

pub fn whole(turn: &Turn) -> Value {
    let content = if turn.text.is_empty() { Value::Null } else { json!(turn.text) };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
    if !turn.calls.is_empty() {
        message["tool_calls"] = turn
            .calls
            .iter()
            .map(|call| {
                json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
            })
            .collect();
    }
    if let Some(reasoning) = &turn.reasoning {
        message["reasoning_content"] = json!(reasoning.text);
    }
    json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_763_800_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": stop(turn)}],
        "usage": usage(turn), "service_tier": "default", "system_fingerprint": "fp_scripted",
    })
}

pub fn frames(turn: &Turn, usage_wanted: bool) -> Vec<Bytes> {
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = json!({
            "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1_763_800_000,
            "model": "gpt-4o-mini-2024-07-18", "service_tier": "default", "system_fingerprint": "fp_scripted",
            "choices": choices,
        });
        if usage_wanted {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        event(&chunk)
    };
    let delta =
        |delta: Value| chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]), None);
    let mut frames = vec![delta(
        json!({"role": "assistant", "content": if turn.calls.is_empty() || !turn.text.is_empty() { json!("") } else { Value::Null }, "refusal": null}),
    )];
    if let Some(reasoning) = &turn.reasoning {
        frames.extend(pieces(&reasoning.text, DELTA).iter().map(|piece| delta(json!({"reasoning_content": piece}))));
    }
    frames.extend(pieces(&turn.text, DELTA).iter().map(|piece| delta(json!({"content": piece}))));
    let mut calls: Vec<Vec<Bytes>> = Vec::new();
    for (index, call) in turn.calls.iter().enumerate() {
        let mut of_call = vec![delta(json!({"tool_calls": [{"index": index, "id": call.id, "type": "function",
            "function": {"name": call.name, "arguments": ""}}]}))];
        of_call.extend(
            pieces(&call.arguments, DELTA)
                .iter()
                .map(|piece| delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))),
        );
        calls.push(of_call);
    }
    frames.extend(if turn.interleaved { interleave(calls) } else { calls.concat() });
    frames.push(chunk(json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": stop(turn)}]), None));
    if usage_wanted {
        frames.push(chunk(json!([]), Some(usage(turn))));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    frames
}

/// One of each in turn until all are used up.
pub fn interleave(lists: Vec<Vec<Bytes>>) -> Vec<Bytes> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|place| lists.iter().filter_map(move |list| list.get(place).cloned())).collect()
}
