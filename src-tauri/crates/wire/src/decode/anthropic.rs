//! Anthropic Messages.

use super::calls::Building;
use super::{Answer, Seen, adopt, append, error, string, usage};
use crate::facts::facts;
use crate::json::{self, Span};
use domain::Dialect;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Tool uses whose block has not ended.
    calls: Vec<Building>,
    counts: usage::AnthropicCounts,
}

impl State {
    pub(super) fn building(&self) -> bool {
        !self.calls.is_empty()
    }

    pub(super) fn under_way(&self) -> usize {
        self.calls.iter().map(|call| call.arguments.len()).sum()
    }

    pub(super) fn event(&mut self, answer: &mut Answer, data: &[u8], root: Span, seen: &mut Seen) {
        let (mut kind, mut index, mut inner) = (None, 0, None);
        let mut counts = None;
        for member in json::Members::new(data, root).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"type" => kind = json::text(data, value),
                b"index" => index = json::number(data, value).unwrap_or(0),
                b"delta" | b"content_block" | b"message" | b"error" => inner = Some(value),
                b"usage" => counts = Some(value),
                _ => {}
            }
        }
        if let Some(counts) = counts {
            self.count(answer, data, counts);
        }
        match (kind.as_deref(), inner) {
            (Some("message_start"), Some(message)) => self.start(answer, data, message),
            (Some("content_block_start"), Some(block)) => self.block(answer, data, block, index),
            (Some("content_block_delta"), Some(delta)) => self.delta(answer, data, delta, index),
            (Some("content_block_stop"), _) => self.stop(answer, index),
            (Some("message_delta"), Some(delta)) => {
                let reason = json::member(data, delta, "stop_reason").and_then(|at| string(data, at));
                answer.finish = reason.or_else(|| answer.finish.take());
            }
            (Some("message_stop"), _) => {
                answer.complete = true;
                seen.terminal = true;
            }
            (Some("error"), Some(value)) => {
                answer.error = Some(error::message(data, value));
                seen.terminal = true;
            }
            _ => {}
        }
    }

    fn start(&mut self, answer: &mut Answer, data: &[u8], message: Span) {
        for member in json::Members::new(data, message).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"id" => answer.id = string(data, value),
                b"model" => answer.model = string(data, value),
                b"usage" => self.count(answer, data, value),
                _ => {}
            }
        }
    }

    fn count(&mut self, answer: &mut Answer, data: &[u8], value: Span) {
        self.counts.merge(data, value);
        answer.usage = self.counts.usage().or(answer.usage);
    }

    fn block(&mut self, answer: &mut Answer, data: &[u8], block: Span, index: u64) {
        let mut call = Building { key: index, ..Building::default() };
        let (mut kind, mut text) = (None, None);
        for member in json::Members::new(data, block).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"type" => kind = json::text(data, value),
                b"text" => text = json::text(data, value),
                b"id" => append(&mut call.id, data, value),
                b"name" => append(&mut call.name, data, value),
                // Usually empty; the input comes as deltas.
                b"input" if data[value.clone()].iter().filter(|byte| !byte.is_ascii_whitespace()).count() > 2 => {
                    call.arguments = String::from_utf8_lossy(&data[value]).into_owned();
                }
                _ => {}
            }
        }
        match kind.as_deref() {
            Some("text") => {
                if !answer.text.is_empty() {
                    answer.text.push('\n');
                }
                answer.text.push_str(&text.unwrap_or_default());
            }
            Some("tool_use") => self.calls.push(call),
            _ => {}
        }
    }

    fn delta(&mut self, answer: &mut Answer, data: &[u8], delta: Span, index: u64) {
        for member in json::Members::new(data, delta).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"text" => append(&mut answer.text, data, value),
                b"thinking" => append(&mut answer.reasoning, data, value),
                b"partial_json" => {
                    if let Some(call) = self.calls.iter_mut().find(|call| call.key == index) {
                        append(&mut call.arguments, data, value);
                    }
                }
                _ => {}
            }
        }
    }

    fn stop(&mut self, answer: &mut Answer, index: u64) {
        if let Some(place) = self.calls.iter().position(|call| call.key == index) {
            let mut call = self.calls.remove(place);
            if call.arguments.is_empty() {
                call.arguments.push_str("{}");
            }
            let index = answer.calls.len() as u32;
            answer.calls.push(call.complete(index, String::new));
        }
    }
}

/// An unstreamed body: it is the assistant's message itself.
pub(super) fn whole(answer: &mut Answer, data: &[u8], root: Span, position: u32) {
    for member in json::Members::new(data, root.clone()).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"id" => answer.id = string(data, value),
            b"model" => answer.model = string(data, value),
            b"stop_reason" => answer.finish = string(data, value),
            b"usage" => answer.usage = usage::anthropic(data, value),
            b"content" => {
                for block in json::Elements::new(data, value).into_iter().flatten() {
                    if let Some(thought) = json::member(data, block, "thinking") {
                        append(&mut answer.reasoning, data, thought);
                    }
                }
            }
            _ => {}
        }
    }
    adopt(answer, facts(Dialect::Anthropic, &data[root], position));
}
