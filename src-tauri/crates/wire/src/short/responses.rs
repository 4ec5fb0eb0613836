//! OpenAI Responses: the item under way is closed as far as it came, the note goes on in an open text or gets a message of its own, and
//! `response.incomplete` repeats all of it.

use super::{EndEarly, Ended, behind, sse};
use crate::synth::responses_item;
use bytes::Bytes;
use serde_json::{Value, json};

/// An item as its events built it.
struct Item {
    place: u64,
    item: Value,
    done: bool,
    /// Its text so far, and whether a part of it is open.
    text: String,
    text_open: bool,
    /// Parts of a reasoning's summary, the last of which may be open.
    summary: Vec<String>,
    summary_open: bool,
}

/// What the stream has said.
#[derive(Default)]
struct Course {
    response: Value,
    items: Vec<Item>,
    sequence: u64,
}

impl Course {
    fn of(documents: &[Value]) -> Course {
        let mut course = Course::default();
        for event in documents {
            let kind = event["type"].as_str().unwrap_or_default();
            if let Some(number) = event["sequence_number"].as_u64()
                && kind != "keepalive"
            {
                course.sequence = number + 1;
            }
            if event["response"].is_object() {
                course.response = event["response"].clone();
            }
            course.take(kind, event);
        }
        course
    }

    fn take(&mut self, kind: &str, event: &Value) {
        let place = event["output_index"].as_u64().unwrap_or_default();
        let delta = event["delta"].as_str().unwrap_or_default();
        if kind == "response.output_item.added" {
            let (item, text) = (event["item"].clone(), String::new());
            let (summary, summary_open) = (Vec::new(), false);
            self.items.push(Item { place, item, done: false, text, text_open: false, summary, summary_open });
            return;
        }
        let Some(known) = self.items.iter_mut().rev().find(|item| item.place == place) else { return };
        match kind {
            "response.output_item.done" => (known.item, known.done) = (event["item"].clone(), true),
            "response.content_part.added" => (known.text_open, known.text) = (true, String::new()),
            "response.content_part.done" => {
                known.text_open = false;
                push(&mut known.item, "content", event["part"].clone());
            }
            "response.output_text.delta" | "response.refusal.delta" => known.text.push_str(delta),
            "response.reasoning_summary_part.added" => {
                known.summary.push(String::new());
                known.summary_open = true;
            }
            "response.reasoning_summary_text.delta" => {
                if let Some(last) = known.summary.last_mut() {
                    last.push_str(delta);
                }
            }
            "response.reasoning_summary_part.done" => known.summary_open = false,
            _ => {}
        }
    }
}

fn push(item: &mut Value, list: &str, part: Value) {
    match item.get_mut(list).and_then(Value::as_array_mut) {
        Some(parts) => parts.push(part),
        None => item[list] = json!([part]),
    }
}

/// Writes events one after the other.
struct Pen {
    sequence: u64,
    frames: Vec<Bytes>,
}

impl Pen {
    fn event(&mut self, kind: &str, rest: Value) {
        let mut event = json!({ "type": kind, "sequence_number": self.sequence });
        self.sequence += 1;
        if let (Some(event), Value::Object(rest)) = (event.as_object_mut(), rest) {
            event.extend(rest);
        }
        self.frames.push(sse(Some(kind), &event));
    }

    /// A message's open text ends with `more`.
    fn close_text(&mut self, open: &mut Item, more: &str) {
        let (id, place) = (open.item["id"].clone(), open.place);
        let at = open.item["content"].as_array().map_or(0, Vec::len);
        let of_part = |rest: Value| {
            let mut event = json!({ "item_id": id, "output_index": place, "content_index": at });
            if let (Some(event), Value::Object(rest)) = (event.as_object_mut(), rest) {
                event.extend(rest);
            }
            event
        };
        if !more.is_empty() {
            self.event("response.output_text.delta", of_part(json!({ "delta": more, "logprobs": [] })));
            open.text.push_str(more);
        }
        let part = json!({ "type": "output_text", "annotations": [], "logprobs": [], "text": open.text });
        self.event("response.output_text.done", of_part(json!({ "text": open.text, "logprobs": [] })));
        self.event("response.content_part.done", of_part(json!({ "part": part })));
        push(&mut open.item, "content", part);
        open.text_open = false;
    }

    fn close_summary(&mut self, open: &mut Item) {
        let (id, place) = (open.item["id"].clone(), open.place);
        if let Some(last) = open.summary.last().filter(|_| open.summary_open) {
            let at = open.summary.len() - 1;
            let head = json!({ "item_id": id, "output_index": place, "summary_index": at });
            let (mut text, mut part) = (head.clone(), head);
            text["text"] = last.clone().into();
            part["part"] = json!({ "type": "summary_text", "text": last });
            self.event("response.reasoning_summary_text.done", text);
            self.event("response.reasoning_summary_part.done", part);
        }
        let parts: Vec<Value> =
            open.summary.iter().map(|text| json!({ "type": "summary_text", "text": text })).collect();
        open.item["summary"] = parts.into();
    }

    fn close_item(&mut self, open: &mut Item, status: &str) {
        if open.item.get("status").is_some() {
            open.item["status"] = status.into();
        }
        open.done = true;
        self.event("response.output_item.done", json!({ "output_index": open.place, "item": open.item }));
    }
}

pub(super) fn end(documents: &[Value], ending: &EndEarly<'_>) -> Option<Ended> {
    let mut course = Course::of(documents);
    if !course.response.is_object() {
        return None;
    }
    let mut pen = Pen { sequence: course.sequence, frames: Vec::new() };
    let has_text =
        course.items.iter().any(|item| item.item["type"] == "message" && (item.done || !item.text.is_empty()));
    let note = behind(has_text, ending.note);
    let (mut unfinished, mut noted) = (None, false);
    for open in course.items.iter_mut().filter(|item| !item.done) {
        match open.item["type"].as_str().unwrap_or_default() {
            "message" if open.text_open => {
                pen.close_text(open, &note);
                noted = true;
            }
            "reasoning" => {
                pen.close_summary(open);
                unfinished = Some(open.place);
            }
            _ => {}
        }
        pen.close_item(open, "incomplete");
    }
    let mut output: Vec<Value> = course.items.iter().map(|item| item.item.clone()).collect();
    if !noted {
        let id = course.response["id"].as_str().unwrap_or(ending.id);
        let place = course.items.iter().map(|item| item.place + 1).max().unwrap_or_default();
        let id = format!("msg_{}_{place}", id.trim_start_matches("resp_"));
        let (events, item) = responses_item(&id, &note, false, place, pen.sequence);
        pen.sequence += events.len() as u64;
        pen.frames.extend(events.iter().map(|(kind, data)| Bytes::from(format!("event: {kind}\ndata: {data}\n\n"))));
        output.extend(serde_json::from_str::<Value>(&item));
    }
    let mut response = course.response;
    response["status"] = "incomplete".into();
    response["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    response["output"] = output.into();
    let usage = ending.usage;
    response["usage"] = json!({
        "input_tokens": usage.input, "input_tokens_details": { "cached_tokens": usage.cached },
        "output_tokens": usage.output, "output_tokens_details": { "reasoning_tokens": usage.reasoning },
        "total_tokens": usage.input + usage.output,
    });
    pen.event("response.incomplete", json!({ "response": response }));
    Some(Ended { frames: pen.frames, unfinished })
}
