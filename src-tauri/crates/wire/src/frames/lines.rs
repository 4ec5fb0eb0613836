//! One JSON document a line.

use memchr::memchr;

#[derive(Debug, Default)]
pub(super) struct Cutter {
    scanned: usize,
}

impl Cutter {
    /// One past the line feed.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        match memchr(b'\n', &bytes[self.scanned..]) {
            Some(found) => {
                let end = self.scanned + found + 1;
                self.scanned = 0;
                Some(end)
            }
            None => {
                self.scanned = bytes.len();
                None
            }
        }
    }
}
