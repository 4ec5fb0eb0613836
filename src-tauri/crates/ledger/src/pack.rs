//! What of one exchange is only ever read together, as one run of bytes that compresses well against the same of an earlier
//! exchange: the request's head, and the answer with its frames.

use crate::{
    LedgerError,
    codec::{put_signed, put_varint, take_signed, take_varint},
};
use bytes::Bytes;
use domain::{Attempt, Headers, Mark, ResponseImage};

/// A request's head: method, path, headers, and the marks cut from its messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeadPack {
    pub method: String,
    pub path: String,
    pub headers: Headers,
    pub marks: Vec<Mark>,
}

impl HeadPack {
    pub fn bytes(method: &str, path: &str, headers: &Headers, marks: &[Mark]) -> Vec<u8> {
        let mut to = Vec::with_capacity(1024);
        put_text(&mut to, method);
        put_text(&mut to, path);
        put_headers(&mut to, headers);
        put_varint(&mut to, marks.len() as u64);
        for mark in marks {
            put_varint(&mut to, mark.message.into());
            put_varint(&mut to, mark.offset.into());
            put_text(&mut to, &mark.bytes);
        }
        to
    }

    pub fn read(mut from: &[u8]) -> Result<HeadPack, LedgerError> {
        let from = &mut from;
        let (method, path, headers) = (take_text(from)?, take_text(from)?, take_headers(from)?);
        let count = take_varint(from)?;
        let marks = (0..count)
            .map(|_| {
                let (message, offset) = (take_varint(from)? as u32, take_varint(from)? as u32);
                Ok(Mark { message, offset, bytes: take_text(from)? })
            })
            .collect::<Result<_, LedgerError>>()?;
        Ok(HeadPack { method, path, headers, marks })
    }
}

/// Everything that came back: attempts, the answer's text (for snippets), both responses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnswerPack {
    pub attempts: Vec<Attempt>,
    pub text: String,
    pub provider: Option<ResponseImage>,
    pub agent: Option<ResponseImage>,
}

impl AnswerPack {
    pub fn bytes(
        attempts: &[Attempt],
        text: &str,
        provider: Option<&ResponseImage>,
        agent: Option<&ResponseImage>,
    ) -> Vec<u8> {
        let body = provider.map_or(0, |image| image.body.len()) + agent.map_or(0, |image| image.body.len());
        let mut to = Vec::with_capacity(body + text.len() + 2048);
        [provider, agent].into_iter().for_each(|image| put_body(&mut to, image));
        [provider, agent].into_iter().flatten().for_each(|image| put_rest(&mut to, image));
        put_varint(&mut to, attempts.len() as u64);
        for attempt in attempts {
            put_attempt(&mut to, attempt);
        }
        put_text(&mut to, text);
        to
    }

    pub fn read(bytes: Vec<u8>) -> Result<AnswerPack, LedgerError> {
        let whole = Bytes::from(bytes);
        let mut rest = &whole[..];
        let from = &mut rest;
        let mut provider = take_body(&whole, from)?;
        let mut agent = take_body(&whole, from)?;
        for image in [&mut provider, &mut agent].into_iter().flatten() {
            take_rest(from, image)?;
        }
        let count = take_varint(from)?;
        let attempts = (0..count).map(|_| take_attempt(from)).collect::<Result<_, _>>()?;
        let text = take_text(from)?;
        Ok(AnswerPack { attempts, text, provider, agent })
    }
}

fn put_attempt(to: &mut Vec<u8>, attempt: &Attempt) {
    put_text(to, &attempt.model);
    put_text(to, &attempt.provider);
    put_varint(to, attempt.status.map_or(0, |status| u64::from(status) + 1));
    put_optional(to, attempt.error.as_deref());
    put_optional(to, attempt.why.as_deref());
    put_signed(to, (attempt.duration_ms * 1000.0).round() as i64);
}

fn take_attempt(from: &mut &[u8]) -> Result<Attempt, LedgerError> {
    let (model, provider) = (take_text(from)?, take_text(from)?);
    let status = take_varint(from)?.checked_sub(1).map(|status| status as u16);
    let (error, why) = (take_optional(from)?, take_optional(from)?);
    Ok(Attempt { model, provider, status, error, why, duration_ms: take_signed(from)? as f64 / 1000.0 })
}

/// A response that waits for a person: its headers, then its body.
pub fn held_bytes(headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut to = Vec::with_capacity(body.len() + 1024);
    put_headers(&mut to, headers);
    to.extend_from_slice(body);
    to
}

pub fn read_held(bytes: Vec<u8>) -> Result<(Headers, Bytes), LedgerError> {
    let whole = Bytes::from(bytes);
    let mut rest = &whole[..];
    let headers = take_headers(&mut rest)?;
    Ok((headers, whole.slice_ref(rest)))
}

/// Status, frame ends and body come first, because they repeat from answer to answer at the same places; headers and frame times,
/// which do not, after all bodies.
fn put_body(to: &mut Vec<u8>, image: Option<&ResponseImage>) {
    let Some(image) = image else {
        return put_varint(to, 0);
    };
    put_varint(to, u64::from(image.status) + 1);
    put_varint(to, image.frames.len() as u64);
    put_running(to, image.frames.iter().map(|(end, _)| *end));
    put_varint(to, image.body.len() as u64);
    to.extend_from_slice(&image.body);
}

fn put_rest(to: &mut Vec<u8>, image: &ResponseImage) {
    put_headers(to, &image.headers);
    put_running(to, image.frames.iter().map(|(_, micros)| *micros));
}

fn put_running(to: &mut Vec<u8>, values: impl Iterator<Item = u32>) {
    let mut last = 0u32;
    for value in values {
        put_varint(to, value.wrapping_sub(last).into());
        last = value;
    }
}

fn take_body(whole: &Bytes, from: &mut &[u8]) -> Result<Option<ResponseImage>, LedgerError> {
    let Some(status) = take_varint(from)?.checked_sub(1) else {
        return Ok(None);
    };
    let count = take_varint(from)? as usize;
    let frames = take_running(from, count)?.into_iter().map(|end| (end, 0)).collect();
    let body = whole.slice_ref(take_bytes(from)?);
    Ok(Some(ResponseImage { status: status as u16, headers: Headers::new(), body, frames }))
}

fn take_rest(from: &mut &[u8], image: &mut ResponseImage) -> Result<(), LedgerError> {
    image.headers = take_headers(from)?;
    let times = take_running(from, image.frames.len())?;
    image.frames.iter_mut().zip(times).for_each(|(frame, micros)| frame.1 = micros);
    Ok(())
}

fn take_running(from: &mut &[u8], count: usize) -> Result<Vec<u32>, LedgerError> {
    let mut last = 0u32;
    (0..count)
        .map(|_| {
            last = last.wrapping_add(take_varint(from)? as u32);
            Ok(last)
        })
        .collect()
}

fn put_headers(to: &mut Vec<u8>, headers: &Headers) {
    put_varint(to, headers.len() as u64);
    for (name, value) in headers {
        put_text(to, name);
        put_text(to, value);
    }
}

fn take_headers(from: &mut &[u8]) -> Result<Headers, LedgerError> {
    let count = take_varint(from)?;
    (0..count).map(|_| Ok((take_text(from)?, take_text(from)?))).collect()
}

fn put_optional(to: &mut Vec<u8>, text: Option<&str>) {
    put_varint(to, text.map_or(0, |text| text.len() as u64 + 1));
    to.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn take_optional(from: &mut &[u8]) -> Result<Option<String>, LedgerError> {
    match take_varint(from)?.checked_sub(1) {
        None => Ok(None),
        Some(length) => text(take(from, length as usize)?).map(Some),
    }
}

pub fn put_text(to: &mut Vec<u8>, text: &str) {
    put_varint(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

pub fn take_text(from: &mut &[u8]) -> Result<String, LedgerError> {
    text(take_bytes(from)?)
}

fn text(bytes: &[u8]) -> Result<String, LedgerError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| LedgerError::damaged("pack", error))
}

pub fn take_bytes<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], LedgerError> {
    let length = take_varint(from)? as usize;
    take(from, length)
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Result<&'a [u8], LedgerError> {
    let (taken, rest) = from.split_at_checked(length).ok_or_else(|| LedgerError::damaged("pack", "it ends early"))?;
    *from = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_come_back_whole() {
        let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        let marks = vec![Mark { message: 3, offset: 17, bytes: ",\"cache_control\":{}".into() }];
        let head = HeadPack::bytes("POST", "/v1/messages", &headers, &marks);
        let read = HeadPack::read(&head).unwrap();
        assert_eq!(
            read,
            HeadPack { method: "POST".into(), path: "/v1/messages".into(), headers: headers.clone(), marks }
        );

        let image = ResponseImage {
            status: 200,
            headers,
            body: Bytes::from_static(b"abcdef"),
            frames: vec![(2, 900), (6, 1500)],
        };
        let attempts = vec![Attempt {
            model: "m".into(),
            provider: "p".into(),
            status: None,
            error: Some("cut".into()),
            duration_ms: 1.5,
            why: None,
        }];
        let packed = AnswerPack::bytes(&attempts, "hello", Some(&image), None);
        let read = AnswerPack::read(packed).unwrap();
        assert_eq!(read, AnswerPack { attempts, text: "hello".into(), provider: Some(image), agent: None });
    }
}
