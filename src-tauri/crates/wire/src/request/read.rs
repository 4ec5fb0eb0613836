//! What each top-level member of a request body means in each dialect.

use super::Request;
use crate::json::{self, Span};
use domain::Dialect;

/// Whether the member of this name holds the messages.
pub(super) fn holds_messages(dialect: Dialect, key: &str) -> bool {
    match dialect {
        Dialect::OpenaiChat | Dialect::Anthropic => key == "messages",
        Dialect::OpenaiResponses => key == "input",
        Dialect::Gemini => key == "contents",
        Dialect::Ollama => key == "messages" || key == "prompt",
    }
}

/// Takes in one top-level member; an array of messages has been taken in before.
pub(super) fn member(request: &mut Request, key: &str, value: Span) {
    let body = request.body.clone();
    if json::is_null(&body, &value) {
        return;
    }
    match key {
        key if holds_messages(request.dialect, key) => (request.messages, request.messages_array) = (vec![value], None),
        "model" if request.model.is_empty() => request.model = text(&body, value).unwrap_or_default(),
        "stream" => request.stream = json::boolean(&body, value).unwrap_or(request.stream),
        "tools" => request.tools = Some(value),
        "prompt_cache_key" => request.session_hint = text(&body, value),
        _ => match request.dialect {
            Dialect::OpenaiChat => chat(request, &body, key, value),
            Dialect::OpenaiResponses => responses(request, &body, key, value),
            Dialect::Anthropic => anthropic(request, &body, key, value),
            Dialect::Gemini => gemini(request, &body, key, value),
            Dialect::Ollama => ollama(request, &body, key, value),
        },
    }
}

fn chat(request: &mut Request, body: &[u8], key: &str, value: Span) {
    match key {
        "functions" if request.tools.is_none() => request.tools = Some(value),
        "max_completion_tokens" => request.max_output_tokens = json::number(body, value),
        "max_tokens" if request.max_output_tokens.is_none() => request.max_output_tokens = json::number(body, value),
        "n" => request.choices = choices(body, value),
        "response_format" => request.json_schema = format(body, json::find(body, value, &["type"])),
        "stream_options" => {
            request.include_usage = json::find(body, value, &["include_usage"]).and_then(|at| json::boolean(body, at));
        }
        _ => {}
    }
}

fn responses(request: &mut Request, body: &[u8], key: &str, value: Span) {
    match key {
        "instructions" => request.system = Some(value),
        "max_output_tokens" => request.max_output_tokens = json::number(body, value),
        "previous_response_id" => request.previous_response = text(body, value),
        "conversation" if request.previous_response.is_none() => {
            request.previous_response =
                text(body, value.clone()).or_else(|| json::find(body, value, &["id"]).and_then(|id| text(body, id)));
        }
        "text" => request.json_schema = format(body, json::find(body, value, &["format", "type"])),
        _ => {}
    }
}

fn anthropic(request: &mut Request, body: &[u8], key: &str, value: Span) {
    match key {
        "system" => request.system = Some(value),
        "max_tokens" => request.max_output_tokens = json::number(body, value),
        "metadata" => {
            let user = json::find(body, value, &["user_id"]).and_then(|at| text(body, at));
            request.session_hint = user.and_then(|user| session_of(&user));
        }
        "output_format" => request.json_schema |= format(body, json::find(body, value, &["type"])),
        "output_config" => request.json_schema |= format(body, json::find(body, value, &["format", "type"])),
        _ => {}
    }
}

/// Claude Code's user id is a JSON string with a `session_id`; before that it was `user_…_session_<uuid>`.
fn session_of(user: &str) -> Option<String> {
    let bytes = user.as_bytes();
    match json::root(bytes) {
        Some(root) if bytes[root.start] == b'{' => {
            json::find(bytes, root, &["session_id"]).and_then(|at| text(bytes, at))
        }
        _ => user.rsplit_once("_session_").map(|(_, session)| session.to_owned()),
    }
}

fn gemini(request: &mut Request, body: &[u8], key: &str, value: Span) {
    match key {
        "systemInstruction" | "system_instruction" => request.system = Some(value),
        "generationConfig" | "generation_config" => {
            for member in json::Members::new(body, value).into_iter().flatten() {
                match &body[member.key] {
                    b"maxOutputTokens" | b"max_output_tokens" => {
                        request.max_output_tokens = json::number(body, member.value);
                    }
                    b"candidateCount" | b"candidate_count" => request.choices = choices(body, member.value),
                    b"responseSchema" | b"response_schema" | b"responseJsonSchema" | b"response_json_schema" => {
                        request.json_schema = !json::is_null(body, &member.value);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn ollama(request: &mut Request, body: &[u8], key: &str, value: Span) {
    match key {
        "system" => request.system = Some(value),
        "options" => {
            request.max_output_tokens = json::find(body, value, &["num_predict"]).and_then(|at| json::number(body, at));
        }
        "format" => request.json_schema = body[value.start] == b'{',
        _ => {}
    }
}

/// One, where it is no number that a provider takes.
fn choices(body: &[u8], value: Span) -> u64 {
    json::number(body, value).unwrap_or(1).max(1)
}

fn format(body: &[u8], kind: Option<Span>) -> bool {
    kind.and_then(|at| json::text(body, at)).is_some_and(|kind| kind == "json_schema" || kind == "json_object")
}

fn text(body: &[u8], value: Span) -> Option<String> {
    json::text(body, value).map(|text| text.into_owned())
}

/// The names under which tools are offered; one that the provider runs itself goes by its type.
pub(super) fn tool_names(body: &[u8], tools: Span) -> Vec<String> {
    let mut names = Vec::new();
    for tool in json::Elements::new(body, tools).into_iter().flatten() {
        let mut declared = None;
        let (mut name, mut kind, mut first) = (None, None, None);
        for member in json::Members::new(body, tool).into_iter().flatten() {
            match &body[member.key.clone()] {
                b"name" => name = text(body, member.value),
                b"type" => kind = text(body, member.value),
                b"function" | b"custom" => {
                    name = json::find(body, member.value, &["name"]).and_then(|at| text(body, at)).or(name);
                }
                b"functionDeclarations" | b"function_declarations" => declared = Some(member.value),
                other => first = first.or_else(|| Some(String::from_utf8_lossy(other).into_owned())),
            }
        }
        match declared {
            Some(list) => names.extend(
                json::Elements::new(body, list)
                    .into_iter()
                    .flatten()
                    .filter_map(|one| json::find(body, one, &["name"]).and_then(|at| text(body, at))),
            ),
            None => names.extend(name.or(kind).or(first)),
        }
    }
    names
}
