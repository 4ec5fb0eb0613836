//! What keeps a client waiting without telling it anything, as measured on real clients: each dialect's own no-op.

use crate::Framing;
use bytes::Bytes;
use domain::Dialect;

/// What the agent has got of the stream so far, no-ops left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Nothing,
    Frames,
}

/// A no-op of the dialect, for clients of the family. Never a comment where a client breaks on one (Gemini); unstreamed, white space before
/// the JSON. Empty where the framing has none: then only the bytes that come count.
pub fn keepalive(dialect: Dialect, framing: Framing, said: Said, family: Option<&str>) -> Bytes {
    let noop: &'static [u8] = match (framing, dialect) {
        (Framing::Whole, _) => b" ",
        // Between a JSON array's elements, and before its bracket, white space is free.
        (Framing::JsonArray, _) => b"\n",
        (Framing::Ndjson, _) => b"{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
        (Framing::Sse, Dialect::OpenaiResponses) => match said {
            // OpenAI's own SDKs want `response.created` first; Codex counts events alone, and takes any at any time.
            Said::Nothing if family != Some("codex") => COMMENT,
            _ => b"event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\n",
        },
        (Framing::Sse, Dialect::Anthropic) => match said {
            // Its idle timer does not count pings, and when it ends the program ends.
            Said::Frames if family == Some("claude-code") => STILL_UNDER_WAY,
            _ => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
        },
        (Framing::Sse, Dialect::Gemini) => b"data: {\"candidates\":[],\"responseId\":\"x\"}\n\n",
        (Framing::Sse, Dialect::OpenaiChat | Dialect::Ollama) => COMMENT,
    };
    Bytes::from_static(noop)
}

const COMMENT: &[u8] = b": waiting\n\n";

/// A message's delta that changes nothing: the last one says how it stopped and what it used.
const STILL_UNDER_WAY: &[u8] = b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null,\"stop_sequence\":null},\"usage\":{\"output_tokens\":0}}\n\n";
