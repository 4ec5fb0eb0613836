//! Errors in the vendors' own shapes: as a whole response, and inside a stream whose head has gone out.

use super::{JSON, Made, sse};
use crate::json::{self, quote};
use crate::{Answer, Framing, Request};
use bytes::Bytes;
use domain::Dialect;

/// An error response with `status`. `code` is OpenAI's machine-readable one; the other vendors derive theirs from the status.
pub fn error(request: Option<&Request>, dialect: Dialect, status: u16, message: &str, code: &str) -> Made {
    let body = body(dialect, status, message, code);
    // A JSON array's client expects one even of an error.
    let body = if request.is_some_and(|request| request.stream && request.array) { format!("[{body}]") } else { body };
    Made { status, content_type: JSON, frames: vec![Bytes::from(body)] }
}

/// What an error response made here says to a person.
pub fn error_message(made: &Made) -> String {
    let body: Bytes = made.frames.concat().into();
    let root = json::root(&body);
    let message = root.clone().and_then(|root| json::find(&body, root, &["error", "message"]));
    let message = message.or_else(|| root.and_then(|root| json::find(&body, root, &["error"])));
    message.and_then(|span| json::text(&body, span)).unwrap_or_default().into_owned()
}

/// The event that says, inside a stream, that it failed: clients raise it instead of taking the stream for ended. For Gemini it
/// is in SSE. Where the stream has begun, `error_frame_in` is to be preferred.
pub fn error_frame(dialect: Dialect, message: &str) -> Bytes {
    let framing = if dialect == Dialect::Ollama { Framing::Ndjson } else { Framing::Sse };
    error_frame_in(dialect, framing, None, message)
}

/// `error_frame` for a stream of this framing. `begun`: what the agent has got of it, if any frame went out: Responses' clients
/// insist on the same response id, and a JSON array on its comma.
pub fn error_frame_in(dialect: Dialect, framing: Framing, begun: Option<&Answer>, message: &str) -> Bytes {
    let data = body(dialect, 500, message, "server_error");
    match (framing, dialect) {
        (Framing::JsonArray, _) => Bytes::from(format!("{}{data}]", if begun.is_some() { "," } else { "[" })),
        (Framing::Ndjson, _) => Bytes::from(format!("{data}\n")),
        (Framing::Whole, _) => Bytes::from(data),
        (Framing::Sse, Dialect::Anthropic) => sse(Some("error"), &data),
        (Framing::Sse, Dialect::OpenaiResponses) => response_failed(begun, message),
        (Framing::Sse, _) => sse(None, &data),
    }
}

/// `response.failed` is what Codex and the SDKs' accumulators know; the bare `error` event some only log.
fn response_failed(begun: Option<&Answer>, message: &str) -> Bytes {
    let id = quote(begun.and_then(|answer| answer.id.as_deref()).unwrap_or("resp_failed"));
    let model = quote(begun.and_then(|answer| answer.model.as_deref()).unwrap_or_default());
    let error = format!(r#"{{"code":"server_error","message":{}}}"#, quote(message));
    let response = format!(
        r#"{{"id":{id},"object":"response","created_at":0,"status":"failed","error":{error},"incomplete_details":null,"instructions":null,"model":{model},"output":[],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"metadata":{{}},"temperature":null,"top_p":null,"usage":null}}"#
    );
    // No sequence number is known here; the accumulators do not read a terminal event's.
    sse(Some("response.failed"), &format!(r#"{{"type":"response.failed","sequence_number":0,"response":{response}}}"#))
}

fn body(dialect: Dialect, status: u16, message: &str, code: &str) -> String {
    let text = quote(message);
    match dialect {
        Dialect::OpenaiChat | Dialect::OpenaiResponses => {
            let code = if code.is_empty() { "null".to_owned() } else { quote(code) };
            format!(r#"{{"error":{{"message":{text},"type":"{}","param":null,"code":{code}}}}}"#, openai_type(status))
        }
        Dialect::Anthropic => {
            format!(r#"{{"type":"error","error":{{"type":"{}","message":{text}}}}}"#, anthropic_type(status))
        }
        Dialect::Gemini => {
            format!(r#"{{"error":{{"code":{status},"message":{text},"status":"{}"}}}}"#, google_status(status))
        }
        Dialect::Ollama => format!(r#"{{"error":{text}}}"#),
    }
}

fn openai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}
