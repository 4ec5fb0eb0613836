//! A call with other arguments: the JSON nodes that spell them are replaced, every other byte of its frames stays. Where a stream brings
//! them in pieces, the first piece carries all of the new ones and the others none. It must not know why, nor what a call does.

use super::calls::Calls;
use super::stream::{StreamSurgeon, Touches};
use super::{gemini, responses};
use crate::frames::{Frame, Framer, Framing};
use crate::json::{self, Span, quote};
use crate::patch::Patch;
use bytes::Bytes;
use domain::Dialect;
use memchr::memmem;
use smallvec::{SmallVec, smallvec};

/// The frames that stand in the place of one whose calls have other arguments.
pub(super) fn edited(
    dialect: Dialect,
    frame: Frame,
    touches: &[u32],
    calls: &mut Calls,
) -> SmallVec<[(Frame, Touches); 1]> {
    let touches: Touches = touches.iter().copied().collect();
    let Some(data) = frame.data.clone().filter(|_| calls.any_edited()) else { return smallvec![(frame, touches)] };
    let Some(mut patch) = Patch::new(&data) else { return smallvec![(frame, touches)] };
    let mut before = None;
    match dialect {
        Dialect::OpenaiChat => chat(&mut patch, &touches, calls),
        Dialect::OpenaiResponses => of_item(&mut patch, &touches, calls),
        Dialect::Anthropic => before = block(&mut patch, &touches, calls),
        Dialect::Gemini => {
            let parts = list(&patch, &["candidates"]).into_iter().flat_map(|candidate| {
                let parts = json::find(&data, candidate, &["content", "parts"]);
                parts.and_then(|array| json::elements(&data, array)).unwrap_or_default()
            });
            let parts: Vec<Span> = parts.filter(|part| gemini::is_call(&data, part)).collect();
            objects(&mut patch, parts, &["functionCall"], "args", &touches, calls);
        }
        Dialect::Ollama => {
            let entries = list(&patch, &["message", "tool_calls"]);
            objects(&mut patch, entries, &["function"], "arguments", &touches, calls);
        }
    }
    let mut out = SmallVec::new();
    out.extend(before.map(|frame| (frame, touches.clone())));
    let edited = (!patch.is_empty()).then(|| patch.finish());
    out.push((edited.map_or(frame.clone(), |data| respelled(&frame, data)), touches));
    out
}

/// The same on a whole body: (index among its calls, new arguments).
pub fn edit_whole(dialect: Dialect, body: &Bytes, edits: &[(u32, String)]) -> Bytes {
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let items: Vec<Span> = match dialect {
        Dialect::OpenaiChat => {
            let choices = list(&patch, &["choices"]);
            choices.into_iter().flat_map(|choice| chat_calls(body, choice, "message")).collect()
        }
        Dialect::OpenaiResponses => {
            list(&patch, &["output"]).into_iter().filter(|item| responses::is_call(body, item)).collect()
        }
        Dialect::Anthropic => {
            let is_call = |item: &Span| kind(body, item).as_deref() == Some("tool_use");
            list(&patch, &["content"]).into_iter().filter(is_call).collect()
        }
        Dialect::Gemini => {
            let candidates = list(&patch, &["candidates"]);
            let parts = candidates.into_iter().flat_map(|candidate| {
                let parts = json::find(body, candidate, &["content", "parts"]);
                parts.and_then(|array| json::elements(body, array)).unwrap_or_default()
            });
            parts.filter(|part| gemini::is_call(body, part)).collect()
        }
        Dialect::Ollama => list(&patch, &["message", "tool_calls"]),
    };
    for (index, arguments) in edits {
        let Some(item) = items.get(*index as usize).cloned() else { continue };
        let function =
            ["function", "custom", "functionCall"].iter().find_map(|key| json::member(body, item.clone(), key));
        put_arguments(dialect, &mut patch, function.unwrap_or(item), arguments);
    }
    patch.finish()
}

/// The same on a response of any framing that is here whole. `position`: where the answer will stand among the next request's messages.
pub fn edit_response(dialect: Dialect, framing: Framing, position: u32, raw: &Bytes, edits: &[(u32, String)]) -> Bytes {
    if framing == Framing::Whole {
        return edit_whole(dialect, raw, edits);
    }
    let mut framer = Framer::new(framing);
    let mut surgeon = StreamSurgeon::new(dialect, framing, Box::new(|_| true)).at(position);
    let mut out: Vec<Bytes> = Vec::new();
    let frames: Vec<Frame> = framer.push(raw.clone()).into_iter().chain(framer.finish()).collect();
    for frame in frames {
        let cut = surgeon.push(frame);
        out.extend(cut.out);
        for call in cut.judge {
            let edit = edits.iter().find(|(index, _)| *index == call.index);
            out.extend(match edit {
                Some((index, arguments)) => surgeon.edit_call(*index, arguments),
                None => surgeon.keep(call.index),
            });
        }
    }
    out.extend(surgeon.finish());
    out.concat().into()
}

/// A frame with other data, spelled as it was.
pub(crate) fn respelled(frame: &Frame, data: Bytes) -> Frame {
    let own = frame.data.as_ref().and_then(|own| memmem::find(&frame.raw, own).map(|at| (at, at + own.len())));
    let raw = match own {
        Some((start, end)) => [&frame.raw[..start], &data, &frame.raw[end..]].concat(),
        // Data over several lines: one event with all of it on one.
        None => {
            let name = frame.event.as_ref().map(|event| [b"event: ", &event[..], b"\n"].concat()).unwrap_or_default();
            [&name[..], b"data: ", &data, b"\n\n"].concat()
        }
    };
    Frame { raw: raw.into(), event: frame.event.clone(), data: Some(data) }
}

/// Sets the member that holds a call's arguments: as text where it is text, as JSON where it is JSON; a missing one as the dialect has it.
fn put_arguments(dialect: Dialect, patch: &mut Patch, object: Span, arguments: &str) {
    let members = ["arguments", "input", "args", "action", "operation"];
    let own = members.iter().find_map(|key| json::member(patch.doc(), object.clone(), key));
    match (own, dialect) {
        (Some(span), _) if patch.doc()[span.start] == b'"' => patch.set(span, quote(arguments)),
        (Some(span), Dialect::OpenaiChat) => patch.set(span, quote(arguments)),
        (Some(span), _) => patch.set(span, arguments.to_owned()),
        (None, Dialect::Anthropic) => patch.put(object, "input", arguments.to_owned()),
        (None, Dialect::Gemini) => patch.put(object, "args", arguments.to_owned()),
        (None, Dialect::Ollama) => patch.put(object, "arguments", arguments.to_owned()),
        (None, Dialect::OpenaiChat | Dialect::OpenaiResponses) => patch.put(object, "arguments", quote(arguments)),
    }
}

/// The calls of one choice in their order, the deprecated single one last; each as the object that spells name and arguments.
fn chat_calls(doc: &Bytes, choice: Span, within: &str) -> Vec<Span> {
    let entries = json::find(doc, choice.clone(), &[within, "tool_calls"]).and_then(|array| json::elements(doc, array));
    let old = json::find(doc, choice, &[within, "function_call"]).filter(|span| doc[span.start] == b'{');
    entries.unwrap_or_default().into_iter().chain(old).collect()
}

fn chat(patch: &mut Patch, touches: &[u32], calls: &mut Calls) {
    let doc = patch.doc();
    let choices = list(patch, &["choices"]);
    let entries: Vec<Span> = choices.into_iter().flat_map(|choice| chat_calls(doc, choice, "delta")).collect();
    for (entry, call) in entries.into_iter().zip(touches) {
        if calls.edited(*call).is_none() {
            continue;
        }
        let function = ["function", "custom"].iter().find_map(|key| json::member(doc, entry.clone(), key));
        let function = function.or_else(|| json::member(doc, entry.clone(), "name").map(|_| entry.clone()));
        let Some(function) = function.or_else(|| json::member(doc, entry.clone(), "arguments").map(|_| entry)) else {
            continue;
        };
        let Some(given) = calls.give(*call) else { continue };
        match ["arguments", "input"].iter().find_map(|key| json::member(doc, function.clone(), key)) {
            Some(span) => patch.set(span, quote(&given)),
            None if given.is_empty() => {}
            None => patch.put(function, "arguments", quote(&given)),
        }
    }
}

/// Responses: pieces in events of their own, then repeated whole in the event that ends them, in the item and in the response.
fn of_item(patch: &mut Patch, touches: &[u32], calls: &mut Calls) {
    let doc = patch.doc();
    let kind = kind(doc, &patch.root()).unwrap_or_default();
    match (kind.as_str(), touches.first().copied().filter(|call| calls.edited(*call).is_some())) {
        ("response.function_call_arguments.delta" | "response.custom_tool_call_input.delta", Some(call)) => {
            let given = calls.give(call).unwrap_or_default();
            patch.set_found(&["delta"], quote(&given));
        }
        ("response.function_call_arguments.done" | "response.custom_tool_call_input.done", Some(call)) => {
            let whole = quote(calls.edited(call).unwrap_or_default());
            patch.set_found(&["arguments"], whole.clone());
            patch.set_found(&["input"], whole);
        }
        ("response.output_item.done", Some(call)) => {
            let whole = calls.edited(call).unwrap_or_default().to_owned();
            if let Some(item) = patch.find(&["item"]) {
                put_arguments(Dialect::OpenaiResponses, patch, item, &whole);
            }
        }
        ("response.completed" | "response.incomplete", _) => {
            for item in list(patch, &["response", "output"]) {
                let id = json::member(doc, item.clone(), "call_id").and_then(|span| json::text(doc, span));
                let whole = id.and_then(|id| calls.edited_by_id(&id).map(str::to_owned));
                if let Some(whole) = whole {
                    put_arguments(Dialect::OpenaiResponses, patch, item, &whole);
                }
            }
        }
        _ => {}
    }
}

/// Anthropic: pieces in deltas. A call that had none gets one, before its block stops.
fn block(patch: &mut Patch, touches: &[u32], calls: &mut Calls) -> Option<Frame> {
    let call = touches.first().copied().filter(|call| calls.edited(*call).is_some())?;
    let doc = patch.doc();
    match kind(doc, &patch.root()).as_deref() {
        Some("content_block_start") => patch.set_found(&["content_block", "input"], "{}"),
        Some("content_block_delta") => {
            let given = calls.give(call)?;
            patch.set_found(&["delta", "partial_json"], quote(&given));
        }
        Some("content_block_stop") => {
            let given = calls.give(call).filter(|given| !given.is_empty())?;
            let index = patch.find(&["index"]).map(|span| String::from_utf8_lossy(&doc[span]).into_owned())?;
            let delta = format!(r#"{{"type":"input_json_delta","partial_json":{}}}"#, quote(&given));
            let data = Bytes::from(format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#));
            let raw = Bytes::from([b"event: content_block_delta\ndata: ", &data[..], b"\n\n"].concat());
            return Some(Frame { raw, event: Some(Bytes::from_static(b"content_block_delta")), data: Some(data) });
        }
        _ => {}
    }
    None
}

/// Dialects whose calls come whole, with their arguments as JSON.
fn objects(patch: &mut Patch, entries: Vec<Span>, path: &[&str], key: &str, touches: &[u32], calls: &mut Calls) {
    let doc = patch.doc();
    for (entry, call) in entries.into_iter().zip(touches) {
        let Some(whole) = calls.edited(*call).map(str::to_owned) else { continue };
        if let Some(function) = json::find(doc, entry, path) {
            patch.put(function, key, whole);
        }
    }
}

fn list(patch: &Patch, path: &[&str]) -> Vec<Span> {
    patch.find(path).and_then(|array| json::elements(patch.doc(), array)).unwrap_or_default()
}

fn kind(doc: &Bytes, object: &Span) -> Option<String> {
    let span = json::member(doc, object.clone(), "type")?;
    json::text(doc, span).map(|text| text.into_owned())
}
