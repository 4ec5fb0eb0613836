//! Synthesis: answers that the runtime makes itself, in the caller's dialect and in the form that the request asked for.
//!
//! Owns what a complete normal message, a vendor's error and an in-stream error look like. It must not know why the runtime answers,
//! nor the time: callers pass it in. A refusal is a 200 with an assistant message, the one form that real clients take in one try.

mod anthropic;
mod chat;
mod errors;
mod gemini;
mod keepalive;
mod ollama;
mod responses;

pub use errors::{error, error_frame, error_frame_in, error_message};
pub use keepalive::{Said, keepalive};
pub(crate) use responses::message_item as responses_item;

use crate::{Framing, Request};
use bytes::Bytes;
use domain::{Dialect, ToolCall};

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

/// What a made answer says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Saying<'a> {
    pub text: &'a str,
    /// Tool calls for the agent to carry out, arguments as JSON; an empty id gets one made.
    pub calls: &'a [ToolCall],
    /// Where the request wants JSON by a schema, the OpenAI dialects carry the text as their own `refusal`, which parsers of structured
    /// output know.
    pub refuses: bool,
    /// It ends before the model does: with the dialect's length stop.
    pub early: bool,
}

/// A normal assistant message with `text` that refuses, streamed if the request asks for it. Usage is zero: no model was asked.
///
/// `id` makes the dialect's ids (letters, digits, `-` and `_`), `created_at` is in seconds since 1970.
pub fn refusal(request: &Request, text: &str, id: &str, created_at: i64) -> Made {
    answer(request, Saying { text, refuses: true, ..Saying::default() }, id, created_at)
}

/// An assistant message that the runtime gives in the model's place: text, tool calls, or both. As [`refusal`] otherwise.
pub fn answer(request: &Request, saying: Saying<'_>, id: &str, created_at: i64) -> Made {
    let made = |call: &ToolCall| match call.id.is_empty() {
        true => format!("call_{}_{}", id, call.index),
        false => call.id.clone(),
    };
    let calls = saying.calls.iter().map(|call| ToolCall { id: made(call), ..call.clone() }).collect();
    let as_refusal = saying.refuses && request.json_schema;
    let answer = Answer { request, text: saying.text, calls, as_refusal, early: saying.early, id, created_at };
    match request.dialect {
        Dialect::OpenaiChat => chat::message(&answer),
        Dialect::OpenaiResponses => responses::message(&answer),
        Dialect::Anthropic => anthropic::message(&answer),
        Dialect::Gemini => gemini::message(&answer),
        Dialect::Ollama => ollama::message(&answer),
    }
}

/// What every dialect's message is made of.
struct Answer<'a> {
    request: &'a Request,
    text: &'a str,
    calls: Vec<ToolCall>,
    as_refusal: bool,
    early: bool,
    id: &'a str,
    created_at: i64,
}

impl Answer<'_> {
    /// An answer of calls alone has no text; any other has one, if an empty one.
    fn has_text(&self) -> bool {
        !self.text.is_empty() || self.calls.is_empty()
    }
}

/// The content type of an answer in the form that the request asked for, and how it is framed.
pub fn form(request: &Request) -> (&'static str, Framing) {
    match (request.stream, request.dialect) {
        (false, _) => (JSON, Framing::Whole),
        (true, Dialect::Gemini) if request.array => (JSON, Framing::JsonArray),
        (true, Dialect::Ollama) => ("application/x-ndjson", Framing::Ndjson),
        (true, _) => (SSE, Framing::Sse),
    }
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
