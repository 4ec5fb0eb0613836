//! Actions on what the model is told, compiled: `truncate`, `extract`, `compact`.

use super::{duration, order, section::Section};
use crate::{choice::Teller, condition::Place, policy::PlannedAction, problem::Report, toml_text::TomlText};
use domain::{CompactOf, JsonPath};
use std::ops::Range;

/// Characters that stay of a long result, where the rule does not say.
const HEAD: u64 = 2_000;
const TAIL: u64 = 1_000;
const SHARE: f64 = 0.5;
/// How long a request waits for another model's words.
const MAX_MS: u64 = 20_000;
const LONGEST_MS: u64 = 60_000;
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
            let by = teller(by, "model", section, place, report);
            let fields = words(texts, report);
            Some(PlannedAction::ExtractBy { by: by?, fields })
        }
        None => {
            without_a_model(section, report);
            Some(PlannedAction::Extract { fields: paths(texts, report) })
        }
    }
}

/// A model that `key` names, and how long it has.
fn teller(
    to: TomlText,
    key: &str,
    section: Option<&Section<'_>>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<Teller> {
    let model = order::model(to, key, place, report);
    let max_ms = section.and_then(|section| section.duration("max", report)).unwrap_or(MAX_MS);
    if let Some(section) = section.filter(|_| max_ms == 0 || max_ms > LONGEST_MS) {
        let most = duration::spelled(LONGEST_MS);
        report.error(section.value_span("max"), format!("`max` is longer than nothing, and at most {most}"));
    }
    Some(Teller { model: model?, max_ms })
}

/// A time without a model to have it.
fn without_a_model(section: Option<&Section<'_>>, report: &mut Report<'_>) {
    if let Some(section) = section.filter(|section| section.item("max").is_some()) {
        let hint = Some("name a model, or leave `max` out".to_owned());
        report.error_with_hint(section.key_span("max"), "`max` is a model's time, and no model is asked", hint);
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
            path if path.starts_with('$') => {
                let hint = Some("leave `model` out to take it by its path, or name the field in words".to_owned());
                report.error_with_hint(span, format!("`{path}` is a JSON path, and a model takes words"), hint);
            }
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
        Some(by) => Some(teller(by, "summary", section, place, report)?),
        None => {
            without_a_model(section, report);
            None
        }
    };
    let of = section.and_then(|section| section.choice("of", OFS, report)).unwrap_or_default();
    Some(PlannedAction::Compact { to, of, pin, summary })
}
