//! Gemini: one more chunk with the note and `MAX_TOKENS`; in an array its bracket.

use super::{EndEarly, Ended, behind, sse};
use crate::Framing;
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) fn end(framing: Framing, documents: &[Value], ending: &EndEarly<'_>) -> Option<Ended> {
    let last = documents.iter().rev().find(|chunk| chunk["candidates"][0].is_object())?;
    let parts = documents.iter().filter_map(|chunk| chunk["candidates"][0]["content"]["parts"].as_array()).flatten();
    let mut shown = parts.filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str());
    let text = behind(shown.any(|text| !text.is_empty()), ending.note);
    let usage = ending.usage;
    let mut counted = json!({
        "promptTokenCount": usage.input, "candidatesTokenCount": usage.output.saturating_sub(usage.reasoning),
        "totalTokenCount": usage.input + usage.output,
    });
    if usage.reasoning > 0 {
        counted["thoughtsTokenCount"] = usage.reasoning.into();
    }
    if usage.cached > 0 {
        counted["cachedContentTokenCount"] = usage.cached.into();
    }
    let mut chunk = json!({
        "candidates": [{
            "content": { "parts": [{ "text": text }], "role": "model" }, "finishReason": "MAX_TOKENS", "index": 0,
        }],
        "usageMetadata": counted,
    });
    for key in ["modelVersion", "responseId"] {
        if let Some(value) = last.get(key) {
            chunk[key] = value.clone();
        }
    }
    let frames = match framing {
        Framing::JsonArray => vec![Bytes::from(format!(",\r\n{chunk}")), Bytes::from_static(b"]")],
        _ => vec![sse(None, &chunk)],
    };
    Some(Ended { frames, unfinished: None })
}
