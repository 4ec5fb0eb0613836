//! Actions on what the model is told, compiled: `truncate`, `extract`, `compact`.

use super::{order, section::Section};
use crate::{condition::Place, policy::PlannedAction, problem::Report};
use domain::{CompactOf, JsonPath};
use std::ops::Range;

/// Characters that stay of a long result, where the rule does not say.
const HEAD: u64 = 2_000;
const TAIL: u64 = 1_000;
const SHARE: f64 = 0.5;
const OFS: &[(&str, CompactOf)] = &[("window", CompactOf::Window), ("context", CompactOf::Context)];

pub(super) fn truncate(section: Option<&Section<'_>>, report: &mut Report<'_>) -> PlannedAction {
    let count =
        |key: &str, report: &mut Report<'_>| section.and_then(|section| section.count(key, report)).map(u64::from);
    let head = count("head", report).unwrap_or(HEAD);
    PlannedAction::Truncate { head, tail: count("tail", report).unwrap_or(TAIL) }
}

pub(super) fn extract(
    section: Option<&Section<'_>>,
    span: Range<usize>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let Some(texts) = section.and_then(|section| section.texts("fields", report)) else {
        report.error_with_hint(span, "`extract` needs `fields`", extract_hint());
        return None;
    };
    if texts.is_empty() {
        report.error_with_hint(span, "`extract` names no field", extract_hint());
    }
    match section.and_then(|section| section.text("model", report)) {
        Some(by) => {
            let by = order::model(by, "model", place, report);
            let fields = words(texts, report);
            Some(PlannedAction::ExtractBy { by: by?, fields })
        }
        None => Some(PlannedAction::Extract { fields: paths(texts, report) }),
    }
}

fn extract_hint() -> Option<String> {
    Some(
        "write { extract = { fields = [\"$.items[*].id\"] } }, or name fields in words with `model = \"tier:fast\"`"
            .to_owned(),
    )
}

fn paths(texts: Vec<(String, Range<usize>)>, report: &mut Report<'_>) -> Vec<JsonPath> {
    let mut fields = Vec::new();
    for (text, span) in texts {
        match JsonPath::parse(&text) {
            Ok(path) => fields.push(path),
            Err(error) => {
                // Behind the opening quote.
                let at = (span.start + 1 + error.at).min(span.end);
                report.error_with_hint(at..span.end, format!("not a JSON path: {error}"), extract_hint());
            }
        }
    }
    fields
}

/// What a model is told to look for.
fn words(texts: Vec<(String, Range<usize>)>, report: &mut Report<'_>) -> Vec<String> {
    let mut fields = Vec::new();
    for (text, span) in texts {
        match text.trim() {
            "" => report.error_with_hint(span, "a field without a name", extract_hint()),
            field => fields.push(field.to_owned()),
        }
    }
    fields
}

pub(super) fn compact(
    section: Option<&Section<'_>>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let to = section.and_then(|section| section.number("to")).unwrap_or(SHARE);
    if let Some(section) = section.filter(|_| !(to > 0.0 && to < 1.0)) {
        report.error(section.value_span("to"), "`to` is a share above 0 and below 1");
    }
    let pin = section.and_then(|section| section.texts("pin", report)).unwrap_or_default();
    let pin = pin.into_iter().map(|(text, _)| text).filter(|text| !text.is_empty()).collect();
    let summary = match section.and_then(|section| section.text("summary", report)) {
        Some(by) => Some(order::model(by, "summary", place, report)?),
        None => None,
    };
    let of = section.and_then(|section| section.choice("of", OFS, report)).unwrap_or_default();
    Some(PlannedAction::Compact { to, of, pin, summary })
}
