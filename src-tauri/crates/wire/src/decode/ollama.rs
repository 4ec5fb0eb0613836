//! Ollama, chat and generate: every line has the form of a whole response.

use super::{Answer, Seen, append, error, string, usage};
use crate::facts::{facts, made_id};
use crate::json::{self, Span};
use domain::{Dialect, ToolCall};

pub(super) fn chunk(answer: &mut Answer, data: &[u8], root: Span, position: u32, seen: &mut Seen) {
    for member in json::Members::new(data, root.clone()).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"model" => answer.model = string(data, value).or(answer.model.take()),
            b"message" => message(answer, data, value, position),
            b"response" => append(&mut answer.text, data, value),
            b"thinking" => append(&mut answer.reasoning, data, value),
            b"done_reason" => answer.finish = string(data, value).or(answer.finish.take()),
            b"error" if !json::is_null(data, &value) => answer.error = Some(error::message(data, value)),
            b"done" if &data[value.clone()] == b"true" => {
                answer.complete = true;
                seen.terminal = true;
            }
            _ => {}
        }
    }
    if seen.terminal {
        answer.usage = usage::ollama(data, root).or(answer.usage);
        answer.finish.get_or_insert_with(|| "stop".to_owned());
    }
}

fn message(answer: &mut Answer, data: &[u8], message: Span, position: u32) {
    for member in json::Members::new(data, message.clone()).into_iter().flatten() {
        match &data[member.key] {
            b"content" => append(&mut answer.text, data, member.value),
            b"thinking" => append(&mut answer.reasoning, data, member.value),
            b"tool_calls" if !json::is_null(data, &member.value) => {
                for call in facts(Dialect::Ollama, &data[message.clone()], position).calls {
                    let index = answer.calls.len() as u32;
                    let made = call.id == made_id(position, call.index);
                    let id = if made { made_id(position, index) } else { call.id };
                    answer.calls.push(ToolCall { id, index, ..call });
                }
            }
            _ => {}
        }
    }
}
