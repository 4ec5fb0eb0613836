//! One JSON document as the difference to another of nearly the same shape: an observation against an earlier one. Numbers become
//! small steps, texts their changed middle, unchanged members nothing; texts that some stored content holds, their place there.

use crate::{
    LedgerError,
    codec::{put_signed, put_varint, take_signed, take_varint},
    pack::take_bytes,
};
use serde_json::{Map, Number, Value};

const SAME: u8 = 0;
/// An object with the same keys in the same order: a count, then the difference of each changed member, the upper half of whose
/// tag says how many unchanged ones it skips (15: and as many more as the number behind it).
const MEMBERS: u8 = 1;
const STEP: u8 = 2;
const SPLICE: u8 = 3;
/// A fraction: billionths as a step, then how many representable numbers it lies beside them (sums drift).
const DECIMAL: u8 = 4;
const WHOLE: u8 = 5;
/// An object with other keys: each member by its place in the reference + 1, or 0 and its name.
const REBUILT: u8 = 6;
/// An array that continues the reference's.
const LONGER: u8 = 7;

/// In the place of a whole text: where the content has it, as it is or escaped.
const COPY: u8 = 9;
const COPY_ESCAPED: u8 = 10;
/// Shorter texts are not looked for: a search costs more than they do.
const COPIED: usize = 12;

/// The largest gap that a tag has room for.
const SKIP: usize = 15;

const BILLION: f64 = 1e9;

pub fn put(to: &mut Vec<u8>, value: &Value, reference: &Value, content: &[u8]) {
    if value == reference {
        return to.push(SAME);
    }
    match (value, reference) {
        (Value::Object(new), Value::Object(old)) => put_object(to, new, old, content),
        (Value::Number(new), Value::Number(old)) => put_number(to, new, old),
        (Value::String(new), Value::String(old)) => put_string(to, new, old, content),
        (Value::Array(new), Value::Array(old)) if new.len() > old.len() && new.starts_with(old) => {
            to.push(LONGER);
            put_varint(to, (new.len() - old.len()) as u64);
            new[old.len()..].iter().for_each(|item| put_whole(to, item, content));
        }
        _ => {
            to.push(WHOLE);
            put_whole(to, value, content);
        }
    }
}

pub fn take(from: &mut &[u8], reference: &Value, content: &[u8]) -> Result<Value, LedgerError> {
    let tag = take_byte(from)?;
    take_tagged(tag, from, reference, content)
}

fn take_byte(from: &mut &[u8]) -> Result<u8, LedgerError> {
    let (&byte, rest) = from.split_first().ok_or_else(|| damaged("it ends early"))?;
    *from = rest;
    Ok(byte)
}

fn take_tagged(tag: u8, from: &mut &[u8], reference: &Value, content: &[u8]) -> Result<Value, LedgerError> {
    match (tag, reference) {
        (SAME, _) => Ok(reference.clone()),
        (MEMBERS, Value::Object(old)) => take_members(from, old, content),
        (REBUILT, Value::Object(old)) => take_rebuilt(from, old, content),
        (STEP, Value::Number(old)) => {
            let step = take_signed(from)?;
            Ok(integer(old).map(|old| old.wrapping_add(step)).ok_or_else(|| damaged("a step from a fraction"))?.into())
        }
        (DECIMAL, Value::Number(old)) => {
            let billionths = take_signed(from)?.wrapping_add(decimal(old).map_or(0, |(billionths, _)| billionths));
            let bits = ((billionths as f64 / BILLION).to_bits() as i64).wrapping_add(take_signed(from)?);
            Ok(Number::from_f64(f64::from_bits(bits as u64)).map_or(Value::Null, Value::Number))
        }
        (SPLICE, Value::String(old)) => {
            let (front, back) = (take_varint(from)? as usize, take_varint(from)? as usize);
            let middle = std::str::from_utf8(take_bytes(from)?).map_err(|_| damaged("no text"))?;
            let ends = old.get(..front).zip(old.len().checked_sub(back).and_then(|at| old.get(at..)));
            let (start, end) = ends.ok_or_else(|| damaged("the reference is too short"))?;
            Ok(Value::String([start, middle, end].concat()))
        }
        (LONGER, Value::Array(old)) => {
            let more = take_varint(from)?;
            let mut items = old.clone();
            for _ in 0..more {
                items.push(take_whole(from, content)?);
            }
            Ok(Value::Array(items))
        }
        (WHOLE, _) => take_whole(from, content),
        _ => Err(damaged("it does not fit its reference")),
    }
}

fn put_object(to: &mut Vec<u8>, new: &Map<String, Value>, old: &Map<String, Value>, content: &[u8]) {
    if new.len() == old.len() && new.keys().eq(old.keys()) {
        to.push(MEMBERS);
        let changed = || new.values().zip(old.values()).enumerate().filter(|(_, (new, old))| new != old);
        put_varint(to, changed().count() as u64);
        let mut next = 0;
        for (place, (new, old)) in changed() {
            let (at, gap) = (to.len(), place - next);
            next = place + 1;
            put(to, new, old, content);
            to[at] |= (gap.min(SKIP) as u8) << 4;
            if gap >= SKIP {
                let difference = to.split_off(at + 1);
                put_varint(to, (gap - SKIP) as u64);
                to.extend(difference);
            }
        }
        return;
    }
    to.push(REBUILT);
    put_varint(to, new.len() as u64);
    for (name, value) in new {
        match old.iter().position(|(old, _)| old == name).zip(old.get(name)) {
            Some((place, old)) => {
                put_varint(to, place as u64 + 1);
                put(to, value, old, content);
            }
            None => {
                put_varint(to, 0);
                crate::pack::put_text(to, name);
                put_whole(to, value, content);
            }
        }
    }
}

fn take_members(from: &mut &[u8], old: &Map<String, Value>, content: &[u8]) -> Result<Value, LedgerError> {
    let mut new = old.clone();
    let mut next = 0;
    for _ in 0..take_varint(from)? {
        let tag = take_byte(from)?;
        let gap = usize::from(tag >> 4);
        let place = next + gap + if gap == SKIP { take_varint(from)? as usize } else { 0 };
        next = place + 1;
        let (name, reference) = old.iter().nth(place).ok_or_else(|| damaged("no such member"))?;
        let value = take_tagged(tag & 15, from, reference, content)?;
        if let Some(slot) = new.get_mut(name) {
            *slot = value;
        }
    }
    Ok(Value::Object(new))
}

fn take_rebuilt(from: &mut &[u8], old: &Map<String, Value>, content: &[u8]) -> Result<Value, LedgerError> {
    let mut new = Map::new();
    for _ in 0..take_varint(from)? {
        let (name, value) = match take_varint(from)?.checked_sub(1) {
            Some(place) => {
                let (name, reference) = old.iter().nth(place as usize).ok_or_else(|| damaged("no such member"))?;
                (name.clone(), take(from, reference, content)?)
            }
            None => (crate::pack::take_text(from)?, take_whole(from, content)?),
        };
        new.insert(name, value);
    }
    Ok(Value::Object(new))
}

fn put_number(to: &mut Vec<u8>, new: &Number, old: &Number) {
    if let (Some(new), Some(old)) = (integer(new), integer(old)) {
        to.push(STEP);
        return put_signed(to, new.wrapping_sub(old));
    }
    if new.is_f64()
        && let Some((billionths, beside)) = decimal(new)
    {
        to.push(DECIMAL);
        put_signed(to, billionths.wrapping_sub(decimal(old).map_or(0, |(billionths, _)| billionths)));
        return put_signed(to, beside);
    }
    to.push(WHOLE);
    put_whole(to, &Value::Number(new.clone()), &[]);
}

fn put_string(to: &mut Vec<u8>, new: &str, old: &str, content: &[u8]) {
    let mut front = new.bytes().zip(old.bytes()).take_while(|(a, b)| a == b).count();
    while !new.is_char_boundary(front) || !old.is_char_boundary(front) {
        front -= 1;
    }
    let most = new.len().min(old.len()) - front;
    let mut back = new.bytes().rev().zip(old.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    while !new.is_char_boundary(new.len() - back) || !old.is_char_boundary(old.len() - back) {
        back -= 1;
    }
    if new.len() - front - back > COPIED
        && let Some(copy) = copied(new, content)
    {
        to.push(WHOLE);
        return to.extend_from_slice(&copy);
    }
    to.push(SPLICE);
    put_varint(to, front as u64);
    put_varint(to, back as u64);
    crate::pack::put_text(to, &new[front..new.len() - back]);
}

/// A value that refers to nothing. Not as JSON text: fractions must come back to the bit.
pub fn put_whole(to: &mut Vec<u8>, value: &Value, content: &[u8]) {
    match value {
        Value::Null => to.push(0),
        Value::Bool(false) => to.push(1),
        Value::Bool(true) => to.push(2),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(signed), _) => {
                to.push(3);
                put_signed(to, signed);
            }
            (None, Some(large)) => {
                to.push(4);
                put_varint(to, large);
            }
            (None, None) => {
                to.push(5);
                to.extend_from_slice(&number.as_f64().unwrap_or_default().to_le_bytes());
            }
        },
        Value::String(text) => match copied(text, content) {
            Some(copy) => to.extend_from_slice(&copy),
            None => {
                to.push(6);
                crate::pack::put_text(to, text);
            }
        },
        Value::Array(items) => {
            to.push(7);
            put_varint(to, items.len() as u64);
            items.iter().for_each(|item| put_whole(to, item, content));
        }
        Value::Object(members) => {
            to.push(8);
            put_varint(to, members.len() as u64);
            for (name, member) in members {
                crate::pack::put_text(to, name);
                put_whole(to, member, content);
            }
        }
    }
}

pub fn take_whole(from: &mut &[u8], content: &[u8]) -> Result<Value, LedgerError> {
    let (&tag, rest) = from.split_first().ok_or_else(|| damaged("it ends early"))?;
    *from = rest;
    Ok(match tag {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => take_signed(from)?.into(),
        4 => take_varint(from)?.into(),
        5 => {
            let (bytes, rest) = from.split_first_chunk::<8>().ok_or_else(|| damaged("it ends early"))?;
            *from = rest;
            Number::from_f64(f64::from_le_bytes(*bytes)).map_or(Value::Null, Value::Number)
        }
        6 => Value::String(crate::pack::take_text(from)?),
        7 => {
            let count = take_varint(from)?;
            Value::Array((0..count).map(|_| take_whole(from, content)).collect::<Result<_, _>>()?)
        }
        8 => {
            let count = take_varint(from)?;
            let member = |_| Ok((crate::pack::take_text(from)?, take_whole(from, content)?));
            Value::Object((0..count).map(member).collect::<Result<_, LedgerError>>()?)
        }
        COPY | COPY_ESCAPED => {
            let (at, length) = (take_varint(from)? as usize, take_varint(from)? as usize);
            let found = at.checked_add(length).and_then(|end| content.get(at..end));
            let text = found
                .and_then(|found| std::str::from_utf8(found).ok())
                .ok_or_else(|| damaged("its content is gone"))?;
            match tag {
                COPY => Value::String(text.to_owned()),
                _ => serde_json::from_str(&format!("\"{text}\"")).map_err(damaged)?,
            }
        }
        _ => return Err(damaged("no such value")),
    })
}

/// A text that the content holds, as it is or as JSON spells it: (place, length) instead of a second copy.
fn copied(text: &str, content: &[u8]) -> Option<Vec<u8>> {
    if text.len() < COPIED || content.len() < text.len() {
        return None;
    }
    let (tag, place, length) = match find(content, text.as_bytes()) {
        Some(place) => (COPY, place, text.len()),
        None => {
            // Spelled otherwise only where JSON escapes something.
            text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')).then_some(())?;
            let escaped = serde_json::to_string(text).ok()?;
            let inner = escaped.get(1..escaped.len() - 1)?;
            (COPY_ESCAPED, find(content, inner.as_bytes())?, inner.len())
        }
    };
    let mut copy = vec![tag];
    put_varint(&mut copy, place as u64);
    put_varint(&mut copy, length as u64);
    Some(copy)
}

/// Where `text` stands in `content`. By its start: preparing a search costs more the longer what is looked for.
fn find(content: &[u8], text: &[u8]) -> Option<usize> {
    const START: usize = 16;
    let start = &text[..text.len().min(START)];
    memchr::memmem::find_iter(content, start).find(|place| content[*place..].starts_with(text))
}

fn integer(number: &Number) -> Option<i64> {
    number.as_i64()
}

/// A number's nearest billionths and its distance to them in representable numbers, where both are small to write.
fn decimal(number: &Number) -> Option<(i64, i64)> {
    let value = number.as_f64()?;
    let billionths = (value * BILLION).round();
    let beside = (value.to_bits() as i64).wrapping_sub((billionths / BILLION).to_bits() as i64);
    (billionths.abs() < 9e15 && beside.unsigned_abs() < 1 << 20).then_some((billionths as i64, beside))
}

fn damaged(detail: impl ToString) -> LedgerError {
    LedgerError::damaged("observation", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e6..1e6f64).prop_map(Value::from),
            (0i64..1_000_000).prop_map(|n| Value::from(n as f64 / 1e6)),
            "[a-zé漢]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_comes_back_from_its_difference_to_any_other(value in any_json(), reference in any_json(), content: Vec<u8>) {
            let mut bytes = Vec::new();
            put(&mut bytes, &value, &reference, &content);
            prop_assert_eq!(take(&mut &bytes[..], &reference, &content).unwrap(), value);
        }
    }

    #[test]
    fn counters_that_moved_cost_a_few_bytes() {
        let old = json!({"steps": 10, "tokens": 50_000, "cost": 0.0125, "agent": "x", "errors": ["a"]});
        let new = json!({"steps": 11, "tokens": 50_310, "cost": 0.0128, "agent": "x", "errors": ["a"]});
        let mut bytes = Vec::new();
        put(&mut bytes, &new, &old, &[]);
        assert!(bytes.len() <= 16, "{}", bytes.len());
    }

    #[test]
    fn a_text_that_is_stored_already_costs_its_place() {
        let text = "a result with \"quotes\"\nand lines, long enough to matter".repeat(20);
        let content = serde_json::to_vec(&json!({"role":"tool","content":text})).unwrap();
        let (old, new) = (json!({"text": "another"}), json!({"text": text}));
        let mut bytes = Vec::new();
        put(&mut bytes, &new, &old, &content);
        assert!(bytes.len() <= 12, "{}", bytes.len());
        assert_eq!(take(&mut &bytes[..], &old, &content).unwrap(), new);
    }
}
