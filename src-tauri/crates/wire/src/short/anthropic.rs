//! Anthropic Messages: the note goes on in the open text block or gets one of its own; then `max_tokens`.

use super::{EndEarly, Ended, behind, sse};
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) fn end(documents: &[Value], ending: &EndEarly<'_>) -> Option<Ended> {
    documents.iter().find(|event| event["type"] == "message_start")?;
    let mut open: Option<(u64, String)> = None;
    let mut next = 0;
    let mut has_text = false;
    for event in documents {
        let index = event["index"].as_u64().unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "content_block_start" => {
                let block = &event["content_block"];
                open = Some((index, block["type"].as_str().unwrap_or_default().to_owned()));
                has_text |= block["text"].as_str().is_some_and(|text| !text.is_empty());
                next = index + 1;
            }
            "content_block_delta" => has_text |= event["delta"]["type"] == "text_delta",
            "content_block_stop" => open = None,
            _ => {}
        }
    }
    let event = |kind: &str, rest: Value| {
        let mut event = json!({ "type": kind });
        if let (Some(event), Value::Object(rest)) = (event.as_object_mut(), rest) {
            event.extend(rest);
        }
        sse(Some(kind), &event)
    };
    let mut frames: Vec<Bytes> = Vec::new();
    let mut unfinished = None;
    let index = match open {
        Some((index, kind)) if kind == "text" => index,
        open => {
            if let Some((index, kind)) = open {
                frames.push(event("content_block_stop", json!({ "index": index })));
                unfinished = (kind == "thinking").then_some(index);
            }
            let block = json!({ "type": "text", "text": "" });
            frames.push(event("content_block_start", json!({ "index": next, "content_block": block })));
            next
        }
    };
    let delta = json!({ "type": "text_delta", "text": behind(has_text, ending.note) });
    frames.extend([
        event("content_block_delta", json!({ "index": index, "delta": delta })),
        event("content_block_stop", json!({ "index": index })),
        event(
            "message_delta",
            json!({
                "delta": { "stop_reason": "max_tokens", "stop_sequence": null },
                "usage": { "output_tokens": ending.usage.output },
            }),
        ),
        event("message_stop", json!({})),
    ]);
    Some(Ended { frames, unfinished })
}
