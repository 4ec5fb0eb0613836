//! Ollama chat and generate.

use super::{DELTA, parsed};
use crate::{Dialect, Turn, turn::pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn line(dialect: Dialect, text: &str, done: bool) -> Value {
    let mut line = json!({"model": "llama3.2", "created_at": "2026-11-22T12:00:00.123456789Z"});
    if dialect == Dialect::OllamaGenerate {
        line["response"] = json!(text);
    } else {
        line["message"] = json!({"role": "assistant", "content": text});
    }
    line["done"] = json!(done);
    line
}

fn finish(mut line: Value, turn: &Turn) -> Value {
    line["done_reason"] = json!(turn.stop.as_deref().unwrap_or("stop"));
    for (key, value) in [
        ("total_duration", 1_234_567_890),
        ("load_duration", 12_345_678),
        ("prompt_eval_count", turn.usage.input),
        ("prompt_eval_duration", 34_567_890),
        ("eval_count", turn.usage.output),
        ("eval_duration", 456_789_012),
    ] {
        line[key] = json!(value);
    }
    line
}

fn calls(turn: &Turn) -> Vec<Value> {
    turn.calls
        .iter()
        .map(|call| json!({"function": {"name": call.name, "arguments": parsed(&call.arguments)}}))
        .collect()
}

pub fn whole(dialect: Dialect, turn: &Turn) -> Value {
    let mut whole = line(dialect, &turn.text, true);
    if dialect == Dialect::Ollama {
        if let Some(reasoning) = &turn.reasoning {
            whole["message"]["thinking"] = json!(reasoning.text);
        }
        if !turn.calls.is_empty() {
            whole["message"]["tool_calls"] = Value::Array(calls(turn));
        }
    }
    finish(whole, turn)
}

pub fn frames(dialect: Dialect, turn: &Turn) -> Vec<Bytes> {
    let mut lines = Vec::new();
    if let (Dialect::Ollama, Some(reasoning)) = (dialect, &turn.reasoning) {
        let mut thinking = line(dialect, "", false);
        thinking["message"]["thinking"] = json!(reasoning.text);
        lines.push(thinking);
    }
    lines.extend(pieces(&turn.text, DELTA).iter().map(|piece| line(dialect, piece, false)));
    if dialect == Dialect::Ollama {
        for call in calls(turn) {
            let mut with_call = line(dialect, "", false);
            with_call["message"]["tool_calls"] = json!([call]);
            lines.push(with_call);
        }
    }
    lines.push(finish(line(dialect, "", true), turn));
    lines.iter().map(|line| format!("{line}\n").into()).collect()
}
