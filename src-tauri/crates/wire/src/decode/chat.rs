//! OpenAI Chat Completions, and the hosts that are compatible with it in their own ways.

use super::calls::Building;
use super::{Answer, Seen, adopt, append, error, object, string, usage};
use crate::facts::{content_text, facts, made_id};
use crate::json::{self, Span};
use domain::Dialect;

/// Calls under way: they are complete when the stop reason comes, since deltas of several may interleave.
#[derive(Debug, Default)]
pub(super) struct State {
    calls: Vec<Building>,
}

impl State {
    pub(super) fn building(&self) -> bool {
        !self.calls.is_empty()
    }

    pub(super) fn under_way(&self) -> usize {
        self.calls.iter().map(|call| call.arguments.len()).sum()
    }

    pub(super) fn chunk(&mut self, answer: &mut Answer, data: &[u8], root: Span, position: u32, seen: &mut Seen) {
        let (mut empty, mut counted) = (true, false);
        for member in json::Members::new(data, root).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"id" if answer.id.is_none() => answer.id = string(data, value),
                b"model" if answer.model.is_none() => {
                    answer.model = string(data, value).filter(|name| !name.is_empty())
                }
                b"choices" => {
                    for choice in json::Elements::new(data, value).into_iter().flatten() {
                        empty = false;
                        self.choice(answer, data, choice);
                    }
                }
                b"usage" if object(data, &value) => {
                    counted = true;
                    answer.usage = usage::chat(data, value).or(answer.usage);
                }
                b"x_groq" => {
                    if let Some(value) = json::member(data, value, "usage") {
                        answer.usage = usage::chat(data, value).or(answer.usage);
                    }
                }
                b"error" if !json::is_null(data, &value) => answer.error = Some(error::message(data, value)),
                _ => {}
            }
        }
        seen.usage_only = empty && counted;
        if answer.finish.is_some() {
            self.finish_calls(answer, position);
        }
    }

    /// Only the first choice becomes part of a conversation.
    fn choice(&mut self, answer: &mut Answer, data: &[u8], choice: Span) {
        let (mut first, mut delta, mut finish) = (true, None, None);
        for member in json::Members::new(data, choice).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"index" => first = matches!(&data[value], b"0" | b"null"),
                b"delta" => delta = Some(value),
                b"finish_reason" => finish = string(data, value).filter(|reason| !reason.is_empty()),
                b"usage" if object(data, &value) => answer.usage = usage::chat(data, value).or(answer.usage),
                _ => {}
            }
        }
        if !first {
            return;
        }
        for member in delta.and_then(|value| json::Members::new(data, value)).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"content" if data[value.start] == b'[' => answer.text.push_str(&content_text(data, value)),
                b"content" | b"refusal" => append(&mut answer.text, data, value),
                b"reasoning_content" | b"reasoning" => append(&mut answer.reasoning, data, value),
                b"tool_calls" => {
                    for call in json::Elements::new(data, value).into_iter().flatten() {
                        self.piece(data, call);
                    }
                }
                b"function_call" if object(data, &value) => self.function(data, value, 0, None),
                _ => {}
            }
        }
        answer.finish = finish.or_else(|| answer.finish.take());
    }

    fn piece(&mut self, data: &[u8], call: Span) {
        let (mut index, mut id, mut function, mut custom) = (None, None, None, None);
        for member in json::Members::new(data, call).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"index" => index = json::number(data, value),
                b"id" => id = string(data, value).filter(|id| !id.is_empty()),
                b"function" => function = Some(value),
                b"custom" => custom = Some(value),
                _ => {}
            }
        }
        // Hosts that send whole calls leave the index out, or count every call as 0: another id is another call.
        let last = self.calls.last().map_or(0, |call| call.key);
        let mut key = index.unwrap_or(last);
        let other = |call: &Building| id.as_ref().is_some_and(|id| !call.id.is_empty() && call.id != *id);
        if self.calls.iter().rev().find(|call| call.key == key).is_some_and(other) {
            key = last + 1;
        }
        match function.or(custom) {
            Some(function) => self.function(data, function, key, id),
            None => self.at(key, id).arguments.push_str(""),
        }
    }

    fn function(&mut self, data: &[u8], function: Span, key: u64, id: Option<String>) {
        let call = self.at(key, id);
        for member in json::Members::new(data, function).into_iter().flatten() {
            let value = member.value;
            match &data[member.key] {
                b"name" => append(&mut call.name, data, value),
                b"arguments" | b"input" if object(data, &value) => {
                    call.arguments.push_str(&String::from_utf8_lossy(&data[value]));
                }
                b"arguments" | b"input" => append(&mut call.arguments, data, value),
                _ => {}
            }
        }
    }

    fn at(&mut self, key: u64, id: Option<String>) -> &mut Building {
        let place = self.calls.iter().rposition(|call| call.key == key).unwrap_or_else(|| {
            self.calls.push(Building { key, ..Building::default() });
            self.calls.len() - 1
        });
        let call = &mut self.calls[place];
        if let Some(id) = id {
            call.id = id;
        }
        call
    }

    /// Every call that has come is whole now.
    pub(super) fn finish_calls(&mut self, answer: &mut Answer, position: u32) {
        for call in self.calls.drain(..) {
            let index = answer.calls.len() as u32;
            answer.calls.push(call.complete(index, || made_id(position, index)));
        }
    }
}

/// An unstreamed body.
pub(super) fn whole(answer: &mut Answer, data: &[u8], root: Span, position: u32) {
    for member in json::Members::new(data, root).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"id" => answer.id = string(data, value),
            b"model" => answer.model = string(data, value),
            b"usage" => answer.usage = usage::chat(data, value),
            b"choices" => {
                let Some(choice) = json::Elements::new(data, value).and_then(|mut all| all.next()) else { continue };
                answer.finish = json::member(data, choice.clone(), "finish_reason").and_then(|at| string(data, at));
                let Some(message) = json::member(data, choice, "message") else { continue };
                for key in ["reasoning_content", "reasoning"] {
                    if answer.reasoning.is_empty() {
                        let at = json::member(data, message.clone(), key);
                        answer.reasoning = at.and_then(|at| string(data, at)).unwrap_or_default();
                    }
                }
                adopt(answer, facts(Dialect::OpenaiChat, &data[message], position));
            }
            _ => {}
        }
    }
}
