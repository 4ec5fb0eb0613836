//! The end of an answer that its model cut for length: held until it is known whether that was the budget's doing, so that the agent can be
//! told so behind the answer's last words. What is held is only what ends the answer.

use super::{AnswerStream, Passed};
use wire::Frame;

/// The frames from the length stop on.
#[derive(Default)]
pub(super) struct Ending {
    holds: bool,
    frames: Vec<Frame>,
    /// How much text had come before them.
    said: usize,
}

impl AnswerStream {
    /// Holds the end of an answer that is cut for length.
    pub fn holding_its_end(mut self, holds: bool) -> AnswerStream {
        self.ending.holds = holds;
        self
    }

    /// Takes a frame that belongs to a held end. `said`: the text that had come before it.
    pub(super) fn hold_end(&mut self, frame: &Frame, said: usize) -> bool {
        let answer = self.decoder.answer();
        let cut = answer.finish.as_deref().is_some_and(wire::is_length_stop);
        if !(self.ending.holds && cut && answer.error.is_none()) {
            return false;
        }
        if self.ending.frames.is_empty() {
            self.ending.said = said;
        }
        self.ending.frames.push(frame.clone());
        true
    }

    pub fn end_is_held(&self) -> bool {
        !self.ending.frames.is_empty()
    }

    /// Text that is held with the end; none where it could not leave by itself, because of what it might be.
    pub fn last_words(&self) -> Option<String> {
        let text = self.answer().text.get(self.ending.said..).unwrap_or_default();
        (text.is_empty() || self.texts.is_none()).then(|| text.to_owned())
    }

    /// The end leaves as it came.
    pub fn release_end(&mut self, passed: &mut Passed) {
        for frame in std::mem::take(&mut self.ending.frames) {
            self.go_through(frame, passed);
        }
    }
}
