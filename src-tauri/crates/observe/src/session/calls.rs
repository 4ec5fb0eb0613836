//! Tool calls that wait for their results. By id where the dialect has ids, else by tool and order.

use crate::prompt;
use domain::{ErrorEvidence, ExchangeId, SessionId, Timestamp, ToolCall, ToolResult, ToolReturned};
use std::collections::VecDeque;

/// More calls than this can wait; the oldest are given up.
const WAITING: usize = 512;

/// A result that a request delivered for the first time.
#[derive(Debug, Clone)]
pub struct Returned {
    pub record: ToolReturned,
    pub tool: String,
    /// As the model wrote them.
    pub arguments: String,
    pub result: ToolResult,
    /// From the end of the response that proposed the call to the request that delivers its result.
    pub elapsed_ms: u64,
}

#[derive(Debug, Default)]
pub(super) struct OpenCalls {
    waiting: VecDeque<OpenCall>,
}

#[derive(Debug)]
struct OpenCall {
    exchange: ExchangeId,
    id: String,
    name: String,
    arguments: String,
    at: Timestamp,
}

impl OpenCalls {
    pub fn opened(&mut self, exchange: ExchangeId, call: &ToolCall, at: Timestamp) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        let ToolCall { id, name, arguments, .. } = call.clone();
        self.waiting.push_back(OpenCall { exchange, id, name, arguments, at });
    }

    /// Whether a result is still to come.
    pub fn any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Links a result to its call and takes the call off the list. `None` for results of calls that this runtime did not serve,
    /// and for results that came before.
    pub fn returned(
        &mut self,
        result: &ToolResult,
        exchange: ExchangeId,
        session: SessionId,
        at: Timestamp,
        has_ids: bool,
    ) -> Option<Returned> {
        // The newest first: an id may come again.
        let place = self.waiting.iter().rposition(|call| call.id == result.call_id);
        let by_order = || {
            let named = |call: &OpenCall| result.name.as_ref().is_none_or(|name| *name == call.name);
            self.waiting.iter().position(named)
        };
        let place = if has_ids { place } else { place.or_else(by_order) }?;
        let call = self.waiting.remove(place)?;
        let record = ToolReturned {
            called_by: call.exchange,
            exchange,
            session,
            call_id: call.id,
            at,
            error: result.error,
            preview: prompt::shorten(first_line(&result.text), 160),
        };
        let elapsed_ms = (at.micros_since(call.at) / 1000) as u64;
        Some(Returned { record, tool: call.name, arguments: call.arguments, result: result.clone(), elapsed_ms })
    }
}

impl Returned {
    /// The result with its tool's name, which most dialects leave out.
    pub fn named(&self) -> ToolResult {
        ToolResult { name: Some(self.tool.clone()), ..self.result.clone() }
    }

    pub fn is_error(&self) -> bool {
        self.result.error.is_some()
    }

    pub(super) fn fails_by_its_text(&mut self) {
        self.result.error = Some(ErrorEvidence::Text);
        self.record.error = self.result.error;
    }

    /// Known by its text alone.
    pub fn is_guessed(&self) -> bool {
        self.result.error == Some(ErrorEvidence::Text)
    }

    /// `tool: first line of the error`.
    pub(super) fn complaint(&self) -> String {
        let text = match self.result.error {
            Some(ErrorEvidence::ErrorField | ErrorEvidence::ExitCode) => message(&self.result.text),
            _ => None,
        };
        let text = text.unwrap_or_else(|| first_line(&self.result.text).to_owned());
        format!("{}: {}", self.tool, prompt::shorten(&text, 200))
    }
}

/// What a JSON result says about its error.
fn message(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let said = [&value["error"]["message"], &value["error"], &value["stderr"], &value["output"], &value["message"]];
    let said = said.into_iter().find_map(|value| value.as_str().filter(|text| !text.trim().is_empty()))?;
    Some(first_line(said).to_owned())
}

fn first_line(text: &str) -> &str {
    // Codex puts a head of its own before what a command said.
    let said = text.split_once("\nOutput:\n").map(|(_, said)| said).filter(|said| !said.trim().is_empty());
    let text = said.filter(|_| text.starts_with("Chunk ID: ")).unwrap_or(text);
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}
