//! Where edits land among the agent's messages.

use super::{marks, result_messages, span_bytes, with_results};
use crate::Request;
use crate::json::{self, Span};
use bytes::Bytes;
use domain::{ContextEdit, Dialect};

/// A result: the call's id, its tool, its text.
type Returned = (String, String, String);

/// One message of the edited request.
pub(super) enum Slot {
    /// The agent's own, in `with`'s spelling where an edit put results into it.
    Own {
        at: usize,
        with: Option<Bytes>,
    },
    New(Bytes),
}

/// The messages in their new order.
pub(super) fn slots(request: &Request, edits: &[&ContextEdit]) -> Vec<Slot> {
    slots_of(request.dialect, &request.body, &request.messages, edits)
}

pub(super) fn slots_of(dialect: Dialect, body: &Bytes, messages: &[Span], edits: &[&ContextEdit]) -> Vec<Slot> {
    let count = messages.len();
    let mut replaced = vec![false; count];
    let mut owns: Vec<Option<Bytes>> = vec![None; count];
    // What comes before the agent's message of that place (or at the end).
    let mut before: Vec<Vec<Bytes>> = vec![Vec::new(); count + 1];
    // Results that join those of the agent's message at a place, whichever edit has rewritten that message.
    let mut joins: Vec<(usize, &Vec<Returned>)> = Vec::new();
    for edit in edits {
        let end = (edit.at as usize).min(count);
        let start = end.saturating_sub(edit.replaces as usize);
        if replaced[start..end].contains(&true) {
            continue;
        }
        replaced[start..end].fill(true);
        let mut place = start;
        if edit.replaces == 0 {
            // An inserted message must not part calls from their results.
            while messages.get(place).is_some_and(|span| has_results(dialect, &body[span.clone()])) {
                place += 1;
            }
        }
        let own: Vec<Bytes> = messages[start..end].iter().map(|span| span_bytes(body, span)).collect();
        before[place].extend(marks::carried(&edit.messages, &own));
        if edit.results.is_empty() {
            continue;
        }
        let next = messages.get(end).map(|span| span_bytes(body, span));
        match next.and_then(|message| with_results(dialect, &message, &edit.results)) {
            Some(_) => joins.push((end, &edit.results)),
            // After what the edit itself puts there, before the agent's own results.
            None => before[place].extend(result_messages(dialect, &edit.messages, &edit.results)),
        }
    }
    for (place, results) in joins {
        let own = (!replaced[place]).then(|| owns[place].clone().unwrap_or_else(|| span_bytes(body, &messages[place])));
        match own {
            Some(own) => owns[place] = with_results(dialect, &own, results),
            None => {
                let join = |message: &mut Bytes| match with_results(dialect, message, results) {
                    Some(joined) => {
                        *message = joined;
                        true
                    }
                    None => false,
                };
                before[place].iter_mut().any(join);
            }
        }
    }
    let mut slots = Vec::with_capacity(count + edits.len());
    for (at, new) in before.into_iter().enumerate() {
        slots.extend(new.into_iter().map(Slot::New));
        if at < count && !replaced[at] {
            slots.push(Slot::Own { at, with: owns[at].take() });
        }
    }
    slots
}

/// Whether a message brings results of calls.
pub(super) fn has_results(dialect: Dialect, message: &[u8]) -> bool {
    let Some(root) = json::root(message) else { return false };
    let text = |at: Span, key: &str| {
        json::member(message, at, key).and_then(|span| json::text(message, span)).unwrap_or_default().into_owned()
    };
    let list = |key: &str| {
        let list = json::member(message, root.clone(), key).and_then(|array| json::elements(message, array));
        list.unwrap_or_default()
    };
    match dialect {
        Dialect::OpenaiChat | Dialect::Ollama => matches!(text(root, "role").as_str(), "tool" | "function"),
        Dialect::OpenaiResponses => text(root, "type").ends_with("_call_output"),
        Dialect::Anthropic => list("content").into_iter().any(|block| text(block, "type") == "tool_result"),
        Dialect::Gemini => {
            list("parts").into_iter().any(|part| json::member(message, part, "functionResponse").is_some())
        }
    }
}
