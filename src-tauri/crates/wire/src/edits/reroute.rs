//! A request for another model: its name, and without what the new model is known not to take.

use super::{set_model, setting};
use crate::Request;
use crate::json::{self, Span};
use crate::models;
use crate::patch::Patch;
use bytes::Bytes;
use domain::Dialect;

/// A request's body fitted to another model.
#[derive(Debug, Clone)]
pub struct Rerouted {
    pub body: Bytes,
    /// What was left out or changed beside the model, for people: `temperature`, `2 reasoning parts`.
    pub stripped: Vec<String>,
}

/// The request for another model. The model's name in Gemini's path is the caller's to change.
pub fn reroute(request: &Request, model: &str) -> Rerouted {
    let mut body = set_model(request, model);
    let mut stripped = Vec::new();
    if model == request.model {
        return Rerouted { body, stripped };
    }
    match models::reasons(model) {
        Some(false) => {
            body = without_reasoning(request, body, &mut stripped);
        }
        Some(true) => {
            body = for_reasoning(request, body, &mut stripped);
        }
        None => {}
    }
    if let Some(most) = models::most_output(model) {
        for path in models::output_caps(request.dialect, model) {
            if setting::number(&body, path).is_some_and(|asked| asked > most) {
                body = setting::set(&body, path, &most.to_string());
                stripped.push(format!("{} lowered to {most}", path.join(".")));
            }
        }
    }
    Rerouted { body, stripped }
}

/// Settings that only models that reason take.
fn reasoning_settings(dialect: Dialect) -> &'static [&'static [&'static str]] {
    match dialect {
        Dialect::OpenaiChat => &[&["reasoning_effort"], &["reasoning"], &["verbosity"]],
        Dialect::OpenaiResponses => &[&["reasoning"], &["include"], &["text", "verbosity"]],
        Dialect::Anthropic => &[&["thinking"], &["output_config", "effort"], &["context_management"]],
        Dialect::Gemini => &[&["generationConfig", "thinkingConfig"], &["generation_config", "thinking_config"]],
        Dialect::Ollama => &[&["think"]],
    }
}

fn without_reasoning(request: &Request, mut body: Bytes, stripped: &mut Vec<String>) -> Bytes {
    for path in reasoning_settings(request.dialect) {
        let needs_reasoning = match path[0] {
            "include" => contains(&body, path, "reasoning"),
            "context_management" => contains(&body, path, "clear_thinking"),
            _ => setting::is_there(&body, path),
        };
        if needs_reasoning {
            body = match path[0] {
                "include" => without_elements(&body, path, "reasoning"),
                _ => setting::remove(&body, path),
            };
            stripped.push(path.join("."));
        }
    }
    let (body, parts) = without_reasoning_parts(request.dialect, &body);
    match parts {
        0 => {}
        1 => stripped.push("1 reasoning part".to_owned()),
        many => stripped.push(format!("{many} reasoning parts")),
    }
    body
}

fn contains(body: &Bytes, path: &[&str], word: &str) -> bool {
    let found = json::root(body).and_then(|root| json::find(body, root, path));
    found.is_some_and(|at| body[at].windows(word.len()).any(|bytes| bytes == word.as_bytes()))
}

/// The list at the path without what has that word in it; no list where nothing is left.
fn without_elements(body: &Bytes, path: &[&str], word: &str) -> Bytes {
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let Some(list) = patch.find(path) else { return body.clone() };
    let elements = json::elements(body, list.clone()).unwrap_or_default();
    let has = |at: &Span| body[at.clone()].windows(word.len()).any(|bytes| bytes == word.as_bytes());
    let gone: Vec<bool> = elements.iter().map(has).collect();
    if gone.iter().all(|gone| *gone) {
        return setting::remove(body, path);
    }
    patch.remove_elements(list, |place| gone[place]);
    patch.finish()
}

/// OpenAI's models that reason refuse what steers sampling, and the cap's old name.
fn for_reasoning(request: &Request, mut body: Bytes, stripped: &mut Vec<String>) -> Bytes {
    const SAMPLING: [&str; 6] =
        ["temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"];
    if !matches!(request.dialect, Dialect::OpenaiChat | Dialect::OpenaiResponses) {
        return body;
    }
    // Responses have no `stop`.
    for key in SAMPLING.iter().chain(&["top_logprobs", "stop"]) {
        if setting::is_there(&body, &[key]) {
            body = setting::remove(&body, &[key]);
            stripped.push((*key).to_owned());
        }
    }
    if request.dialect == Dialect::OpenaiChat
        && let Some(cap) = setting::number(&body, &["max_tokens"])
    {
        body = setting::remove(&body, &["max_tokens"]);
        if !setting::is_there(&body, &["max_completion_tokens"]) {
            body = setting::set(&body, &["max_completion_tokens"], &cap.to_string());
        }
        stripped.push("max_tokens, as max_completion_tokens".to_owned());
    }
    body
}

/// The history without reasoning, and how many parts of it went.
fn without_reasoning_parts(dialect: Dialect, body: &Bytes) -> (Bytes, usize) {
    let list = match dialect {
        Dialect::OpenaiResponses => "input",
        Dialect::Gemini => "contents",
        _ => "messages",
    };
    let Some(mut patch) = Patch::new(body) else { return (body.clone(), 0) };
    let Some(array) = patch.find(&[list]) else { return (body.clone(), 0) };
    let Some(messages) = json::elements(body, array.clone()) else { return (body.clone(), 0) };
    let mut count = 0;
    let mut empty = vec![false; messages.len()];
    let mut after_reasoning = false;
    for (place, message) in messages.iter().enumerate() {
        let kind = |at: &Span| json::member(body, at.clone(), "type").and_then(|span| json::text(body, span));
        match dialect {
            Dialect::OpenaiResponses => {
                let kind = kind(message).unwrap_or_default();
                if kind == "reasoning" {
                    (empty[place], after_reasoning) = (true, true);
                    count += 1;
                } else if after_reasoning {
                    // An item named by its id is only known together with the reasoning that led to it.
                    let follows = matches!(&*kind, "function_call" | "custom_tool_call" | "message");
                    after_reasoning = follows;
                    let said = kind != "message" || role(body, message) == "assistant";
                    if follows && said {
                        patch.remove(message.clone(), &["id"]);
                    }
                }
            }
            Dialect::Anthropic => {
                let Some(content) = json::member(body, message.clone(), "content") else { continue };
                let Some(blocks) = json::elements(body, content.clone()) else { continue };
                let gone: Vec<bool> = blocks
                    .iter()
                    .map(|block| matches!(kind(block).as_deref(), Some("thinking" | "redacted_thinking")))
                    .collect();
                count += gone.iter().filter(|gone| **gone).count();
                empty[place] = !gone.is_empty() && gone.iter().all(|gone| *gone);
                if !empty[place] {
                    patch.remove_elements(content, |place| gone[place]);
                }
            }
            Dialect::Gemini => {
                let Some(list) = json::member(body, message.clone(), "parts") else { continue };
                let Some(parts) = json::elements(body, list.clone()) else { continue };
                let thought = |part: &Span| {
                    json::member(body, part.clone(), "thought").and_then(|at| json::boolean(body, at)) == Some(true)
                };
                let gone: Vec<bool> = parts.iter().map(thought).collect();
                empty[place] = !gone.is_empty() && gone.iter().all(|gone| *gone);
                count += gone.iter().filter(|gone| **gone).count();
                if empty[place] {
                    continue;
                }
                patch.remove_elements(list, |place| gone[place]);
                for part in parts.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(part, _)| part) {
                    if json::member(body, part.clone(), "thoughtSignature").is_some() {
                        patch.remove(part.clone(), &["thoughtSignature"]);
                        count += 1;
                    }
                }
            }
            Dialect::OpenaiChat | Dialect::Ollama => {
                const KEYS: [&str; 4] = ["reasoning_content", "reasoning", "reasoning_details", "thinking"];
                let there = KEYS.iter().any(|key| json::member(body, message.clone(), key).is_some());
                if there {
                    patch.remove(message.clone(), &KEYS);
                    count += 1;
                }
            }
        }
    }
    patch.remove_elements(array, |place| empty[place]);
    (patch.finish(), count)
}

fn role(body: &Bytes, message: &Span) -> String {
    let role = json::member(body, message.clone(), "role").and_then(|span| json::text(body, span));
    role.map(|role| role.into_owned()).unwrap_or_default()
}
