//! Where a frame of a streamed answer says a piece of text, in each dialect, and which frames leave a text under way as it is.

use crate::json::{self, Span, Splice, splice};
use bytes::Bytes;
use domain::Dialect;

/// What a frame means for the texts under way.
pub(super) enum Says {
    Piece(Piece),
    /// Nothing: a text goes on behind it.
    Aside,
    /// The text of that block ends before it; of every block, where none is named.
    End(Option<String>),
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
        None => rest(dialect, data),
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

/// A frame without a piece. Chat, Gemini and Ollama clients join all text of an answer, whatever stands between; the others' texts are blocks
/// that end.
fn rest(dialect: Dialect, data: &Bytes) -> Says {
    let Some(root) = json::root(data) else { return Says::Aside };
    let find = |path: &[&str]| json::find(data, root.clone(), path).filter(|at| !json::is_null(data, at));
    let kind = find(&["type"]).and_then(|at| json::text(data, at)).unwrap_or_default();
    let ends = match dialect {
        Dialect::OpenaiChat => {
            let finish = find(&["choices", "0", "finish_reason"]).is_some();
            let index = find(&["choices", "0", "index"]).filter(|_| finish);
            if let Some(index) = index {
                return Says::End(Some(String::from_utf8_lossy(&data[index]).into_owned()));
            }
            finish || find(&["choices", "0"]).is_none()
        }
        Dialect::Ollama => find(&["done"]).and_then(|at| json::boolean(data, at)) == Some(true),
        // A citation of a text stands between two pieces of it.
        Dialect::Anthropic => {
            matches!(&*kind, "content_block_start" | "content_block_stop" | "message_delta" | "message_stop" | "error")
        }
        Dialect::OpenaiResponses => {
            let ended = ["response.completed", "response.incomplete", "response.failed", "error"].contains(&&*kind);
            ended
                || kind.ends_with(".done")
                || kind.ends_with(".added") && kind != "response.output_text.annotation.added"
        }
        Dialect::Gemini => {
            let parts = find(&["candidates", "0", "content", "parts"]).and_then(|at| json::elements(data, at));
            let thinks = |part: &Span| json::member(data, part.clone(), "thought").is_some();
            let more = find(&["candidates", "1"]).is_some() || find(&["candidates", "0", "finishReason"]).is_some();
            more || parts.unwrap_or_default().iter().any(|part| !thinks(part))
        }
    };
    if ends { Says::End(None) } else { Says::Aside }
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
            let (at, more) = only_text(data, &parts).filter(|_| find(&["candidates", "1"]).is_none())?;
            (at, mark(&["candidates", "0", "index"]), more || find(&["candidates", "0", "finishReason"]).is_some())
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

/// The one text that these parts show; and whether something else is shown behind it.
fn only_text(data: &Bytes, parts: &[Span]) -> Option<(Span, bool)> {
    let has = |part: &Span, key: &str| json::member(data, part.clone(), key);
    let thinks = |part: &Span| has(part, "thought").and_then(|at| json::boolean(data, at)) == Some(true);
    let mut shown = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| !thinks(part))
        .filter_map(|(place, part)| Some((place, has(part, "text")?)));
    let (place, at) = shown.next()?;
    let more = parts[place + 1..].iter().any(|part| !thinks(part));
    shown.next().is_none().then_some((at, more))
}

/// A chat frame that brings several choices, as one data for each: their texts go their own ways.
pub(super) fn by_choice(dialect: Dialect, data: &Bytes) -> Option<Vec<Bytes>> {
    let root = json::root(data).filter(|_| dialect == Dialect::OpenaiChat)?;
    let choices = json::find(data, root, &["choices"])?;
    let each = json::elements(data, choices.clone()).filter(|each| each.len() > 1)?;
    let alone = |choice: Span| {
        let with = [b"[", &data[choice], b"]"].concat().into();
        splice(data, vec![Splice { at: choices.clone(), with }])
    };
    Some(each.into_iter().map(alone).collect())
}
