//! How frames are spelled: an edited frame keeps its own lines and terminators, a made one looks like its neighbours.

use crate::frames::{Frame, Framing};
use bytes::{BufMut, Bytes, BytesMut};
use memchr::{memchr2, memmem};

/// Writes the frames of one response; remembers what the array's brackets need.
#[derive(Debug)]
pub(super) struct Pen {
    framing: Framing,
    /// An element of the array has gone out.
    begun: bool,
    /// Elements went missing, or another array goes on here: brackets and commas must be made right.
    mended: bool,
}

impl Pen {
    pub fn new(framing: Framing) -> Self {
        Pen { framing, begun: false, mended: false }
    }

    /// A frame does not go out, or the next ones belong to another array.
    pub fn skip(&mut self) {
        self.mended = true;
    }

    /// The frame as it came. In an array the bracket or comma before it is made right where earlier elements went missing.
    pub fn forward(&mut self, frame: &Frame) -> Bytes {
        match &frame.data {
            Some(data) if self.framing == Framing::JsonArray => self.element(frame, data),
            // The closing bracket of an array whose every element went missing.
            None if self.framing == Framing::JsonArray
                && self.mended
                && !self.begun
                && frame.raw.trim_ascii() == b"]" =>
            {
                Bytes::from_static(b"[]")
            }
            _ => frame.raw.clone(),
        }
    }

    /// The frame with other data.
    pub fn edited(&mut self, frame: &Frame, data: &Bytes) -> Bytes {
        match (&frame.data, self.framing) {
            (_, Framing::JsonArray) => self.element(frame, data),
            (Some(own), _) => match memmem::find(&frame.raw, own) {
                Some(at) => joined(&[&frame.raw[..at], data, &frame.raw[at + own.len()..]]),
                None => relined(frame, data),
            },
            (None, _) => frame.raw.clone(),
        }
    }

    /// A frame of the runtime's own.
    pub fn made(&mut self, event: Option<&str>, data: &str) -> Bytes {
        match self.framing {
            Framing::Sse => match event {
                Some(event) => Bytes::from(format!("event: {event}\ndata: {data}\n\n")),
                None => Bytes::from(format!("data: {data}\n\n")),
            },
            Framing::Ndjson | Framing::Whole => Bytes::from(format!("{data}\n")),
            Framing::JsonArray => {
                let before = if std::mem::replace(&mut self.begun, true) { ",\r\n" } else { "[" };
                Bytes::from(format!("{before}{data}"))
            }
        }
    }

    fn element(&mut self, frame: &Frame, data: &Bytes) -> Bytes {
        let own = frame.data.as_ref().and_then(|own| memmem::find(&frame.raw, own).map(|at| (at, at + own.len())));
        let (start, end) = own.unwrap_or((0, frame.raw.len()));
        let before = &frame.raw[..start];
        let after = &frame.raw[end..];
        match (std::mem::replace(&mut self.begun, true), before.contains(&b'['), before.contains(&b',')) {
            _ if !self.mended => joined(&[before, data, after]),
            (true, true, _) => joined(&[b",\r\n", data, after]),
            (false, false, true) => joined(&[b"[", data, after]),
            _ => joined(&[before, data, after]),
        }
    }
}

/// Other data in place of several lines of it: where the frame had its first; every other line stays, and line ends as they were.
fn relined(frame: &Frame, data: &Bytes) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.raw.len());
    let mut written = false;
    let mut rest = &frame.raw[..];
    if let Some(after) = rest.strip_prefix(b"\xef\xbb\xbf") {
        out.put_slice(&rest[..3]);
        rest = after;
    }
    while !rest.is_empty() {
        let (line, ending, after) = line(rest);
        rest = after;
        if !(line == b"data" || line.starts_with(b"data:")) {
            out.put_slice(line);
            out.put_slice(ending);
        } else if !std::mem::replace(&mut written, true) {
            for part in data.split(|byte| *byte == b'\n') {
                out.put_slice(b"data: ");
                out.put_slice(part);
                out.put_slice(ending);
            }
        }
    }
    out.freeze()
}

/// The first line, what ends it (LF, CRLF or CR), and the rest.
fn line(bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let end = memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    let ending = if bytes[end..].starts_with(b"\r\n") { 2 } else { (bytes.len() - end).min(1) };
    (&bytes[..end], &bytes[end..end + ending], &bytes[end + ending..])
}

fn joined(parts: &[&[u8]]) -> Bytes {
    Bytes::from(parts.concat())
}
