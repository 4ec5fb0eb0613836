//! Words put in the place of others while an answer streams: only what could still become one is held back, and with it the one frame that
//! brought it, so that frames stay as many and in order as they came.

use super::{Substitutions, walk};
use crate::frames::Frame;
use crate::json::{self, Span, quote, splice};
use crate::surgery::respelled;
use bytes::Bytes;
use domain::Dialect;
use smallvec::{SmallVec, smallvec};

/// One answer's text under way.
#[derive(Debug)]
pub struct StreamText {
    dialect: Dialect,
    words: Substitutions,
    /// The newest piece of text, if what it ends in may go on.
    held: Option<Held>,
    changed: bool,
}

#[derive(Debug)]
struct Held {
    frame: Frame,
    at: Span,
    block: String,
    /// What the frame says already.
    said: String,
    /// What may go on.
    begun: String,
}

/// A frame that brings a piece of text.
struct Piece {
    at: Span,
    text: String,
    /// Pieces of one block are one text.
    block: String,
    /// Nothing of the block follows.
    last: bool,
}

impl StreamText {
    pub fn new(dialect: Dialect, words: Substitutions) -> StreamText {
        StreamText { dialect, words, held: None, changed: false }
    }

    /// Whether anything left otherwise than it came.
    pub fn changed(&self) -> bool {
        self.changed
    }

    pub fn push(&mut self, frame: Frame) -> SmallVec<[Frame; 2]> {
        let Some(data) = frame.data.clone() else { return smallvec![frame] };
        let Some(piece) = piece(self.dialect, &data) else {
            let mut out: SmallVec<[Frame; 2]> = self.finish().into_iter().collect();
            out.push(self.whole(frame, &data));
            return out;
        };
        let mut out = SmallVec::new();
        let mut begun = String::new();
        match self.held.take() {
            Some(held) if held.block == piece.block => {
                let Held { frame, at, said, begun: text, .. } = held;
                begun = text;
                out.push(self.spelled(frame, at, &said));
            }
            Some(held) => {
                self.held = Some(held);
                out.extend(self.finish());
            }
            None => {}
        }
        let text = begun + &piece.text;
        let kept = if piece.last { 0 } else { self.words.begun(&text) };
        let (whole, begun) = text.split_at(text.len() - kept);
        let said = self.words.apply(whole).unwrap_or_else(|| whole.to_owned());
        if begun.is_empty() {
            out.push(self.spelled(frame, piece.at, &said));
        } else {
            let begun = begun.to_owned();
            self.held = Some(Held { frame, at: piece.at, block: piece.block, said, begun });
        }
        out
    }

    /// What is still held: nothing followed that would have made it a word.
    pub fn finish(&mut self) -> Option<Frame> {
        let Held { frame, at, said, begun, .. } = self.held.take()?;
        let rest = self.words.apply(&begun).unwrap_or(begun);
        Some(self.spelled(frame, at, &format!("{said}{rest}")))
    }

    fn spelled(&mut self, frame: Frame, at: Span, text: &str) -> Frame {
        let Some(data) = frame.data.clone() else { return frame };
        if json::text(&data, at.clone()).as_deref() == Some(text) {
            return frame;
        }
        self.changed = true;
        let data = splice(&data, vec![json::Splice { at, with: quote(text).into() }]);
        respelled(&frame, data)
    }

    /// A frame that says its text whole.
    fn whole(&mut self, frame: Frame, data: &Bytes) -> Frame {
        let mut splices = Vec::new();
        if let Some(root) = json::root(data) {
            walk(data, root, None, &self.words, &mut splices);
        }
        // Arguments of calls are edited as wholes, elsewhere.
        if splices.is_empty() || is_of_call(self.dialect, data) {
            return frame;
        }
        self.changed = true;
        respelled(&frame, splice(data, splices))
    }
}

fn is_of_call(dialect: Dialect, data: &[u8]) -> bool {
    let Some(root) = json::root(data) else { return false };
    let kind = json::find(data, root.clone(), &["type"]).and_then(|at| json::text(data, at)).unwrap_or_default();
    match dialect {
        Dialect::OpenaiResponses => kind.contains("arguments") || kind.contains("call_input"),
        Dialect::Anthropic => {
            json::find(data, root, &["delta", "type"]).and_then(|at| json::text(data, at)).as_deref()
                == Some("input_json_delta")
        }
        _ => false,
    }
}

fn piece(dialect: Dialect, data: &Bytes) -> Option<Piece> {
    let root = json::root(data)?;
    let find = |path: &[&str]| json::find(data, root.clone(), path).filter(|at| !json::is_null(data, at));
    let says = |path: &[&str]| find(path).and_then(|at| json::text(data, at)).unwrap_or_default().into_owned();
    let mark = |path: &[&str]| find(path).map(|at| String::from_utf8_lossy(&data[at]).into_owned()).unwrap_or_default();
    let (at, block, last) = match dialect {
        Dialect::OpenaiChat => {
            let last = find(&["choices", "0", "finish_reason"]).is_some();
            (find(&["choices", "0", "delta", "content"])?, mark(&["choices", "0", "index"]), last)
        }
        Dialect::OpenaiResponses => {
            let is_text = says(&["type"]) == "response.output_text.delta";
            let block = format!("{} {}", mark(&["output_index"]), mark(&["content_index"]));
            (find(&["delta"]).filter(|_| is_text)?, block, false)
        }
        Dialect::Anthropic => {
            let is_text = says(&["delta", "type"]) == "text_delta";
            (find(&["delta", "text"]).filter(|_| is_text)?, mark(&["index"]), false)
        }
        Dialect::Gemini => {
            let parts = json::elements(data, find(&["candidates", "0", "content", "parts"])?)?;
            let thought = find(&["candidates", "0", "content", "parts", "0", "thought"]).is_some();
            let at = find(&["candidates", "0", "content", "parts", "0", "text"]);
            let last = find(&["candidates", "0", "finishReason"]).is_some();
            (at.filter(|_| parts.len() == 1 && !thought)?, String::new(), last)
        }
        Dialect::Ollama => {
            let last = find(&["done"]).and_then(|at| json::boolean(data, at)) == Some(true);
            let at = find(&["message", "content"]).or_else(|| find(&["response"]))?;
            let calls = find(&["message", "tool_calls"]).is_some();
            (at, String::new(), last || calls)
        }
    };
    let text = json::text(data, at.clone())?.into_owned();
    Some(Piece { at, text, block, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{Framer, Framing};

    fn words() -> Substitutions {
        Substitutions::new([("[redacted:email:1]".to_owned(), "mia@example.com".to_owned())])
    }

    fn frame(text: &str) -> Frame {
        let raw = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{}}}}}]}}\n\n", quote(text));
        Framer::new(Framing::Sse).push(raw.into()).remove(0)
    }

    /// The text of each frame that left, after each frame that came.
    fn passed(pieces: &[&str]) -> Vec<String> {
        let mut texts = StreamText::new(Dialect::OpenaiChat, words());
        let mut out: Vec<Frame> = pieces.iter().flat_map(|piece| texts.push(frame(piece))).collect();
        out.extend(texts.finish());
        out.iter().map(|frame| piece(Dialect::OpenaiChat, frame.data.as_ref().unwrap()).unwrap().text).collect()
    }

    #[test]
    fn any_cut_of_a_text_says_the_same_in_as_many_frames() {
        let text = "to [redacted:email:1], [redacted or [redacted:email:1";
        let expected = "to mia@example.com, [redacted or [redacted:email:1";
        for size in 1..text.len() {
            let pieces: Vec<&str> =
                text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            let passed = passed(&pieces);
            assert_eq!((passed.concat().as_str(), passed.len()), (expected, pieces.len()), "cut into {size}");
        }
    }

    #[test]
    fn only_what_could_still_become_a_word_is_held_back() {
        let mut texts = StreamText::new(Dialect::OpenaiChat, words());
        let raw = frame("plain text").raw;
        assert_eq!(texts.push(frame("plain text"))[0].raw, raw, "byte for byte");
        assert!(texts.push(frame("and [redac")).is_empty());
        let out = texts.push(frame("tion]"));
        assert_eq!(out.len(), 2, "no word: both leave");
        assert!(!texts.changed() || out[0].raw != raw);
    }
}
