//! Chat Completions: deltas merged as the official accumulators do, without losing a vendor's own members (reasoning details,
//! Google's thought signatures beside a call).

use crate::json;
use crate::patch::Patch;
use bytes::Bytes;
use serde_json::{Map, Value};

/// Members that come whole, and are repeated by some providers.
const ONCE: [&str; 6] = ["role", "id", "type", "name", "format", "index"];

pub(super) fn whole(body: &Bytes) -> Option<Bytes> {
    let span = json::find(body, json::root(body)?, &["choices", "0", "message"])?;
    let message = body.slice(span);
    let mut patch = Patch::new(&message)?;
    let members = json::members(&message, patch.root())?;
    // A response has more members than a request may: what says nothing is left out.
    let empty: Vec<String> = members
        .iter()
        .filter(|member| matches!(&message[member.value.clone()], b"null" | b"[]"))
        .map(|member| json::unescape(&message[member.key.clone()]).into_owned())
        .filter(|key| key != "content")
        .collect();
    patch.remove(patch.root(), &empty.iter().map(String::as_str).collect::<Vec<_>>());
    Some(patch.finish())
}

pub(super) fn streamed(documents: &[&Bytes]) -> Option<Vec<Bytes>> {
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    message.insert("content".into(), Value::Null);
    let mut answered = false;
    for data in documents {
        let Ok(chunk) = serde_json::from_slice::<Value>(data) else { continue };
        let choices = chunk.get("choices").and_then(Value::as_array);
        for choice in choices.into_iter().flatten() {
            if choice.get("index").and_then(Value::as_u64).unwrap_or_default() == 0 {
                answered = true;
                if let Some(Value::Object(delta)) = choice.get("delta") {
                    merge(&mut message, delta);
                }
            }
        }
    }
    message
        .retain(|key, value| key == "content" || !matches!(value, Value::Null) && *value != Value::Array(Vec::new()));
    if let Some(Value::Array(calls)) = message.get_mut("tool_calls") {
        for call in calls.iter_mut().filter_map(Value::as_object_mut) {
            call.shift_remove("index");
        }
    }
    answered.then(|| vec![Bytes::from(Value::Object(message).to_string())])
}

fn merge(into: &mut Map<String, Value>, delta: &Map<String, Value>) {
    for (key, piece) in delta {
        match (into.get_mut(key), piece) {
            (_, Value::Null) => {}
            (None | Some(Value::Null), Value::Array(pieces)) => {
                let mut list = Vec::new();
                append(&mut list, pieces);
                into.insert(key.clone(), Value::Array(list));
            }
            (None | Some(Value::Null), _) => {
                into.insert(key.clone(), piece.clone());
            }
            (Some(Value::String(text)), Value::String(more)) if text.is_empty() || !ONCE.contains(&key.as_str()) => {
                text.push_str(more);
            }
            (Some(Value::Object(object)), Value::Object(more)) => merge(object, more),
            (Some(Value::Array(list)), Value::Array(pieces)) => append(list, pieces),
            (Some(Value::String(_)), _) => {}
            (Some(other), _) => *other = piece.clone(),
        }
    }
}

/// Pieces with an index go on with the element of that index (and type), others are elements of their own.
fn append(list: &mut Vec<Value>, pieces: &[Value]) {
    for piece in pieces {
        let same = |other: &&mut Value| {
            let kind = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
            let one_kind = kind(other).zip(kind(piece)).is_none_or(|(one, two)| one == two);
            piece.get("index").is_some() && other.get("index") == piece.get("index") && one_kind
        };
        match (list.iter_mut().find(same), piece) {
            (Some(Value::Object(object)), Value::Object(more)) => merge(object, more),
            _ => list.push(piece.clone()),
        }
    }
}
