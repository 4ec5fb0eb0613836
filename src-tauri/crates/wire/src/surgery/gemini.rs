//! Gemini: a call is a `functionCall` part, whole in one chunk; there is no index, and its stop reason is `STOP` like any other.
//! Dropping one takes the part out of `parts`. The stream has no terminal event: its end is the end. A follow-up's chunks just
//! follow, with the first's `responseId`; each chunk's `usageMetadata` is the first's and its own added up.

use super::calls::Calls;
use super::pen::Pen;
use super::stream::{Anatomy, Stage, Touches};
use super::sum;
use crate::frames::{Frame, Framing};
use crate::json::{self, Span, quote};
use crate::patch::Patch;
use bytes::Bytes;

pub(super) struct Gemini {
    pen: Pen,
    stage: Stage,
    follow_up: bool,
    several: bool,
    response_id: Option<Bytes>,
    /// The latest chunk's usage as the agent would get it, and that of the responses before.
    usage: Option<Bytes>,
    earlier_usage: Option<Bytes>,
    has_text: bool,
    joint: bool,
    finished: bool,
    /// The finishing chunk without its parts, and the array's closing bracket.
    last: Option<(Frame, Bytes)>,
    bracket: Option<Frame>,
}

/// A part's place in a chunk: (candidate, `parts` array, the parts).
struct Candidate {
    at: Span,
    group: u32,
    array: Option<Span>,
    parts: Vec<Span>,
}

pub(super) fn is_call(data: &[u8], part: &Span) -> bool {
    json::member(data, part.clone(), "functionCall").is_some_and(|span| !json::is_null(data, &span))
}

fn candidates(data: &Bytes, root: Span) -> Vec<Candidate> {
    let all = json::member(data, root, "candidates").and_then(|array| json::elements(data, array));
    let read = |at: Span| {
        let group = json::member(data, at.clone(), "index").and_then(|span| json::number(data, span));
        let array = json::find(data, at.clone(), &["content", "parts"]);
        let parts = array.clone().and_then(|array| json::elements(data, array)).unwrap_or_default();
        Candidate { at, group: group.unwrap_or_default() as u32, array, parts }
    };
    all.unwrap_or_default().into_iter().map(read).collect()
}

/// A part that says something a person would read.
pub(super) fn text_of(data: &Bytes, part: &Span) -> Option<Span> {
    let thought = json::member(data, part.clone(), "thought").is_some_and(|span| &data[span] == b"true");
    let text = json::member(data, part.clone(), "text").filter(|span| span.len() > 2);
    text.filter(|_| !thought)
}

impl Gemini {
    pub fn new(framing: Framing) -> Self {
        Gemini {
            pen: Pen::new(framing),
            stage: Stage::Under,
            follow_up: false,
            several: false,
            response_id: None,
            usage: None,
            earlier_usage: None,
            has_text: false,
            joint: false,
            finished: false,
            last: None,
            bracket: None,
        }
    }

    fn join(&mut self, patch: &mut Patch) {
        if let Some(own) = patch.find(&["responseId"]) {
            match (&self.response_id, self.follow_up) {
                (Some(first), true) => patch.set(own, first.clone()),
                (None, _) => self.response_id = Some(patch.bytes(own)),
                _ => {}
            }
        }
        if let (Some(own), Some(earlier)) = (patch.present(&["usageMetadata"]), &self.earlier_usage) {
            sum::add(patch, own, earlier);
        }
    }

    fn chunk(&mut self, frame: &Frame, data: &Bytes, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        let Some(mut patch) = Patch::new(data) else { return vec![self.pen.forward(frame)] };
        self.join(&mut patch);
        let candidates = candidates(data, patch.root());
        let mut touches = touches.iter();
        let (mut says, mut dropped, mut finishing) = (false, false, None);
        for candidate in &candidates {
            let mut gone = Vec::with_capacity(candidate.parts.len());
            for part in &candidate.parts {
                let call = is_call(data, part).then(|| touches.next()).flatten();
                gone.push(call.is_some_and(|call| calls.is_gone(*call)));
                if let Some(text) = text_of(data, part) {
                    self.has_text = true;
                    if std::mem::take(&mut self.joint) {
                        patch.prepend_text(text, "\n\n");
                    }
                }
            }
            let left = gone.iter().any(|gone| !gone);
            let cut = gone.contains(&true);
            let finish =
                json::member(data, candidate.at.clone(), "finishReason").filter(|span| !json::is_null(data, span));
            says |= left || (!cut && finish.is_none());
            dropped |= cut;
            if let (Some(array), true) = (&candidate.array, cut) {
                match left {
                    true => patch.remove_elements(array.clone(), |place| gone[place]),
                    // The form in which the provider itself ends a text.
                    false => patch.set(array.clone(), r#"[{"text":""}]"#),
                }
            }
            if let Some(finish) = finish {
                self.finished = true;
                let wanting = &data[finish] == br#""STOP""# && calls.none_left(None) && !self.several;
                finishing = Some((candidate.at.clone(), wanting, left));
            }
        }
        let edited = patch.finish();
        if let Some(usage) = json::root(&edited).and_then(|root| json::find(&edited, root, &["usageMetadata"])) {
            self.usage = Some(edited.slice(usage));
        }
        match finishing {
            Some((_, true, left)) => self.hold(frame, &edited, left),
            None if dropped && !says => {
                self.pen.skip();
                Vec::new()
            }
            _ if edited == *data => vec![self.pen.forward(frame)],
            _ => vec![self.pen.edited(frame, &edited)],
        }
    }

    /// Holds the finishing chunk; parts that it still says go out before, without the finish reason.
    fn hold(&mut self, frame: &Frame, edited: &Bytes, left: bool) -> Vec<Bytes> {
        let mut out = Vec::new();
        let mut held = edited.clone();
        if let (Some(mut ahead), Some(mut last), true) = (Patch::new(edited), Patch::new(edited), left) {
            if let Some(candidate) = ahead.find(&["candidates", "0"]) {
                ahead.remove(candidate, &["finishReason"]);
                out.push(self.pen.edited(frame, &ahead.finish()));
            }
            last.set_found(&["candidates", "0", "content", "parts"], r#"[{"text":""}]"#);
            held = last.finish();
        }
        self.pen.skip();
        self.last = Some((frame.clone(), held));
        out
    }
}

impl Anatomy for Gemini {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches {
        let mut touches = Touches::new();
        let Some((data, root)) = frame.data.as_ref().and_then(|data| json::root(data).map(|root| (data, root))) else {
            return touches;
        };
        for candidate in candidates(data, root) {
            self.several |= candidate.group > 0;
            for part in candidate.parts.iter().filter(|part| is_call(data, part)) {
                let find = |path: &[&str]| json::find(data, part.clone(), path);
                let text = |path: &[&str]| find(path).and_then(|span| json::text(data, span));
                let id = text(&["functionCall", "id"]).unwrap_or_default();
                let call = calls.open(candidate.group, &id, &text(&["functionCall", "name"]).unwrap_or_default());
                if let Some(args) = find(&["functionCall", "args"]) {
                    calls.set_arguments(call, &String::from_utf8_lossy(&data[args]));
                }
                calls.complete(call);
                touches.push(call);
            }
        }
        touches
    }

    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes> {
        match &frame.data {
            Some(data) => self.chunk(frame, data, touches, calls),
            // The closing bracket waits with the finishing chunk.
            None if self.last.is_some() && frame.raw.trim_ascii() == b"]" => {
                self.bracket = Some(frame.clone());
                Vec::new()
            }
            None => vec![self.pen.forward(frame)],
        }
    }

    fn close(&mut self, _calls: &Calls) -> Vec<Bytes> {
        if self.last.is_some() {
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
        self.last = None;
        self.bracket = None;
    }

    fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        let Some((frame, held)) = self.last.take() else { return Vec::new() };
        let before = if self.has_text { "\n\n" } else { "" };
        let parts = format!(r#"[{{"text":{}}}]"#, quote(&format!("{before}{note}")));
        let mut out = Vec::new();
        if let Some(mut patch) = Patch::new(&held) {
            match patch.find(&["candidates", "0", "content"]) {
                Some(content) => patch.put(content, "parts", parts),
                None => {
                    if let Some(candidate) = patch.find(&["candidates", "0"]) {
                        patch.put(candidate, "content", format!(r#"{{"role":"model","parts":{parts}}}"#));
                    }
                }
            }
            out.push(self.pen.edited(&frame, &patch.finish()));
        }
        out.extend(self.bracket.take().map(|bracket| self.pen.forward(&bracket)));
        self.stage = Stage::Ended;
        out
    }
}
