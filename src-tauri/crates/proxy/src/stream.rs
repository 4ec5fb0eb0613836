//! One provider's response on its way through: what may go out now, what is its tail, which tool calls ask for a judgement.
//!
//! Bytes that nobody changes leave as they came. The tail is what completes the response: it waits for the record.

mod ending;
mod joining;

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use ending::Ending;
use joining::join;
use smallvec::{SmallVec, smallvec};
use wire::{
    Answer, Decided, Decoder, Decoding, EndEarly, Frame, Framer, Framing, Request, Shapes, Spot, StreamSurgeon,
    StreamText, Substitutions,
};

/// How frames leave.
pub(crate) enum Leaving {
    /// As the very bytes that came in, compression included.
    AsTheyCame,
    /// Decompressed, frame by frame; perhaps without the chunk that an added `include_usage` brings.
    Clear { without_usage: bool },
    /// Through a surgeon, who holds tool calls back until they are judged.
    Judged { surgeon: Box<StreamSurgeon>, without_usage: bool },
}

impl Leaving {
    fn without_usage(&self) -> bool {
        matches!(self, Leaving::Clear { without_usage: true } | Leaving::Judged { without_usage: true, .. })
    }
}

/// What a chunk comes to.
#[derive(Default)]
pub(crate) struct Passed {
    pub out: SmallVec<[Bytes; 4]>,
    /// Complete calls that are held until they are judged.
    pub judge: SmallVec<[ToolCall; 2]>,
    /// Every complete call.
    pub calls: SmallVec<[ToolCall; 2]>,
    pub first_token: bool,
}

/// The rounds of one exchange's answer: the first, and those that go on inside it after a removed call.
pub(crate) struct AnswerStream {
    dialect: Dialect,
    /// How many messages the request had: dialects without call ids name calls by their place.
    position: u32,
    framing: Framing,
    leaving: Leaving,
    decoding: Option<Decoding>,
    framer: Framer,
    decoder: Decoder,
    /// What completes the response, held until it is recorded.
    tail: Vec<Bytes>,
    /// A whole body's newest chunk: only the next one tells that it did not complete it.
    last: Option<Bytes>,
    /// All clear bytes from the provider so far, every round.
    pub recorded: Vec<u8>,
    /// Each frame's end in `recorded` and its microseconds since the request.
    pub times: Vec<(u32, u32)>,
    /// This round's frames, where a removal may need them again.
    frames: Vec<Frame>,
    /// What the agent got, where that may differ.
    pub delivered: Vec<u8>,
    received: u64,
    /// Words that the agent gets in others' place; none where there are none.
    texts: Option<StreamText>,
    ending: Ending,
    /// A call left with other words.
    edited: bool,
    /// The provider has said everything.
    ended: bool,
    /// Where the last whole frame ended in `recorded`, once half a one followed it.
    broken_at: Option<usize>,
    /// The agent gets an event that says why its stream broke off.
    pub told: bool,
}

impl AnswerStream {
    pub fn new(request: &Request, framing: Framing, content_encoding: Option<&str>, leaving: Leaving) -> AnswerStream {
        let (dialect, position) = (request.dialect, request.messages.len() as u32);
        AnswerStream {
            dialect,
            position,
            framing,
            leaving,
            decoding: Decoding::new(content_encoding),
            framer: Framer::new(framing),
            decoder: Decoder::new(dialect, framing).at(position),
            tail: Vec::new(),
            last: None,
            recorded: Vec::new(),
            times: Vec::new(),
            frames: Vec::new(),
            delivered: Vec::new(),
            received: 0,
            texts: None,
            ending: Ending::default(),
            edited: false,
            ended: false,
            broken_at: None,
            told: false,
        }
    }

    /// With these words in the place of the model's, and a look at what matches before it goes.
    pub fn in_words(mut self, words: Substitutions, shapes: Shapes) -> AnswerStream {
        let any = !words.is_empty() || !shapes.is_empty();
        self.texts = any.then(|| StreamText::new(self.dialect, words, shapes));
        self
    }

    /// Matches that every later frame waits for.
    pub fn asked(&self) -> &[Spot] {
        self.texts.as_ref().map(StreamText::asked).unwrap_or_default()
    }

    /// What the matches leave as. What that frees may go out.
    pub fn decide(&mut self, decided: Decided) -> Passed {
        let mut passed = Passed::default();
        let freed = self.texts.as_mut().map(|texts| texts.decide(decided)).unwrap_or_default();
        freed.into_iter().for_each(|frame| self.leave(frame, &mut passed));
        self.finish();
        passed
    }

    /// The surgeon's last, once no frame waits any more.
    fn finish(&mut self) {
        if !self.ended || !self.asked().is_empty() {
            return;
        }
        if let Leaving::Judged { surgeon, .. } = &mut self.leaving {
            let rest = surgeon.finish();
            self.deliver(rest);
        }
    }

    /// Whether the agent got other words than the model's.
    pub fn is_reworded(&self) -> bool {
        self.edited || self.texts.as_ref().is_some_and(StreamText::changed)
    }

    /// Takes a chunk in. `at` is microseconds since the request.
    pub fn pass(&mut self, chunk: Bytes, at: u32) -> Passed {
        self.received += chunk.len() as u64;
        let mut passed = Passed::default();
        let clear = self.clear(&chunk);
        if self.framing == Framing::Whole {
            if let Some(clear) = clear {
                self.framer.push(clear);
            }
            passed.out.extend(self.last.replace(chunk));
            return passed;
        }
        if let Some(clear) = clear {
            for frame in self.framer.push(clear.clone()) {
                self.frame(frame, at, &mut passed);
            }
            join(&mut passed.out, &clear);
        }
        if matches!(self.leaving, Leaving::AsTheyCame) && !self.clear_as_sent() {
            self.put(chunk, &mut passed);
        }
        passed
    }

    /// The provider ended. Says whether that was a proper end in its dialect; where it was not, nothing more may go out: half an event is
    /// no event, and a call that is still held was never judged.
    pub fn end(&mut self, at: u32) -> (Passed, bool) {
        let mut passed = Passed::default();
        let (whole, delivered) = (self.recorded.len(), self.delivered.len());
        let mut unfinished = false;
        if let Some(frame) = self.framer.finish() {
            // Only its blank line is missing where its document is whole; white space and comments miss nothing.
            unfinished = match &frame.data {
                Some(data) => wire::json::root(data).is_none(),
                None => !frame.raw.trim_ascii().is_empty() && !frame.raw.starts_with(b":"),
            };
            self.frame(frame, at, &mut passed);
        }
        self.release_end(&mut passed);
        let answer = self.decoder.answer();
        let proper = self.framing == Framing::Whole
            || answer.complete
            || answer.error.is_some()
            || (answer.finish.is_some() && !unfinished)
            || self.received == 0;
        if !proper {
            self.delivered.truncate(delivered);
            self.broken_at = Some(whole);
            return (Passed::default(), false);
        }
        // Some dialects' answers are only settled by their end.
        passed.calls.extend(self.decoder.end().calls_complete);
        // What came last completes the response, whatever it says.
        self.ended = true;
        self.tail.extend(passed.out.drain(..));
        let rest = self.texts.as_mut().map(StreamText::finish).unwrap_or_default();
        rest.into_iter().for_each(|frame| self.leave(frame, &mut passed));
        self.finish();
        self.tail.extend(self.last.take());
        (passed, true)
    }

    /// The stream broke off: its agent hears so in its dialect, where an event can still be put in.
    pub fn break_off(&mut self, why: &str) {
        let whole = self.broken_at.unwrap_or(self.recorded.len());
        if let Some(rest) = self.framer.rest() {
            self.recorded.extend_from_slice(&rest);
        }
        let as_they_came = matches!(self.leaving, Leaving::AsTheyCame);
        if self.framing == Framing::Whole || as_they_came && !self.clear_as_sent() {
            return;
        }
        if as_they_came {
            self.delivered = self.recorded[..whole].to_vec();
        }
        let begun = (!self.delivered.is_empty()).then(|| self.decoder.answer());
        let event = wire::error_frame_in(self.dialect, self.framing, begun, why);
        self.deliver(vec![event]);
        self.told = true;
    }

    /// The clear bytes are the bytes of the wire.
    fn clear_as_sent(&self) -> bool {
        self.decoding.as_ref().is_some_and(Decoding::is_identity)
    }

    fn clear(&mut self, chunk: &Bytes) -> Option<Bytes> {
        let decoding = self.decoding.as_mut()?;
        match decoding.push(chunk) {
            Ok(clear) => Some(clear),
            Err(error) => {
                tracing::warn!(%error, "the response cannot be read on the side; it passes all the same");
                self.decoding = None;
                None
            }
        }
    }

    fn frame(&mut self, frame: Frame, at: u32, passed: &mut Passed) {
        self.recorded.extend_from_slice(&frame.raw);
        self.times.push((self.recorded.len() as u32, at));
        let said = self.decoder.answer().text.len();
        let seen = self.decoder.push(&frame);
        passed.first_token |= seen.first_token;
        passed.calls.extend(seen.calls_complete);
        let unasked = seen.usage_only && self.leaving.without_usage();
        if unasked {
            self.keep(&frame);
        } else if !self.hold_end(&frame, said) {
            self.go_through(frame, passed);
        }
    }

    /// A removal may need it again.
    fn keep(&mut self, frame: &Frame) {
        if matches!(self.leaving, Leaving::Judged { .. }) && self.framing != Framing::Whole {
            self.frames.push(frame.clone());
        }
    }

    fn go_through(&mut self, frame: Frame, passed: &mut Passed) {
        self.keep(&frame);
        let worded = match &mut self.texts {
            Some(texts) if self.framing != Framing::Whole => texts.push(frame),
            _ => smallvec![frame],
        };
        worded.into_iter().for_each(|frame| self.leave(frame, passed));
    }

    fn leave(&mut self, frame: Frame, passed: &mut Passed) {
        let as_sent = self.clear_as_sent();
        let out: SmallVec<[Bytes; 4]> = match &mut self.leaving {
            _ if self.framing == Framing::Whole => SmallVec::new(),
            Leaving::AsTheyCame if !as_sent => SmallVec::new(),
            Leaving::AsTheyCame | Leaving::Clear { .. } => SmallVec::from_iter([frame.raw]),
            Leaving::Judged { surgeon, .. } => {
                let cut = surgeon.push(frame);
                passed.judge.extend(cut.judge);
                cut.out.into_iter().collect()
            }
        };
        out.into_iter().for_each(|bytes| self.put(bytes, passed));
    }

    /// Out it goes, or to the tail where the dialect's terminal frame was seen.
    fn put(&mut self, bytes: Bytes, passed: &mut Passed) {
        if !matches!(self.leaving, Leaving::AsTheyCame) {
            self.delivered.extend_from_slice(&bytes);
        }
        if self.ended || self.complete() { self.tail.push(bytes) } else { passed.out.push(bytes) }
    }

    fn deliver(&mut self, bytes: Vec<Bytes>) {
        for bytes in bytes {
            self.delivered.extend_from_slice(&bytes);
            self.tail.push(bytes);
        }
    }

    /// A judged call: taken out or let through. What that frees may go out.
    pub fn judged(&mut self, call: &ToolCall, removed: bool) -> SmallVec<[Bytes; 4]> {
        let mut passed = Passed::default();
        if let Leaving::Judged { surgeon, .. } = &mut self.leaving {
            let freed = if removed { surgeon.drop_call(call.index) } else { surgeon.keep(call.index) };
            for bytes in freed {
                self.put(bytes, &mut passed);
            }
        }
        passed.out
    }

    /// A judged call that leaves with other arguments. What that frees may go out.
    pub fn edited(&mut self, call: &ToolCall, arguments: &str) -> SmallVec<[Bytes; 4]> {
        let mut passed = Passed::default();
        self.edited = true;
        if let Leaving::Judged { surgeon, .. } = &mut self.leaving {
            for bytes in surgeon.edit_call(call.index, arguments) {
                self.put(bytes, &mut passed);
            }
        }
        passed.out
    }

    /// Everything was taken out and the model waits for results: the runtime goes on within this response.
    pub fn wants_continuation(&self) -> bool {
        matches!(&self.leaving, Leaving::Judged { surgeon, .. } if surgeon.wants_continuation())
    }

    /// From now on `pass` takes the follow-up's response. Gives back the round that ended.
    pub fn next_round(&mut self, framing: Framing, content_encoding: Option<&str>) -> Answer {
        if let Leaving::Judged { surgeon, .. } = &mut self.leaving {
            surgeon.continue_with();
        }
        self.framing = framing;
        self.ended = false;
        self.decoding = Decoding::new(content_encoding);
        self.framer = Framer::new(framing);
        self.frames.clear();
        std::mem::replace(&mut self.decoder, Decoder::new(self.dialect, framing).at(self.position)).into_answer()
    }

    /// No follow-up is possible: the response ends validly with a word on why.
    pub fn abandon(&mut self, note: &str) {
        if let Leaving::Judged { surgeon, .. } = &mut self.leaving {
            let rest = surgeon.abandon(note);
            self.deliver(rest);
        }
    }

    /// Text that is held back because of what it could become goes out, or asks.
    pub fn flush(&mut self) -> Passed {
        let mut passed = Passed::default();
        let rest = self.texts.as_mut().map(StreamText::finish).unwrap_or_default();
        rest.into_iter().for_each(|frame| self.leave(frame, &mut passed));
        passed
    }

    /// Ends the answer before the provider does: what completes it becomes the tail. True: the agent's copy holds reasoning that broke off.
    pub fn end_early(&mut self, request: &Request, ending: &EndEarly<'_>) -> bool {
        let ended = wire::end_early(request, self.framing, &self.delivered, ending);
        self.frames = wire::whole_so_far(request, self.framing, &self.frames, ending);
        self.deliver(ended.frames);
        ended.unfinished.is_some()
    }

    /// A tool call is under way: how many bytes of its arguments have come.
    pub fn calling(&self) -> Option<usize> {
        self.decoder.calling()
    }

    /// The dialect's terminal frame was seen.
    pub fn complete(&self) -> bool {
        self.framing != Framing::Whole && self.decoder.answer().complete
    }

    pub fn answer(&self) -> &Answer {
        self.decoder.answer()
    }

    pub fn framing(&self) -> Framing {
        self.framing
    }

    pub fn round_frames(&self) -> &[Frame] {
        &self.frames
    }

    pub fn tail(&self) -> &[Bytes] {
        &self.tail
    }

    pub fn take_tail(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.tail)
    }
}
