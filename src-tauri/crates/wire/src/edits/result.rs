//! A tool's result with another text, in the agent's own message.

use crate::json::{self, Span, quote};
use crate::patch::Patch;
use bytes::Bytes;
use domain::Dialect;

/// The message with another text for the result of place `nth` among its results (as `facts` orders them). What else the result has
/// (flags, marks, pictures) stays. `None`: the message has no such result.
pub fn set_result(dialect: Dialect, message: &Bytes, nth: usize, text: &str) -> Option<Bytes> {
    let mut patch = Patch::new(message)?;
    let root = patch.root();
    match dialect {
        Dialect::OpenaiChat | Dialect::Ollama => set_text(&mut patch, root, "content", text)?,
        Dialect::OpenaiResponses => set_text(&mut patch, root, "output", text)?,
        Dialect::Anthropic => {
            let block = of_kind(message, patch.find(&["content"])?, |block| {
                json::member(message, block, "type").and_then(|at| json::text(message, at)).as_deref()
                    == Some("tool_result")
            })
            .nth(nth)?;
            set_text(&mut patch, block, "content", text)?;
        }
        Dialect::Gemini => {
            let part = of_kind(message, patch.find(&["parts"])?, |part| {
                json::member(message, part, "functionResponse").is_some()
            })
            .nth(nth)?;
            let response = json::find(message, part, &["functionResponse", "response"])?;
            let failed = json::member(message, response.clone(), "error").is_some();
            let key = if failed { "error" } else { "output" };
            patch.set(response, format!("{{\"{key}\":{}}}", quote(text)));
        }
    }
    Some(patch.finish())
}

fn of_kind(message: &Bytes, list: Span, is: impl Fn(Span) -> bool) -> impl Iterator<Item = Span> {
    json::elements(message, list).unwrap_or_default().into_iter().filter(move |part| is(part.clone()))
}

/// The member's text; in a list of parts the first text part takes it and the others go, pictures stay.
fn set_text(patch: &mut Patch<'_>, object: Span, key: &str, text: &str) -> Option<()> {
    let doc = patch.doc();
    let value = json::member(doc, object, key)?;
    let Some(parts) = json::elements(doc, value.clone()).filter(|parts| !parts.is_empty()) else {
        patch.set(value, quote(text));
        return Some(());
    };
    let texts: Vec<Option<Span>> = parts.iter().map(|part| json::member(doc, part.clone(), "text")).collect();
    let Some(first) = texts.iter().position(Option::is_some) else {
        patch.set(value, quote(text));
        return Some(());
    };
    if let Some(span) = texts[first].clone() {
        patch.set(span, quote(text));
    }
    patch.remove_elements(value, |place| place != first && texts[place].is_some());
    Some(())
}
