//! How bytes are made small: as they are, zstd alone, or told apart from an earlier blob (spliced, or zstd with its start as
//! prefix). References are one deep: a blob that others refer to refers to none.

use crate::LedgerError;
use std::cell::RefCell;
use zstd::zstd_safe::{CCtx, DCtx, compress_bound};

/// Stored as it is.
pub const RAW: i64 = 0;
/// One zstd frame.
pub const ZSTD: i64 = 1;
/// The first number that a blob may have, so that `base` can hold a blob's number beside `RAW` and `ZSTD`.
pub const FIRST_BLOB: i64 = 2;

/// Only this much of the start of a reference is used, or large answers would cost their length twice.
const PREFIX_LIMIT: usize = 32 << 10;
/// Level 1: a quarter of level 3's time on small bodies for a few per cent of size.
const LEVEL: i32 = 1;
/// Up to this length there is little to gain.
const SHORTEST: usize = 96;
/// A middle up to this length is spliced without trying zstd.
const SPLICE_LIMIT: usize = 96;
const SPLICED: u8 = 0;
const PREFIXED: u8 = 1;
/// Prefixed, after tokens (ids, mostly) that stand where the reference has others were replaced by those.
const RENAMED: u8 = 2;
/// So many tokens are looked at, of so many bytes each.
const NAMES: usize = 6;
const NAME: std::ops::RangeInclusive<usize> = 8..=64;

thread_local! {
    static COMPRESSOR: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// (base, data) of bytes that refer to nothing.
pub fn alone(bytes: &[u8]) -> (i64, Vec<u8>) {
    if bytes.len() > SHORTEST
        && let Some(packed) = compress(bytes, &[], 0)
        && packed.len() < bytes.len()
    {
        return (ZSTD, packed);
    }
    (RAW, bytes.to_vec())
}

/// `bytes` as another middle between the ends of `reference`, where that is short. Costs two comparisons.
pub fn spliced(bytes: &[u8], reference: &[u8]) -> Option<Vec<u8>> {
    let front = bytes.iter().zip(reference).take_while(|(a, b)| a == b).count();
    let most = bytes.len().min(reference.len()) - front;
    let back = bytes.iter().rev().zip(reference.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let middle = &bytes[front..bytes.len() - back];
    if middle.len() > SPLICE_LIMIT {
        return None;
    }
    let mut data = Vec::with_capacity(middle.len() + 8);
    data.push(SPLICED);
    put_varint(&mut data, front as u64);
    put_varint(&mut data, back as u64);
    data.extend_from_slice(middle);
    Some(data)
}

/// The difference of `bytes` to `reference`, or `None` where there is no gain.
pub fn against(bytes: &[u8], reference: &[u8]) -> Option<Vec<u8>> {
    if let Some(data) = spliced(bytes, reference) {
        return (data.len() < bytes.len()).then_some(data);
    }
    let (renamed, names) = rename(bytes, reference);
    let data = if names.is_empty() {
        let mut data = compress(bytes, prefix(reference), 1)?;
        data[0] = PREFIXED;
        data
    } else {
        let mut data = vec![RENAMED];
        put_varint(&mut data, names.len() as u64);
        for (at, name) in &names {
            put_varint(&mut data, *at as u64);
            put_varint(&mut data, name.len() as u64);
            data.extend_from_slice(name);
        }
        data.extend_from_slice(&compress(&renamed, prefix(reference), 0)?);
        data
    };
    (data.len() < bytes.len()).then_some(data)
}

/// Walks both from the start; where a token of `bytes` differs from the token of the same length at its place in `reference`, and
/// occurs again, it is replaced throughout by that. A streamed answer repeats its id in every frame: this makes the frames equal.
/// Returns what came of it and (place in the reference, token), in the order in which to undo them, last first.
fn rename(bytes: &[u8], reference: &[u8]) -> (Vec<u8>, Vec<(usize, Vec<u8>)>) {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut text = bytes.to_vec();
    let mut names: Vec<(usize, Vec<u8>)> = Vec::new();
    let (mut here, mut there) = (0, 0);
    for _ in 0..4 * NAMES {
        let same = text[here..].iter().zip(&reference[there..]).take_while(|(a, b)| a == b).count();
        here += same;
        there += same;
        if names.len() == NAMES || here >= text.len() || there >= reference.len().min(PREFIX_LIMIT) {
            break;
        }
        let back = text[..here].iter().rev().take(same).take_while(|byte| is_token(byte)).count();
        let (from, origin) = (here - back, there - back);
        let mine = text[from..].iter().take_while(|byte| is_token(byte)).count();
        let theirs = reference[origin..].iter().take_while(|byte| is_token(byte)).count();
        if mine == theirs && NAME.contains(&mine) {
            let (old, new) = (text[from..from + mine].to_vec(), &reference[origin..origin + mine]);
            // Undone by replacing all of `new`: so none may be there before.
            if find(&text[from + mine..], &old).is_some() && find(&text, new).is_none() {
                replace(&mut text, &old, new);
                names.push((origin, old));
                continue;
            }
        }
        // Not a name: go on behind it, if the two still run alike there.
        here = from + mine;
        there = origin + theirs;
        if mine.max(theirs) == 0 {
            here += 1;
            there += 1;
        }
        if here >= text.len() || there >= reference.len() {
            break;
        }
    }
    (text, names)
}

fn replace(text: &mut [u8], old: &[u8], new: &[u8]) {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| find(rest, old)) {
        text[at + found..at + found + old.len()].copy_from_slice(new);
        at += found + old.len();
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

/// Bytes from (base, data); `reference` holds the base's own bytes where base names a blob.
pub fn restore(base: i64, data: Vec<u8>, reference: &[u8]) -> Result<Vec<u8>, LedgerError> {
    match base {
        RAW => Ok(data),
        ZSTD => decompress(&data, &[]),
        _ => match data.split_first() {
            Some((&PREFIXED, frame)) => decompress(frame, prefix(reference)),
            Some((&RENAMED, mut rest)) => {
                let mut names = Vec::new();
                for _ in 0..take_varint(&mut rest)? {
                    let (at, length) = (take_varint(&mut rest)? as usize, take_varint(&mut rest)? as usize);
                    let short = || LedgerError::damaged("blob", "a name is cut");
                    let (name, after) = rest.split_at_checked(length).ok_or_else(short)?;
                    let known = at.checked_add(length).and_then(|end| reference.get(at..end)).ok_or_else(short)?;
                    rest = after;
                    names.push((known, name));
                }
                let mut bytes = decompress(rest, prefix(reference))?;
                names.iter().rev().for_each(|(known, name)| replace(&mut bytes, known, name));
                Ok(bytes)
            }
            Some((&SPLICED, mut rest)) => {
                let front = take_varint(&mut rest)? as usize;
                let back = take_varint(&mut rest)? as usize;
                let (Some(start), Some(end)) = (reference.get(..front), reference.len().checked_sub(back)) else {
                    return Err(LedgerError::damaged("blob", "the reference is too short"));
                };
                Ok([start, rest, &reference[end..]].concat())
            }
            _ => Err(LedgerError::damaged("blob", "unknown form")),
        },
    }
}

fn prefix(reference: &[u8]) -> &[u8] {
    &reference[..reference.len().min(PREFIX_LIMIT)]
}

/// A zstd frame after `room` bytes left free. `None` where zstd fails, which it does not on valid memory.
fn compress(bytes: &[u8], prefix: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut frame: Vec<u8> = Vec::with_capacity(compress_bound(bytes.len()));
    COMPRESSOR
        .with_borrow_mut(|compressor| compressor.compress_using_dict(&mut frame, bytes, prefix, LEVEL))
        .inspect_err(|code| tracing::warn!(code, "zstd failed"))
        .ok()?;
    // Without zstd's magic number, which every frame here would repeat.
    let frame = frame.get(4..)?;
    let mut data = Vec::with_capacity(room + frame.len());
    data.resize(room, 0);
    data.extend_from_slice(frame);
    Some(data)
}

fn decompress(frame: &[u8], prefix: &[u8]) -> Result<Vec<u8>, LedgerError> {
    let whole = [&[0x28, 0xb5, 0x2f, 0xfd], frame].concat();
    let length = zstd::zstd_safe::get_frame_content_size(&whole)
        .map_err(|_| LedgerError::damaged("blob", "no zstd frame"))?
        .unwrap_or(0);
    let mut bytes: Vec<u8> = Vec::with_capacity(length as usize);
    DECOMPRESSOR
        .with_borrow_mut(|decompressor| decompressor.decompress_using_dict(&mut bytes, &whole, prefix))
        .map_err(|code| LedgerError::damaged("blob", zstd::zstd_safe::get_error_name(code)))?;
    Ok(bytes)
}

pub fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

pub fn take_varint(from: &mut &[u8]) -> Result<u64, LedgerError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first().ok_or_else(|| LedgerError::damaged("pack", "it ends early"))?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(LedgerError::damaged("pack", "a number is too long"))
}

/// Small numbers of either sign as small varints.
pub fn put_signed(to: &mut Vec<u8>, value: i64) {
    put_varint(to, ((value << 1) ^ (value >> 63)) as u64);
}

pub fn take_signed(from: &mut &[u8]) -> Result<i64, LedgerError> {
    let value = take_varint(from)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(bytes: Vec<u8>, reference: Vec<u8>, shared in 0usize..400) {
            let (base, data) = alone(&bytes);
            prop_assert_eq!(&restore(base, data, &[]).unwrap(), &bytes);
            let common: Vec<u8> = (0..shared).map(|n| (n * 7 % 251) as u8).collect();
            let (bytes, reference) = ([&common[..], &bytes].concat(), [&common[..], &reference].concat());
            if let Some(data) = against(&bytes, &reference) {
                prop_assert_eq!(restore(FIRST_BLOB, data, &reference).unwrap(), bytes);
            }
        }

        #[test]
        fn numbers_of_either_sign_come_back(value: i64) {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, value);
            prop_assert_eq!(take_signed(&mut &bytes[..]).unwrap(), value);
        }
    }

    proptest! {
        #[test]
        fn frames_that_repeat_an_id_come_back(ids in prop::collection::vec("[ab]{8,12}", 4), times in 1usize..6, tail in "[ab \"]{0,300}") {
            let frames = |id: &str, other: &str| format!("{{\"id\":\"{id}\",\"other\":\"{other}\"}}\n").repeat(times);
            let bytes = frames(&ids[0], &ids[1]) + &tail;
            let reference = frames(&ids[2], &ids[3]);
            if let Some(data) = against(bytes.as_bytes(), reference.as_bytes()) {
                prop_assert_eq!(restore(FIRST_BLOB, data, reference.as_bytes()).unwrap(), bytes.into_bytes());
            }
        }
    }

    #[test]
    fn a_repeat_with_another_id_costs_little_more_than_the_id() {
        let one = br#"{"role":"tool","tool_call_id":"call_AAAAAAAAAAAAAAAAAAAAAAAA","content":"the same result, again and again"}"#;
        let two = br#"{"role":"tool","tool_call_id":"call_BBBBBBBBBBBBBBBBBBBBBBBB","content":"the same result, again and again"}"#;
        assert!(against(two, one).unwrap().len() <= 24 + 4);
    }
}
