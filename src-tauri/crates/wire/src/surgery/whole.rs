//! The same surgery on unstreamed bodies: calls out, a follow-up merged in, or a note in its place. What comes out is what a client
//! would have accumulated from the stream.

use super::gemini::is_call;
use super::messages::glued;
use super::ollama::COUNTS;
use super::responses;
use super::{anthropic, sum};
use crate::json::{self, Span};
use crate::patch::Patch;
use crate::synth::responses_item;
use bytes::Bytes;
use domain::Dialect;

/// Takes calls out of a whole body; `drop` holds their indices among its calls. A body that is no answer stays as it is.
pub fn cut_whole(dialect: Dialect, body: &Bytes, drop: &[u32]) -> Bytes {
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let mut next = 0;
    match dialect {
        Dialect::OpenaiChat => {
            for choice in list(&patch, &["choices"]) {
                let Some(message) = json::member(body, choice.clone(), "message") else { continue };
                if cut_calls(&mut patch, message, drop, &mut next) == Left::Nothing {
                    stop(&mut patch, choice, "finish_reason", &["tool_calls", "function_call"], "stop");
                }
            }
        }
        Dialect::Ollama => {
            if let Some(message) = patch.find(&["message"]) {
                cut_calls(&mut patch, message, drop, &mut next);
            }
        }
        Dialect::Anthropic => {
            let is_call = |item: &Span| kind(body, item) == "tool_use";
            if cut_items(&mut patch, &["content"], is_call, drop) == Left::Nothing {
                let root = patch.root();
                stop(&mut patch, root, "stop_reason", &["tool_use"], "end_turn");
            }
        }
        Dialect::OpenaiResponses => {
            cut_items(&mut patch, &["output"], |item| responses::is_call(body, item), drop);
        }
        Dialect::Gemini => {
            for candidate in list(&patch, &["candidates"]) {
                let Some(array) = json::find(body, candidate, &["content", "parts"]) else { continue };
                let parts = json::elements(body, array.clone()).unwrap_or_default();
                let gone = gone(&parts, |part| is_call(body, part), drop, &mut next);
                match gone.iter().all(|gone| *gone) && !gone.is_empty() {
                    true => patch.set(array, NO_TEXT),
                    false => patch.remove_elements(array, |place| gone[place]),
                }
            }
        }
    }
    patch.finish()
}

/// Merges a follow-up's body into the first one, already cut: one message, with the first's identity and both usages.
pub fn merge_whole(dialect: Dialect, first: &Bytes, second: &Bytes) -> Bytes {
    let (Some(one), Some(mut patch)) = (Patch::new(first), Patch::new(second)) else { return second.clone() };
    match dialect {
        Dialect::OpenaiChat => {
            take_over(&mut patch, &one, &["id", "created", "model", "system_fingerprint"]);
            add_usage(&mut patch, &one, "usage");
            merge_message(&mut patch, &one, &["choices", "0", "message"]);
        }
        Dialect::OpenaiResponses => {
            take_over(&mut patch, &one, &["id", "created_at", "previous_response_id"]);
            add_usage(&mut patch, &one, "usage");
            lead(&mut patch, &one, &["output"]);
        }
        Dialect::Anthropic => {
            take_over(&mut patch, &one, &["id", "model"]);
            for key in anthropic::INPUT {
                if let (Some(own), Some(theirs)) = (patch.find(&["usage", key]), one.find(&["usage", key])) {
                    patch.set(own, one.bytes(theirs));
                }
            }
            if let (Some(own), Some(theirs)) = (patch.find(&["usage"]), one.find(&["usage"])) {
                sum::add_members(&mut patch, own, &one.bytes(theirs), &anthropic::OUTPUT);
            }
            lead(&mut patch, &one, &["content"]);
        }
        Dialect::Gemini => {
            take_over(&mut patch, &one, &["responseId"]);
            add_usage(&mut patch, &one, "usageMetadata");
            let path = ["candidates", "0", "content", "parts"];
            let said = list(&one, &path).iter().any(|part| visible(first, part).is_some());
            let text = list(&patch, &path).iter().find_map(|part| visible(second, part));
            if let (true, Some(text)) = (said, text) {
                patch.prepend_text(text, "\n\n");
            }
            lead(&mut patch, &one, &path);
        }
        Dialect::Ollama => {
            let root = patch.root();
            sum::add_members(&mut patch, root, first, &COUNTS);
            merge_message(&mut patch, &one, &["message"]);
        }
    }
    patch.finish()
}

/// Puts a text where no follow-up comes: the body, already cut, ends validly with `note`.
pub fn note_whole(dialect: Dialect, body: &Bytes, note: &str) -> Bytes {
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let quoted = json::quote(note);
    match dialect {
        Dialect::OpenaiChat | Dialect::Ollama => {
            let path: &[&str] = if dialect == Dialect::Ollama { &["message"] } else { &["choices", "0", "message"] };
            if let Some(message) = patch.find(path) {
                let own = json::member(body, message.clone(), "content").filter(|span| is_text(body, span));
                let text = own.map_or_else(|| quoted.clone().into_bytes(), |own| spaced(&body[own], quoted.as_bytes()));
                patch.put(message, "content", text);
            }
        }
        Dialect::Anthropic => append(&mut patch, &["content"], format!(r#"{{"type":"text","text":{quoted}}}"#)),
        Dialect::OpenaiResponses => {
            let id = patch.find(&["id"]).and_then(|span| json::text(body, span)).unwrap_or_default();
            let (_, item) = responses_item(&format!("msg_{}", id.trim_start_matches("resp_")), note, false, 0, 0);
            append(&mut patch, &["output"], item);
        }
        Dialect::Gemini => {
            let path = ["candidates", "0", "content", "parts"];
            let said = list(&patch, &path).iter().any(|part| visible(body, part).is_some());
            let text = if said { json::quote(&format!("\n\n{note}")) } else { quoted };
            match patch.find(&path) {
                Some(parts) if body[parts.clone()] == *NO_TEXT.as_bytes() => {
                    patch.set(parts, format!(r#"[{{"text":{text}}}]"#));
                }
                _ => append(&mut patch, &path, format!(r#"{{"text":{text}}}"#)),
            }
        }
    }
    patch.finish()
}

/// What stands where every part was taken out: the form in which the provider itself ends a text.
const NO_TEXT: &str = r#"[{"text":""}]"#;

#[derive(PartialEq, Eq)]
enum Left {
    Untouched,
    Some,
    Nothing,
}

fn list(patch: &Patch, path: &[&str]) -> Vec<Span> {
    patch.find(path).and_then(|array| json::elements(patch.doc(), array)).unwrap_or_default()
}

fn kind(body: &Bytes, item: &Span) -> String {
    let kind = json::member(body, item.clone(), "type").and_then(|span| json::text(body, span));
    kind.unwrap_or_default().into_owned()
}

/// Which items are calls to drop, counting on from `next`.
fn gone(items: &[Span], is_call: impl Fn(&Span) -> bool, drop: &[u32], next: &mut u32) -> Vec<bool> {
    let counted = items.iter().map(|item| {
        let mine = is_call(item).then(|| std::mem::replace(next, *next + 1));
        mine.is_some_and(|index| drop.contains(&index))
    });
    counted.collect()
}

/// Takes calls out of a message's `tool_calls`.
fn cut_calls(patch: &mut Patch, message: Span, drop: &[u32], next: &mut u32) -> Left {
    let doc = patch.doc();
    let array = json::member(doc, message.clone(), "tool_calls").filter(|span| doc[span.start] == b'[');
    let entries = array.clone().and_then(|array| json::elements(doc, array)).unwrap_or_default();
    let gone = gone(&entries, |_| true, drop, next);
    // The deprecated single call counts after the others.
    let old = json::member(doc, message.clone(), "function_call").filter(|span| doc[span.start] == b'{');
    let old_gone = old.is_some() && drop.contains(&std::mem::replace(next, *next + 1));
    if !old_gone && !gone.contains(&true) {
        return Left::Untouched;
    }
    let all_gone = gone.iter().all(|gone| *gone);
    let out = [(all_gone, "tool_calls"), (old_gone, "function_call")];
    patch.remove(message, &out.iter().filter(|(gone, _)| *gone).map(|(_, key)| *key).collect::<Vec<_>>());
    if all_gone && (old_gone || old.is_none()) {
        return Left::Nothing;
    }
    let Some(array) = array.filter(|_| !all_gone) else { return Left::Some };
    let mut sinks = 0;
    for (entry, gone) in entries.iter().zip(&gone) {
        sinks += u64::from(*gone);
        for path in [&["index"][..], &["function", "index"]] {
            if let (1.., Some(span)) = (sinks, json::find(doc, entry.clone(), path)) {
                let index = json::number(doc, span.clone()).unwrap_or_default();
                patch.set(span, index.saturating_sub(sinks).to_string());
            }
        }
    }
    patch.remove_elements(array, |place| gone[place]);
    Left::Some
}

/// Takes calls out of a list where they stand among other items.
fn cut_items(patch: &mut Patch, path: &[&str], is_call: impl Fn(&Span) -> bool, drop: &[u32]) -> Left {
    let Some(array) = patch.find(path) else { return Left::Untouched };
    let items = list(patch, path);
    let gone = gone(&items, &is_call, drop, &mut 0);
    if !gone.contains(&true) {
        return Left::Untouched;
    }
    patch.remove_elements(array, |place| gone[place]);
    let left = items.iter().zip(&gone).any(|(item, gone)| !gone && is_call(item));
    if left { Left::Some } else { Left::Nothing }
}

/// Replaces a stop reason that announced calls.
fn stop(patch: &mut Patch, object: Span, key: &str, for_calls: &[&str], with: &str) {
    let doc = patch.doc();
    let Some(span) = json::member(doc, object, key) else { return };
    if json::text(doc, span.clone()).is_some_and(|reason| for_calls.contains(&&*reason)) {
        patch.set(span, json::quote(with));
    }
}

fn take_over(patch: &mut Patch, first: &Patch, keys: &[&str]) {
    for key in keys {
        if let Some(span) = first.present(&[key]) {
            patch.set_found(&[key], first.bytes(span));
        }
    }
}

fn add_usage(patch: &mut Patch, first: &Patch, key: &str) {
    if let (Some(own), Some(theirs)) = (patch.present(&[key]), first.present(&[key])) {
        sum::add(patch, own, &first.bytes(theirs));
    }
}

/// Puts the first's elements before the second's, but for the stand-in of an emptied list.
fn lead(patch: &mut Patch, first: &Patch, path: &[&str]) {
    let elements: Vec<Bytes> = list(first, path)
        .into_iter()
        .map(|span| first.bytes(span))
        .filter(|part| part[..] != *br#"{"text":""}"#)
        .collect();
    if let Some(array) = patch.find(path) {
        let stays = !list(patch, path).is_empty();
        patch.insert_front(array, &elements, stays);
    }
}

fn append(patch: &mut Patch, path: &[&str], element: String) {
    if let Some(array) = patch.find(path) {
        let stays = !list(patch, path).is_empty();
        patch.insert_back(array, &[Bytes::from(element)], stays);
    }
}

/// Texts are joined, lists put one after the other, and what only the first has is taken over.
fn merge_message(patch: &mut Patch, first: &Patch, path: &[&str]) {
    let (Some(own), Some(theirs)) = (patch.find(path), first.find(path)) else { return };
    let (doc, earlier) = (patch.doc(), first.doc());
    for member in json::members(earlier, theirs).unwrap_or_default() {
        let key = json::unescape(&earlier[member.key.clone()]).into_owned();
        if matches!(key.as_str(), "role" | "tool_calls") || json::is_null(earlier, &member.value) {
            continue;
        }
        let value = &earlier[member.value.clone()];
        let mine = json::member(doc, own.clone(), &key).filter(|span| !json::is_null(doc, span));
        match mine {
            None => patch.put(own.clone(), &key, first.bytes(member.value)),
            Some(mine) if is_text(earlier, &member.value) && doc[mine.start] == b'"' => {
                let more = &doc[mine.clone()];
                let both = if key == "content" { spaced(value, more) } else { glued(&[value, more]) };
                patch.set(mine, both);
            }
            Some(mine) if value.starts_with(b"[") && doc[mine.start] == b'[' => {
                let elements = json::elements(earlier, member.value.clone()).unwrap_or_default();
                let elements: Vec<Bytes> = elements.into_iter().map(|span| first.bytes(span)).collect();
                let stays = json::elements(doc, mine.clone()).is_some_and(|list| !list.is_empty());
                patch.insert_front(mine, &elements, stays);
            }
            Some(_) => {}
        }
    }
}

/// A non-empty string.
fn is_text(doc: &Bytes, span: &Span) -> bool {
    doc[span.start] == b'"' && span.len() > 2
}

/// Two texts as paragraphs; one of them alone where the other is empty.
fn spaced(one: &[u8], two: &[u8]) -> Vec<u8> {
    let between: &[u8] = if one.len() > 2 && two.len() > 2 { br#""\n\n""# } else { br#""""# };
    glued(&[one, between, two])
}

fn visible(body: &Bytes, part: &Span) -> Option<Span> {
    super::gemini::text_of(body, part)
}
