//! A scanner over raw JSON bytes: where members, elements and values lie. It builds no tree and copies nothing, so that an edit can
//! leave every other byte alone. It owns positions and spelling; it must not know any dialect.
//!
//! It is lenient about what it does not need: a value is skipped by its brackets and strings, not validated.

use bytes::{Bytes, BytesMut};
use memchr::memchr;
use std::borrow::Cow;

/// Where something lies in the scanned bytes.
pub type Span = std::ops::Range<usize>;

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key as spelled, without quotes.
    pub key: Span,
    pub value: Span,
}

/// Bytes to put in the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    pub at: Span,
    pub with: Bytes,
}

/// The document's value without the white space around it; `None` where there is not exactly one value.
pub fn root(bytes: &[u8]) -> Option<Span> {
    let start = blank(bytes, 0);
    let end = value_end(bytes, start)?;
    (blank(bytes, end) == bytes.len()).then_some(start..end)
}

/// All members in order; `None`: no object, or broken.
pub fn members(bytes: &[u8], object: Span) -> Option<Vec<Member>> {
    let mut walk = Members::new(bytes, object)?;
    let found = walk.by_ref().collect();
    walk.whole().then_some(found)
}

/// All elements in order; `None`: no array, or broken.
pub fn elements(bytes: &[u8], array: Span) -> Option<Vec<Span>> {
    let mut walk = Elements::new(bytes, array)?;
    let found = walk.by_ref().collect();
    walk.whole().then_some(found)
}

/// The value at a path of keys and decimal indices below `root`. Of equal keys the last one counts, as in every usual parser.
pub fn find(bytes: &[u8], root: Span, path: &[&str]) -> Option<Span> {
    path.iter().try_fold(root, |at, part| match bytes.get(at.start)? {
        b'{' => member(bytes, at, part),
        b'[' => Elements::new(bytes, at)?.nth(part.parse().ok()?),
        _ => None,
    })
}

/// The value of an object's member; of equal keys the last one counts.
pub fn member(bytes: &[u8], object: Span, key: &str) -> Option<Span> {
    Members::new(bytes, object)?.filter(|member| is_key(bytes, &member.key, key)).last().map(|member| member.value)
}

/// Whether a key as spelled means `key`.
pub fn is_key(bytes: &[u8], spelled: &Span, key: &str) -> bool {
    let raw = &bytes[spelled.clone()];
    raw == key.as_bytes() || (raw.len() > key.len() && raw.contains(&b'\\') && unescape(raw) == key)
}

/// A string value's text; `None` where the value is no string. Broken escapes and lone surrogates become U+FFFD.
pub fn text(bytes: &[u8], value: Span) -> Option<Cow<'_, str>> {
    let raw = bytes.get(value)?;
    match raw {
        [b'"', inner @ .., b'"'] => Some(unescape(inner)),
        _ => None,
    }
}

/// A number's value, or that of a string that spells one.
pub fn number(bytes: &[u8], value: Span) -> Option<u64> {
    let raw = std::str::from_utf8(bytes.get(value)?).ok()?;
    raw.parse().ok().or_else(|| raw.parse::<f64>().ok().filter(|n| *n >= 0.0 && n.is_finite()).map(|n| n as u64))
}

/// `true` or `false`.
pub fn boolean(bytes: &[u8], value: Span) -> Option<bool> {
    match bytes.get(value)? {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Whether the value is `null`.
pub fn is_null(bytes: &[u8], value: &Span) -> bool {
    bytes.get(value.clone()) == Some(b"null")
}

/// Text as a JSON string with quotes.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if (control as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// The body with every splice made and every other byte as it was. Splices may come in any order, and must not overlap: of two
/// that do, the later one in the body is left out. Insertions at one place keep their order.
pub fn splice(body: &Bytes, mut splices: Vec<Splice>) -> Bytes {
    if splices.is_empty() {
        return body.clone();
    }
    splices.sort_by_key(|splice| (splice.at.start, splice.at.end));
    let grown: usize = splices.iter().map(|splice| splice.with.len()).sum();
    let mut out = BytesMut::with_capacity(body.len() + grown);
    let mut done = 0;
    for Splice { at, with } in splices {
        if at.start < done || at.end > body.len() || at.end < at.start {
            continue;
        }
        out.extend_from_slice(&body[done..at.start]);
        out.extend_from_slice(&with);
        done = at.end;
    }
    out.extend_from_slice(&body[done..]);
    out.freeze()
}

/// Walks the members of an object.
pub struct Members<'a> {
    walk: Walk<'a>,
}

impl<'a> Members<'a> {
    /// `None`: no object starts there.
    pub fn new(bytes: &'a [u8], object: Span) -> Option<Self> {
        Walk::new(bytes, object, b'{', b'}').map(|walk| Members { walk })
    }

    /// True once the closing bracket was reached without a fault.
    pub fn whole(&self) -> bool {
        self.walk.closed.is_some()
    }

    /// One past the closing bracket, once it was reached without a fault.
    pub(crate) fn end(&self) -> Option<usize> {
        self.walk.closed
    }

    /// The next member's key and where its value starts, for whom walks that value anyway: `leave` says where it ends.
    pub(crate) fn key(&mut self) -> Option<(Span, usize)> {
        let bytes = self.walk.bytes;
        let start = self.walk.item()?;
        if bytes.get(start) != Some(&b'"') {
            return self.walk.stop();
        }
        let Some(end) = string_end(bytes, start) else { return self.walk.stop() };
        let colon = blank(bytes, end);
        if bytes.get(colon) != Some(&b':') {
            return self.walk.stop();
        }
        Some((start + 1..end - 1, blank(bytes, colon + 1)))
    }

    /// Goes on after the value that ends at `end`.
    pub(crate) fn leave(&mut self, end: usize) {
        self.walk.at = end;
    }
}

impl Iterator for Members<'_> {
    type Item = Member;

    fn next(&mut self) -> Option<Member> {
        let (key, at) = self.key()?;
        match value_end(self.walk.bytes, at) {
            Some(end) => {
                self.walk.at = end;
                Some(Member { key, value: at..end })
            }
            None => self.walk.stop(),
        }
    }
}

/// Walks the elements of an array.
pub struct Elements<'a> {
    walk: Walk<'a>,
}

impl<'a> Elements<'a> {
    /// One past the closing bracket, once it was reached without a fault.
    pub(crate) fn end(&self) -> Option<usize> {
        self.walk.closed
    }

    /// `None`: no array starts there.
    pub fn new(bytes: &'a [u8], array: Span) -> Option<Self> {
        Walk::new(bytes, array, b'[', b']').map(|walk| Elements { walk })
    }

    /// True once the closing bracket was reached without a fault.
    pub fn whole(&self) -> bool {
        self.walk.closed.is_some()
    }
}

impl Iterator for Elements<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let start = self.walk.item()?;
        let Some(end) = value_end(self.walk.bytes, start) else { return self.walk.stop() };
        self.walk.at = end;
        Some(start..end)
    }
}

/// What members and elements share: commas and the closing bracket.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    close: u8,
    first: bool,
    /// One past the closing bracket, once it was reached without a fault.
    closed: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], span: Span, open: u8, close: u8) -> Option<Self> {
        let inside = bytes.get(span.clone())?.first() == Some(&open);
        inside.then_some(Walk { bytes, at: span.start + 1, end: span.end, close, first: true, closed: None })
    }

    /// Where the next item starts; `None` at the end, and after a fault.
    fn item(&mut self) -> Option<usize> {
        let mut at = blank(self.bytes, self.at);
        if at >= self.end {
            return self.stop();
        }
        if self.bytes[at] == self.close {
            self.closed = Some(at + 1);
            return self.stop();
        }
        if !self.first {
            if self.bytes[at] != b',' {
                return self.stop();
            }
            at = blank(self.bytes, at + 1);
        }
        self.first = false;
        Some(at)
    }

    fn stop<T>(&mut self) -> Option<T> {
        self.at = self.end;
        None
    }
}

/// The first byte from `at` that is no white space.
pub(crate) fn blank(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// One past the closing quote of the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut from = start + 1;
    loop {
        let quote = from + memchr(b'"', bytes.get(from..)?)?;
        // A quote counts unless an odd number of backslashes stands before it. Looking back only at quotes skips the many `\n`.
        let slashes = bytes[start + 1..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        from = quote + 1;
        if slashes % 2 == 0 {
            return Some(from);
        }
    }
}

/// One past the value that starts at `at`.
pub(crate) fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => bracket_end(bytes, at),
        b',' | b':' | b'}' | b']' => None,
        _ => Some(at + bytes[at..].iter().position(|b| b",]} \n\r\t:\"[{".contains(b)).unwrap_or(bytes.len() - at)),
    }
}

fn bracket_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// What a string's inner bytes mean.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr(b'\\', raw) else { return String::from_utf8_lossy(raw) };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut at = first;
    while at < raw.len() {
        if raw[at] != b'\\' {
            let run = next_escape(raw, at);
            out.extend_from_slice(&raw[at..run]);
            at = run;
            continue;
        }
        at += 2;
        match raw.get(at - 1) {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'u') => {
                let letter = unicode(raw, &mut at);
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(other) => out.push(*other),
            None => out.extend_from_slice("\u{fffd}".as_bytes()),
        }
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
    })
}

/// Where the next escape begins, or the end. Code is dense with them, prose is not: a few bytes are looked at before the long search.
fn next_escape(raw: &[u8], at: usize) -> usize {
    const NEAR: usize = 24;
    let near = raw.len().min(at + NEAR);
    match raw[at..near].iter().position(|byte| *byte == b'\\') {
        Some(n) => at + n,
        None => memchr(b'\\', &raw[near..]).map_or(raw.len(), |n| near + n),
    }
}

/// The letter whose four digits start at `at`, a second half of a surrogate pair included.
fn unicode(raw: &[u8], at: &mut usize) -> char {
    let digits = |from: usize| {
        let four = raw.get(from..from + 4)?;
        four.iter().all(u8::is_ascii_hexdigit).then_some(())?;
        u32::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok()
    };
    let Some(first) = digits(*at) else { return char::REPLACEMENT_CHARACTER };
    *at += 4;
    if (0xd800..0xdc00).contains(&first)
        && raw.get(*at..*at + 2) == Some(b"\\u")
        && let Some(second @ 0xdc00..0xe000) = digits(*at + 2)
    {
        *at += 6;
        let both = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
