//! The surgeon at one response: which frames wait, in which order they leave, and when a follow-up is asked for. What a frame
//! means and how it is edited is its dialect's `Anatomy`.

use super::arguments;
use super::calls::Calls;
use super::{anthropic::Anthropic, chat::Chat, gemini::Gemini, ollama::Ollama, responses::Responses};
use crate::frames::{Frame, Framing};
use bytes::Bytes;
use domain::{Dialect, ToolCall};
use std::collections::VecDeque;

/// The calls that a frame begins, continues or ends, one for each place in it, in order.
pub(super) type Touches = smallvec::SmallVec<[u32; 2]>;

/// One dialect's response. `read` sees each frame as it comes; `write` sees it when it may leave, in the same order, and by then
/// every call that began before it is judged.
pub(super) trait Anatomy: Send {
    fn read(&mut self, frame: &Frame, calls: &mut Calls) -> Touches;
    fn write(&mut self, frame: &Frame, touches: &[u32], calls: &Calls) -> Vec<Bytes>;
    /// The provider's stream is over.
    fn close(&mut self, calls: &Calls) -> Vec<Bytes>;
    fn stage(&self) -> Stage;
    /// The follow-up's frames come next.
    fn next_leg(&mut self);
    /// Ends the response in place of a follow-up, with a text.
    fn abandon(&mut self, note: &str) -> Vec<Bytes>;
}

/// How far the response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    #[default]
    Under,
    /// The terminal part is held back: no call is left.
    Wanting,
    /// The terminal frame has left.
    Ended,
}

/// What one frame led to.
#[derive(Debug, Default)]
pub struct Cut {
    /// Frames to forward now, exact bytes.
    pub out: Vec<Bytes>,
    /// Calls now complete and held: judge each by `keep` or `drop_call`. Their `index` counts over the whole response, dropped
    /// calls and follow-ups included.
    pub judge: Vec<ToolCall>,
    /// `out` ends with the terminal frame.
    pub terminal: bool,
}

/// Takes calls out of one streamed response (SSE, NDJSON, JSON array). Whole bodies are for `cut_whole`.
///
/// From the first frame of a held call on, everything waits, in order, until the call is judged. A call whose stream breaks before
/// it is complete was never judged, so `finish` discards it: the caller then ends with an error frame or a reset, never cleanly.
pub struct StreamSurgeon {
    dialect: Dialect,
    anatomy: Box<dyn Anatomy>,
    calls: Calls,
    queue: VecDeque<(Frame, Touches)>,
    closed: bool,
}

impl StreamSurgeon {
    /// `holds` says by name which tools' calls must be judged; asked once a call.
    pub fn new(dialect: Dialect, framing: Framing, holds: Box<dyn Fn(&str) -> bool + Send>) -> Self {
        let anatomy: Box<dyn Anatomy> = match dialect {
            Dialect::OpenaiChat => Box::new(Chat::new(framing)),
            Dialect::OpenaiResponses => Box::new(Responses::new(framing)),
            Dialect::Anthropic => Box::new(Anthropic::new(framing)),
            Dialect::Gemini => Box::new(Gemini::new(framing)),
            Dialect::Ollama => Box::new(Ollama::new(framing)),
        };
        StreamSurgeon { dialect, anatomy, calls: Calls::new(holds), queue: VecDeque::new(), closed: false }
    }

    /// Where the answer will stand among the messages of the next request: calls without an id are named by it, as by `Decoder::at`.
    pub fn at(mut self, position: u32) -> Self {
        self.calls.at(position);
        self
    }

    /// The next frame of the provider's, or after `continue_with` of the follow-up's.
    pub fn push(&mut self, frame: Frame) -> Cut {
        match self.anatomy.stage() {
            Stage::Ended => return Cut { out: vec![frame.raw], ..Cut::default() },
            Stage::Wanting => return Cut::default(),
            Stage::Under => {}
        }
        let touches = self.anatomy.read(&frame, &mut self.calls);
        self.queue.push_back((frame, touches));
        let out = self.release();
        Cut { out, judge: self.calls.take_ready(), terminal: self.has_ended() }
    }

    /// Lets a held call through. Returns what may leave now.
    pub fn keep(&mut self, index: u32) -> Vec<Bytes> {
        self.calls.judge(index, true);
        self.release()
    }

    /// Takes a held call out. Returns what may leave now, renumbered.
    pub fn drop_call(&mut self, index: u32) -> Vec<Bytes> {
        self.calls.judge(index, false);
        self.release()
    }

    /// Lets a held call through with other arguments (JSON, or a custom tool's text). Returns what may leave now.
    pub fn edit_call(&mut self, index: u32, arguments: &str) -> Vec<Bytes> {
        self.calls.edit(index, arguments);
        self.release()
    }

    /// Calls that the agent has got, or may still get.
    pub fn calls_left(&self) -> u32 {
        self.calls.left()
    }

    /// The calls that were taken out, as the provider wrote them, in the order of the judgements.
    pub fn dropped(&self) -> &[ToolCall] {
        self.calls.dropped()
    }

    /// True when the terminal part is reached, something was dropped and no call is left. Ask after `push`, after the last
    /// judgement and after `finish` (Gemini's end is the stream's own). The caller then sends a follow-up request and calls
    /// `continue_with`, or calls `abandon`. Never true where the provider stopped for length: nothing is to be continued there.
    pub fn wants_continuation(&self) -> bool {
        self.anatomy.stage() == Stage::Wanting
    }

    /// The terminal frame has been given out, by whichever call.
    pub fn has_ended(&self) -> bool {
        self.anatomy.stage() == Stage::Ended
    }

    /// From now on `push` gets the follow-up's frames.
    pub fn continue_with(&mut self) {
        if self.wants_continuation() {
            self.anatomy.next_leg();
            self.calls.next_leg();
            self.closed = false;
        }
    }

    /// No follow-up is possible: the response ends validly, with `note` as its text. Empty where none is wanted.
    pub fn abandon(&mut self, note: &str) -> Vec<Bytes> {
        if self.wants_continuation() { self.anatomy.abandon(note) } else { Vec::new() }
    }

    /// The provider's stream is over (`continue_with` begins another). Returns what was still held and may leave; where a call is
    /// complete but not judged yet, the rest comes from `keep` or `drop_call`. Calling it again does nothing.
    pub fn finish(&mut self) -> Vec<Bytes> {
        if std::mem::replace(&mut self.closed, true) {
            return Vec::new();
        }
        if self.calls.cut_open() {
            // Behind a call that broke off nothing is sure to be whole.
            let broken = |(_, touches): &(Frame, Touches)| touches.iter().any(|index| self.calls.is_cut(*index));
            let sound = self.queue.iter().position(broken).unwrap_or(self.queue.len());
            self.queue.truncate(sound);
        }
        self.release()
    }

    fn release(&mut self) -> Vec<Bytes> {
        let mut out = Vec::new();
        while let Some((frame, touches)) = self.queue.front() {
            if touches.iter().any(|index| self.calls.is_waiting(*index)) {
                return out;
            }
            let (frame, touches) = (frame.clone(), touches.clone());
            self.queue.pop_front();
            for (frame, touches) in arguments::edited(self.dialect, frame, &touches, &mut self.calls) {
                out.extend(self.anatomy.write(&frame, &touches, &self.calls));
            }
        }
        if self.closed && self.anatomy.stage() == Stage::Under {
            out.extend(self.anatomy.close(&self.calls));
        }
        out
    }
}
