//! Frames: a response's byte stream cut where its dialect's events end, without changing a byte. The frames' raw bytes one after
//! another, and what is left at the end, are the input, however it was chunked. It must not know what an event means.

mod array;
mod lines;
mod sse;

use crate::Request;
use bytes::{Bytes, BytesMut};
use domain::Dialect;

/// How a response is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events, each ended by a blank line.
    Sse,
    /// One JSON document a line.
    Ndjson,
    /// One JSON array whose elements arrive one by one (Gemini without `alt=sse`).
    JsonArray,
    /// Everything is one frame, known at the end.
    Whole,
}

/// A frame that never ends is let go in pieces of this size, so that memory stays bounded.
const LONGEST: usize = 64 << 20;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The exact bytes, terminator included.
    pub raw: Bytes,
    /// SSE's event name, where one is given.
    pub event: Option<Bytes>,
    /// The data lines joined by line feeds, or the JSON document; `None` for comments, blanks and brackets.
    pub data: Option<Bytes>,
}

/// How the response to `request` is cut, given its `Content-Type`.
pub fn framing(dialect: Dialect, content_type: Option<&str>, request: &Request) -> Framing {
    let kind = content_type.map(|full| full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match kind.as_deref() {
        Some("text/event-stream") => Framing::Sse,
        Some("application/x-ndjson" | "application/jsonl" | "application/ndjson") => Framing::Ndjson,
        _ if !request.stream => Framing::Whole,
        Some("application/json") => match dialect {
            Dialect::Gemini => Framing::JsonArray,
            Dialect::Ollama => Framing::Ndjson,
            _ => Framing::Whole,
        },
        None | Some("" | "text/plain" | "application/octet-stream") => match dialect {
            Dialect::Gemini if request.array => Framing::JsonArray,
            Dialect::Ollama => Framing::Ndjson,
            _ => Framing::Sse,
        },
        Some(_) => Framing::Whole,
    }
}

/// Whether the label alone settles how the response is cut. Where it does not, its first bytes tell ([`sniff`]).
pub fn is_certain(dialect: Dialect, content_type: Option<&str>, request: &Request) -> bool {
    let kind = content_type.map(|full| full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match kind.as_deref() {
        Some("text/event-stream") => request.stream && dialect != Dialect::Ollama && !request.array,
        Some("application/x-ndjson" | "application/jsonl" | "application/ndjson") => {
            request.stream && dialect == Dialect::Ollama
        }
        Some("application/json") => !request.stream || dialect == Dialect::Gemini && request.array,
        _ => false,
    }
}

/// What a body's first bytes say of its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    Framing(Framing),
    /// More bytes may tell.
    Unsure,
    /// Nothing that is known here.
    Unknown,
}

/// Reads the framing off the first (decompressed) bytes of a response.
pub fn sniff(request: &Request, first: &[u8]) -> Sniffed {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    if first.len() < BOM.len() && BOM.starts_with(first) {
        return Sniffed::Unsure;
    }
    let text = first.strip_prefix(BOM).unwrap_or(first).trim_ascii_start();
    match (text.first(), request.dialect) {
        (None, _) => Sniffed::Unsure,
        (Some(b'{'), Dialect::Ollama) if request.stream => Sniffed::Framing(Framing::Ndjson),
        (Some(b'['), Dialect::Gemini) if request.stream => Sniffed::Framing(Framing::JsonArray),
        (Some(b'{' | b'['), _) => Sniffed::Framing(Framing::Whole),
        _ if FIELDS.iter().any(|field| text.starts_with(field)) => Sniffed::Framing(Framing::Sse),
        _ if FIELDS.iter().any(|field| field.starts_with(text)) => Sniffed::Unsure,
        _ => Sniffed::Unknown,
    }
}

/// Cuts one response.
#[derive(Debug)]
pub struct Framer {
    cutter: Cutter,
    /// The bytes of the frame that has not ended yet.
    held: BytesMut,
}

#[derive(Debug)]
enum Cutter {
    Sse(sse::Cutter),
    Ndjson(lines::Cutter),
    JsonArray(array::Cutter),
    Whole,
}

impl Framer {
    pub fn new(framing: Framing) -> Self {
        let cutter = match framing {
            Framing::Sse => Cutter::Sse(sse::Cutter::default()),
            Framing::Ndjson => Cutter::Ndjson(lines::Cutter::default()),
            Framing::JsonArray => Cutter::JsonArray(array::Cutter::default()),
            Framing::Whole => Cutter::Whole,
        };
        Framer { cutter, held: BytesMut::new() }
    }

    /// The frames that end within `chunk`, in order.
    pub fn push(&mut self, chunk: Bytes) -> Vec<Frame> {
        let mut frames = Vec::new();
        if matches!(self.cutter, Cutter::Whole) {
            self.held.extend_from_slice(&chunk);
            return frames;
        }
        let mut rest = chunk;
        if self.held.is_empty() {
            // The usual case, a chunk of whole frames: they are slices of it.
            while let Some(end) = self.end(&rest) {
                let raw = rest.split_to(end);
                frames.push(self.frame(raw));
            }
            self.held.extend_from_slice(&rest);
        } else {
            self.held.extend_from_slice(&rest);
            loop {
                let held = std::mem::take(&mut self.held);
                let end = self.end(&held);
                self.held = held;
                let Some(end) = end else { break };
                let raw = self.held.split_to(end).freeze();
                frames.push(self.frame(raw));
            }
        }
        if self.held.len() > LONGEST {
            frames.push(Frame { raw: self.held.split().freeze(), event: None, data: None });
        }
        frames
    }

    /// The bytes of an unfinished frame, at the end of the stream.
    pub fn rest(&mut self) -> Option<Bytes> {
        (!self.held.is_empty()).then(|| self.held.split().freeze())
    }

    /// The stream's end: what is held as a last frame. Of `Whole` it is everything; of the others an event whose terminator never
    /// came, which may be half a document.
    pub fn finish(&mut self) -> Option<Frame> {
        let raw = self.rest()?;
        Some(self.frame(raw))
    }

    /// How many bytes are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        match &mut self.cutter {
            Cutter::Sse(cutter) => cutter.end(bytes),
            Cutter::Ndjson(cutter) => cutter.end(bytes),
            Cutter::JsonArray(cutter) => cutter.end(bytes),
            Cutter::Whole => None,
        }
    }

    fn frame(&self, raw: Bytes) -> Frame {
        match self.cutter {
            Cutter::Sse(_) => sse::frame(raw),
            Cutter::Ndjson(_) | Cutter::Whole => {
                let data = trimmed(&raw);
                Frame { raw, event: None, data }
            }
            Cutter::JsonArray(_) => array::frame(raw),
        }
    }
}

/// The bytes without white space around them; `None` where nothing is left.
fn trimmed(raw: &Bytes) -> Option<Bytes> {
    let inner = raw.trim_ascii();
    (!inner.is_empty()).then(|| raw.slice_ref(inner))
}

#[cfg(test)]
mod tests;
