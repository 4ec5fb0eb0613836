//! Anthropic Messages: a call is a `tool_use` content block. Dropping one takes its block's events out and lowers the later blocks'
//! `index`. A follow-up's `message_start` is swallowed, its blocks follow the first's, and its `message_delta` counts the first's
//! input and both outputs: the agent's own request was the first one.
//!
//! Thinking blocks are never touched. `server_tool_use` and `mcp_tool_use` run at the provider: they are no calls here.

use super::calls::Calls;
use super::pen::Pen;
use super::stream::{Anatomy, Stage, Touches};
use super::sum;
use crate::frames::{Frame, Framing};
use crate::json::{self, quote};
use crate::patch::Patch;
use bytes::Bytes;

pub(super) struct Anthropic {
    pen: Pen,
    stage: Stage,
    follow_up: bool,
    /// Of this response: a tool_use block's index → its call.
    slots: Vec<(u64, u32)>,
    /// Of this response: a block's index → the index that the agent sees.
    places: Vec<(u64, u64)>,
    next_place: u64,
    /// `usage` of the first `message_start`, and of the latest `message_delta` as the agent would have got it.
    start_usage: Option<Bytes>,
    delta_usage: Option<Bytes>,
    /// `message_delta` and `message_stop`, edited, held back for a follow-up.
    tail: Vec<Bytes>,
}

/// What the first request cost; a follow-up's input is not the agent's.
pub(super) const INPUT: [&str; 4] =
    ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation"];
pub(super) const OUTPUT: [&str; 3] = ["output_tokens", "output_tokens_details", "server_tool_use"];

impl Anthropic {
    pub fn new(framing: Framing) -> Self {
        Anthropic {
            pen: Pen::new(framing),
            stage: Stage::Under,
            follow_up: false,
            slots: Vec::new(),
            places: Vec::new(),
            next_place: 0,
            start_usage: None,
            delta_usage: None,
            tail: Vec::new(),
        }
    }

    fn block(&mut self, frame: &Frame, data: &Bytes, begins: bool) -> Option<Bytes> {
        let mut patch = Patch::new(data)?;
        let span = patch.find(&["index"])?;
        let index = json::number(data, span.clone())?;
        if begins {
            self.places.retain(|(from, _)| *from != index);
            self.places.push((index, self.next_place));
            self.next_place += 1;
        }
        let place = self.places.iter().find(|(from, _)| *from == index).map(|(_, to)| *to)?;
        if place == index {
            return None;
        }
        patch.set(span, place.to_string());
        Some(self.pen.edited(frame, &patch.finish()))
    }

    fn message_delta(&mut self, frame: &Frame, data: &Bytes, calls: &Calls) -> Vec<Bytes> {
        let Some(mut patch) = Patch::new(data) else { return vec![self.pen.forward(frame)] };
        if let Some(usage) = patch.find(&["usage"]).filter(|_| self.follow_up) {
            self.count(&mut patch, usage);
        }
        let wanting = calls.none_left(None) && is_stop(&patch, "tool_use");
        if wanting {
            patch.set_found(&["delta", "stop_reason"], r#""end_turn""#);
        }
        let out = if patch.is_empty() {
            self.pen.forward(frame)
        } else {
            let edited = patch.finish();
            let out = self.pen.edited(frame, &edited);
            self.remember(&edited);
            if wanting {
                self.tail.push(out);
                return Vec::new();
            }
            return vec![out];
        };
        self.remember(data);
        vec![out]
    }

    fn remember(&mut self, data: &Bytes) {
        let usage = json::root(data).and_then(|root| json::find(data, root, &["usage"]));
        self.delta_usage = usage.map(|span| data.slice(span)).or(self.delta_usage.take());
    }

    fn count(&self, patch: &mut Patch, usage: json::Span) {
        let doc = patch.doc();
        for key in INPUT {
            let Some(own) = json::member(doc, usage.clone(), key) else { continue };
            let first = [&self.delta_usage, &self.start_usage].into_iter().flatten().find_map(|earlier| {
                let span = json::member(earlier, json::root(earlier)?, key)?;
                Some(earlier.slice(span))
            });
            if let Some(first) = first {
                patch.set(own, first);
            }
        }
        if let Some(earlier) = &self.delta_usage {
            sum::add_members(patch, usage, earlier, &OUTPUT);
        }
    }
}

/// The event's type: its name, else what its data says.
fn kind(frame: &Frame, data: &Bytes) -> Option<String> {
    if let Some(event) = &frame.event {
        return Some(String::from_utf8_lossy(event).into_owned());
    }
    let span = json::member(data, json::root(data)?, "type")?;
    json::text(data, span).map(|text| text.into_owned())
}

fn is_stop(patch: &Patch, reason: &str) -> bool {
    let span = patch.find(&["delta", "stop_reason"]);
    span.and_then(|span| json::text(patch.doc(), span)).is_some_and(|text| text == reason)
}

impl Anatomy for Anthropic {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches {
        let mut touches = Touches::new();
        let Some(data) = &frame.data else { return touches };
        let (Some(kind), Some(root)) = (kind(frame, data), json::root(data)) else { return touches };
        let at = |path: &[&str]| json::find(data, root.clone(), path);
        let text = |path: &[&str]| at(path).and_then(|span| json::text(data, span)).unwrap_or_default();
        let index = at(&["index"]).and_then(|span| json::number(data, span)).unwrap_or_default();
        let slot = |slots: &[(u64, u32)]| slots.iter().rev().find(|(from, _)| *from == index).map(|(_, call)| *call);
        match kind.as_str() {
            "content_block_start" => {
                self.slots.retain(|(from, _)| *from != index);
                if text(&["content_block", "type"]) == "tool_use" {
                    let call = calls.open(0, &text(&["content_block", "id"]), &text(&["content_block", "name"]));
                    let input = at(&["content_block", "input"]).map(|span| &data[span]).unwrap_or_default();
                    if input.len() > 2 {
                        calls.set_arguments(call, &String::from_utf8_lossy(input));
                    }
                    self.slots.push((index, call));
                    touches.push(call);
                }
            }
            "content_block_delta" => {
                if let Some(call) = slot(&self.slots) {
                    calls.grow(call, "", "", &text(&["delta", "partial_json"]));
                    touches.push(call);
                }
            }
            "content_block_stop" => {
                if let Some(call) = slot(&self.slots) {
                    calls.complete(call);
                    touches.push(call);
                }
            }
            "message_stop" => calls.complete_all(None),
            "error" => {
                calls.cut_open();
            }
            _ => {}
        }
        touches
    }

    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(data) = &frame.data else { return vec![self.pen.forward(frame)] };
        if touches.iter().any(|call| calls.is_gone(*call)) {
            return Vec::new();
        }
        let kind = kind(frame, data);
        match kind.as_deref() {
            Some("message_start") if self.follow_up => return Vec::new(),
            Some("message_start") => {
                let usage = json::root(data).and_then(|root| json::find(data, root, &["message", "usage"]));
                self.start_usage = usage.map(|span| data.slice(span));
            }
            Some(kind @ ("content_block_start" | "content_block_delta" | "content_block_stop")) => {
                if let Some(out) = self.block(frame, data, kind == "content_block_start") {
                    return vec![out];
                }
            }
            Some("message_delta") => return self.message_delta(frame, data, calls),
            Some("message_stop") => {
                if !self.tail.is_empty() {
                    self.tail.push(frame.raw.clone());
                    self.stage = Stage::Wanting;
                    return Vec::new();
                }
                self.stage = Stage::Ended;
            }
            Some("error") => self.stage = Stage::Ended,
            _ => {}
        }
        vec![self.pen.forward(frame)]
    }

    fn close(&mut self, _calls: &Calls) -> Vec<Bytes> {
        // Without `message_stop` the stream was cut: a stop that was made for a follow-up must not look like its end.
        self.tail.clear();
        Vec::new()
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn next_leg(&mut self) {
        self.stage = Stage::Under;
        self.follow_up = true;
        self.slots.clear();
        self.places.clear();
        self.tail.clear();
    }

    fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        let index = self.next_place;
        let mut event = |kind: &str, rest: String| {
            self.pen.made(Some(kind), &format!(r#"{{"type":"{kind}","index":{index}{rest}}}"#))
        };
        let mut out = vec![
            event("content_block_start", String::from(r#","content_block":{"type":"text","text":""}"#)),
            event("content_block_delta", format!(r#","delta":{{"type":"text_delta","text":{}}}"#, quote(note))),
            event("content_block_stop", String::new()),
        ];
        self.next_place += 1;
        out.append(&mut self.tail);
        self.stage = Stage::Ended;
        out
    }
}
