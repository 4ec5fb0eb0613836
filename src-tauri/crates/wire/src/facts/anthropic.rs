//! Anthropic Messages. Thinking is skipped; so is what the provider ran itself (`server_tool_use` and its results).

use super::{Draft, content_text, errors, role, string};
use crate::json::{self, Span};

pub(super) fn read(draft: &mut Draft, bytes: &[u8], message: Span) {
    draft.role = role(&string(bytes, message.clone(), "role").unwrap_or_default());
    let Some(content) = json::member(bytes, message, "content") else { return };
    match json::Elements::new(bytes, content.clone()) {
        Some(blocks) => blocks.for_each(|block| self::block(draft, bytes, block)),
        None => draft.say(content_text(bytes, content)),
    }
}

fn block(draft: &mut Draft, bytes: &[u8], block: Span) {
    match string(bytes, block.clone(), "type").as_deref() {
        Some("text") | None => draft.say(string(bytes, block, "text").unwrap_or_default()),
        Some("tool_use") => {
            let input = json::member(bytes, block.clone(), "input");
            let input = input.map(|at| String::from_utf8_lossy(&bytes[at]).into_owned()).unwrap_or_default();
            let name = string(bytes, block.clone(), "name").unwrap_or_default();
            draft.call(string(bytes, block, "id"), name, input);
        }
        Some("tool_result") => {
            let text =
                json::member(bytes, block.clone(), "content").map(|at| content_text(bytes, at)).unwrap_or_default();
            let flag = json::member(bytes, block.clone(), "is_error").is_some_and(|at| &bytes[at] == b"true");
            let error = errors::evidence(flag, &text);
            draft.result(string(bytes, block, "tool_use_id"), None, text, error);
        }
        Some("thinking" | "redacted_thinking") => {}
        Some(_) => draft.other(bytes, block),
    }
}
