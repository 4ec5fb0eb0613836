//! Spells a scripted turn in a dialect, whole or as a stream of frames, in the shapes that vendors send.

mod anthropic;
mod chat;
mod gemini;
mod ollama;
mod responses;

use crate::{Dialect, Received, Reply, Turn};
use bytes::Bytes;
use serde_json::{Value, json};

/// Bytes of text or arguments a delta carries.
const DELTA: usize = 9;

/// The answer in the request's own dialect, streamed if the request asks so.
pub fn answer(request: &Received, turn: &Turn) -> Reply {
    let Some((dialect, by_path)) = Dialect::of(request.target()) else {
        return Reply::json(404, r#"{"error":{"message":"no such path"}}"#);
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let streamed = match dialect {
        Dialect::Gemini | Dialect::GeminiArray => by_path,
        Dialect::Ollama | Dialect::OllamaGenerate => body["stream"] != json!(false),
        _ => body["stream"] == json!(true),
    };
    let usage_wanted = body["stream_options"]["include_usage"] == json!(true);
    render(dialect, streamed, usage_wanted, turn)
}

/// The answer in a dialect. `usage_wanted` matters to Chat Completions streams only.
pub fn render(dialect: Dialect, streamed: bool, usage_wanted: bool, turn: &Turn) -> Reply {
    if !streamed {
        let body = match dialect {
            Dialect::Chat => chat::whole(turn),
            Dialect::Responses => responses::whole(turn),
            Dialect::Anthropic => anthropic::whole(turn),
            Dialect::Gemini | Dialect::GeminiArray => gemini::whole(turn),
            Dialect::Ollama | Dialect::OllamaGenerate => ollama::whole(dialect, turn),
        };
        return Reply::json(200, body.to_string());
    }
    let (kind, frames) = match dialect {
        Dialect::Chat => ("text/event-stream; charset=utf-8", chat::frames(turn, usage_wanted)),
        Dialect::Responses => ("text/event-stream; charset=utf-8", responses::frames(turn)),
        Dialect::Anthropic => ("text/event-stream; charset=utf-8", anthropic::frames(turn)),
        Dialect::Gemini => ("text/event-stream", gemini::events(turn)),
        Dialect::GeminiArray => ("application/json; charset=UTF-8", gemini::array(turn)),
        Dialect::Ollama | Dialect::OllamaGenerate => ("application/x-ndjson", ollama::frames(dialect, turn)),
    };
    Reply::stream(kind, frames)
}

/// An error in the dialect's own shape.
pub fn error(dialect: Dialect, status: u16, message: &str) -> Reply {
    let body = match dialect {
        Dialect::Chat | Dialect::Responses => {
            json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}})
        }
        Dialect::Anthropic => json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}),
        Dialect::Gemini | Dialect::GeminiArray => {
            json!({"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}})
        }
        Dialect::Ollama | Dialect::OllamaGenerate => json!({"error": message}),
    };
    Reply::json(status, body.to_string())
}

/// `event: NAME` and `data: JSON`.
fn named_event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// `data: JSON`.
fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

fn parsed(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|_| json!({}))
}
