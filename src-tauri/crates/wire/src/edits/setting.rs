//! Single settings of a request's body by path: read, set (made with the objects above where they are missing), or taken out.

use crate::json;
use crate::patch::Patch;
use bytes::Bytes;

pub(super) fn number(body: &Bytes, path: &[&str]) -> Option<u64> {
    let at = json::find(body, json::root(body)?, path)?;
    json::number(body, at)
}

pub(super) fn text(body: &Bytes, path: &[&str]) -> Option<String> {
    let at = json::find(body, json::root(body)?, path)?;
    json::text(body, at).map(|text| text.into_owned())
}

pub(super) fn is_there(body: &Bytes, path: &[&str]) -> bool {
    json::root(body).and_then(|root| json::find(body, root, path)).is_some_and(|at| !json::is_null(body, &at))
}

/// The body with `value` (JSON) at the path.
pub(super) fn set(body: &Bytes, path: &[&str], value: &str) -> Bytes {
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let mut object = patch.root();
    for (depth, key) in path.iter().enumerate() {
        let rest = &path[depth + 1..];
        match patch.present(&path[..=depth]) {
            Some(found) if !rest.is_empty() => object = found,
            _ => {
                let made =
                    rest.iter().rev().fold(value.to_owned(), |inner, key| format!("{{{}:{inner}}}", json::quote(key)));
                patch.put(object, key, made);
                break;
            }
        }
    }
    patch.finish()
}

/// The body without the member at the path.
pub(super) fn remove(body: &Bytes, path: &[&str]) -> Bytes {
    let Some((key, above)) = path.split_last() else { return body.clone() };
    let Some(mut patch) = Patch::new(body) else { return body.clone() };
    let object = if above.is_empty() { Some(patch.root()) } else { patch.find(above) };
    if let Some(object) = object {
        patch.remove(object, &[key]);
    }
    patch.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_made_with_what_is_missing_above_it_and_replaced_where_it_stands() {
        let set = |body: &'static str, path: &[&str]| {
            String::from_utf8(set(&Bytes::from_static(body.as_bytes()), path, "5").to_vec()).unwrap()
        };
        assert_eq!(set(r#"{"a": 1}"#, &["b", "c"]), r#"{"a": 1,"b":{"c":5}}"#);
        assert_eq!(set(r#"{"b": {"d":2} }"#, &["b", "c"]), r#"{"b": {"d":2,"c":5} }"#);
        assert_eq!(set(r#"{"b": {"c":2} }"#, &["b", "c"]), r#"{"b": {"c":5} }"#);
        assert_eq!(set(r#"{"b":null}"#, &["b", "c"]), r#"{"b":{"c":5}}"#);
    }
}
