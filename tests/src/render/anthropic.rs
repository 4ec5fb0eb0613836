//! Anthropic Messages.

use super::{DELTA, named_event, parsed};
use crate::{Turn, turn::pieces};
use bytes::Bytes;
use serde_json::{Value, json};

fn stop(turn: &Turn) -> &str {
    turn.stop.as_deref().unwrap_or(if turn.calls.is_empty() { "end_turn" } else { "tool_use" })
}

fn usage(turn: &Turn, output: u64) -> Value {
    let usage = turn.usage;
    json!({
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    })
}

fn blocks(turn: &Turn) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(reasoning) = &turn.reasoning {
        blocks.push(json!({"type": "thinking", "thinking": reasoning.text, "signature": reasoning.signature}));
        blocks.extend(reasoning.redacted.iter().map(|data| json!({"type": "redacted_thinking", "data": data})));
    }
    if !turn.text.is_empty() {
        blocks.push(json!({"type": "text", "text": turn.text}));
    }
    blocks.extend(
        turn.calls.iter().map(
            |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": parsed(&call.arguments)}),
        ),
    );
    blocks
}

fn message(content: Vec<Value>, stop: Value, usage: Value) -> Value {
    json!({
        "id": "msg_scripted", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage,
    })
}

pub fn whole(turn: &Turn) -> Value {
    message(blocks(turn), json!(stop(turn)), usage(turn, turn.usage.output))
}

pub fn frames(turn: &Turn) -> Vec<Bytes> {
    let of = |data: Value| named_event(data["type"].as_str().unwrap_or_default(), &data);
    let mut frames = vec![
        of(json!({"type": "message_start", "message": message(vec![], Value::Null, usage(turn, 1))})),
        of(json!({"type": "ping"})),
    ];
    for (index, block) in blocks(turn).into_iter().enumerate() {
        let delta = |delta: Value| of(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        let mut empty = block.clone();
        let mut deltas = Vec::new();
        match block["type"].as_str().unwrap_or_default() {
            "text" => {
                empty["text"] = json!("");
                let text = block["text"].as_str().unwrap_or_default();
                deltas.extend(
                    pieces(text, DELTA).iter().map(|piece| delta(json!({"type": "text_delta", "text": piece}))),
                );
            }
            "thinking" => {
                empty["thinking"] = json!("");
                empty["signature"] = json!("");
                let text = block["thinking"].as_str().unwrap_or_default();
                deltas.extend(
                    pieces(text, DELTA).iter().map(|piece| delta(json!({"type": "thinking_delta", "thinking": piece}))),
                );
                deltas.push(delta(json!({"type": "signature_delta", "signature": block["signature"]})));
            }
            "tool_use" => {
                empty["input"] = json!({});
                deltas.push(delta(json!({"type": "input_json_delta", "partial_json": ""})));
                if block["input"] != json!({}) {
                    let text = block["input"].to_string();
                    deltas.extend(
                        pieces(&text, DELTA)
                            .iter()
                            .map(|piece| delta(json!({"type": "input_json_delta", "partial_json": piece}))),
                    );
                }
            }
            _ => {}
        }
        frames.push(of(json!({"type": "content_block_start", "index": index, "content_block": empty})));
        frames.extend(deltas);
        frames.push(of(json!({"type": "content_block_stop", "index": index})));
    }
    frames.push(of(json!({
        "type": "message_delta", "delta": {"stop_reason": stop(turn), "stop_sequence": null},
        "usage": usage(turn, turn.usage.output),
    })));
    frames.push(of(json!({"type": "message_stop"})));
    frames
}
