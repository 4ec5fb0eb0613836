//! What operators and functions of conditions do to values.

use super::{
    Fault,
    typed::{Comparison, TextTest},
};
use crate::datum::Datum;
use std::cmp::Ordering;

pub(super) fn field<'f>(of: &Datum<'f>, name: &str) -> Result<Datum<'f>, Fault> {
    match of {
        Datum::Object(fields) => fields.get(name).map(Datum::from_json).ok_or(Fault::NoSuchElement),
        other => Err(Fault::Mismatch("a field", other.kind_name(), "")),
    }
}

pub(super) fn has(of: &Datum<'_>, name: &str) -> Result<bool, Fault> {
    match of {
        Datum::Object(fields) => Ok(fields.contains_key(name)),
        other => Err(Fault::Mismatch("has()", other.kind_name(), "")),
    }
}

pub(super) fn element<'f>(of: &Datum<'f>, place: &Datum<'_>) -> Result<Datum<'f>, Fault> {
    let number = match place {
        Datum::Int(place) => usize::try_from(*place).ok(),
        Datum::Uint(place) => usize::try_from(*place).ok(),
        // CEL takes a whole double for an index.
        Datum::Double(place) if place.fract() == 0.0 && (0.0..1e9).contains(place) => Some(*place as usize),
        _ => None,
    };
    match (of, place, number) {
        (Datum::Object(fields), Datum::Text(name), _) => fields.get(name.as_ref()).map(Datum::from_json),
        (Datum::List(items), _, Some(place)) => items.get(place).map(Datum::from_json),
        (Datum::Texts(texts), _, Some(place)) => texts.get(place).map(|text| Datum::Text(text.as_str().into())),
        _ => None,
    }
    .ok_or(Fault::NoSuchElement)
}

impl Comparison {
    pub(super) fn holds(self, left: &Datum<'_>, right: &Datum<'_>) -> Result<bool, Fault> {
        let order = || {
            let sign = "a comparison";
            left.order(right).ok_or_else(|| Fault::Mismatch(sign, left.kind_name(), right.kind_name()))
        };
        Ok(match self {
            Comparison::Equal => left.same(right),
            Comparison::Unequal => !left.same(right),
            Comparison::Less => order()? == Ordering::Less,
            Comparison::LessEqual => order()? != Ordering::Greater,
            Comparison::Greater => order()? == Ordering::Greater,
            Comparison::GreaterEqual => order()? != Ordering::Less,
        })
    }
}

impl TextTest {
    pub(super) fn holds(self, text: &Datum<'_>, part: &Datum<'_>) -> Result<bool, Fault> {
        let (Datum::Text(text), Datum::Text(part)) = (text, part) else {
            let name = match self {
                TextTest::Starts => "startsWith()",
                TextTest::Ends => "endsWith()",
                TextTest::Contains => "contains()",
            };
            return Err(Fault::Mismatch(name, text.kind_name(), part.kind_name()));
        };
        Ok(match self {
            TextTest::Starts => text.starts_with(part.as_ref()),
            TextTest::Ends => text.ends_with(part.as_ref()),
            TextTest::Contains => text.contains(part.as_ref()),
        })
    }
}

pub(super) fn contained(item: &Datum<'_>, list: &Datum<'_>) -> Result<bool, Fault> {
    match (item, list) {
        (Datum::Text(item), Datum::Texts(texts)) => Ok(texts.iter().any(|text| text == item)),
        (_, Datum::Texts(_)) => Ok(false),
        (item, Datum::List(items)) => Ok(items.iter().any(|other| Datum::from_json(other).same(item))),
        (Datum::Text(name), Datum::Object(fields)) => Ok(fields.contains_key(name.as_ref())),
        // These can be looked up as keys in CEL; an object's keys are all text.
        (Datum::Bool(_) | Datum::Int(_) | Datum::Uint(_) | Datum::Double(_), Datum::Object(_)) => Ok(false),
        (_, other) => Err(Fault::Mismatch("`in`", item.kind_name(), other.kind_name())),
    }
}

pub(super) fn size<'f>(of: &Datum<'_>) -> Result<Datum<'f>, Fault> {
    let size = match of {
        Datum::Text(text) => text.chars().count(),
        Datum::Texts(texts) => texts.len(),
        Datum::List(items) => items.len(),
        Datum::Object(fields) => fields.len(),
        other => return Err(Fault::Mismatch("size()", other.kind_name(), "")),
    };
    Ok(Datum::count(size as u64))
}
