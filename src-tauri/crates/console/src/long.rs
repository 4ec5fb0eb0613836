//! Long strings: nothing over 16 KiB leaves the console whole. A reference in its place says which command gives it, with which
//! arguments, and where in the answer it stands, so that nothing has to be remembered between two calls.

use crate::{ErrorCode, RpcError, view::BlobView};
use serde_json::{Map, Value};

/// In bytes of UTF-8.
pub(crate) const LONGEST: usize = 16 << 10;
const PREVIEW: usize = 512;

/// Replaces every string over [`LONGEST`] by `{ref, length, preview}`; a `body` becomes a `body_ref`.
pub(crate) fn shorten(answer: &mut Value, command: &str, args: &Value) {
    let source = format!("{command}{args}");
    walk(answer, &source, &mut String::new());
}

fn walk(value: &mut Value, source: &str, pointer: &mut String) {
    let depth = pointer.len();
    match value {
        Value::String(text) if text.len() > LONGEST => *value = reference(text, source, pointer),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                walk(item, source, pointer);
                pointer.truncate(depth);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                walk(field, source, pointer);
                pointer.truncate(depth);
            }
            if fields.get("body").is_some_and(is_reference)
                && let Some(body) = fields.shift_remove("body")
            {
                fields.insert("body_ref".to_owned(), body);
            }
        }
        _ => {}
    }
}

fn reference(text: &str, source: &str, pointer: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("ref".to_owned(), format!("{source}#{pointer}").into());
    fields.insert("length".to_owned(), text.len().into());
    fields.insert("preview".to_owned(), text[..floor(text, PREVIEW)].into());
    Value::Object(fields)
}

fn is_reference(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|fields| fields.len() == 3 && fields.contains_key("ref") && fields.contains_key("preview"))
}

/// What a reference names: command, arguments, JSON pointer.
pub(crate) fn read_reference(reference: &str) -> Result<(&str, Value, &str), RpcError> {
    let unknown = || {
        let message = "this is no reference that the console gave";
        RpcError::new(ErrorCode::BadRequest, message).with_hint("use the `ref` of an answer as it is")
    };
    let brace = reference.find('{').ok_or_else(unknown)?;
    let hash = reference.rfind("}#").ok_or_else(unknown)? + 1;
    let args = reference.get(brace..hash).and_then(|args| serde_json::from_str(args).ok()).ok_or_else(unknown)?;
    Ok((&reference[..brace], args, &reference[hash + 1..]))
}

/// A piece of the string that stands at `pointer` of a whole answer.
pub(crate) fn piece(answer: &Value, pointer: &str, offset: u64, length: u32) -> Option<BlobView> {
    let text = answer.pointer(pointer)?.as_str()?;
    let start = floor(text, usize::try_from(offset).ok()?);
    let end = floor(text, start.saturating_add(length.min(1 << 20) as usize));
    // At least one character, so that a reader always gets on.
    let end = if end == start { text[start..].chars().next().map_or(start, |c| start + c.len_utf8()) } else { end };
    Some(BlobView {
        text: text[start..end].to_owned(),
        offset: start as u64,
        length: (end - start) as u64,
        total: text.len() as u64,
    })
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_long_string_becomes_a_reference_that_gives_it_back_whole() {
        let long = "é".repeat(LONGEST);
        let whole = json!({"side": {"body": long, "status": 200}, "values": {"a/b": long}});
        let mut answer = whole.clone();
        shorten(&mut answer, "get_exchange", &json!({"exchange": "exc_1"}));
        assert!(answer["side"].get("body").is_none());
        for (reference, expected) in [(&answer["side"]["body_ref"], &long), (&answer["values"]["a/b"], &long)] {
            assert_eq!(reference["length"], long.len());
            let (command, args, pointer) = read_reference(reference["ref"].as_str().unwrap()).unwrap();
            assert_eq!((command, args["exchange"].as_str()), ("get_exchange", Some("exc_1")));
            let mut text = String::new();
            while text.len() < expected.len() {
                text += &piece(&whole, pointer, text.len() as u64, 10_001).unwrap().text;
            }
            assert_eq!(&text, expected);
        }
    }

    #[test]
    fn a_string_of_16_kib_stays() {
        let mut answer = json!({"body": "x".repeat(LONGEST)});
        shorten(&mut answer, "get_exchange", &json!({}));
        assert!(answer["body"].is_string());
    }

    #[test]
    fn a_made_up_reference_is_refused() {
        for text in ["", "get_exchange", "get_exchange{}", "}#{", "x{not json}#/a"] {
            assert!(read_reference(text).is_err(), "{text}");
        }
    }
}
