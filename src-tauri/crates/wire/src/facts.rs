//! Facts: what one message says, in the normal form that reasoning reads. Lenient: a part that is not understood is left out, never an
//! error. It must not know other messages: the same bytes give the same facts (but for made-up call ids, which name the position).

mod anthropic;
mod chat;
pub(crate) mod errors;
mod gemini;
mod responses;

use crate::atoms;
use crate::json::{self, Span};
use domain::{Dialect, ErrorEvidence, Hash, MessageFacts, Role, ToolCall, ToolResult};

/// What `message`, the request's `position`th from 0, says. A user message that only delivers results has the role `Tool`.
///
/// Results of dialects without call ids (Gemini often, Ollama) have an empty `call_id`: they belong to the oldest open call of that
/// name.
pub fn facts(dialect: Dialect, message: &[u8], position: u32) -> MessageFacts {
    let mut draft = Draft::new(dialect, position);
    match json::root(message) {
        Some(root) if message[root.start] == b'"' => draft.say(json::text(message, root).unwrap_or_default()),
        Some(root) => match dialect {
            Dialect::OpenaiChat | Dialect::Ollama => chat::read(&mut draft, message, root),
            Dialect::OpenaiResponses => responses::read(&mut draft, message, root),
            Dialect::Anthropic => anthropic::read(&mut draft, message, root),
            Dialect::Gemini => gemini::read(&mut draft, message, root),
        },
        None => {}
    }
    draft.finish()
}

/// A message's facts while they are gathered.
pub(crate) struct Draft {
    dialect: Dialect,
    position: u32,
    pub(crate) role: Role,
    text: String,
    calls: Vec<(ToolCall, bool)>,
    results: Vec<(ToolResult, Hash)>,
    /// Images, files and the like.
    others: Vec<Hash>,
}

impl Draft {
    pub(crate) fn new(dialect: Dialect, position: u32) -> Self {
        let (text, calls, results, others) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        Draft { dialect, position, role: Role::User, text, calls, results, others }
    }

    /// A text part.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        let text = text.as_ref();
        if !text.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(text);
        }
    }

    /// A call; without a real id it gets one from its place.
    pub(crate) fn call(&mut self, id: Option<String>, name: String, arguments: String) {
        let index = self.calls.len() as u32;
        let id = id.filter(|id| !id.is_empty());
        let real = id.is_some() && ids_come_back(self.dialect);
        let id = id.unwrap_or_else(|| made_id(self.position, index));
        self.calls.push((ToolCall { id, name, arguments, index }, real));
    }

    /// A result that is text.
    pub(crate) fn result(
        &mut self,
        id: Option<String>,
        name: Option<String>,
        text: String,
        error: Option<ErrorEvidence>,
    ) {
        let real = id.as_deref().filter(|_| ids_come_back(self.dialect));
        let atom = atoms::result(real, &text);
        self.results.push((ToolResult { call_id: id.unwrap_or_default(), name, text, error }, atom));
    }

    /// A part that is neither; the model's own are left out, since clients drop them.
    pub(crate) fn other(&mut self, bytes: &[u8], value: Span) {
        if self.role != Role::Assistant {
            self.others.push(atoms::part(self.role, bytes, value));
        }
    }

    pub(crate) fn finish(self) -> MessageFacts {
        let Draft { mut role, text, calls, results, others, .. } = self;
        let mut atoms: Vec<Hash> = atoms::text(role, &text).into_iter().collect();
        atoms.extend(others);
        for (call, real) in &calls {
            atoms.push(atoms::call(real.then_some(call.id.as_str()), &call.name, &call.arguments));
        }
        atoms.extend(results.iter().map(|(_, atom)| *atom));
        if role == Role::User && !results.is_empty() && text.trim().is_empty() {
            role = Role::Tool;
        }
        let calls = calls.into_iter().map(|(call, _)| call).collect();
        let results = results.into_iter().map(|(result, _)| result).collect();
        MessageFacts { role, text, calls, results, atoms }
    }
}

/// The id of a call that has none: by the position of its message and its place there.
pub(crate) fn made_id(position: u32, index: u32) -> String {
    format!("call-{position}-{index}")
}

/// Whether agents of the dialect send back the ids that the provider gave. Gemini's and Ollama's are optional and often dropped.
pub(crate) fn ids_come_back(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::Gemini | Dialect::Ollama)
}

pub(crate) fn role(name: &str) -> Role {
    match name {
        "system" | "developer" => Role::System,
        "assistant" | "model" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::User,
    }
}

/// A member's text, where it is a string.
pub(crate) fn string(bytes: &[u8], object: Span, key: &str) -> Option<String> {
    json::member(bytes, object, key).and_then(|at| json::text(bytes, at)).map(|text| text.into_owned())
}

/// A value as the text of arguments: a string is taken as it reads, anything else as it is spelled.
pub(crate) fn arguments(bytes: &[u8], value: Span) -> String {
    match json::text(bytes, value.clone()) {
        Some(text) => text.into_owned(),
        None => String::from_utf8_lossy(&bytes[value]).into_owned(),
    }
}

/// The text of content that is a string, one part or a list of parts; other parts are left out.
pub(crate) fn content_text(bytes: &[u8], value: Span) -> String {
    if let Some(text) = json::text(bytes, value.clone()) {
        return text.into_owned();
    }
    if bytes.get(value.start) == Some(&b'{') {
        return string(bytes, value, "text").unwrap_or_default();
    }
    let mut joined = String::new();
    for part in json::Elements::new(bytes, value).into_iter().flatten() {
        let text =
            json::text(bytes, part.clone()).map(|text| text.into_owned()).or_else(|| string(bytes, part, "text"));
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            if !joined.is_empty() {
                joined.push('\n');
            }
            joined.push_str(&text);
        }
    }
    joined
}

#[cfg(test)]
mod tests;
