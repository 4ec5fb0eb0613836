//! Identity: a message's bytes without the marks that move from turn to turn (`cache_control`), so that the same message is stored
//! once. The marks are kept beside and go back to their exact places.

use crate::atoms;
use crate::json::{self, Members, Span};
use bytes::{Bytes, BytesMut};
use domain::Hash;
use memchr::memmem;

/// A message without its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub hash: Hash,
    /// What was cut, in order, each with its offset in `stripped`.
    pub cuts: Vec<(u32, Bytes)>,
    pub stripped: Bytes,
}

/// Takes the marks out of a message. Where there is none, `stripped` is the message itself, not copied.
pub fn identity(message: &Bytes) -> Identity {
    let spans = cuts(message);
    if spans.is_empty() {
        return Identity { hash: atoms::hash(&[message]), cuts: Vec::new(), stripped: message.clone() };
    }
    let mut stripped = BytesMut::with_capacity(message.len());
    let mut cuts = Vec::with_capacity(spans.len());
    let mut done = 0;
    for span in spans {
        stripped.extend_from_slice(&message[done..span.start]);
        cuts.push((stripped.len() as u32, message.slice(span.clone())));
        done = span.end;
    }
    stripped.extend_from_slice(&message[done..]);
    Identity { hash: atoms::hash(&[&stripped]), cuts, stripped: stripped.freeze() }
}

/// The message with its marks back in place; `None` where an offset lies outside.
pub(crate) fn restore<'a>(stripped: &[u8], cuts: impl Iterator<Item = (u32, &'a [u8])>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(stripped.len() + 64);
    let mut done = 0;
    for (offset, cut) in cuts {
        out.extend_from_slice(stripped.get(done..offset as usize)?);
        out.extend_from_slice(cut);
        done = offset as usize;
    }
    out.extend_from_slice(stripped.get(done..)?);
    Some(out)
}

/// Whether any mark can stand in these bytes.
pub(crate) fn may_hold_marks(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\"cache_control\"").is_some()
}

/// The marks of the message, of its content blocks and of theirs, each with the comma that goes with it. Deeper ones (within a
/// call's input, say) are the model's words and stay.
fn cuts(message: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    // Cuts are kept as text; a body that is none (no JSON then either) is stored as it is.
    if may_hold_marks(message) && std::str::from_utf8(message).is_ok() {
        block(message, 0..message.len(), 0, &mut found);
        found.sort_by_key(|span| span.start);
    }
    found
}

fn block(bytes: &[u8], object: Span, depth: u32, found: &mut Vec<Span>) {
    let Some(members) = Members::new(bytes, object) else { return };
    let mut before: Option<usize> = None;
    for member in members {
        match &bytes[member.key.clone()] {
            b"cache_control" => {
                let start = member.key.start - 1;
                match before {
                    // `,"cache_control":{…}`
                    Some(end) => found.push(end..member.value.end),
                    // `"cache_control":{…},` as the first member
                    None => {
                        let comma = json::blank(bytes, member.value.end);
                        let end = if bytes.get(comma) == Some(&b',') { comma + 1 } else { member.value.end };
                        found.push(start..end);
                        continue;
                    }
                }
            }
            b"content" if depth < 2 => {
                for element in json::Elements::new(bytes, member.value.clone()).into_iter().flatten() {
                    block(bytes, element, depth + 1, found);
                }
            }
            _ => {}
        }
        before = Some(member.value.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(message: &'static str) -> Identity {
        identity(&Bytes::from_static(message.as_bytes()))
    }

    #[test]
    fn marks_come_out_with_their_comma_and_go_back_exactly() {
        for message in [
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b" , "cache_control": {"type":"ephemeral"} }]}"#,
            r#"{"role":"user","content":[{"cache_control":{"type":"ephemeral"} , "type":"text","text":"b"}]}"#,
            r#"{"role":"user","content":[{"cache_control":null}]}"#,
            r#"{"cache_control":{},"content":[{"type":"tool_result","content":[{"text":"x","cache_control":{}}],"cache_control":{}}],"cache_control":{}}"#,
        ] {
            let identity = taken(message);
            assert!(!identity.cuts.is_empty());
            assert!(!identity.stripped.windows(13).any(|part| part == b"cache_control"), "{message}");
            serde_json::from_slice::<serde_json::Value>(&identity.stripped).unwrap();
            let cuts = identity.cuts.iter().map(|(offset, cut)| (*offset, &cut[..]));
            assert_eq!(restore(&identity.stripped, cuts).unwrap(), message.as_bytes());
        }
    }

    #[test]
    fn a_moving_mark_leaves_the_identity() {
        let plain = taken(r#"{"role":"user","content":[{"type":"text","text":"b"}]}"#);
        let marked =
            taken(r#"{"role":"user","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}"#);
        assert_eq!(plain.hash, marked.hash);
        assert_eq!(plain.stripped, marked.stripped);
    }

    #[test]
    fn the_models_own_words_are_no_marks() {
        for message in [
            r#"{"role":"assistant","content":[{"type":"tool_use","input":{"cache_control":{}}}]}"#,
            r#"{"role":"user","content":"the key \"cache_control\" moves"}"#,
        ] {
            let identity = taken(message);
            assert!(identity.cuts.is_empty());
            assert_eq!(identity.stripped, message.as_bytes());
        }
    }
}
