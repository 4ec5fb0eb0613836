//! OpenAI Chat Completions: the note as a delta, `length` for every choice that is open, usage where the request asked for it, `[DONE]`.

use super::{EndEarly, Ended, behind, sse};
use crate::Request;
use bytes::Bytes;
use serde_json::{Value, json};

/// What every chunk of an answer repeats.
const HEAD: [&str; 5] = ["id", "created", "model", "service_tier", "system_fingerprint"];

pub(super) fn end(request: &Request, documents: &[Value], ending: &EndEarly<'_>) -> Option<Ended> {
    let first = documents.iter().find(|chunk| chunk["choices"].is_array())?;
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({ "object": "chat.completion.chunk" });
        for key in HEAD {
            if let Some(value) = first.get(key) {
                chunk[key] = value.clone();
            }
        }
        chunk["choices"] = choices;
        if request.include_usage == Some(true) {
            chunk["usage"] = usage;
        }
        sse(None, &chunk)
    };
    let choices = || documents.iter().filter_map(|chunk| chunk["choices"].as_array()).flatten();
    let mut open: Vec<u64> = Vec::new();
    for choice in choices() {
        let index = choice["index"].as_u64().unwrap_or_default();
        match choice["finish_reason"].is_null() {
            true if !open.contains(&index) => open.push(index),
            true => {}
            false => open.retain(|known| *known != index),
        }
    }
    let said = |choice: &Value| choice["delta"]["content"].as_str().is_some_and(|text| !text.is_empty());
    let is_first = |choice: &&Value| choice["index"].as_u64().unwrap_or_default() == 0;
    let has_text = choices().filter(is_first).any(said);
    let has_role = choices().filter(is_first).any(|choice| choice["delta"]["role"].is_string());
    let mut delta = json!({ "content": behind(has_text, ending.note) });
    if !has_role {
        delta["role"] = "assistant".into();
    }
    let mut frames =
        vec![chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }]), Value::Null)];
    if open.is_empty() {
        open.push(0);
    }
    let stop = |index: u64| json!([{ "index": index, "delta": {}, "logprobs": null, "finish_reason": "length" }]);
    frames.extend(open.into_iter().map(|index| chunk(stop(index), Value::Null)));
    if request.include_usage == Some(true) {
        let usage = ending.usage;
        let counted = json!({
            "prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": { "cached_tokens": usage.cached },
            "completion_tokens_details": { "reasoning_tokens": usage.reasoning },
        });
        frames.push(chunk(json!([]), counted));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    Some(Ended { frames, unfinished: None })
}
