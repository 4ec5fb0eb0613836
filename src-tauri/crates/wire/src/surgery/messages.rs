//! A provider's answer as messages of a request: what a rewrite sends in the place of the agent's copy. Blocks are taken over as the
//! provider wrote them (thinking and signatures, redacted thinking, thought signatures, encrypted reasoning), because providers
//! refuse an answer that comes back changed. Of several choices or candidates the first counts.

mod anthropic;
mod chat;

use super::gemini::is_call;
use crate::WireError;
use crate::frames::{Frame, Framing};
use crate::json::{self, Span};
use crate::patch::Patch;
use bytes::Bytes;
use domain::Dialect;

/// The assistant's message or messages (Responses: its items) from the frames of one response, streamed or one whole frame. Empty
/// where the answer says nothing. An error: the frames are no answer of this dialect.
pub fn answer_as_messages(dialect: Dialect, framing: Framing, raw_frames: &[Frame]) -> Result<Vec<Bytes>, WireError> {
    let documents: Vec<&Bytes> = raw_frames.iter().filter_map(|frame| frame.data.as_ref()).collect();
    let whole = framing == Framing::Whole;
    let found = match dialect {
        Dialect::OpenaiChat if whole => documents.first().and_then(|body| chat::whole(body)).map(|one| vec![one]),
        Dialect::OpenaiChat => chat::streamed(&documents),
        Dialect::Anthropic if whole => documents.first().and_then(|body| anthropic::whole(body)),
        Dialect::Anthropic => anthropic::streamed(&documents),
        Dialect::OpenaiResponses => responses(&documents, whole),
        Dialect::Gemini => gemini(&documents),
        Dialect::Ollama => ollama(&documents),
    };
    found.ok_or(WireError::Response("it holds no answer of its dialect"))
}

/// Items as they were when done, by their place; of a whole body its `output`.
fn responses(documents: &[&Bytes], whole: bool) -> Option<Vec<Bytes>> {
    let mut items: Vec<(u64, Bytes)> = Vec::new();
    let mut listed: Option<Vec<Bytes>> = None;
    for data in documents {
        let Some(root) = json::root(data) else { continue };
        let path: &[&str] = if whole { &["output"] } else { &["response", "output"] };
        if let Some(output) = json::find(data, root.clone(), path).and_then(|array| json::elements(data, array)) {
            listed = Some(output.into_iter().map(|span| data.slice(span)).collect());
        }
        let kind = json::member(data, root.clone(), "type").and_then(|span| json::text(data, span));
        if kind.as_deref() == Some("response.output_item.done") {
            let place = json::member(data, root.clone(), "output_index").and_then(|span| json::number(data, span));
            if let Some(item) = json::member(data, root, "item") {
                items.push((place.unwrap_or(items.len() as u64), data.slice(item)));
            }
        }
    }
    items.sort_by_key(|(place, _)| *place);
    if items.is_empty() { listed } else { Some(items.into_iter().map(|(_, item)| item).collect()) }
}

fn gemini(documents: &[&Bytes]) -> Option<Vec<Bytes>> {
    let mut parts: Vec<Bytes> = Vec::new();
    let mut answered = false;
    for data in documents {
        let Some(root) = json::root(data) else { continue };
        let Some(candidate) = json::find(data, root, &["candidates", "0"]) else { continue };
        answered = true;
        let array = json::find(data, candidate, &["content", "parts"]).and_then(|array| json::elements(data, array));
        for part in array.unwrap_or_default() {
            match plain_text(data, &part) {
                Some(text) if text.len() == 2 => {}
                Some(text) => match parts.last().and_then(|last| continued(last, data, &part, text)) {
                    Some(longer) => {
                        parts.pop();
                        parts.push(longer);
                    }
                    None => parts.push(data.slice(part)),
                },
                None => parts.push(data.slice(part)),
            }
        }
    }
    let message = || Bytes::from([br#"{"role":"model","parts":["#, &parts.join(&b","[..])[..], b"]}"].concat());
    answered.then(|| if parts.is_empty() { Vec::new() } else { vec![message()] })
}

/// A part's text where it has no member but `text` and `thought`: only such pieces may be joined.
fn plain_text(data: &[u8], part: &Span) -> Option<Span> {
    let members = json::members(data, part.clone())?;
    let plain = members.iter().all(|member| matches!(&data[member.key.clone()], b"text" | b"thought"));
    json::member(data, part.clone(), "text").filter(|_| plain && !is_call(data, part))
}

/// The last part with this one's text added, where both are plain and of one kind.
fn continued(last: &Bytes, data: &Bytes, part: &Span, text: Span) -> Option<Bytes> {
    let root = json::root(last)?;
    let own = plain_text(last, &root)?;
    let thought = |data: &Bytes, part: Span| json::member(data, part, "thought").map(|span| data.slice(span));
    if thought(last, root) != thought(data, part.clone()) {
        return None;
    }
    let mut patch = Patch::new(last)?;
    patch.set(own.clone(), glued(&[&last[own], &data[text]]));
    Some(patch.finish())
}

fn ollama(documents: &[&Bytes]) -> Option<Vec<Bytes>> {
    let (mut content, mut thinking): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    let mut calls: Vec<&[u8]> = Vec::new();
    let mut answered = false;
    for data in documents {
        let Some(message) = json::root(data).and_then(|root| json::member(data, root, "message")) else { continue };
        answered = true;
        let text = |key: &str| json::member(data, message.clone(), key).filter(|span| data[span.start] == b'"');
        content.extend(text("content").map(|span| &data[span]));
        thinking.extend(text("thinking").map(|span| &data[span]));
        let array = json::member(data, message.clone(), "tool_calls").and_then(|array| json::elements(data, array));
        calls.extend(array.unwrap_or_default().into_iter().map(|span| &data[span]));
    }
    let mut message = [br#"{"role":"assistant","content":"#, &glued(&content)[..]].concat();
    let thought = glued(&thinking);
    if thought.len() > 2 {
        message.extend_from_slice(br#","thinking":"#);
        message.extend_from_slice(&thought);
    }
    if !calls.is_empty() {
        message.extend_from_slice(br#","tool_calls":["#);
        message.extend_from_slice(&calls.join(&b","[..]));
        message.push(b']');
    }
    message.push(b'}');
    answered.then(|| vec![Bytes::from(message)])
}

/// JSON strings one after another as one, their spelling kept.
pub(super) fn glued(strings: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for string in strings {
        out.extend_from_slice(string.get(1..string.len().saturating_sub(1)).unwrap_or_default());
    }
    out.push(b'"');
    out
}
