//! A provider's error, in whichever shape it comes.

use crate::json::{self, Span};

/// The message, where the body is an error: `{"error": {"message"}}`, `{"error": "…"}`, Anthropic's `{"type": "error"}`.
pub(super) fn of_body(data: &[u8], root: Span) -> Option<String> {
    let value = json::member(data, root, "error").filter(|value| !json::is_null(data, value))?;
    Some(message(data, value))
}

/// What an `error` value says.
pub(super) fn message(data: &[u8], value: Span) -> String {
    let spelled = || String::from_utf8_lossy(&data[value.clone()]).into_owned();
    let inner = json::find(data, value.clone(), &["message"]).unwrap_or(value.clone());
    json::text(data, inner).map(|text| text.into_owned()).unwrap_or_else(spelled)
}
