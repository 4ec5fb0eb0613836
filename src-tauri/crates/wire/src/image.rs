//! Images of requests: a body taken apart for content-addressed storage, and put together again byte for byte. The envelope is what
//! is left when system prompt, tools and messages are cut out; it is the same for every turn that changes only these.
//!
//! Envelope: `W1`, then pieces. `L` length bytes: literally. `S`, `T`: system and tools go here. `M` separator exceptions: the messages,
//! with the usual separator between two of them, and a list of (message, separator) where it differs. Numbers are LEB128.

use crate::{Identity, Request, Span, WireError, atoms, identity};
use bytes::Bytes;
use domain::{Hash, Mark, RequestImage};
use std::collections::BTreeMap;

const VERSION: &[u8] = b"W1";

/// Takes a request apart. `known` says which context nodes the ledger has; the messages of the others are appended. `hashes` are those
/// of the messages' bytes, where somebody has them already; else empty.
pub fn image(request: &Request, hashes: &[Hash], known: &mut dyn FnMut(Hash) -> bool) -> RequestImage {
    let body = &request.body;
    // Without a mark anywhere, a message's bytes are its identity.
    let hashes = if hashes.len() == request.messages.len() && !identity::may_hold_marks(body) { hashes } else { &[] };
    let mut image = RequestImage {
        envelope: envelope(request),
        system: request.system.clone().map(|span| Bytes::copy_from_slice(&body[span])),
        tools: request.tools.clone().map(|span| Bytes::copy_from_slice(&body[span])),
        ..RequestImage::default()
    };
    let mut node = Hash::default();
    for (place, span) in request.messages.iter().enumerate() {
        let identity = match hashes.get(place) {
            Some(hash) => Identity { hash: *hash, cuts: Vec::new(), stripped: body.slice(span.clone()) },
            None => identity(&body.slice(span.clone())),
        };
        node = atoms::hash(&[&node.0, &identity.hash.0]);
        image.nodes.push(node);
        for (offset, cut) in &identity.cuts {
            let bytes = String::from_utf8_lossy(cut).into_owned();
            image.marks.push(Mark { message: place as u32, offset: *offset, bytes });
        }
        if !known(node) {
            // Copied where it is a slice, or one message in a queue would keep its whole request in memory.
            let whole = identity.stripped.len() * 2 > body.len() || !identity.cuts.is_empty();
            let bytes = if whole { identity.stripped } else { Bytes::copy_from_slice(&identity.stripped) };
            image.appended.push((place as u32, identity.hash, bytes));
        }
    }
    image
}

/// Puts a request together: the exact bytes that `image` took apart.
pub fn rebuild(
    envelope: &[u8],
    system: Option<&[u8]>,
    tools: Option<&[u8]>,
    messages: &[Bytes],
    marks: &[Mark],
) -> Result<Bytes, WireError> {
    let mut rest = envelope.strip_prefix(VERSION).ok_or(WireError::Image("unknown version"))?;
    let mut out = Vec::with_capacity(envelope.len() + messages.iter().map(|message| message.len() + 2).sum::<usize>());
    while let Some((tag, after)) = rest.split_first() {
        rest = after;
        match tag {
            b'L' => out.extend_from_slice(sized(&mut rest)?),
            b'S' => out.extend_from_slice(system.ok_or(WireError::Image("its system prompt is missing"))?),
            b'T' => out.extend_from_slice(tools.ok_or(WireError::Image("its tools are missing"))?),
            b'M' => joined(&mut out, &mut rest, messages, marks)?,
            _ => return Err(WireError::Image("unknown piece")),
        }
    }
    Ok(Bytes::from(out))
}

fn envelope(request: &Request) -> Bytes {
    let body = &request.body;
    let mut holes: Vec<(Span, u8)> = Vec::with_capacity(3);
    if let (Some(first), Some(last)) = (request.messages.first(), request.messages.last()) {
        holes.push((first.start..last.end, b'M'));
    }
    holes.extend(request.system.clone().map(|span| (span, b'S')));
    holes.extend(request.tools.clone().map(|span| (span, b'T')));
    holes.sort_by_key(|(span, _)| span.start);
    let mut out = VERSION.to_vec();
    let mut done = 0;
    for (span, tag) in holes {
        literal(&mut out, &body[done..span.start]);
        out.push(tag);
        if tag == b'M' {
            separators(&mut out, body, &request.messages);
        }
        done = span.end;
    }
    literal(&mut out, &body[done..]);
    Bytes::from(out)
}

/// The separators between messages: the first one is the usual one.
fn separators(out: &mut Vec<u8>, body: &[u8], messages: &[Span]) {
    let between = |place: usize| &body[messages[place - 1].end..messages[place].start];
    let usual: &[u8] = if messages.len() > 1 { between(1) } else { b"," };
    append(out, usual);
    let others: Vec<usize> = (1..messages.len()).filter(|place| between(*place) != usual).collect();
    number(out, others.len());
    for place in others {
        number(out, place);
        append(out, between(place));
    }
}

fn joined(out: &mut Vec<u8>, rest: &mut &[u8], messages: &[Bytes], marks: &[Mark]) -> Result<(), WireError> {
    let usual = sized(rest)?;
    let mut others = BTreeMap::new();
    for _ in 0..read(rest)? {
        let place = read(rest)?;
        others.insert(place, sized(rest)?);
    }
    let mut marks = marks.iter().peekable();
    for (place, message) in messages.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(others.get(&place).copied().unwrap_or(usual));
        }
        let mut cuts = Vec::new();
        while let Some(mark) = marks.next_if(|mark| mark.message as usize == place) {
            cuts.push((mark.offset, mark.bytes.as_bytes()));
        }
        if cuts.is_empty() {
            out.extend_from_slice(message);
        } else {
            let marked = identity::restore(message, cuts.into_iter());
            out.extend_from_slice(&marked.ok_or(WireError::Image("a mark lies outside its message"))?);
        }
    }
    if marks.next().is_some() {
        return Err(WireError::Image("a mark names no message, or marks are not in order"));
    }
    Ok(())
}

fn literal(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'L');
    append(out, bytes);
}

fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn read(rest: &mut &[u8]) -> Result<usize, WireError> {
    let mut value = 0usize;
    for place in 0..5 {
        let (byte, after) = rest.split_first().ok_or(WireError::Image("it ends early"))?;
        *rest = after;
        value |= ((byte & 0x7f) as usize) << (place * 7);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(WireError::Image("a number is too long"))
}

fn sized<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], WireError> {
    let length = read(rest)?;
    let (bytes, after) = rest.split_at_checked(length).ok_or(WireError::Image("it ends early"))?;
    *rest = after;
    Ok(bytes)
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
