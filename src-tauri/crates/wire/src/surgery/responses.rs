//! OpenAI Responses: a call is an output item. Dropping one takes its item's events out, lowers the later `output_index`es, keeps
//! `sequence_number` consecutive and takes the item out of the final response's `output`. A follow-up's opening events are
//! swallowed; its items follow the first's in the stream and in the final `output`; usage is added up; the `id` is the first's.
//!
//! A reasoning item before a dropped call stays: the agent may show it. Sent back without its call the provider would refuse it,
//! so a later request must carry the provider's own items in the place of the agent's copy (`answer_as_messages`).

use super::calls::Calls;
use super::pen::Pen;
use super::stream::{Anatomy, Stage, Touches};
use super::sum;
use crate::facts::{arguments, string as string_at};
use crate::frames::{Frame, Framing};
use crate::json::{self, Span};
use crate::patch::Patch;
use crate::synth::responses_item;
use bytes::Bytes;

/// What a final response keeps of the first one.
const HEAD: [&str; 3] = ["id", "created_at", "previous_response_id"];

pub(super) struct Responses {
    pen: Pen,
    stage: Stage,
    follow_up: bool,
    /// Of this response: an item's output_index → its call, and → the index that the agent sees.
    slots: Vec<(u64, u32)>,
    places: Vec<(u64, u64)>,
    next_place: u64,
    /// Events are missing or were added: every later one is numbered after the one before.
    renumber: bool,
    next_sequence: u64,
    /// The final event that would have ended the responses so far, edited; what a follow-up adds to.
    earlier: Option<(Frame, Bytes)>,
}

/// Whether an item is a call that the agent's side carries out: then it has a call id.
pub(super) fn is_call(data: &[u8], item: &Span) -> bool {
    string(data, item, "call_id").is_some() && string(data, item, "type").is_some_and(|kind| kind.ends_with("_call"))
}

/// A call item's name: its own, else its type without `_call` (`local_shell`).
fn call_name(data: &[u8], item: &Span) -> String {
    let kind = || string(data, item, "type").unwrap_or_default();
    string(data, item, "name").unwrap_or_else(|| kind().trim_end_matches("_call").to_owned())
}

/// A call item's arguments, wherever its type keeps them: a string's text, else the JSON as it stands.
fn call_arguments(data: &[u8], item: &Span) -> String {
    let members = ["arguments", "input", "action", "operation"];
    let found = members.iter().find_map(|key| json::member(data, item.clone(), key));
    found.map(|span| arguments(data, span)).unwrap_or_default()
}

impl Responses {
    pub fn new(framing: Framing) -> Self {
        Responses {
            pen: Pen::new(framing),
            stage: Stage::Under,
            follow_up: false,
            slots: Vec::new(),
            places: Vec::new(),
            next_place: 0,
            renumber: false,
            next_sequence: 0,
            earlier: None,
        }
    }

    fn slot(&self, index: Option<u64>) -> Option<u32> {
        self.slots.iter().rev().find(|(from, _)| Some(*from) == index).map(|(_, call)| *call)
    }

    fn sequence(&mut self, patch: &mut Patch) {
        let Some(span) = patch.find(&["sequence_number"]) else { return };
        if self.renumber {
            patch.set(span, self.next_sequence.to_string());
            self.next_sequence += 1;
        } else if let Some(number) = json::number(patch.doc(), span) {
            self.next_sequence = number + 1;
        }
    }

    fn place(&mut self, patch: &mut Patch, begins: bool) {
        let Some(span) = patch.find(&["output_index"]) else { return };
        let Some(index) = json::number(patch.doc(), span.clone()) else { return };
        if begins {
            self.places.retain(|(from, _)| *from != index);
            self.places.push((index, self.next_place));
            self.next_place += 1;
        }
        if let Some((_, place)) = self.places.iter().find(|(from, _)| *from == index) {
            patch.set(span, place.to_string());
        }
    }

    /// Makes the final response object right: output, usage, identity.
    fn finish_response(&mut self, patch: &mut Patch, calls: &Calls) {
        let doc = patch.doc();
        if let Some(output) = patch.find(&["response", "output"]) {
            let items = json::elements(doc, output.clone()).unwrap_or_default();
            let gone: Vec<bool> = items.iter().map(|item| is_gone(doc, item, calls)).collect();
            let stays = gone.iter().any(|gone| !gone);
            patch.remove_elements(output.clone(), |place| gone[place]);
            if let Some((_, earlier)) = &self.earlier {
                patch.insert_front(output, &output_items(earlier), stays);
            }
        }
        let Some((_, earlier)) = &self.earlier else { return };
        let Some(root) = json::root(earlier) else { return };
        for key in HEAD {
            if let Some(span) = json::find(earlier, root.clone(), &["response", key]) {
                patch.set_found(&["response", key], earlier.slice(span));
            }
        }
        let usage = patch.present(&["response", "usage"]);
        if let (Some(own), Some(span)) = (usage, json::find(earlier, root, &["response", "usage"])) {
            sum::add(patch, own, &earlier.slice(span));
        }
    }
}

/// The elements of a final event's `output`.
fn output_items(data: &Bytes) -> Vec<Bytes> {
    let array = json::root(data).and_then(|root| json::find(data, root, &["response", "output"]));
    let items = array.and_then(|array| json::elements(data, array)).unwrap_or_default();
    items.into_iter().map(|span| data.slice(span)).collect()
}

/// Whether an item of the final output is a dropped call, by its call id.
fn is_gone(data: &Bytes, item: &Span, calls: &Calls) -> bool {
    let Some(id) = string(data, item, "call_id") else { return false };
    calls.gone().any(|index| calls.id(index) == id)
}

fn kind(data: &Bytes, root: &Span) -> String {
    string(data, root, "type").unwrap_or_default()
}

fn string(data: &[u8], object: &Span, key: &str) -> Option<String> {
    string_at(data, object.clone(), key)
}

impl Anatomy for Responses {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches {
        let mut touches = Touches::new();
        let Some(data) = &frame.data else { return touches };
        let Some(root) = json::root(data) else { return touches };
        let kind = kind(data, &root);
        let index = json::member(data, root.clone(), "output_index").and_then(|span| json::number(data, span));
        match kind.as_str() {
            "response.output_item.added" | "response.output_item.done" => {
                let Some(item) = json::member(data, root.clone(), "item") else { return touches };
                if !is_call(data, &item) {
                    return touches;
                }
                let known = self.slot(index).filter(|_| kind.ends_with("done"));
                let call = known.unwrap_or_else(|| {
                    let id = string(data, &item, "call_id").unwrap_or_default();
                    let call = calls.open(0, &id, &call_name(data, &item));
                    if string(data, &item, "type").as_deref() == Some("computer_call") {
                        // Its result is a screenshot: no text could answer it.
                        calls.judge(call, true);
                    }
                    self.slots.push((index.unwrap_or_default(), call));
                    call
                });
                if kind.ends_with("done") {
                    calls.set_arguments(call, &call_arguments(data, &item));
                    calls.complete(call);
                }
                touches.push(call);
                return touches;
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                if let Some(call) = self.slot(index) {
                    calls.grow(call, "", "", &string(data, &root, "delta").unwrap_or_default());
                }
            }
            "response.completed" => calls.complete_all(None),
            "response.incomplete" | "response.failed" | "error" => {
                calls.cut_open();
            }
            _ => {}
        }
        touches.extend(self.slot(index));
        touches
    }

    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(data) = &frame.data else { return vec![self.pen.forward(frame)] };
        let Some(mut patch) = Patch::new(data) else { return vec![self.pen.forward(frame)] };
        let kind = kind(data, &patch.root());
        let opening = matches!(kind.as_str(), "response.created" | "response.in_progress" | "response.queued");
        if touches.iter().any(|call| calls.is_gone(*call)) || (opening && self.follow_up) {
            self.renumber = true;
            return Vec::new();
        }
        if matches!(kind.as_str(), "response.completed" | "response.incomplete" | "response.failed") {
            self.finish_response(&mut patch, calls);
            if kind == "response.completed" && calls.none_left(None) {
                self.earlier = Some((frame.clone(), patch.finish()));
                self.stage = Stage::Wanting;
                return Vec::new();
            }
            self.stage = Stage::Ended;
        } else if kind == "error" {
            self.stage = Stage::Ended;
        }
        self.place(&mut patch, kind == "response.output_item.added");
        self.sequence(&mut patch);
        if patch.is_empty() {
            return vec![self.pen.forward(frame)];
        }
        vec![self.pen.edited(frame, &patch.finish())]
    }

    fn close(&mut self, _calls: &Calls) -> Vec<Bytes> {
        Vec::new()
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn next_leg(&mut self) {
        self.stage = Stage::Under;
        self.follow_up = true;
        self.renumber = true;
        self.slots.clear();
        self.places.clear();
    }

    fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        let Some((frame, last)) = self.earlier.take() else { return Vec::new() };
        let id = json::root(&last).and_then(|root| json::find(&last, root, &["response", "id"]));
        let id = id.and_then(|span| json::text(&last, span)).unwrap_or_default();
        let id = format!("msg_{}_{}", id.trim_start_matches("resp_"), self.next_place);
        let (events, item) = responses_item(&id, note, false, self.next_place, self.next_sequence);
        self.next_sequence += events.len() as u64;
        self.next_place += 1;
        let mut out: Vec<Bytes> = events.iter().map(|(kind, data)| self.pen.made(Some(kind), data)).collect();
        self.renumber = true;
        if let Some(mut patch) = Patch::new(&last) {
            if let Some(output) = patch.find(&["response", "output"]) {
                let stays = json::elements(&last, output.clone()).is_some_and(|items| !items.is_empty());
                patch.insert_back(output, &[Bytes::from(item)], stays);
            }
            self.sequence(&mut patch);
            out.push(self.pen.edited(&frame, &patch.finish()));
        }
        self.stage = Stage::Ended;
        out
    }
}
