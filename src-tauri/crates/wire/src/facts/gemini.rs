//! Gemini contents, in camel and in snake case. Thoughts are skipped, and so is code that the provider ran.

use super::{Draft, errors, role, string};
use crate::json::{self, Span};
use domain::ErrorEvidence;

pub(super) fn read(draft: &mut Draft, bytes: &[u8], content: Span) {
    if let Some(name) = string(bytes, content.clone(), "role") {
        draft.role = role(&name);
    }
    match json::member(bytes, content.clone(), "parts") {
        Some(parts) => match json::Elements::new(bytes, parts.clone()) {
            Some(list) => list.for_each(|part| self::part(draft, bytes, part)),
            None => part(draft, bytes, parts),
        },
        // A part on its own, as `contents: {"text": …}`.
        None => part(draft, bytes, content),
    }
}

pub(crate) fn part(draft: &mut Draft, bytes: &[u8], part: Span) {
    if let Some(text) = json::text(bytes, part.clone()) {
        return draft.say(text);
    }
    let (mut text, mut thought, mut other) = (None, false, false);
    for member in json::Members::new(bytes, part.clone()).into_iter().flatten() {
        let value = member.value;
        match &bytes[member.key] {
            b"text" => text = json::text(bytes, value),
            b"thought" => thought = &bytes[value] == b"true",
            b"functionCall" | b"function_call" => call(draft, bytes, value),
            b"functionResponse" | b"function_response" => response(draft, bytes, value),
            b"inlineData" | b"inline_data" | b"fileData" | b"file_data" => other = true,
            _ => {}
        }
    }
    if !thought {
        draft.say(text.unwrap_or_default());
    }
    if other {
        draft.other(bytes, part);
    }
}

fn call(draft: &mut Draft, bytes: &[u8], call: Span) {
    let args = json::member(bytes, call.clone(), "args").map(|at| String::from_utf8_lossy(&bytes[at]).into_owned());
    let name = string(bytes, call.clone(), "name").unwrap_or_default();
    draft.call(string(bytes, call, "id"), name, args.unwrap_or_default());
}

/// The text is that of the usual wrappers (`{"output": …}`, `{"result": …}`, `{"error": …}`), else the response as spelled.
fn response(draft: &mut Draft, bytes: &[u8], answer: Span) {
    let id = string(bytes, answer.clone(), "id");
    let name = string(bytes, answer.clone(), "name");
    let Some(response) = json::member(bytes, answer, "response") else {
        return draft.result(id, name, String::new(), None);
    };
    let members: Vec<_> = json::Members::new(bytes, response.clone()).into_iter().flatten().collect();
    let inner = match members.as_slice() {
        [one] if matches!(&bytes[one.key.clone()], b"output" | b"result" | b"error" | b"content") => {
            json::text(bytes, one.value.clone()).map(|text| text.into_owned())
        }
        _ => None,
    };
    let error: Option<ErrorEvidence> = match errors::of_object(bytes, response.clone()) {
        Some(evidence) => Some(evidence),
        None => inner.as_deref().and_then(|text| errors::evidence(false, text)),
    };
    let text = inner.unwrap_or_else(|| String::from_utf8_lossy(&bytes[response]).into_owned());
    draft.result(id, name, text, error);
}
