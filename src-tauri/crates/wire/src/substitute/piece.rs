//! Where a frame of a streamed answer says a piece of text, in each dialect, and which frames leave a text under way as it is.

use crate::json::{self, Span};
use bytes::Bytes;
use domain::Dialect;

/// What a frame means for the texts under way.
pub(super) enum Says {
    Piece(Piece),
    /// Nothing: a text goes on behind it.
    Aside,
    /// Texts under way end before it.
    Other,
}

/// A frame that brings a piece of text.
pub(super) struct Piece {
    pub at: Span,
    pub text: String,
    /// Pieces of one block are one text.
    pub block: String,
    /// Nothing of the block follows.
    pub last: bool,
}

pub(super) fn says(dialect: Dialect, data: &Bytes) -> Says {
    match piece(dialect, data) {
        Some(piece) => Says::Piece(piece),
        None if is_aside(dialect, data) => Says::Aside,
        None => Says::Other,
    }
}

pub(super) fn is_of_call(dialect: Dialect, data: &[u8]) -> bool {
    let Some(root) = json::root(data) else { return false };
    let kind = json::find(data, root.clone(), &["type"]).and_then(|at| json::text(data, at)).unwrap_or_default();
    match dialect {
        Dialect::OpenaiResponses => kind.contains("arguments") || kind.contains("call_input"),
        Dialect::Anthropic => {
            json::find(data, root, &["delta", "type"]).and_then(|at| json::text(data, at)).as_deref()
                == Some("input_json_delta")
        }
        _ => false,
    }
}

/// Chat and Ollama clients join all text of an answer, whatever stands between; the others' texts are blocks that end.
fn is_aside(dialect: Dialect, data: &Bytes) -> bool {
    let Some(root) = json::root(data) else { return true };
    let find = |path: &[&str]| json::find(data, root.clone(), path).filter(|at| !json::is_null(data, at));
    let kind = || find(&["type"]).and_then(|at| json::text(data, at)).unwrap_or_default().into_owned();
    match dialect {
        Dialect::OpenaiChat => find(&["choices", "0", "finish_reason"]).is_none() && find(&["choices", "0"]).is_some(),
        Dialect::Ollama => find(&["done"]).and_then(|at| json::boolean(data, at)) != Some(true),
        Dialect::Anthropic => kind() == "ping",
        Dialect::OpenaiResponses => matches!(&*kind(), "keepalive" | "response.output_text.annotation.added"),
        Dialect::Gemini => false,
    }
}

fn piece(dialect: Dialect, data: &Bytes) -> Option<Piece> {
    let root = json::root(data)?;
    let find = |path: &[&str]| json::find(data, root.clone(), path).filter(|at| !json::is_null(data, at));
    let says = |path: &[&str]| find(path).and_then(|at| json::text(data, at)).unwrap_or_default().into_owned();
    let mark = |path: &[&str]| find(path).map(|at| String::from_utf8_lossy(&data[at]).into_owned()).unwrap_or_default();
    let (at, block, last) = match dialect {
        Dialect::OpenaiChat => {
            let last = find(&["choices", "0", "finish_reason"]).is_some();
            (find(&["choices", "0", "delta", "content"])?, mark(&["choices", "0", "index"]), last)
        }
        Dialect::OpenaiResponses => {
            let is_text = says(&["type"]) == "response.output_text.delta";
            let block = format!("{} {}", mark(&["output_index"]), mark(&["content_index"]));
            (find(&["delta"]).filter(|_| is_text)?, block, false)
        }
        Dialect::Anthropic => {
            let is_text = says(&["delta", "type"]) == "text_delta";
            (find(&["delta", "text"]).filter(|_| is_text)?, mark(&["index"]), false)
        }
        Dialect::Gemini => {
            let parts = json::elements(data, find(&["candidates", "0", "content", "parts"])?)?;
            let (at, calls) = only_text(data, &parts)?;
            (at, String::new(), calls || find(&["candidates", "0", "finishReason"]).is_some())
        }
        Dialect::Ollama => {
            let last = find(&["done"]).and_then(|at| json::boolean(data, at)) == Some(true);
            let at = find(&["message", "content"]).or_else(|| find(&["response"]))?;
            (at, String::new(), last)
        }
    };
    let text = json::text(data, at.clone())?.into_owned();
    Some(Piece { at, text, block, last })
}

/// The one text of these parts, if it comes first and nothing but calls follows; and whether some do.
fn only_text(data: &Bytes, parts: &[Span]) -> Option<(Span, bool)> {
    let (first, rest) = parts.split_first()?;
    let has = |part: &Span, key: &str| json::member(data, part.clone(), key);
    let thought = has(first, "thought").is_some();
    let calls = rest.iter().all(|part| has(part, "functionCall").is_some());
    has(first, "text").filter(|_| !thought && calls).map(|at| (at, !rest.is_empty()))
}
