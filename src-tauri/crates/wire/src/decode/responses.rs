//! OpenAI Responses: items come and are done one by one; the last event repeats everything, but not with every provider.

use super::{Answer, Seen, adopt, append, error, join, string, usage};
use crate::facts::facts;
use crate::json::{self, Span};
use domain::{Dialect, Hash, Role};

#[derive(Debug, Default)]
pub(super) struct State {
    /// The atoms of each done item, by its place in the output.
    items: Vec<(u64, Vec<Hash>)>,
    /// The places of items that are calls, in the order in which they began: a call's index. They may be done in another.
    calls: Vec<u64>,
    /// Where the text of the item under way starts in the answer's.
    text_from: usize,
    calling: bool,
    /// Bytes of arguments of calls that are not done.
    arguments: usize,
}

impl State {
    pub(super) fn building(&self) -> bool {
        self.calling
    }

    pub(super) fn under_way(&self) -> usize {
        self.arguments
    }

    /// In the order of the output, whatever order they were done in.
    pub(super) fn atoms(&mut self) -> Vec<Hash> {
        self.items.sort_by_key(|(place, _)| *place);
        self.items.iter().flat_map(|(_, atoms)| atoms.iter().copied()).collect()
    }

    pub(super) fn event(&mut self, answer: &mut Answer, data: &[u8], root: Span, seen: &mut Seen) {
        let (mut kind, mut place, mut delta) = (None, None, None);
        let (mut item, mut response, mut fault, mut message) = (None, None, None, None);
        for member in json::Members::new(data, root.clone()).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"type" => kind = json::text(data, value),
                b"output_index" => place = json::number(data, value),
                b"delta" => delta = Some(value),
                b"item" => item = Some(value),
                b"response" => response = Some(value),
                b"error" if !json::is_null(data, &value) => fault = Some(value),
                b"message" => message = Some(value),
                _ => {}
            }
        }
        let place = place.unwrap_or(self.items.len() as u64);
        match kind.as_deref().unwrap_or_default() {
            "response.output_text.delta" | "response.refusal.delta" => {
                if self.text_from == answer.text.len() && !answer.text.is_empty() {
                    answer.text.push('\n');
                }
                delta.into_iter().for_each(|at| append(&mut answer.text, data, at));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                delta.into_iter().for_each(|at| append(&mut answer.reasoning, data, at));
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.calling = true;
                self.arguments += delta.map_or(0, |at| at.len());
            }
            "response.output_item.added" => {
                let begun =
                    item.filter(|item| !facts(Dialect::OpenaiResponses, &data[item.clone()], 0).calls.is_empty());
                self.calls.extend(begun.map(|_| place));
            }
            "response.output_item.done" => item.into_iter().for_each(|item| self.done(answer, data, item, place)),
            "response.created" | "response.in_progress" => {
                response.into_iter().for_each(|response| head(answer, data, response));
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                seen.terminal = true;
                if let Some(response) = response {
                    head(answer, data, response.clone());
                    self.output(answer, data, response);
                }
                answer.complete = answer.error.is_none();
            }
            "error" => {
                seen.terminal = true;
                answer.error = Some(error::message(data, fault.or(message).unwrap_or(root)));
            }
            // Compatible hosts send the bare error of an unstreamed answer.
            "" => answer.error = fault.map(|fault| error::message(data, fault)).or(answer.error.take()),
            _ => {}
        }
    }

    /// An item is complete: its own text replaces what its deltas gave.
    fn done(&mut self, answer: &mut Answer, data: &[u8], item: Span, place: u64) {
        let mut said = facts(Dialect::OpenaiResponses, &data[item], place as u32);
        if said.role != Role::Assistant {
            return;
        }
        self.items.push((place, said.atoms.clone()));
        if !said.text.is_empty() {
            answer.text.truncate(self.text_from);
        }
        for mut call in said.calls.drain(..) {
            (self.calling, self.arguments) = (false, 0);
            call.index = self.index(place);
            answer.calls.push(call);
        }
        adopt(answer, said);
        self.text_from = answer.text.len();
    }

    fn index(&mut self, place: u64) -> u32 {
        let known = self.calls.iter().position(|call| *call == place);
        known.unwrap_or_else(|| {
            self.calls.push(place);
            self.calls.len() - 1
        }) as u32
    }

    /// The output at the end, where no item came on its own before.
    fn output(&mut self, answer: &mut Answer, data: &[u8], response: Span) {
        if !self.items.is_empty() {
            return;
        }
        let output = json::member(data, response, "output").and_then(|at| json::Elements::new(data, at));
        for (place, item) in output.into_iter().flatten().enumerate() {
            self.done(answer, data, item, place as u64);
        }
    }
}

/// What the response object says beside its output.
fn head(answer: &mut Answer, data: &[u8], response: Span) {
    let (mut status, mut reason) = (None, None);
    for member in json::Members::new(data, response).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"id" => answer.id = string(data, value),
            b"model" => answer.model = string(data, value).or(answer.model.take()),
            b"status" => status = string(data, value),
            b"incomplete_details" => {
                reason = json::find(data, value, &["reason"]).and_then(|at| string(data, at));
            }
            b"usage" => answer.usage = usage::responses(data, value).or(answer.usage),
            b"error" if !json::is_null(data, &value) => answer.error = Some(error::message(data, value)),
            _ => {}
        }
    }
    answer.finish =
        reason.or(status.filter(|status| status != "in_progress" && status != "queued")).or(answer.finish.take());
}

/// An unstreamed body.
pub(super) fn whole(answer: &mut Answer, state: &mut State, data: &[u8], root: Span) {
    head(answer, data, root.clone());
    let output = json::member(data, root.clone(), "output").and_then(|at| json::Elements::new(data, at));
    for item in output.into_iter().flatten() {
        for list in ["summary", "content"] {
            if crate::facts::string(data, item.clone(), "type").as_deref() != Some("reasoning") {
                continue;
            }
            if let Some(at) = json::member(data, item.clone(), list) {
                join(&mut answer.reasoning, &crate::facts::content_text(data, at));
            }
        }
    }
    state.output(answer, data, root);
}
