//! Ollama: calls come whole in `message.tool_calls`; the terminal line is the one with `"done":true`. Dropping one takes it out of the
//! array and lowers the `function.index` of later ones where the server gives it. A follow-up's lines just follow; the final
//! counts and durations are added up. `/api/generate` has no calls, so nothing is ever cut there.

use super::calls::Calls;
use super::pen::Pen;
use super::stream::{Anatomy, Stage, Touches};
use super::sum;
use crate::frames::{Frame, Framing};
use crate::json::{self, Span, quote};
use crate::patch::Patch;
use bytes::Bytes;

/// What the final line counts: tokens, and nanoseconds.
pub(super) const COUNTS: [&str; 6] =
    ["total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"];

pub(super) struct Ollama {
    pen: Pen,
    stage: Stage,
    has_text: bool,
    joint: bool,
    /// The final line of the responses before, counts added up.
    earlier: Option<Bytes>,
    last: Option<(Frame, Bytes)>,
}

fn entries(data: &Bytes) -> Vec<Span> {
    let array = json::root(data).and_then(|root| json::find(data, root, &["message", "tool_calls"]));
    array.and_then(|array| json::elements(data, array)).unwrap_or_default()
}

impl Ollama {
    pub fn new(framing: Framing) -> Self {
        Ollama { pen: Pen::new(framing), stage: Stage::Under, has_text: false, joint: false, earlier: None, last: None }
    }

    /// Takes dropped calls out of one line's message. False: nothing is left that it says.
    fn cut(&mut self, patch: &mut Patch, touches: &[u32], calls: &Calls) -> bool {
        let doc = patch.doc();
        let gone = touches.iter().filter(|call| calls.is_gone(**call)).count();
        if let Some(content) = patch.find(&["message", "content"]).filter(|span| span.len() > 2) {
            self.has_text = true;
            if std::mem::take(&mut self.joint) {
                patch.prepend_text(content, "\n\n");
            }
        }
        let Some(message) = patch.find(&["message"]).filter(|_| gone > 0) else { return true };
        if gone == touches.len() {
            patch.remove(message.clone(), &["tool_calls"]);
        } else if let Some(array) = json::member(doc, message.clone(), "tool_calls") {
            patch.remove_elements(array, |place| touches.get(place).is_some_and(|call| calls.is_gone(*call)));
        }
        let members = json::members(doc, message).unwrap_or_default();
        let says = |member: &json::Member| {
            let key = json::unescape(&doc[member.key.clone()]);
            !matches!(&*key, "role" | "tool_calls") && !matches!(&doc[member.value.clone()], b"null" | b"\"\"" | b"[]")
        };
        gone < touches.len() || members.iter().any(says)
    }

    fn renumber(&self, patch: &mut Patch, touches: &[u32], calls: &Calls) {
        let doc = patch.doc();
        for (entry, call) in entries(doc).into_iter().zip(touches) {
            let index = json::find(doc, entry, &["function", "index"]).filter(|_| !calls.is_gone(*call));
            if let (1.., Some(span)) = (calls.sinks(*call), index) {
                let index = json::number(doc, span.clone()).unwrap_or_default();
                patch.set(span, index.saturating_sub(u64::from(calls.sinks(*call))).to_string());
            }
        }
    }

    /// The final line: held where no call is left, else counted and let go.
    fn last_line(&mut self, frame: &Frame, mut patch: Patch, calls: &Calls) -> Vec<Bytes> {
        if let Some(earlier) = &self.earlier {
            let root = patch.root();
            sum::add_members(&mut patch, root, earlier, &COUNTS);
        }
        let cut_short = patch.find(&["done_reason"]).is_some_and(|span| &patch.doc()[span] == br#""length""#);
        if !calls.none_left(None) || cut_short {
            self.stage = Stage::Ended;
            let out = if patch.is_empty() { self.pen.forward(frame) } else { self.pen.edited(frame, &patch.finish()) };
            return vec![out];
        }
        let edited = patch.finish();
        let mut out = Vec::new();
        let mut held = edited.clone();
        if let (Some(mut ahead), Some(mut last)) = (Patch::new(&edited), Patch::new(&edited))
            && let Some(content) = last.find(&["message", "content"]).filter(|span| span.len() > 2)
        {
            ahead.set_found(&["done"], "false");
            ahead.remove(ahead.root(), &["done_reason"]);
            out.push(self.pen.edited(frame, &ahead.finish()));
            last.set(content, r#""""#);
            held = last.finish();
        }
        self.last = Some((frame.clone(), held));
        self.stage = Stage::Wanting;
        out
    }
}

impl Anatomy for Ollama {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches {
        let mut touches = Touches::new();
        let Some(data) = &frame.data else { return touches };
        for entry in entries(data) {
            let find = |path: &[&str]| json::find(data, entry.clone(), path);
            let text = |path: &[&str]| find(path).and_then(|span| json::text(data, span));
            let call =
                calls.open(0, &text(&["id"]).unwrap_or_default(), &text(&["function", "name"]).unwrap_or_default());
            if let Some(arguments) = find(&["function", "arguments"]) {
                calls.set_arguments(call, &String::from_utf8_lossy(&data[arguments]));
            }
            calls.complete(call);
            touches.push(call);
        }
        touches
    }

    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(data) = &frame.data else { return vec![self.pen.forward(frame)] };
        let Some(mut patch) = Patch::new(data) else { return vec![self.pen.forward(frame)] };
        let says = self.cut(&mut patch, touches, calls);
        self.renumber(&mut patch, touches, calls);
        let done = patch.find(&["done"]).is_some_and(|span| &data[span] == b"true");
        if done {
            return self.last_line(frame, patch, calls);
        }
        if patch.find(&["error"]).is_some() {
            self.stage = Stage::Ended;
        } else if !says {
            return Vec::new();
        }
        vec![if patch.is_empty() { self.pen.forward(frame) } else { self.pen.edited(frame, &patch.finish()) }]
    }

    fn close(&mut self, _calls: &Calls) -> Vec<Bytes> {
        Vec::new()
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn next_leg(&mut self) {
        self.stage = Stage::Under;
        self.joint = self.has_text;
        self.earlier = self.last.take().map(|(_, data)| data);
    }

    fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        let Some((frame, held)) = self.last.take() else { return Vec::new() };
        let Some(mut patch) = Patch::new(&held) else { return Vec::new() };
        let before = if self.has_text { "\n\n" } else { "" };
        let text = quote(&format!("{before}{note}"));
        match patch.find(&["message"]) {
            Some(message) => patch.put(message, "content", text),
            None => patch.put(patch.root(), "message", format!(r#"{{"role":"assistant","content":{text}}}"#)),
        }
        self.stage = Stage::Ended;
        vec![self.pen.edited(&frame, &patch.finish())]
    }
}
