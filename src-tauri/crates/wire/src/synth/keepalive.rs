//! What keeps a client waiting without telling it anything, as measured on real clients: each dialect's own no-op.

use crate::{Answer, Framing};
use bytes::Bytes;
use domain::Dialect;

/// A no-op of the dialect. `begun`: what the agent has got of the stream, if any frame went out. Never a comment where a client breaks
/// on one (Gemini) or does not count it (Responses); unstreamed, white space before the JSON. Empty where the framing has none: then
/// only the bytes that come count.
pub fn keepalive(dialect: Dialect, framing: Framing, begun: Option<&Answer>) -> Bytes {
    match (framing, dialect) {
        (Framing::Whole, _) => Bytes::from_static(b" "),
        // Between a JSON array's elements, and before its bracket, white space is free.
        (Framing::JsonArray, _) => Bytes::from_static(b"\n"),
        (Framing::Ndjson, _) => {
            Bytes::from_static(b"{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n")
        }
        (Framing::Sse, Dialect::OpenaiResponses) => {
            Bytes::from_static(b"event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\n")
        }
        (Framing::Sse, Dialect::Anthropic) => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
        (Framing::Sse, Dialect::Gemini) => {
            let id = begun.and_then(|answer| answer.id.as_deref()).unwrap_or("x");
            Bytes::from(format!("data: {{\"candidates\":[],\"responseId\":{}}}\n\n", crate::json::quote(id)))
        }
        (Framing::Sse, Dialect::OpenaiChat | Dialect::Ollama) => Bytes::from_static(b": waiting\n\n"),
    }
}
