//! The parts in which two requests differ, as a person reads them.

use super::{Place, parts};
use crate::{Request, facts};
use serde_json::Value;

/// One part that differs. A side on which nothing stands is empty.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `model`, `system prompt`, `tools`, `parameter temperature`, `message 3`.
    pub place: String,
    pub recorded: String,
    pub now: String,
}

/// Further ones tell nobody anything that these do not.
const MOST: usize = 8;
/// Of each side so many bytes are told, from just before the place where they part.
const TOLD: usize = 4 << 10;
const BEFORE: usize = 256;

pub fn differences(recorded: &Request, now: &Request) -> Vec<Difference> {
    let (was, is) = (parts(recorded), parts(now));
    let gone = was.iter().filter(|(place, _)| !is.iter().any(|(other, _)| other == place));
    let apart = is.iter().filter(|part| !was.contains(part)).chain(gone);
    apart
        .take(MOST)
        .map(|(place, _)| {
            let (mut was, mut is) = (shown(recorded, place), shown(now, place));
            if let (Place::Message(place), true) = (place, was == is) {
                // The same words in another form.
                (was, is) = (pretty(recorded.message(*place)), pretty(now.message(*place)));
            }
            let (recorded, now) = told(&was, &is);
            Difference { place: name(place), recorded, now }
        })
        .collect()
}

fn name(place: &Place) -> String {
    match place {
        Place::Form => "dialect and streaming".to_owned(),
        Place::Model => "model".to_owned(),
        Place::System => "system prompt".to_owned(),
        Place::Tools => "tools".to_owned(),
        Place::Parameter(name) => format!("parameter {name}"),
        Place::Message(place) => format!("message {}", place + 1),
    }
}

/// A part as it stands in the request, what varies included.
fn shown(request: &Request, place: &Place) -> String {
    let body = &request.body;
    let span = |span: &Option<crate::Span>| span.clone().map(|span| pretty(&body[span])).unwrap_or_default();
    match place {
        Place::Form => {
            let way = if request.stream { "streamed" } else { "unstreamed" };
            format!("{}, {way}{}", request.dialect.name(), if request.array { ", as an array" } else { "" })
        }
        Place::Model => request.model.clone(),
        Place::System => span(&request.system),
        Place::Tools => span(&request.tools),
        Place::Parameter(name) => serde_json::from_slice::<Value>(body)
            .ok()
            .and_then(|body| Some(pretty(body.get(name)?.to_string().as_bytes())))
            .unwrap_or_default(),
        Place::Message(place) => message(request, *place),
    }
}

/// Who says what; as JSON where a message holds more than that.
fn message(request: &Request, place: usize) -> String {
    let bytes = request.message(place);
    if bytes.is_empty() {
        return String::new();
    }
    let facts = facts(request.dialect, bytes, place as u32);
    let calls = facts.calls.iter().map(|call| format!("calls {} {}", call.name, call.arguments));
    let results = facts.results.iter().map(|result| format!("result: {}", result.text));
    let said = std::iter::once(facts.text.clone()).filter(|text| !text.is_empty());
    let lines: Vec<String> = said.chain(calls).chain(results).collect();
    if lines.is_empty() { pretty(bytes) } else { format!("{:?}: {}", facts.role, lines.join("\n")) }
}

fn pretty(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::String(text)) => text,
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Both sides from the line before they part on, cut where they are long.
fn told(recorded: &str, now: &str) -> (String, String) {
    let same = recorded.bytes().zip(now.bytes()).take_while(|(one, other)| one == other).count();
    let start = if recorded.len().max(now.len()) > TOLD { same.saturating_sub(BEFORE) } else { 0 };
    (cut(recorded, start), cut(now, start))
}

fn cut(text: &str, start: usize) -> String {
    let (start, end) =
        (text.floor_char_boundary(start.min(text.len())), text.floor_char_boundary((start + TOLD).min(text.len())));
    let mut out = String::new();
    if start > 0 {
        out.push('…');
    }
    out.push_str(&text[start..end.max(start)]);
    if end < text.len() {
        out.push('…');
    }
    out
}
