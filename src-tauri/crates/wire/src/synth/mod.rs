//! Synthesis: answers that the runtime makes itself, in the caller's dialect and in the form that the request asked for.
//!
//! Owns what a complete normal message, a vendor's error and an in-stream error look like. It must not know why the runtime answers,
//! nor the time: callers pass it in. A refusal is a 200 with an assistant message, the one form that real clients take in one try.

mod anthropic;
mod chat;
mod errors;
mod gemini;
mod ollama;
mod responses;

pub use errors::{error, error_frame, error_frame_in};
pub(crate) use responses::message_item as responses_item;

use crate::Request;
use bytes::Bytes;
use domain::Dialect;

/// A response made by the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub status: u16,
    pub content_type: &'static str,
    /// In order, each one write; the last is the terminal frame.
    pub frames: Vec<Bytes>,
}

pub(crate) const SSE: &str = "text/event-stream; charset=utf-8";
pub(crate) const JSON: &str = "application/json";

/// A normal assistant message with `text`, streamed if the request asks for it. Usage is zero: no model was asked.
///
/// `id` makes the dialect's ids (letters, digits, `-` and `_`), `created_at` is in seconds since 1970. Where the request wants
/// JSON by a schema, the OpenAI dialects carry the text as their own `refusal`, which parsers of structured output know.
pub fn refusal(request: &Request, text: &str, id: &str, created_at: i64) -> Made {
    let answer = Answer { request, text, id, created_at };
    match request.dialect {
        Dialect::OpenaiChat => chat::refusal(&answer),
        Dialect::OpenaiResponses => responses::refusal(&answer),
        Dialect::Anthropic => anthropic::refusal(&answer),
        Dialect::Gemini => gemini::refusal(&answer),
        Dialect::Ollama => ollama::refusal(&answer),
    }
}

/// What every dialect's refusal is made of.
struct Answer<'a> {
    request: &'a Request,
    text: &'a str,
    id: &'a str,
    created_at: i64,
}

fn sse(event: Option<&str>, data: &str) -> Bytes {
    match event {
        Some(event) => Bytes::from(format!("event: {event}\ndata: {data}\n\n")),
        None => Bytes::from(format!("data: {data}\n\n")),
    }
}

fn whole(body: String) -> Made {
    Made { status: 200, content_type: JSON, frames: vec![Bytes::from(body)] }
}

fn streamed(frames: Vec<Bytes>) -> Made {
    Made { status: 200, content_type: SSE, frames }
}
