//! Likeness: whether a request asks what another one, of an earlier run of the same agent, asked. Model, parameters, system prompt, tools
//! and every message count, in order; what varies from run to run (`volatile`) does not, nor do the client's own names for the
//! conversation. It must not know who keeps the other request.

mod difference;
mod volatile;

pub use difference::{Difference, differences};

use crate::{Request, atoms, facts, json};
use domain::{Hash, Role};
use serde_json::Value;
use volatile::{Folder, Kind};

/// What a request asks, as one hash for each of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness(Vec<(Place, Hash)>);

impl Likeness {
    /// In how many parts two requests differ; 0: they ask the same.
    pub fn distance(&self, other: &Likeness) -> usize {
        let apart = |one: &Likeness, other: &Likeness| one.0.iter().filter(|part| !other.0.contains(part)).count();
        apart(self, other).max(apart(other, self))
    }
}

/// Where something stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Dialect, and how the answer is to come.
    Form,
    Model,
    System,
    Tools,
    Parameter(String),
    Message(usize),
}

/// Members that name a conversation, an installation or a user, and change nothing of what is asked.
const NAMES: [&str; 9] = [
    "metadata",
    "client_metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "user",
    "store",
    "stream_options",
    "keep_alive",
];
/// Members that have a place of their own.
const PLACED: [&str; 11] = [
    "model",
    "stream",
    "system",
    "instructions",
    "systemInstruction",
    "system_instruction",
    "tools",
    "messages",
    "input",
    "contents",
    "prompt",
];

pub fn likeness(request: &Request) -> Likeness {
    let part = |(place, text): (Place, String)| (place, atoms::hash(&[text.as_bytes()]));
    Likeness(parts(request).into_iter().map(part).collect())
}

/// Each part's meaning as text.
fn parts(request: &Request) -> Vec<(Place, String)> {
    let body = &request.body;
    let folder = Folder::of(body);
    let form = format!("{} {} {}", request.dialect.name(), request.stream, request.array);
    let mut parts = vec![(Place::Form, form), (Place::Model, request.model.clone())];
    for (place, span) in [(Place::System, &request.system), (Place::Tools, &request.tools)] {
        parts.extend(span.clone().map(|span| (place, meaning(&body[span], Kind::Around, &folder))));
    }
    let root = json::root(body).into_iter().flat_map(|root| json::Members::new(body, root)).flatten();
    for member in root {
        let key = json::unescape(&body[member.key.clone()]).into_owned();
        if !NAMES.contains(&key.as_str()) && !PLACED.contains(&key.as_str()) {
            parts.push((Place::Parameter(key), meaning(&body[member.value], Kind::Said, &folder)));
        }
    }
    let messages = (0..request.messages.len()).map(|place| {
        let kind = kind(request, place);
        (Place::Message(place), meaning(request.message(place), kind, &folder))
    });
    parts.extend(messages);
    parts
}

/// A person's words, and the model's, are taken more exactly than what programs say around them.
fn kind(request: &Request, place: usize) -> Kind {
    let facts = facts(request.dialect, request.message(place), place as u32);
    match facts.role {
        Role::System | Role::Tool => Kind::Around,
        _ if !facts.results.is_empty() => Kind::Around,
        Role::User | Role::Assistant => Kind::Said,
    }
}

/// A value's meaning: members in one order, moving marks left out, strings without what varies.
fn meaning(bytes: &[u8], kind: Kind, folder: &Folder) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            if let Value::Object(members) = &mut value {
                // A client's notes to itself, such as Codex's times and turn ids.
                members.retain(|key, _| !key.contains("metadata"));
            }
            settle(&mut value, kind, folder);
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => folder.steady(&String::from_utf8_lossy(bytes), kind),
    }
}

fn settle(value: &mut Value, kind: Kind, folder: &Folder) {
    match value {
        Value::String(text) => *text = folder.steady(text, kind),
        Value::Array(values) => values.iter_mut().for_each(|value| settle(value, kind, folder)),
        Value::Object(members) => {
            members.shift_remove("cache_control");
            members.values_mut().for_each(|value| settle(value, kind, folder));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
