//! Reads an answer as a strict client would: whatever an official SDK would trip over is an error here.

mod anthropic;
mod chat;
mod gemini;
mod ollama;
mod responses;

use crate::{Call, Dialect, Usage, http::Response};
use serde_json::Value;

/// One answer, accumulated.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub text: String,
    pub calls: Vec<Call>,
    /// The dialect's stop reason or status, as it stood.
    pub finish: String,
    pub usage: Option<Usage>,
    /// What the agent appends to its history: one message, or the output items of Responses.
    pub messages: Vec<Value>,
}

impl Answer {
    /// Reads a 200. The error says what a client would have stumbled over.
    pub fn read(dialect: Dialect, streamed: bool, body: &[u8]) -> Result<Answer, String> {
        let text = std::str::from_utf8(body).map_err(|error| format!("not UTF-8: {error}"))?;
        match (dialect, streamed) {
            (Dialect::Chat, true) => chat::streamed(text),
            (Dialect::Chat, false) => chat::whole(&json(text)?),
            (Dialect::Responses, true) => responses::streamed(text),
            (Dialect::Responses, false) => responses::whole(&json(text)?),
            (Dialect::Anthropic, true) => anthropic::streamed(text),
            (Dialect::Anthropic, false) => anthropic::whole(&json(text)?),
            (Dialect::Gemini, true) => gemini::streamed(&data_of(text)?),
            (Dialect::GeminiArray, true) => {
                let list = json(text)?;
                gemini::streamed(list.as_array().ok_or("no array")?)
            }
            (Dialect::Gemini | Dialect::GeminiArray, false) => gemini::streamed(&[json(text)?]),
            (Dialect::Ollama | Dialect::OllamaGenerate, true) => {
                let lines: Result<Vec<Value>, String> = text.lines().map(json).collect();
                ollama::read(dialect, &lines?)
            }
            (Dialect::Ollama | Dialect::OllamaGenerate, false) => ollama::read(dialect, &[json(text)?]),
        }
    }

    /// Reads a response that must be a good answer.
    pub fn of(dialect: Dialect, streamed: bool, response: &Response) -> Answer {
        assert_eq!(response.status, 200, "{dialect:?}: {}", response.text());
        assert_eq!(response.ended, crate::http::Ended::Complete, "{dialect:?}: {}", response.text());
        Answer::read(dialect, streamed, &response.body)
            .unwrap_or_else(|error| panic!("{dialect:?} streamed={streamed}: {error}\n{}", response.text()))
    }
}

/// One server-sent event.
pub struct Event {
    pub name: Option<String>,
    pub data: String,
}

/// Events of a stream; comments are passed over, a cut last event is an error.
pub fn events(text: &str) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let mut name = None;
    let mut data: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n').trim_end_matches('\r');
        if !line.ends_with('\n') {
            return Err(format!("cut within a line: {bare:?}"));
        }
        if bare.is_empty() {
            if let Some(data) = data.take() {
                events.push(Event { name: name.take(), data });
            }
            name = None;
        } else if let Some(value) = bare.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            data = Some(data.map_or_else(|| value.to_owned(), |before| format!("{before}\n{value}")));
        } else if let Some(value) = bare.strip_prefix("event:") {
            name = Some(value.trim().to_owned());
        } else if !bare.starts_with(':') && !bare.starts_with("id:") && !bare.starts_with("retry:") {
            return Err(format!("no line of an event stream: {bare:?}"));
        }
    }
    if data.is_some() { Err("the last event has no empty line".into()) } else { Ok(events) }
}

fn data_of(text: &str) -> Result<Vec<Value>, String> {
    events(text)?.iter().map(|event| json(&event.data)).collect()
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text:.200}"))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn arguments(call: &Call) -> Result<(), String> {
    serde_json::from_str::<Value>(&call.arguments)
        .map(|_| ())
        .map_err(|error| format!("arguments of {}: {error}: {:?}", call.name, call.arguments))
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
