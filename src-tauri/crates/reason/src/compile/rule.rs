//! One `[[rule]]`, compiled.

use super::{Defaults, FileScope, MODES, ON_ERRORS, action, section::Section};
use crate::{
    condition::{Compiled, Place, check_condition},
    language::action as action_word,
    policy::Rule,
    problem::Report,
    toml_text::TomlText,
};
use domain::{OnError, Point, Timestamp};

/// The rule's id; an invented one where it has none, so that checking goes on.
pub(super) fn id(section: &Section<'_>, taken: &[String], report: &mut Report<'_>) -> String {
    let Some(text) = section.text("id", report) else {
        if section.item("id").is_none() {
            report.error(section.span.clone(), "a rule needs an `id`");
        }
        return format!("rule {}", taken.len());
    };
    let id = text.value;
    let fine = id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fine {
        let hint = Some("a letter, then letters, digits, `_` or `-`; at most 64".to_owned());
        report.error_with_hint(section.value_span("id"), "a rule cannot have this id", hint);
    }
    if taken.contains(&id) {
        report.error(section.value_span("id"), format!("there is a rule `{id}` already"));
    }
    id
}

pub(super) fn compile(
    section: &Section<'_>,
    id: &str,
    file: FileScope<'_>,
    defaults: Defaults,
    report: &mut Report<'_>,
) -> Option<Rule> {
    let points: Vec<(&'static str, Point)> = Point::ALL.iter().map(|point| (point.name(), *point)).collect();
    let point = section.choice("on", &points, report);
    if section.item("on").is_none() {
        let hint = Some(format!("one of: {}", points.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")));
        report.error_with_hint(section.span.clone(), "a rule needs an `on`", hint);
    }
    let mode = section.choice("mode", MODES, report).unwrap_or(defaults.mode);
    let on_error = section.choice("on_error", ON_ERRORS, report).unwrap_or(defaults.on_error);
    let max_fires = section.count("max_fires", report);
    if section.item("do").is_none() {
        report.error(section.span.clone(), "a rule needs a `do`");
    }
    // Without a point nothing else can be judged.
    let place = Place { point: point?, policy: file.policy, rules: file.rules, declared: file.declared };
    check_closed(section, on_error, place.point, report);
    let when = section.text("when", report).and_then(|text| condition(&text, place, report));
    let first = action::compile(section, "do", id, place, report).unwrap_or_default();
    let again = action::compile(section, "again", id, place, report);
    Some(Rule {
        id: id.to_owned(),
        key: format!("{}/{id}", file.policy),
        point: place.point,
        mode,
        on_error,
        max_fires,
        risk: risk(section, report),
        when,
        first,
        again,
        until: until(section, report),
        lowered_from: None,
        limit: None,
        toml: report.text().get(section.extent()).unwrap_or_default().trim().to_owned(),
        line: report.text()[..section.span.start.min(report.text().len())].matches('\n').count() as u32 + 1,
        at: section.span.clone(),
    })
}

/// What a match adds to the session's risk.
fn risk(section: &Section<'_>, report: &mut Report<'_>) -> f64 {
    let Some(risk) = section.number("risk") else { return 0.0 };
    if !(risk > 0.0 && risk.is_finite()) {
        let hint = Some("risk falls by itself, by half at each new run".to_owned());
        report.error_with_hint(section.value_span("risk"), "`risk` is a number above 0", hint);
    }
    risk
}

/// The moment from which on the rule is out of force.
fn until(section: &Section<'_>, report: &mut Report<'_>) -> Option<Timestamp> {
    let written = section.item("until")?.as_datetime()?.to_string();
    let read: Result<jiff::Timestamp, _> = written.parse();
    match read {
        Ok(at) => Some(Timestamp(at.as_microsecond())),
        // What has no offset was told as a wrong kind already.
        Err(_) if report.failed() => None,
        Err(_) => {
            report.error(section.value_span("until"), "no such moment");
            None
        }
    }
}

/// Compiles a condition; its mistakes become problems of the file.
fn condition(text: &TomlText, place: Place<'_>, report: &mut Report<'_>) -> Option<Compiled> {
    match check_condition(&text.value, place) {
        Ok(compiled) => Some(compiled),
        Err(mistakes) => {
            for mistake in mistakes {
                report.error_with_hint(text.in_file(mistake.span), mistake.message, mistake.hint);
            }
            None
        }
    }
}

/// `closed` promises a block; a point where nothing can be blocked cannot keep that.
fn check_closed(section: &Section<'_>, on_error: OnError, point: Point, report: &mut Report<'_>) {
    let points = action_word("block").map_or(&[][..], |word| word.points);
    if on_error == OnError::Closed && !points.contains(&point) {
        let key = if section.item("on_error").is_some() { "on_error" } else { "on" };
        let names = points.iter().map(|point| point.name()).collect::<Vec<_>>().join(", ");
        report.error_with_hint(
            section.value_span(key),
            format!("on_error = \"closed\" blocks, and nothing can be blocked at {}", point.name()),
            Some(format!("blocking acts at {names}; here write on_error = \"open\"")),
        );
    }
}
