//! Server-sent events: where one ends, and what its lines say (WHATWG HTML, 9.2.6).

use super::Frame;
use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// Remembers how far the unfinished event was scanned, so that a stream of single bytes stays linear.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    line: usize,
    scanned: usize,
}

impl Cutter {
    /// One past the blank line that ends the event; `None`: it has not come. A CR at the very end waits for its LF.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let Some(found) = memchr2(b'\n', b'\r', &bytes[self.scanned..]) else {
                self.scanned = bytes.len();
                return None;
            };
            let at = self.scanned + found;
            let next = match (bytes[at], bytes.get(at + 1)) {
                (b'\r', None) => {
                    self.scanned = at;
                    return None;
                }
                (b'\r', Some(b'\n')) => at + 2,
                _ => at + 1,
            };
            let blank = at == self.line;
            (self.line, self.scanned) = (next, next);
            if blank {
                *self = Cutter::default();
                return Some(next);
            }
        }
    }
}

/// What the event's lines say.
pub(super) fn frame(raw: Bytes) -> Frame {
    let mut event = None;
    let mut data: Option<Bytes> = None;
    let mut joined = BytesMut::new();
    let mut at = if raw.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    while at < raw.len() {
        let end = memchr2(b'\n', b'\r', &raw[at..]).map_or(raw.len(), |n| at + n);
        let line = &raw[at..end];
        at = end + 1;
        if let Some(value) = field(line, b"data") {
            match &data {
                None => data = Some(raw.slice_ref(value)),
                Some(first) => {
                    if joined.is_empty() {
                        joined.extend_from_slice(first);
                    }
                    joined.extend_from_slice(b"\n");
                    joined.extend_from_slice(value);
                }
            }
        } else if let Some(value) = field(line, b"event") {
            event = Some(raw.slice_ref(value));
        }
    }
    if !joined.is_empty() {
        data = Some(joined.freeze());
    }
    Frame { event, data: data.filter(|data| !data.is_empty()), raw }
}

fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}
