//! Gemini generateContent and streamGenerateContent, as events and as a JSON array.

use super::parsed;
use crate::{Turn, turn::pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn parts(turn: &Turn) -> Vec<Value> {
    let mut parts = Vec::new();
    if let Some(reasoning) = &turn.reasoning {
        parts.push(json!({"text": reasoning.text, "thought": true}));
    }
    parts.extend(pieces(&turn.text, 24).iter().map(|piece| json!({"text": piece})));
    for (place, call) in turn.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"name": call.name, "args": parsed(&call.arguments)}});
        if let (0, Some(reasoning)) = (place, &turn.reasoning) {
            part["thoughtSignature"] = json!(reasoning.signature);
        }
        parts.push(part);
    }
    if let (Some(reasoning), true) = (&turn.reasoning, turn.calls.is_empty()) {
        parts.push(json!({"text": "", "thoughtSignature": reasoning.signature}));
    }
    parts
}

fn usage(turn: &Turn) -> Value {
    let usage = turn.usage;
    let mut value = json!({
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    });
    if usage.cached > 0 {
        value["cachedContentTokenCount"] = json!(usage.cached);
    }
    if usage.reasoning > 0 {
        value["thoughtsTokenCount"] = json!(usage.reasoning);
    }
    value
}

fn response(turn: &Turn, parts: Vec<Value>, last: bool) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}});
    if last {
        candidate["finishReason"] = json!(turn.stop.as_deref().unwrap_or("STOP"));
    }
    candidate["index"] = json!(0);
    json!({
        "candidates": [candidate], "usageMetadata": usage(turn),
        "modelVersion": "gemini-2.5-flash", "responseId": "scripted",
    })
}

/// Consecutive plain text parts come as one when unstreamed.
pub fn whole(turn: &Turn) -> Value {
    let mut joined: Vec<Value> = Vec::new();
    for part in parts(turn) {
        let plain =
            |part: &Value| part.as_object().is_some_and(|object| object.len() == 1 && object.contains_key("text"));
        match joined.last_mut() {
            Some(last) if plain(last) && plain(&part) => {
                let text = format!("{}{}", last["text"].as_str().unwrap_or(""), part["text"].as_str().unwrap_or(""));
                last["text"] = json!(text);
            }
            _ => joined.push(part),
        }
    }
    response(turn, joined, true)
}

fn responses(turn: &Turn) -> Vec<Value> {
    let parts = parts(turn);
    let last = parts.len().saturating_sub(1);
    if parts.is_empty() {
        return vec![response(turn, vec![json!({"text": ""})], true)];
    }
    parts.into_iter().enumerate().map(|(place, part)| response(turn, vec![part], place == last)).collect()
}

pub fn events(turn: &Turn) -> Vec<Bytes> {
    responses(turn).iter().map(|response| format!("data: {response}\r\n\r\n").into()).collect()
}

pub fn array(turn: &Turn) -> Vec<Bytes> {
    let responses = responses(turn);
    let last = responses.len() - 1;
    responses
        .iter()
        .enumerate()
        .map(|(place, response)| {
            let open = if place == 0 { "[" } else { ",\r\n" };
            let close = if place == last { "]" } else { "" };
            format!("{open}{}{close}", serde_json::to_string_pretty(response).expect("JSON of ours")).into()
        })
        .collect()
}
