//! Gemini: every chunk has the form of a whole response.

use super::{Answer, append, error, string, usage};
use crate::facts::{facts, made_id};
use crate::json::{self, Span};
use domain::{Dialect, ToolCall};

pub(super) fn chunk(answer: &mut Answer, data: &[u8], root: Span, position: u32) {
    for member in json::Members::new(data, root).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"candidates" => {
                if let Some(first) = json::Elements::new(data, value).and_then(|mut all| all.next()) {
                    candidate(answer, data, first, position);
                }
            }
            b"usageMetadata" | b"usage_metadata" => answer.usage = usage::gemini(data, value).or(answer.usage),
            b"modelVersion" | b"model_version" => answer.model = string(data, value).or(answer.model.take()),
            b"responseId" | b"response_id" => answer.id = string(data, value).or(answer.id.take()),
            b"promptFeedback" | b"prompt_feedback" => {
                let reason = json::find(data, value, &["blockReason"]).and_then(|at| string(data, at));
                answer.finish = reason.or(answer.finish.take());
            }
            b"error" if !json::is_null(data, &value) => answer.error = Some(error::message(data, value)),
            _ => {}
        }
    }
}

fn candidate(answer: &mut Answer, data: &[u8], candidate: Span, position: u32) {
    for member in json::Members::new(data, candidate).into_iter().flatten() {
        let value = member.value;
        match &data[member.key] {
            b"content" => {
                let parts = json::member(data, value, "parts").and_then(|at| json::Elements::new(data, at));
                parts.into_iter().flatten().for_each(|part| self::part(answer, data, part, position));
            }
            b"finishReason" | b"finish_reason" => answer.finish = string(data, value).or(answer.finish.take()),
            _ => {}
        }
    }
}

fn part(answer: &mut Answer, data: &[u8], part: Span, position: u32) {
    let thought = json::member(data, part.clone(), "thought").is_some_and(|at| &data[at] == b"true");
    if thought {
        json::member(data, part, "text").into_iter().for_each(|at| append(&mut answer.reasoning, data, at));
        return;
    }
    let said = facts(Dialect::Gemini, &data[part], position);
    // Parts of a stream are pieces of one text.
    answer.text.push_str(&said.text);
    for call in said.calls {
        let index = answer.calls.len() as u32;
        let made = call.id == made_id(position, call.index);
        let id = if made { made_id(position, index) } else { call.id };
        answer.calls.push(ToolCall { id, index, ..call });
    }
}
