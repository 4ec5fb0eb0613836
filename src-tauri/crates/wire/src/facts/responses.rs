//! OpenAI Responses: each item of `input` counts as a message.

use super::{Draft, arguments, content_text, errors, role, string};
use crate::json::{self, Span};
use domain::Role;

pub(super) fn read(draft: &mut Draft, bytes: &[u8], item: Span) {
    let kind = string(bytes, item.clone(), "type").unwrap_or_default();
    let call_id = string(bytes, item.clone(), "call_id");
    match kind.as_str() {
        "" | "message" => message(draft, bytes, item),
        "reasoning" | "item_reference" | "compaction" => draft.role = Role::Assistant,
        other => {
            if let Some(name) = call_name(other) {
                draft.role = Role::Assistant;
                // What the provider runs itself (a search, hosted code) has no call id: nothing for the agent to do.
                if call_id.is_some() {
                    let name = string(bytes, item.clone(), "name").unwrap_or_else(|| name.to_owned());
                    draft.call(call_id, name, call_arguments(bytes, item));
                }
            } else if other.ends_with("_output") || other.ends_with("_response") {
                draft.role = Role::Tool;
                result(draft, bytes, item, call_id);
            } else {
                draft.role = Role::Assistant;
            }
        }
    }
}

/// The tool that a call item names by its type: `local_shell_call` → `local_shell`; functions have a name of their own.
pub(crate) fn call_name(kind: &str) -> Option<&str> {
    kind.strip_suffix("_call")
}

/// The arguments of a call item, wherever its type keeps them.
pub(crate) fn call_arguments(bytes: &[u8], item: Span) -> String {
    ["arguments", "input", "action", "operation"]
        .iter()
        .find_map(|key| json::member(bytes, item.clone(), key))
        .map(|at| arguments(bytes, at))
        .unwrap_or_default()
}

fn message(draft: &mut Draft, bytes: &[u8], item: Span) {
    draft.role = role(&string(bytes, item.clone(), "role").unwrap_or_default());
    let Some(content) = json::member(bytes, item, "content") else { return };
    let Some(parts) = json::Elements::new(bytes, content.clone()) else {
        return draft.say(content_text(bytes, content));
    };
    for part in parts {
        match string(bytes, part.clone(), "text").or_else(|| string(bytes, part.clone(), "refusal")) {
            Some(text) => draft.say(text),
            None => draft.other(bytes, part),
        }
    }
}

fn result(draft: &mut Draft, bytes: &[u8], item: Span, call_id: Option<String>) {
    let Some(output) = json::member(bytes, item.clone(), "output") else {
        // An approval of a provider's MCP call and the like: no result of a tool.
        if call_id.is_some() {
            let error = status_error(bytes, &item);
            draft.result(call_id, None, String::new(), error);
        }
        return;
    };
    let mut text = content_text(bytes, output.clone());
    if text.is_empty() && bytes.get(output.start) == Some(&b'{') {
        text = String::from_utf8_lossy(&bytes[output]).into_owned();
    }
    let error = status_error(bytes, &item).or_else(|| errors::evidence(false, &text));
    draft.result(call_id, None, text, error);
}

fn status_error(bytes: &[u8], item: &Span) -> Option<domain::ErrorEvidence> {
    let failed = string(bytes, item.clone(), "status").is_some_and(|status| status == "failed");
    failed.then_some(domain::ErrorEvidence::Flag)
}
