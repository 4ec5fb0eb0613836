//! Judges requests as strict providers do: signed reasoning unchanged, calls and results in pairs.

use crate::{Dialect, Received, Reply, render};
use serde_json::Value;
use std::{collections::HashSet, sync::Mutex};

/// Wraps a script so that a request with a signed block that was never served, or with unpaired calls, gets a 400.
pub fn strict(script: impl Fn(&Received) -> Reply + Send + Sync) -> impl Fn(&Received) -> Reply + Send + Sync {
    let served = Mutex::new(HashSet::new());
    move |request: &Received| {
        let Some((dialect, _)) = Dialect::of(request.target()) else { return script(request) };
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let mut served = served.lock().expect("no holder panics");
        if let Some(block) = signed(&body).into_iter().find(|block| !served.contains(block)) {
            return render::error(dialect, 400, &format!("a reasoning block was changed: {block}"));
        }
        if let Err(why) = paired(dialect, &body) {
            return render::error(dialect, 400, &why);
        }
        let reply = script(request);
        served.extend(served_blocks(dialect, &reply));
        reply
    }
}

/// Blocks that carry a signature or encrypted reasoning, wherever they stand.
pub fn signed(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
            let is_signed = matches!(kind, "thinking" | "redacted_thinking")
                || (kind == "reasoning" && object.contains_key("encrypted_content"))
                || object.contains_key("thoughtSignature");
            if is_signed {
                found.push(sorted(value).to_string());
            }
            object.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// The same with keys in order: a provider reads JSON, not bytes.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            keys.into_iter().map(|(key, inner)| (key.clone(), sorted(inner))).collect()
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn served_blocks(dialect: Dialect, reply: &Reply) -> Vec<String> {
    if reply.status != 200 {
        return Vec::new();
    }
    let body = reply.bytes();
    let streamed = !body.starts_with(b"{") || dialect == Dialect::Ollama;
    let answer = crate::Answer::read(dialect, streamed, &body);
    answer.map(|answer| answer.messages.iter().flat_map(signed).collect()).unwrap_or_default()
}

/// Each call of the history has its result before the next assistant turn, and no result lacks its call.
pub fn paired(dialect: Dialect, body: &Value) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let close = |open: &mut Vec<String>, id: String| match open.iter().position(|have| *have == id) {
        Some(place) => {
            open.remove(place);
            Ok(())
        }
        None => Err(format!("a result for {id}, which was not called")),
    };
    let none_open = |open: &Vec<String>| {
        if open.is_empty() { Ok(()) } else { Err(format!("calls without results: {open:?}")) }
    };
    let list = match dialect {
        Dialect::Responses => &body["input"],
        _ => &body["messages"],
    };
    for message in list.as_array().into_iter().flatten() {
        match dialect {
            Dialect::Chat => {
                if message["role"] == "tool" {
                    close(&mut open, string(&message["tool_call_id"]))?;
                } else {
                    none_open(&open)?;
                }
                open.extend(message["tool_calls"].as_array().into_iter().flatten().map(|call| string(&call["id"])));
            }
            Dialect::Responses => match message["type"].as_str().unwrap_or_default() {
                "function_call" => open.push(string(&message["call_id"])),
                "function_call_output" => close(&mut open, string(&message["call_id"]))?,
                _ => {}
            },
            Dialect::Anthropic => {
                let blocks = message["content"].as_array().cloned().unwrap_or_default();
                for block in blocks.iter().filter(|block| block["type"] == "tool_result") {
                    close(&mut open, string(&block["tool_use_id"]))?;
                }
                none_open(&open)?;
                let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
                open.extend(calls.map(|block| string(&block["id"])));
            }
            _ => {}
        }
    }
    none_open(&open)
}
