//! A JSON array whose elements arrive one by one. A frame ends with an element; the bracket or comma before it belongs to it. The
//! closing bracket is a frame of its own, without data. A lone object (an error in place of the array) is a frame too.

use super::{Frame, trimmed};
use crate::json;
use bytes::Bytes;

#[derive(Debug, Default)]
pub(super) struct Cutter {
    scanned: usize,
    /// Brackets open within the element.
    depth: usize,
    string: bool,
    escaped: bool,
}

impl Cutter {
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(byte) = bytes.get(self.scanned) {
            self.scanned += 1;
            if self.string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.string = false,
                    _ => {}
                }
                continue;
            }
            let ends = match byte {
                b'"' => {
                    self.string = true;
                    false
                }
                b'{' => {
                    self.depth += 1;
                    false
                }
                // The outer array's own bracket opens no element.
                b'[' if self.depth > 0 => {
                    self.depth += 1;
                    false
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    self.depth == 0
                }
                b']' => true,
                _ => false,
            };
            if ends {
                let end = self.scanned;
                *self = Cutter::default();
                return Some(end);
            }
        }
        None
    }
}

pub(super) fn frame(raw: Bytes) -> Frame {
    let start = json::blank(&raw, 0);
    let element = match raw.get(start) {
        Some(b'[' | b',') => raw.slice(start + 1..),
        _ => raw.slice(start..),
    };
    let data = trimmed(&element).filter(|data| data.starts_with(b"{"));
    Frame { raw, event: None, data }
}
