//! Edits on requests: another model, usage asked for, messages inserted or replaced. Each is a splice: what an edit does not name
//! keeps its bytes, and the same edits on a longer request give the same prefix. Must not know why an edit is made.

mod limit;
mod marks;
mod place;
mod question;
mod reroute;
mod result;
mod setting;
mod tools;

pub use limit::{Limited, limit};
pub use question::{question, question_address};
pub use reroute::{Rerouted, reroute};
pub use result::set_result;
use tools::withhold;
pub use tools::withhold_tools;

use crate::json::{self, Span, Splice, quote, splice};
use crate::patch::Patch;
use crate::surgery::result_part;
use crate::{Request, surgery};
use bytes::Bytes;
use domain::{ContextEdit, Dialect, InjectRole, ToolCall};
use place::Slot;

/// The body with another model. Unchanged where it names none (Gemini names it in the path).
pub fn set_model(request: &Request, model: &str) -> Bytes {
    edited(&request.body, |patch| patch.set_found(&["model"], quote(model)))
}

/// Gemini's path (`…/models/NAME:method`) with another model; other paths as they are.
pub fn set_model_in_path(path: &str, model: &str) -> String {
    let found =
        path.rfind("/models/").map(|at| at + "/models/".len()).or_else(|| path.strip_prefix("models/").map(|_| 7));
    let Some(start) = found else { return path.to_owned() };
    let Some(length) = path[start..].find(':') else { return path.to_owned() };
    format!("{}{model}{}", &path[..start], &path[start + length..])
}

/// Asks for the usage chunk of a chat stream; `None` where it already comes or there is no stream. Only `stream_options` is touched.
pub fn add_include_usage(request: &Request) -> Option<Bytes> {
    if request.dialect != Dialect::OpenaiChat || !request.stream || request.include_usage.is_some() {
        return None;
    }
    let mut patch = Patch::new(&request.body)?;
    let root = patch.root();
    match patch.present(&["stream_options"]) {
        Some(options) if request.body[options.start] == b'{' => patch.put(options, "include_usage", "true"),
        Some(_) => return None,
        None => patch.put(root, "stream_options", r#"{"include_usage":true}"#),
    }
    Some(patch.finish())
}

/// Names another response to go on from, where the provider holds the history: after a follow-up, its own id, since the agent only
/// knows the first one's.
pub fn set_previous_response(request: &Request, id: Option<&str>) -> Bytes {
    match id {
        Some(id) => edited(&request.body, |patch| patch.set_found(&["previous_response_id"], quote(id))),
        None => setting::remove(&request.body, &["previous_response_id"]),
    }
}

/// One message with a text. Anthropic and Gemini know no system message within a conversation: there it is the user's.
pub fn text_message(dialect: Dialect, role: InjectRole, text: &str) -> Bytes {
    let role = match role {
        InjectRole::System => "system",
        InjectRole::User => "user",
    };
    let text = quote(text);
    Bytes::from(match dialect {
        Dialect::OpenaiChat | Dialect::Ollama => format!(r#"{{"role":"{role}","content":{text}}}"#),
        Dialect::OpenaiResponses => {
            format!(r#"{{"type":"message","role":"{role}","content":[{{"type":"input_text","text":{text}}}]}}"#)
        }
        Dialect::Anthropic => format!(r#"{{"role":"user","content":[{{"type":"text","text":{text}}}]}}"#),
        Dialect::Gemini => format!(r#"{{"role":"user","parts":[{{"text":{text}}}]}}"#),
    })
}

/// Applies edits whose places are already known (`at` and `replaces` count the agent's messages). Edits of overlapping places: the
/// earlier in the list wins. An insertion never comes between calls and their results; an edit's `results` join the agent's own results
/// (Anthropic and Gemini: first in that message; the others: messages before them).
///
/// Messages that were one string become a list; Ollama's `prompt` cannot, so texts are added to it.
pub fn apply(request: &Request, edits: &[&ContextEdit]) -> Bytes {
    if edits.is_empty() {
        return request.body.clone();
    }
    let body = &request.body;
    let Some(array) = &request.messages_array else { return apply_to_one(request, edits) };
    let slots = place::slots(request, edits);
    let mut out: Vec<u8> = Vec::with_capacity(array.len());
    let mut begun = false;
    for slot in &slots {
        match slot {
            Slot::Own { at, with } => {
                let span = &request.messages[*at];
                let before = at.checked_sub(1).and_then(|before| request.messages.get(before));
                match (begun, before) {
                    // The agent's own separator, white space included, wherever both neighbours could have had it.
                    (true, Some(before)) => out.extend_from_slice(&body[before.end..span.start]),
                    (true, None) => out.push(b','),
                    (false, _) => {}
                }
                out.extend_from_slice(with.as_ref().unwrap_or(&body.slice(span.clone())));
            }
            Slot::New(message) => {
                if begun {
                    out.push(b',');
                }
                out.extend_from_slice(message);
            }
        }
        begun = true;
    }
    let inside = match (request.messages.first(), request.messages.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => array.start + 1..array.end - 1,
    };
    splice(body, vec![Splice { at: inside, with: out.into() }])
}

/// The messages are one string or object.
fn apply_to_one(request: &Request, edits: &[&ContextEdit]) -> Bytes {
    let Some(only) = request.messages.first() else { return request.body.clone() };
    let body = &request.body;
    let own = body.slice(only.clone());
    let is_text = own.starts_with(b"\"");
    let with = match request.dialect {
        Dialect::Ollama => prompt(own, edits),
        _ => {
            let own = match request.dialect {
                Dialect::OpenaiResponses if is_text => {
                    Bytes::from([br#"{"type":"message","role":"user","content":"#, &own[..], b"}"].concat())
                }
                _ => own,
            };
            let one = std::slice::from_ref(only);
            let messages: Vec<Bytes> = place::slots_of(request.dialect, body, one, edits)
                .into_iter()
                .map(|slot| match slot {
                    Slot::Own { with, .. } => with.unwrap_or_else(|| own.clone()),
                    Slot::New(message) => message,
                })
                .collect();
            Bytes::from([b"[", &messages.join(&b","[..])[..], b"]"].concat())
        }
    };
    splice(body, vec![Splice { at: only.clone(), with }])
}

/// A prompt with the edits' texts after it, each a paragraph.
fn prompt(own: Bytes, edits: &[&ContextEdit]) -> Bytes {
    let mut texts: Vec<Vec<u8>> = vec![own.to_vec()];
    for message in edits.iter().flat_map(|edit| &edit.messages) {
        let content = json::root(message).and_then(|root| json::member(message, root, "content"));
        if let Some(text) = content.filter(|span| message[span.start] == b'"') {
            texts.push(message[text].to_vec());
        }
    }
    let texts: Vec<&[u8]> = texts.iter().map(|text| &text[1..text.len().max(2) - 1]).collect();
    Bytes::from([b"\"", &texts.join(&br"\n\n"[..])[..], b"\""].concat())
}

/// Puts results into the agent's own message of results; `None` where the dialect has them as messages, or this is no such message.
fn with_results(dialect: Dialect, message: &Bytes, results: &[(String, String, String)]) -> Option<Bytes> {
    let parts: Vec<Bytes> = results.iter().map(|(id, name, text)| result_part(dialect, id, name, text)).collect();
    let mut patch = Patch::new(message)?;
    let role = patch.find(&["role"]).and_then(|span| json::text(message, span)).unwrap_or_default();
    let key = match dialect {
        Dialect::Anthropic if role == "user" => "content",
        Dialect::Gemini if place::has_results(dialect, message) => "parts",
        _ => return None,
    };
    let list = patch.find(&[key])?;
    if message[list.start] == b'"' {
        let text = [br#"{"type":"text","text":"#, &message[list.clone()], b"}"].concat();
        let parts = [b"[", &parts.join(&b","[..])[..], b",", &text[..], b"]"].concat();
        patch.set(list, parts);
    } else {
        let stays = json::elements(message, list.clone()).is_some_and(|own| !own.is_empty());
        patch.insert_front(list, &parts, stays);
    }
    Some(patch.finish())
}

/// Results as messages of their own.
fn result_messages(dialect: Dialect, answer: &[Bytes], results: &[(String, String, String)]) -> Vec<Bytes> {
    let calls: Vec<(ToolCall, &str)> = results
        .iter()
        .map(|(id, name, text)| {
            let call = ToolCall { id: id.clone(), name: name.clone(), arguments: String::new(), index: 0 };
            (call, text.as_str())
        })
        .collect();
    let calls: Vec<(&ToolCall, &str)> = calls.iter().map(|(call, text)| (call, *text)).collect();
    surgery::result_messages(dialect, answer, &calls)
}

fn edited(body: &Bytes, with: impl FnOnce(&mut Patch)) -> Bytes {
    match Patch::new(body) {
        Some(mut patch) => {
            with(&mut patch);
            patch.finish()
        }
        None => body.clone(),
    }
}

fn span_bytes(body: &Bytes, span: &Span) -> Bytes {
    body.slice(span.clone())
}
