//! Usage of several responses as one: numbers are added where they stand, nothing else of the later count is touched.

use crate::json::{self, Span};
use crate::patch::Patch;
use bytes::Bytes;

/// Adds `earlier`'s numbers to those of the value at `span`, through objects and, by equal `modality`, through arrays. Numbers that
/// only one side has stay as they are.
pub(super) fn add(patch: &mut Patch, span: Span, earlier: &Bytes) {
    if let Some(root) = json::root(earlier) {
        add_value(patch, span, earlier, root);
    }
}

/// Adds only the named members of two objects.
pub(super) fn add_members(patch: &mut Patch, object: Span, earlier: &Bytes, keys: &[&str]) {
    let Some(root) = json::root(earlier) else { return };
    for key in keys {
        let own = json::member(patch.doc(), object.clone(), key);
        if let (Some(own), Some(other)) = (own, json::member(earlier, root.clone(), key)) {
            add_value(patch, own, earlier, other);
        }
    }
}

fn add_value(patch: &mut Patch, span: Span, earlier: &Bytes, other: Span) {
    let doc = patch.doc();
    match (doc.get(span.start), earlier.get(other.start)) {
        (Some(b'{'), Some(b'{')) => {
            for member in json::members(doc, span).unwrap_or_default() {
                let key = json::unescape(&doc[member.key.clone()]);
                if let Some(theirs) = json::member(earlier, other.clone(), &key) {
                    add_value(patch, member.value, earlier, theirs);
                }
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
