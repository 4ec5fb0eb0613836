//! JSON paths: which fields of a document are meant. The part of RFC 9535 that names places: `$`, `.name`, `["name"]`, `[3]`, `[*]`, `.*`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One path, read once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(usize),
    Every,
}

/// What is wrong with a path, and at which of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    pub at: usize,
    pub message: &'static str,
}

impl JsonPath {
    pub fn parse(text: &str) -> Result<JsonPath, PathError> {
        let wrong = |at: usize, message: &'static str| Err(PathError { at, message });
        let Some(mut rest) = text.strip_prefix('$') else { return wrong(0, "a path begins with `$`") };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(name) = rest.strip_prefix('.') {
                let length = name.find(['.', '[']).unwrap_or(name.len());
                match &name[..length] {
                    "" => return wrong(at, "a name is missing behind the dot"),
                    "*" => steps.push(Step::Every),
                    name => steps.push(Step::Name(name.to_owned())),
                }
                rest = &name[length..];
            } else if let Some(inside) = rest.strip_prefix('[') {
                let Some(close) = inside.find(']') else { return wrong(at, "`[` without `]`") };
                let written = inside[..close].trim();
                let quoted = written
                    .strip_prefix('"')
                    .and_then(|name| name.strip_suffix('"'))
                    .or_else(|| written.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')));
                match (quoted, written) {
                    (Some(name), _) => steps.push(Step::Name(name.to_owned())),
                    (None, "*") => steps.push(Step::Every),
                    (None, place) => match place.parse() {
                        Ok(place) => steps.push(Step::Place(place)),
                        Err(_) => {
                            return wrong(at + 1, "between brackets stands `*`, a place from 0, or a quoted name");
                        }
                    },
                }
                rest = &inside[close + 1..];
            } else {
                return wrong(at, "a step begins with `.` or `[`");
            }
        }
        Ok(JsonPath { text: text.to_owned(), steps })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl TryFrom<String> for JsonPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<JsonPath, PathError> {
        JsonPath::parse(&text)
    }
}

impl From<JsonPath> for String {
    fn from(path: JsonPath) -> String {
        path.text
    }
}

/// The document with only what some path names, in its own shape. None: no path names anything of it.
pub fn project(document: &Value, paths: &[JsonPath]) -> Option<Value> {
    let steps: Vec<&[Step]> = paths.iter().map(|path| path.steps.as_slice()).collect();
    kept(document, &steps)
}

fn kept(value: &Value, paths: &[&[Step]]) -> Option<Value> {
    if paths.is_empty() {
        return None;
    }
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    let below = |meant: &dyn Fn(&Step) -> bool| -> Vec<&[Step]> {
        paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(step, _)| meant(step))
            .map(|(_, rest)| rest)
            .collect()
    };
    match value {
        Value::Object(object) => {
            let kept: serde_json::Map<String, Value> = object
                .iter()
                .filter_map(|(key, value)| {
                    let meant =
                        |step: &Step| matches!(step, Step::Every) || matches!(step, Step::Name(name) if name == key);
                    Some((key.clone(), kept(value, &below(&meant))?))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(list) => {
            let kept: Vec<Value> = list
                .iter()
                .enumerate()
                .filter_map(|(at, value)| {
                    let meant =
                        |step: &Step| matches!(step, Step::Every) || matches!(step, Step::Place(place) if *place == at);
                    kept(value, &below(&meant))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn projected(paths: &[&str], document: Value) -> Option<Value> {
        let paths: Vec<JsonPath> = paths.iter().map(|path| JsonPath::parse(path).unwrap()).collect();
        project(&document, &paths)
    }

    #[test]
    fn only_what_is_named_is_left_in_its_own_shape() {
        let document =
            json!({"items": [{"id": 1, "name": "a", "x": {"y": 2}}, {"id": 2, "name": "b"}], "total": 2, "it's": 3});
        let found = projected(&["$.items[*].id", "$.total"], document.clone());
        assert_eq!(found, Some(json!({"items": [{"id": 1}, {"id": 2}], "total": 2})));
        assert_eq!(projected(&["$.items[0].x"], document.clone()), Some(json!({"items": [{"x": {"y": 2}}]})));
        assert_eq!(projected(&["$[\"it's\"]"], document.clone()), Some(json!({"it's": 3})));
        assert_eq!(projected(&["$"], json!([1])), Some(json!([1])));
        assert_eq!(projected(&["$.missing", "$.total.deeper"], document), None);
    }

    #[test]
    fn what_is_no_path_is_told_where() {
        for (text, at) in [("items", 0), ("$items", 1), ("$.", 1), ("$.a..b", 3), ("$.a[", 3), ("$.a[x]", 4)] {
            assert_eq!(JsonPath::parse(text).unwrap_err().at, at, "{text}");
        }
    }
}
