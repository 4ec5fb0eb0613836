//! An answer's text on its way, put into other words while it streams: words in the place of others, and what matches a pattern in the
//! place of that. Only what could still become one is held back, and with it the one frame that brought it, so that frames stay as many and
//! in order as they came; what became none leaves in the frame that brought it, byte for byte.
//!
//! What a match leaves as is decided outside: it is asked for, and until it is answered every later frame waits.

use super::{
    Rewording, Shapes, Spot, Substitutions,
    piece::{Piece, Says, by_choice, is_of_call, says},
    walk,
};
use crate::frames::Frame;
use crate::json::{self, Span, quote, splice};
use crate::surgery::respelled;
use bytes::Bytes;
use domain::Dialect;
use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};

/// What a matched value leaves as; none: as it is.
pub type Decided = HashMap<String, Option<String>>;

/// One answer's text under way.
#[derive(Debug)]
pub struct StreamText {
    dialect: Dialect,
    rewording: Rewording,
    blocks: Vec<Block>,
    /// Frames behind a match that is not decided yet.
    waiting: VecDeque<Frame>,
    asked: Vec<Spot>,
    ending: bool,
    changed: bool,
}

/// A text under way.
#[derive(Debug, Default)]
struct Block {
    name: String,
    /// The character before what is held: patterns read it.
    before: String,
    /// What may go on.
    begun: String,
    /// The frame that brought it, and what it says already.
    held: Option<(Frame, Span, String)>,
}

type Frames = SmallVec<[Frame; 2]>;

impl StreamText {
    pub fn new(dialect: Dialect, words: Substitutions, shapes: Shapes) -> StreamText {
        let rewording = Rewording { words, shapes, decided: Decided::new() };
        let (blocks, waiting, asked) = (Vec::new(), VecDeque::new(), Vec::new());
        StreamText { dialect, rewording, blocks, waiting, asked, ending: false, changed: false }
    }

    /// Whether anything left otherwise than it came.
    pub fn changed(&self) -> bool {
        self.changed
    }

    pub fn push(&mut self, frame: Frame) -> Frames {
        self.ending = false;
        match frame.data.as_ref().and_then(|data| by_choice(self.dialect, data)) {
            Some(choices) => self.waiting.extend(choices.into_iter().map(|data| respelled(&frame, data))),
            None => self.waiting.push_back(frame),
        }
        self.go_on()
    }

    /// No frame follows: what is still held leaves.
    pub fn finish(&mut self) -> Frames {
        self.ending = true;
        self.go_on()
    }

    /// Matches that wait for a decision.
    pub fn asked(&self) -> &[Spot] {
        &self.asked
    }

    /// What the matches leave as; those that are not named here leave as they are.
    pub fn decide(&mut self, decided: Decided) -> Frames {
        let asked = std::mem::take(&mut self.asked);
        self.rewording.decided.extend(asked.into_iter().map(|spot| (spot.value, None)));
        self.rewording.decided.extend(decided);
        self.go_on()
    }

    fn go_on(&mut self) -> Frames {
        let mut out = Frames::new();
        if !self.asked.is_empty() {
            return out;
        }
        while let Some(frame) = self.waiting.pop_front() {
            if let Err(asked) = self.take(&frame, &mut out) {
                self.asked = asked;
                self.waiting.push_front(frame);
                return out;
            }
        }
        if self.ending
            && let Err(asked) = self.end(None, &mut out)
        {
            self.asked = asked;
        }
        out
    }

    /// Takes a frame in; where matches are not decided yet, nothing of it has happened.
    fn take(&mut self, frame: &Frame, out: &mut Frames) -> Result<(), Vec<Spot>> {
        let Some(data) = &frame.data else {
            out.push(frame.clone());
            return Ok(());
        };
        match says(self.dialect, data) {
            Says::Piece(piece) => self.take_piece(frame, piece, out),
            Says::Aside => {
                let whole = self.whole(frame, data)?;
                out.push(whole);
                Ok(())
            }
            Says::End(block) => {
                self.end(block.as_deref(), out)?;
                let whole = self.whole(frame, data)?;
                out.push(whole);
                Ok(())
            }
        }
    }

    fn take_piece(&mut self, frame: &Frame, piece: Piece, out: &mut Frames) -> Result<(), Vec<Spot>> {
        let place = self.blocks.iter().position(|block| block.name == piece.block).unwrap_or(self.blocks.len());
        if place == self.blocks.len() {
            self.blocks.push(Block { name: piece.block.clone(), ..Block::default() });
        }
        let Block { before, begun, .. } = &self.blocks[place];
        let cut = self.rewording.cut(before, &format!("{begun}{}", piece.text), piece.last)?;
        let block = &mut self.blocks[place];
        let (mut held, mut said) = (block.held.take(), cut.said);
        if let Some((_, _, own)) = &mut held
            && let Some(rest) = said.strip_prefix(&*block.begun)
        {
            // It became nothing else.
            own.push_str(&block.begun);
            said = rest.to_owned();
        }
        (block.before, block.begun) = (cut.before, cut.begun);
        if !block.begun.is_empty() {
            block.held = Some((frame.clone(), piece.at.clone(), said.clone()));
        }
        let goes = block.begun.is_empty().then(|| (frame.clone(), piece.at, said));
        for (frame, at, said) in held.into_iter().chain(goes) {
            let frame = self.spelled(frame, at, &said);
            out.push(frame);
        }
        Ok(())
    }

    /// That text under way ends here, or every one.
    fn end(&mut self, named: Option<&str>, out: &mut Frames) -> Result<(), Vec<Spot>> {
        let meant = |block: &Block| named.is_none_or(|named| block.name == named);
        while let Some(place) = self.blocks.iter().position(meant) {
            let Block { before, begun, .. } = &self.blocks[place];
            let cut = self.rewording.cut(before, begun, true)?;
            let block = self.blocks.remove(place);
            if let Some((frame, at, said)) = block.held {
                let frame = self.spelled(frame, at, &format!("{said}{}", cut.said));
                out.push(frame);
            }
        }
        Ok(())
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
    fn whole(&mut self, frame: &Frame, data: &Bytes) -> Result<Frame, Vec<Spot>> {
        // Arguments of calls are edited as wholes, elsewhere.
        let Some(root) = json::root(data).filter(|_| !is_of_call(self.dialect, data)) else { return Ok(frame.clone()) };
        let splices = walk(data, root, &self.rewording)?;
        if splices.is_empty() {
            return Ok(frame.clone());
        }
        self.changed = true;
        Ok(respelled(frame, splice(data, splices)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{Framer, Framing};
    use domain::Pattern;

    fn words() -> Substitutions {
        Substitutions::new([("[redacted:email:1]".to_owned(), "mia@example.com".to_owned())])
    }

    fn keys() -> Shapes {
        Shapes::of(&[Pattern { name: "key".into(), regex: r"\bsk-[a-z0-9]{4,}".into(), check: None }])
    }

    fn frame(text: &str) -> Frame {
        let raw = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{}}}}}]}}\n\n", quote(text));
        Framer::new(Framing::Sse).push(raw.into()).remove(0)
    }

    /// The text of each frame that left, after each frame that came; matches leave as stars.
    fn passed(pieces: &[&str], shapes: Shapes) -> Vec<String> {
        let mut texts = StreamText::new(Dialect::OpenaiChat, words(), shapes);
        let mut out: Vec<Frame> = Vec::new();
        let stars = |texts: &mut StreamText, out: &mut Vec<Frame>| {
            while !texts.asked().is_empty() {
                let stars = texts.asked().iter().map(|spot| (spot.value.clone(), Some("***".to_owned()))).collect();
                out.extend(texts.decide(stars));
            }
        };
        for piece in pieces {
            out.extend(texts.push(frame(piece)));
            stars(&mut texts, &mut out);
        }
        out.extend(texts.finish());
        stars(&mut texts, &mut out);
        let text = |frame: &Frame| match says(Dialect::OpenaiChat, frame.data.as_ref().unwrap()) {
            Says::Piece(piece) => piece.text,
            _ => panic!("every frame has text"),
        };
        out.iter().map(text).collect()
    }

    #[test]
    fn any_cut_of_a_text_says_the_same_in_as_many_frames() {
        let text = "to [redacted:email:1], sk-abc or sk-abcd, [redacted or sk-wxyz9 [redacted:email:1";
        let expected = "to mia@example.com, sk-abc or ***, [redacted or *** [redacted:email:1";
        for size in 1..text.len() {
            let pieces: Vec<&str> =
                text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            let passed = passed(&pieces, keys());
            assert_eq!((passed.concat().as_str(), passed.len()), (expected, pieces.len()), "cut into {size}");
        }
    }

    #[test]
    fn only_what_could_still_become_a_word_is_held_back() {
        let mut texts = StreamText::new(Dialect::OpenaiChat, words(), keys());
        let raw = frame("plain text").raw;
        assert_eq!(texts.push(frame("plain text"))[0].raw, raw, "byte for byte");
        assert!(texts.push(frame("and [redac")).is_empty());
        let out = texts.push(frame("tion]"));
        let raws = |texts: &[&str]| -> Vec<Bytes> { texts.iter().map(|text| frame(text).raw).collect() };
        let left = |frames: &[Frame]| -> Vec<Bytes> { frames.iter().map(|frame| frame.raw.clone()).collect() };
        assert_eq!(left(&out), raws(&["and [redac", "tion]"]), "no word: both leave, byte for byte");
        assert!(texts.push(frame("and sk-ab")).is_empty());
        assert_eq!(left(&texts.push(frame("! it"))), raws(&["and sk-ab", "! it"]), "no match: both leave");
        assert!(!texts.changed());
    }

    #[test]
    fn nothing_leaves_behind_a_match_that_is_not_decided() {
        let mut texts = StreamText::new(Dialect::OpenaiChat, Substitutions::default(), keys());
        assert!(texts.push(frame("a sk-abcdef, ")).is_empty());
        assert!(texts.push(frame("and more")).is_empty());
        assert_eq!((texts.asked().len(), &*texts.asked()[0].value), (1, "sk-abcdef"));
        let out = texts.decide(Decided::new());
        assert_eq!(out.len(), 2, "as it is");
        assert!(!texts.changed());
        assert!(texts.push(frame("sk-abcdef. ")).len() == 1, "what was decided is not asked again");
    }

    #[test]
    fn a_token_is_nothing_to_look_into() {
        let digits = Shapes::of(&[Pattern { name: "n".into(), regex: "[0-9]+|redacted".into(), check: None }]);
        let text = "redacted [redacted:email:1] 12, [redacted:email:2]";
        let expected = "*** mia@example.com ***, [***:email:***]";
        for size in 1..text.len() {
            let pieces: Vec<&str> =
                text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            assert_eq!(passed(&pieces, digits.clone()).concat(), expected, "cut into {size}");
        }
    }

    /// Frames of any dialect in, the text that the agent joins out, by the name under which `of` finds it.
    fn joined(dialect: Dialect, frames: &[&str], of: impl Fn(&Bytes) -> Option<String>) -> String {
        let mut texts = StreamText::new(dialect, Substitutions::default(), keys());
        let mut out: Vec<Frame> = Vec::new();
        for data in frames {
            let raw = format!("data: {data}\n\n");
            out.extend(texts.push(Framer::new(Framing::Sse).push(raw.into()).remove(0)));
            while !texts.asked().is_empty() {
                let stars = texts.asked().iter().map(|spot| (spot.value.clone(), Some("***".to_owned()))).collect();
                out.extend(texts.decide(stars));
            }
        }
        out.extend(texts.finish());
        out.iter().filter_map(|frame| of(frame.data.as_ref()?)).collect()
    }

    fn at(data: &Bytes, path: &[&str]) -> Option<String> {
        let root = json::root(data)?;
        json::find(data, root, path).and_then(|at| json::text(data, at)).map(|text| text.into_owned())
    }

    #[test]
    fn each_choice_is_a_text_of_its_own() {
        let frames = [
            r#"{"choices":[{"index":0,"delta":{"content":"a sk-ab"}},{"index":1,"delta":{"content":"b sk-"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"abcd!"}}]}"#,
            r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
        ];
        let of = |index: &'static str| {
            joined(Dialect::OpenaiChat, &frames, |data| {
                let root = json::root(data)?;
                let mine = json::find(data, root, &["choices", "0", "index"]).map(|at| &data[at] == index.as_bytes());
                at(data, &["choices", "0", "delta", "content"]).filter(|_| mine == Some(true))
            })
        };
        assert_eq!((&*of("0"), &*of("1")), ("a sk-ab", "b ***!"));
    }

    #[test]
    fn what_stands_between_two_pieces_ends_no_text() {
        let cited = [
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"sk-ab"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"cited_text":"x"}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"cd."}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
        ];
        assert_eq!(joined(Dialect::Anthropic, &cited, |data| at(data, &["delta", "text"])), "***.");
        let thought = [
            r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"sk-"}]},"index":0}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"so","thought":true}]},"index":0}]}"#,
            r#"{"usageMetadata":{"totalTokenCount":3}}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"abcd."}]},"index":0}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"s"}]},"finishReason":"STOP"}]}"#,
        ];
        let shown = |data: &Bytes| {
            let first = at(data, &["candidates", "0", "content", "parts", "0", "text"]);
            at(data, &["candidates", "0", "content", "parts", "1", "text"]).or(first.filter(|text| text != "so"))
        };
        assert_eq!(joined(Dialect::Gemini, &thought, shown), "***.");
        let working = [
            r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"sk-ab"}"#,
            r#"{"type":"response.web_search_call.searching","output_index":0}"#,
            r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"cd."}"#,
            r#"{"type":"response.output_text.done","output_index":1,"content_index":0,"text":"sk-abcd."}"#,
        ];
        assert_eq!(joined(Dialect::OpenaiResponses, &working, |data| at(data, &["delta"])), "***.");
    }

    #[test]
    fn a_call_between_two_pieces_does_not_end_a_chat_text() {
        let call = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n";
        let call = Framer::new(Framing::Sse).push(call.into()).remove(0);
        let mut texts = StreamText::new(Dialect::OpenaiChat, Substitutions::default(), keys());
        assert!(texts.push(frame("sk-ab")).is_empty());
        assert_eq!(texts.push(call).len(), 1);
        assert!(texts.push(frame("cd ")).is_empty());
        assert_eq!(texts.asked()[0].value, "sk-abcd");
    }
}
