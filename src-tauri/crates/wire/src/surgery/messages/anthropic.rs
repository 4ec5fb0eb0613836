//! Anthropic: content blocks grow from their start event by their deltas. Strings keep their spelling, a call's input is the JSON
//! that the model wrote, and members that we do not know stay.

use super::glued;
use crate::json::{self, Span};
use crate::patch::Patch;
use bytes::Bytes;

pub(super) fn whole(body: &Bytes) -> Option<Vec<Bytes>> {
    let content = json::find(body, json::root(body)?, &["content"])?;
    let blocks = json::elements(body, content)?;
    Some(message(blocks.into_iter().map(|span| body.slice(span)).collect()))
}

/// One block under construction.
struct Block {
    index: u64,
    start: Bytes,
    /// A string member's pieces, with quotes.
    pieces: Vec<(String, Vec<Bytes>)>,
    input: String,
    citations: Vec<Bytes>,
}

pub(super) fn streamed(documents: &[&Bytes]) -> Option<Vec<Bytes>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut answered = false;
    for data in documents {
        let Some(root) = json::root(data) else { continue };
        let find = |key: &str| json::member(data, root.clone(), key);
        let kind = find("type").and_then(|span| json::text(data, span)).unwrap_or_default();
        let index = find("index").and_then(|span| json::number(data, span)).unwrap_or_default();
        match &*kind {
            "message_start" => answered = true,
            "content_block_start" => {
                let start = data.slice(find("content_block")?);
                blocks.push(Block { index, start, pieces: Vec::new(), input: String::new(), citations: Vec::new() });
            }
            "content_block_delta" => {
                let block = blocks.iter_mut().rev().find(|block| block.index == index);
                if let (Some(block), Some(delta)) = (block, find("delta")) {
                    block.grow(data, delta);
                }
            }
            _ => {}
        }
    }
    answered.then(|| message(blocks.into_iter().filter_map(Block::finish).collect()))
}

impl Block {
    fn grow(&mut self, data: &Bytes, delta: Span) {
        for member in json::members(data, delta).unwrap_or_default() {
            let key = json::unescape(&data[member.key]);
            match &*key {
                "type" => {}
                "partial_json" => self.input.push_str(&json::text(data, member.value).unwrap_or_default()),
                "citation" => self.citations.push(data.slice(member.value)),
                key if data[member.value.start] == b'"' => {
                    let piece = data.slice(member.value);
                    match self.pieces.iter_mut().find(|(own, _)| own == key) {
                        Some((_, pieces)) => pieces.push(piece),
                        None => self.pieces.push((key.to_owned(), vec![piece])),
                    }
                }
                _ => {}
            }
        }
    }

    fn finish(self) -> Option<Bytes> {
        let mut patch = Patch::new(&self.start)?;
        let root = patch.root();
        for (key, pieces) in &self.pieces {
            let start = patch.find(&[key]).filter(|span| self.start[span.start] == b'"').map(|span| patch.bytes(span));
            let all: Vec<&[u8]> = start.iter().chain(pieces).map(|piece| &piece[..]).collect();
            patch.put(root.clone(), key, glued(&all));
        }
        // A call that broke off has no valid input: what the provider would make of it is an empty one.
        if json::root(self.input.as_bytes()).is_some_and(|span| self.input.as_bytes()[span.start] == b'{') {
            patch.put(root.clone(), "input", self.input);
        }
        if !self.citations.is_empty() {
            let list = [b"[", &self.citations.join(&b","[..])[..], b"]"].concat();
            patch.put(root, "citations", list);
        }
        Some(patch.finish())
    }
}

/// The blocks as a message, without empty texts, which the provider refuses.
fn message(blocks: Vec<Bytes>) -> Vec<Bytes> {
    let says = |block: &Bytes| {
        let root = json::root(block)?;
        let kind = json::text(block, json::member(block, root.clone(), "type")?)?;
        let text = json::member(block, root, "text")?;
        Some(kind != "text" || text.len() > 2)
    };
    let blocks: Vec<Bytes> = blocks.into_iter().filter(|block| says(block).unwrap_or(true)).collect();
    if blocks.is_empty() {
        return Vec::new();
    }
    vec![Bytes::from([br#"{"role":"assistant","content":["#, &blocks.join(&b","[..])[..], b"]}"].concat())]
}
