//! OpenAI Chat Completions: a call's pieces come in `delta.tool_calls`, told apart by `index`. A call is complete when the next one
//! starts (and its arguments are whole: calls may interleave) or the choice finishes. A follow-up's chunks take the first's `id`,
//! `created` and `model`; usage is added up.
//!
//! With several choices nothing is continued: a choice without calls then simply stops.

use super::calls::Calls;
use super::pen::Pen;
use super::stream::{Anatomy, Stage, Touches};
use super::sum;
use crate::facts::{arguments, string};
use crate::frames::{Frame, Framing};
use crate::json::{self, Span, quote};
use crate::patch::Patch;
use bytes::Bytes;

/// The slot of the deprecated single `function_call`.
const OLD_CALL: u64 = u64::MAX;

/// What every chunk of one response repeats.
const HEAD: [&str; 4] = ["id", "created", "model", "system_fingerprint"];

pub(super) struct Chat {
    pen: Pen,
    stage: Stage,
    follow_up: bool,
    /// Of this response: (choice, index) → call.
    slots: Vec<(u32, u64, u32)>,
    /// The first response's head values, in the order of `HEAD`.
    head: [Option<Bytes>; 4],
    several: bool,
    /// The agent has got a role, and some text.
    has_role: bool,
    has_text: bool,
    /// The follow-up's first text must be set off from the first's.
    joint: bool,
    /// A finish reason has left.
    finished: bool,
    /// Usage of all responses so far, this one's included once it came.
    usage: Option<Bytes>,
    earlier_usage: Option<Bytes>,
    /// From the finishing chunk on, edited, held back for a follow-up.
    tail: Vec<Bytes>,
}

impl Chat {
    pub fn new(framing: Framing) -> Self {
        Chat {
            pen: Pen::new(framing),
            stage: Stage::Under,
            follow_up: false,
            slots: Vec::new(),
            head: [const { None }; 4],
            several: false,
            has_role: false,
            has_text: false,
            joint: false,
            finished: false,
            usage: None,
            earlier_usage: None,
            tail: Vec::new(),
        }
    }

    fn read_choice(&mut self, data: &Bytes, choice: Span, calls: &mut Calls, touches: &mut Touches) {
        let group = number(data, choice.clone(), "index").unwrap_or_default() as u32;
        self.several |= group > 0;
        for entry in entries(data, choice.clone()) {
            let index = number(data, entry.clone(), "index");
            let piece = piece(data, &entry);
            let mine = self.slots.iter().rev().filter(|(choice, ..)| *choice == group);
            let latest = mine.clone().next().copied();
            let known = match index {
                // Some hosts count every call as 0: another id is another call.
                Some(index) => mine
                    .clone()
                    .find(|(_, at, _)| *at == index)
                    .map(|(.., call)| *call)
                    .filter(|call| piece.id.is_empty() || calls.id(*call).is_empty() || calls.id(*call) == piece.id),
                // A host that leaves indices out sends each call whole, or goes on with the latest.
                None if piece.id.is_empty() && piece.name.is_empty() => latest.map(|(.., call)| call),
                None => None,
            };
            let call = known.unwrap_or_else(|| {
                let next = latest.map_or(0, |(_, at, _)| at + 1);
                let call = calls.open(group, &piece.id, "");
                self.slots.push((group, index.unwrap_or(next), call));
                call
            });
            calls.grow(call, &piece.id, &piece.name, &piece.arguments);
            touches.push(call);
        }
        if let Some(function) = old_call(data, choice.clone()) {
            let known =
                self.slots.iter().find(|(at, index, _)| (*at, *index) == (group, OLD_CALL)).map(|(.., call)| *call);
            let call = known.unwrap_or_else(|| {
                let call = calls.open(group, "", "");
                self.slots.push((group, OLD_CALL, call));
                call
            });
            let piece = spelled(data, function);
            calls.grow(call, "", &piece.name, &piece.arguments);
            touches.push(call);
        }
        let finished = json::member(data, choice, "finish_reason").is_some_and(|span| !json::is_null(data, &span));
        if finished {
            calls.complete_all(Some(group));
        } else if !touches.is_empty() {
            self.complete_earlier(group, calls);
        }
    }

    /// Calls before the latest of a choice are complete once their arguments are one JSON value.
    fn complete_earlier(&self, group: u32, calls: &mut Calls) {
        let mine: Vec<u32> =
            self.slots.iter().filter(|(choice, ..)| *choice == group).map(|(.., call)| *call).collect();
        for call in mine.iter().rev().skip(1) {
            let arguments = calls.arguments(*call);
            if arguments.trim_end().ends_with('}') && json::root(arguments.as_bytes()).is_some() {
                calls.complete(*call);
            }
        }
    }

    /// Makes the chunk one of the first response's.
    fn join(&mut self, patch: &mut Patch) {
        for (place, key) in HEAD.iter().enumerate() {
            let own = patch.present(&[key]);
            if !self.follow_up {
                let seen = &mut self.head[place];
                *seen = seen.take().or_else(|| own.map(|span| patch.bytes(span)));
            } else if let (Some(own), Some(first)) = (own, self.head[place].clone()) {
                patch.set(own, first);
            }
        }
        if let (Some(usage), Some(earlier)) = (patch.present(&["usage"]), &self.earlier_usage) {
            sum::add(patch, usage, earlier);
        }
    }

    /// Edits one choice's delta: dropped calls out, later ones renumbered. True: something of it is left to say.
    fn write_choice(&mut self, patch: &mut Patch, choice: Span, touches: &mut &[u32], calls: &Calls) -> bool {
        let doc = patch.doc();
        let Some(delta) = json::member(doc, choice.clone(), "delta") else { return true };
        let entries = entries(doc, choice.clone());
        let old_call = old_call(doc, choice);
        let (mine, rest) = touches.split_at((entries.len() + usize::from(old_call.is_some())).min(touches.len()));
        *touches = rest;
        let (mine, old) = mine.split_at(entries.len().min(mine.len()));
        let mut left = false;
        let gone = mine.iter().filter(|call| calls.is_gone(**call)).count();
        let mut out: Vec<&str> = Vec::new();
        let old_gone = old.iter().any(|call| calls.is_gone(*call));
        if old_gone {
            out.push("function_call");
        }
        if gone > 0 && gone == entries.len() {
            out.push("tool_calls");
        } else if let Some(array) = json::member(doc, delta.clone(), "tool_calls").filter(|_| !entries.is_empty()) {
            left = true;
            patch.remove_elements(array, |place| mine.get(place).is_some_and(|call| calls.is_gone(*call)));
            for (entry, call) in entries.iter().zip(mine) {
                let sinks = u64::from(calls.sinks(*call));
                let index = json::member(doc, entry.clone(), "index");
                if let (1.., Some(span)) = (sinks, index.filter(|_| !calls.is_gone(*call))) {
                    let index = json::number(doc, span.clone()).unwrap_or_default();
                    patch.set(span, index.saturating_sub(sinks).to_string());
                }
            }
        }
        let members = json::members(doc, delta.clone()).unwrap_or_default();
        for member in &members {
            let key = json::unescape(&doc[member.key.clone()]);
            let said = !matches!(&doc[member.value.clone()], b"null" | b"\"\"" | b"[]");
            match &*key {
                "tool_calls" => {}
                "function_call" if old_gone => {}
                // Accumulators append strings: a second role would make it "assistantassistant".
                "role" if self.has_role && self.follow_up => out.push("role"),
                "role" => {
                    left |= !self.has_role;
                    self.has_role = true;
                }
                "content" if said => {
                    left = true;
                    self.has_text = true;
                    if std::mem::take(&mut self.joint) {
                        patch.prepend_text(member.value.clone(), "\n\n");
                    }
                }
                _ => left |= said,
            }
        }
        patch.remove(delta, &out);
        left || (gone == 0 && !old_gone)
    }

    fn chunk(&mut self, frame: &Frame, data: &Bytes, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(mut patch) = Patch::new(data) else { return vec![self.pen.forward(frame)] };
        self.join(&mut patch);
        let choices = patch.find(&["choices"]).and_then(|array| json::elements(data, array)).unwrap_or_default();
        let usage = patch.present(&["usage"]);
        let mut says = choices.is_empty() || usage.is_some();
        let mut rest = touches;
        let mut wanting = false;
        for choice in &choices {
            says |= self.write_choice(&mut patch, choice.clone(), &mut rest, calls);
            let Some(finish) = json::member(data, choice.clone(), "finish_reason") else { continue };
            says |= !json::is_null(data, &finish);
            let group = number(data, choice.clone(), "index").unwrap_or_default() as u32;
            self.finished |= !json::is_null(data, &finish);
            let for_calls = matches!(&data[finish.clone()], br#""tool_calls""# | br#""function_call""#);
            if for_calls && calls.none_left(Some(group)) {
                wanting = !self.several && choices.len() == 1;
                patch.set(finish, r#""stop""#);
            }
        }
        let edited = patch.finish();
        if let Some(usage) = json::root(&edited).and_then(|root| json::find(&edited, root, &["usage"]))
            && !json::is_null(&edited, &usage)
        {
            self.usage = Some(edited.slice(usage));
        }
        if wanting || !self.tail.is_empty() {
            return self.hold(frame, edited);
        }
        if !says {
            return Vec::new();
        }
        vec![if edited == *data { self.pen.forward(frame) } else { self.pen.edited(frame, &edited) }]
    }

    /// Holds the finishing chunk and those after it; what the finishing chunk still says goes out before.
    fn hold(&mut self, frame: &Frame, edited: Bytes) -> Vec<Bytes> {
        let mut out = Vec::new();
        let mut held = edited.clone();
        if let (Some(mut ahead), Some(mut last)) = (Patch::new(&edited), Patch::new(&edited)) {
            let delta = ahead.find(&["choices", "0", "delta"]);
            let said = delta.clone().and_then(|delta| json::members(&edited, delta)).unwrap_or_default();
            if said.iter().any(|member| !matches!(&edited[member.value.clone()], b"null" | b"\"\"" | b"[]")) {
                ahead.set_found(&["choices", "0", "finish_reason"], "null");
                ahead.set_found(&["usage"], "null");
                out.push(self.pen.edited(frame, &ahead.finish()));
                if let Some(delta) = delta {
                    last.set(delta, "{}");
                    held = last.finish();
                }
            }
        }
        self.tail.push(self.pen.edited(frame, &held));
        out
    }
}

fn number(data: &Bytes, object: Span, key: &str) -> Option<u64> {
    json::member(data, object, key).and_then(|span| json::number(data, span))
}

fn entries(data: &Bytes, choice: Span) -> Vec<Span> {
    let array = json::find(data, choice, &["delta", "tool_calls"]);
    array.and_then(|array| json::elements(data, array)).unwrap_or_default()
}

/// The deprecated single call.
fn old_call(data: &Bytes, choice: Span) -> Option<Span> {
    json::find(data, choice, &["delta", "function_call"]).filter(|span| data[span.start] == b'{')
}

/// What one delta adds to a call.
#[derive(Default)]
struct Piece {
    id: String,
    name: String,
    arguments: String,
}

fn piece(data: &Bytes, entry: &Span) -> Piece {
    let function = ["function", "custom"].iter().find_map(|key| json::member(data, entry.clone(), key));
    let spelled = function.map(|function| spelled(data, function)).unwrap_or_default();
    Piece { id: string(data, entry.clone(), "id").unwrap_or_default(), ..spelled }
}

fn spelled(data: &Bytes, function: Span) -> Piece {
    let given = ["arguments", "input"].iter().find_map(|key| json::member(data, function.clone(), key));
    let given = given.filter(|span| !json::is_null(data, span)).map(|span| arguments(data, span));
    let name = string(data, function, "name").unwrap_or_default();
    Piece { id: String::new(), name, arguments: given.unwrap_or_default() }
}

fn is_done(data: &Bytes) -> bool {
    data.trim_ascii() == b"[DONE]"
}

impl Anatomy for Chat {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches {
        let mut touches = Touches::new();
        let Some(data) = &frame.data else { return touches };
        if is_done(data) {
            calls.complete_all(None);
            return touches;
        }
        let Some(root) = json::root(data) else { return touches };
        if json::member(data, root.clone(), "error").is_some_and(|span| !json::is_null(data, &span)) {
            calls.cut_open();
        }
        let choices = json::member(data, root, "choices").and_then(|array| json::elements(data, array));
        for choice in choices.unwrap_or_default() {
            self.read_choice(data, choice, calls, &mut touches);
        }
        touches
    }

    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(data) = &frame.data else { return vec![self.pen.forward(frame)] };
        if !is_done(data) {
            return self.chunk(frame, data, touches, calls);
        }
        if self.tail.is_empty() {
            self.stage = Stage::Ended;
            return vec![self.pen.forward(frame)];
        }
        self.tail.push(frame.raw.clone());
        self.stage = Stage::Wanting;
        Vec::new()
    }

    fn close(&mut self, _calls: &Calls) -> Vec<Bytes> {
        // Some providers end without `[DONE]`.
        if !self.tail.is_empty() {
            self.stage = Stage::Wanting;
        } else if self.finished {
            self.stage = Stage::Ended;
        }
        Vec::new()
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn next_leg(&mut self) {
        self.stage = Stage::Under;
        self.follow_up = true;
        self.joint = self.has_text;
        self.finished = false;
        self.earlier_usage = self.usage.take();
        self.slots.clear();
        self.tail.clear();
    }

    fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        let head: String = ["id", "created", "model"]
            .iter()
            .zip(&self.head)
            .filter_map(|(key, value)| {
                value.as_ref().map(|value| format!(r#""{key}":{},"#, String::from_utf8_lossy(value)))
            })
            .collect();
        let before = if self.has_text { "\n\n" } else { "" };
        let text = quote(&format!("{before}{note}"));
        let role = if self.has_role { "" } else { r#""role":"assistant","# };
        let choice = format!(r#"{{"index":0,"delta":{{{role}"content":{text}}},"finish_reason":null}}"#);
        let chunk = format!(r#"{{{head}"object":"chat.completion.chunk","choices":[{choice}]}}"#);
        let mut out = vec![self.pen.made(None, &chunk)];
        out.append(&mut self.tail);
        self.stage = Stage::Ended;
        out
    }
}
