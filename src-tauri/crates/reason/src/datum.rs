//! Values as conditions see them, borrowed from the observation.

use serde_json::{Map, Value};
use std::{borrow::Cow, cmp::Ordering, fmt};

/// The type of a variable or of a part of a condition, as far as it is known before evaluating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Double,
    Text,
    /// A list of texts.
    Texts,
    /// A list of anything.
    List,
    /// Named fields that are not known beforehand.
    Object,
    Null,
    /// Known only when evaluating.
    Any,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Double => "double",
            Kind::Text => "string",
            Kind::Texts => "list of strings",
            Kind::List => "list",
            Kind::Object => "map",
            Kind::Null => "null",
            Kind::Any => "any",
        }
    }

    /// "an int", "a list of strings".
    pub(crate) fn described(self) -> &'static str {
        match self {
            Kind::Bool => "a bool",
            Kind::Int => "an int",
            Kind::Double => "a double",
            Kind::Text => "a string",
            Kind::Texts => "a list of strings",
            Kind::List => "a list",
            Kind::Object => "a map",
            Kind::Null => "null",
            Kind::Any => "a value of any kind",
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Kind::Int | Kind::Double)
    }

    pub fn is_list(self) -> bool {
        matches!(self, Kind::Texts | Kind::List)
    }

    /// The kind of a list's elements.
    pub fn element(self) -> Kind {
        match self {
            Kind::Texts | Kind::Object => Kind::Text,
            _ => Kind::Any,
        }
    }
}

/// A value. Numbers compare across their three forms, as CEL has it.
#[derive(Debug, Clone)]
pub enum Datum<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    Texts(&'a [String]),
    List(&'a [Value]),
    Object(&'a Map<String, Value>),
}

impl<'a> Datum<'a> {
    pub fn from_json(value: &'a Value) -> Datum<'a> {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Datum::Int(value),
                (None, Some(value)) => Datum::Uint(value),
                (None, None) => Datum::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Datum::Text(Cow::Borrowed(text)),
            Value::Array(items) => Datum::List(items),
            Value::Object(fields) => Datum::Object(fields),
        }
    }

    /// A count; all of the observation's fit.
    pub fn count(value: u64) -> Datum<'a> {
        i64::try_from(value).map_or(Datum::Uint(value), Datum::Int)
    }

    pub fn kind_name(&self) -> &'static str {
        match self {
            Datum::Null => "null",
            Datum::Bool(_) => "bool",
            Datum::Int(_) => "int",
            Datum::Uint(_) => "uint",
            Datum::Double(_) => "double",
            Datum::Text(_) => "string",
            Datum::Texts(_) | Datum::List(_) => "list",
            Datum::Object(_) => "map",
        }
    }

    /// Equality; values of different kinds are unequal, never an error.
    pub fn same(&self, other: &Datum<'_>) -> bool {
        match (self, other) {
            (Datum::Null, Datum::Null) => true,
            (Datum::Texts(left), Datum::Texts(right)) => left == right,
            (Datum::List(left), Datum::List(right)) => {
                left.len() == right.len()
                    && left.iter().zip(*right).all(|(l, r)| Datum::from_json(l).same(&Datum::from_json(r)))
            }
            (Datum::Texts(texts), Datum::List(list)) | (Datum::List(list), Datum::Texts(texts)) => {
                texts.len() == list.len() && texts.iter().zip(*list).all(|(l, r)| r.as_str() == Some(l))
            }
            (Datum::Object(left), Datum::Object(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(name, l)| {
                        right.get(name).is_some_and(|r| Datum::from_json(l).same(&Datum::from_json(r)))
                    })
            }
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }

    /// The order of two values; none where they cannot be compared.
    pub fn order(&self, other: &Datum<'_>) -> Option<Ordering> {
        match (self, other) {
            (Datum::Bool(left), Datum::Bool(right)) => Some(left.cmp(right)),
            (Datum::Text(left), Datum::Text(right)) => Some(left.as_ref().cmp(right.as_ref())),
            (Datum::Int(left), Datum::Int(right)) => Some(left.cmp(right)),
            (Datum::Uint(left), Datum::Uint(right)) => Some(left.cmp(right)),
            (Datum::Int(left), Datum::Uint(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
            (Datum::Uint(left), Datum::Int(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Datum::Int(value) => Some(*value as f64),
            Datum::Uint(value) => Some(*value as f64),
            Datum::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// As JSON for the record; text, and what a list or map looks like as JSON, is cut after `limit` characters.
    pub fn to_json(&self, limit: usize) -> Value {
        match self {
            Datum::Null => Value::Null,
            Datum::Bool(value) => Value::from(*value),
            Datum::Int(value) => Value::from(*value),
            Datum::Uint(value) => Value::from(*value),
            Datum::Double(value) => Value::from(*value),
            Datum::Text(text) => Value::String(cut(text, limit).into_owned()),
            Datum::Texts(texts) if fits(texts.iter().map(String::len), limit) => Value::from(*texts),
            Datum::Texts(texts) => Value::String(cut_json(texts, limit)),
            Datum::List(items) => short_json(items, limit),
            Datum::Object(fields) => short_json(fields, limit),
        }
    }
}

/// How templates show a value: texts as they are, a list one per line, maps as JSON.
impl fmt::Display for Datum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Null => f.write_str("null"),
            Datum::Bool(value) => value.fmt(f),
            Datum::Int(value) => value.fmt(f),
            Datum::Uint(value) => value.fmt(f),
            Datum::Double(value) => value.fmt(f),
            Datum::Text(text) => f.write_str(text),
            Datum::Texts(texts) => lines(f, texts.iter()),
            Datum::List(items) => lines(f, items.iter().map(Datum::from_json)),
            Datum::Object(fields) => f.write_str(&serde_json::to_string(fields).unwrap_or_default()),
        }
    }
}

fn lines(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    for (place, item) in items.enumerate() {
        write!(f, "{}- {item}", if place == 0 { "" } else { "\n" })?;
    }
    Ok(())
}

/// At most `limit` characters, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

fn fits(mut lengths: impl Iterator<Item = usize>, limit: usize) -> bool {
    lengths.try_fold(0usize, |sum, length| Some(sum + length + 3).filter(|sum| *sum <= limit)).is_some()
}

fn short_json(value: &(impl serde::Serialize + ?Sized), limit: usize) -> Value {
    let text = cut_json(value, limit);
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// JSON text, written no further than needed.
fn cut_json(value: &(impl serde::Serialize + ?Sized), limit: usize) -> String {
    struct Bounded(Vec<u8>, usize);
    impl std::io::Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.extend_from_slice(bytes);
            if self.0.len() > self.1 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut out = Bounded(Vec::new(), limit * 4);
    let whole = serde_json::to_writer(&mut out, value).is_ok();
    let text = String::from_utf8_lossy(&out.0);
    match cut(&text, limit) {
        Cow::Borrowed(text) if whole => text.to_owned(),
        Cow::Borrowed(text) => format!("{text}…"),
        Cow::Owned(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_compare_across_their_forms() {
        assert!(Datum::Int(1).same(&Datum::Double(1.0)));
        assert_eq!(Datum::Int(-1).order(&Datum::Uint(u64::MAX)), Some(Ordering::Less));
        assert_eq!(Datum::Double(f64::NAN).order(&Datum::Int(1)), None);
        assert!(!Datum::Text("1".into()).same(&Datum::Int(1)));
    }

    #[test]
    fn a_record_of_a_long_value_is_cut() {
        let long = "ä".repeat(300);
        assert_eq!(Datum::Text(Cow::Borrowed(&long)).to_json(200).as_str().unwrap().chars().count(), 201);
        let object = json!({"a": long, "b": [1, 2]});
        let shown = Datum::from_json(&object).to_json(200);
        assert_eq!(shown.as_str().unwrap().chars().count(), 201);
        let small = json!({"b": [1, 2]});
        assert_eq!(Datum::from_json(&small).to_json(200), small);
        let texts = vec!["x".repeat(150), "y".repeat(150)];
        assert!(Datum::Texts(&texts).to_json(200).as_str().unwrap().ends_with('…'));
    }

    #[test]
    fn a_list_is_shown_one_item_a_line() {
        let texts = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(Datum::Texts(&texts).to_string(), "- a\n- b");
    }
}
