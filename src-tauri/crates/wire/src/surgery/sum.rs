//! Usage of several responses as one: numbers are added where they stand, and counts that only the earlier one has are taken over.
//! Nothing else of the later count is touched.

use crate::json::{self, Span};
use crate::patch::Patch;
use bytes::Bytes;

/// Adds `earlier`'s numbers to those of the value at `span`, through objects and, by equal `modality`, through arrays.
pub(super) fn add(patch: &mut Patch, span: Span, earlier: &Bytes) {
    if let Some(root) = json::root(earlier) {
        add_value(patch, span, earlier, root);
    }
}

/// Adds only the named members of two objects.
pub(super) fn add_members(patch: &mut Patch, object: Span, earlier: &Bytes, keys: &[&str]) {
    let Some(root) = json::root(earlier) else { return };
    for key in keys {
        if let Some(other) = json::member(earlier, root.clone(), key) {
            add_member(patch, object.clone(), key, earlier, other);
        }
    }
}

fn add_member(patch: &mut Patch, object: Span, key: &str, earlier: &Bytes, other: Span) {
    match json::member(patch.doc(), object.clone(), key).filter(|own| !json::is_null(patch.doc(), own)) {
        Some(own) => add_value(patch, own, earlier, other),
        None if matches!(earlier[other.start], b'0'..=b'9' | b'{') => patch.put(object, key, earlier.slice(other)),
        None => {}
    }
}

fn add_value(patch: &mut Patch, span: Span, earlier: &Bytes, other: Span) {
    let doc = patch.doc();
    match (doc.get(span.start), earlier.get(other.start)) {
        (Some(b'{'), Some(b'{')) => {
            for theirs in json::members(earlier, other).unwrap_or_default() {
                let key = json::unescape(&earlier[theirs.key.clone()]);
                add_member(patch, span.clone(), &key, earlier, theirs.value);
            }
        }
        (Some(b'['), Some(b'[')) => {
            let theirs = json::elements(earlier, other).unwrap_or_default();
            for element in json::elements(doc, span).unwrap_or_default() {
                let Some(kind) = modality(doc, element.clone()) else { continue };
                if let Some(same) = theirs.iter().find(|span| modality(earlier, (*span).clone()) == Some(kind)) {
                    add_value(patch, element, earlier, same.clone());
                }
            }
        }
        (Some(b'0'..=b'9'), Some(b'0'..=b'9')) => {
            if let Some(sum) = plus(&doc[span.clone()], &earlier[other]) {
                patch.set(span, sum);
            }
        }
        _ => {}
    }
}

fn modality(doc: &Bytes, element: Span) -> Option<&[u8]> {
    json::member(doc, element, "modality").map(|span| &doc[span])
}

/// Whole numbers stay whole.
fn plus(one: &[u8], other: &[u8]) -> Option<String> {
    let (one, other) = (std::str::from_utf8(one).ok()?, std::str::from_utf8(other).ok()?);
    if let (Ok(one), Ok(other)) = (one.parse::<u64>(), other.parse::<u64>()) {
        return Some(one.saturating_add(other).to_string());
    }
    let sum = one.parse::<f64>().ok()? + other.parse::<f64>().ok()?;
    sum.is_finite().then(|| sum.to_string())
}
