//! OpenAI Chat Completions, the legacy `function_call` included, and Ollama, which spells messages almost alike.

use super::{Draft, arguments, content_text, errors, role, string};
use crate::json::{self, Span};
use domain::Role;

pub(super) fn read(draft: &mut Draft, bytes: &[u8], message: Span) {
    let (mut content, mut id, mut name) = (None, None, None);
    let (mut calls, mut call, mut images, mut refusal) = (None, None, None, None);
    for member in json::Members::new(bytes, message).into_iter().flatten() {
        let value = member.value;
        match &bytes[member.key] {
            b"role" => draft.role = role(&arguments(bytes, value)),
            b"content" => content = Some(value),
            b"tool_calls" => calls = Some(value),
            b"function_call" => call = Some(value),
            b"tool_call_id" => id = json::text(bytes, value).map(|text| text.into_owned()),
            b"name" | b"tool_name" => name = json::text(bytes, value).map(|text| text.into_owned()),
            b"images" => images = Some(value),
            b"refusal" => refusal = json::text(bytes, value),
            _ => {}
        }
    }
    if draft.role == Role::Tool {
        let text = content.map(|value| content_text(bytes, value)).unwrap_or_default();
        let error = errors::evidence(false, &text);
        draft.result(id, name, text, error);
        return;
    }
    if let Some(value) = content {
        parts(draft, bytes, value);
    }
    draft.say(refusal.unwrap_or_default());
    for image in images.and_then(|value| json::Elements::new(bytes, value)).into_iter().flatten() {
        draft.other(bytes, image);
    }
    for one in calls.and_then(|value| json::Elements::new(bytes, value)).into_iter().flatten() {
        tool_call(draft, bytes, one);
    }
    if let Some(value) = call.filter(|value| bytes[value.start] == b'{') {
        function(draft, bytes, None, value);
    }
}

fn parts(draft: &mut Draft, bytes: &[u8], content: Span) {
    let Some(parts) = json::Elements::new(bytes, content.clone()) else {
        return draft.say(content_text(bytes, content));
    };
    for part in parts {
        let text = json::text(bytes, part.clone()).map(|text| text.into_owned());
        match text.or_else(|| string(bytes, part.clone(), "text")).or_else(|| string(bytes, part.clone(), "refusal")) {
            Some(text) => draft.say(text),
            None => draft.other(bytes, part),
        }
    }
}

fn tool_call(draft: &mut Draft, bytes: &[u8], call: Span) {
    let id = string(bytes, call.clone(), "id");
    if let Some(value) = json::member(bytes, call.clone(), "function") {
        function(draft, bytes, id, value);
    } else if let Some(value) = json::member(bytes, call, "custom") {
        let input = json::member(bytes, value.clone(), "input").map(|at| arguments(bytes, at));
        draft.call(id, string(bytes, value, "name").unwrap_or_default(), input.unwrap_or_default());
    }
}

fn function(draft: &mut Draft, bytes: &[u8], id: Option<String>, function: Span) {
    let given = json::member(bytes, function.clone(), "arguments").map(|at| arguments(bytes, at));
    draft.call(id, string(bytes, function, "name").unwrap_or_default(), given.unwrap_or_default());
}
