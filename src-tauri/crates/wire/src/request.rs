//! Requests: where a body keeps its messages, system prompt and tools, and the few settings that observing and acting need. The body
//! itself stays as it came; a message is a span of it. It must not know what a message says (that is `facts`).

mod read;

use crate::json::{self, Span};
use crate::{Operation, Route, WireError};
use bytes::Bytes;
use domain::Dialect;

/// One request to a model, indexed by one scan.
#[derive(Debug, Clone)]
pub struct Request {
    pub dialect: Dialect,
    pub operation: Operation,
    /// Without any `Content-Encoding`.
    pub body: Bytes,
    /// From the body; Gemini: from the path. Empty where neither names one.
    pub model: String,
    pub stream: bool,
    /// Gemini: the stream is a JSON array, no SSE.
    pub array: bool,
    /// Each message, item or content; a lone string or object counts as one.
    pub messages: Vec<Span>,
    /// With its brackets; `None` where the messages are one string (Responses `input: "…"`, Ollama `prompt`) or one object.
    pub messages_array: Option<Span>,
    /// `system`, `instructions` or `systemInstruction`, where the dialect keeps it apart from the messages.
    pub system: Option<Span>,
    pub tools: Option<Span>,
    pub tool_names: Vec<String>,
    pub max_output_tokens: Option<u64>,
    /// How many answers it asks for at once (`n`, `candidateCount`), each of them up to the maximum.
    pub choices: u64,
    /// History that the provider holds: the response or conversation that this request goes on from.
    pub previous_response: Option<String>,
    /// The client's session as the body tells it (`prompt_cache_key`, the session in Anthropic's `metadata.user_id`).
    pub session_hint: Option<String>,
    /// A format with a schema is asked for: evidence of a side call.
    pub json_schema: bool,
    /// Chat: `stream_options.include_usage`.
    pub include_usage: Option<bool>,
}

impl Request {
    /// The bytes of message `place`, from 0; empty where there is none.
    pub fn message(&self, place: usize) -> &[u8] {
        self.messages.get(place).map_or(&[], |span| &self.body[span.clone()])
    }
}

/// Indexes a request's body. An error means that the body is no JSON object: it is forwarded untouched and recorded as unreadable.
pub fn parse(route: &Route, body: Bytes) -> Result<Request, WireError> {
    let start = json::blank(&body, 0);
    let mut request = Request {
        dialect: route.dialect,
        operation: route.operation,
        body: body.clone(),
        model: route.model.clone().unwrap_or_default(),
        // Ollama streams unless told otherwise.
        stream: route.stream.unwrap_or(route.dialect == Dialect::Ollama),
        array: route.array,
        messages: Vec::new(),
        messages_array: None,
        system: None,
        tools: None,
        tool_names: Vec::new(),
        max_output_tokens: None,
        choices: 1,
        previous_response: None,
        session_hint: None,
        json_schema: false,
        include_usage: None,
    };
    let mut members = json::Members::new(&body, start..body.len()).ok_or(WireError::NotJson)?;
    while let Some((key, at)) = members.key() {
        let key = json::unescape(&body[key]);
        // The messages are most of the body: they are walked once, and tell where their array ends.
        let mut elements = Vec::new();
        let mut walk = json::Elements::new(&body, at..body.len()).filter(|_| read::holds_messages(route.dialect, &key));
        let end = match &mut walk {
            Some(walk) => {
                elements.extend(walk.by_ref());
                walk.end()
            }
            None => json::value_end(&body, at),
        };
        let end = end.ok_or(WireError::NotJson)?;
        members.leave(end);
        if walk.is_some() {
            (request.messages, request.messages_array) = (elements, Some(at..end));
        } else {
            read::member(&mut request, &key, at..end);
        }
    }
    if members.end().map(|end| json::blank(&body, end)) != Some(body.len()) {
        return Err(WireError::NotJson);
    }
    if let Some(tools) = request.tools.clone() {
        request.tool_names = read::tool_names(&body, tools);
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
