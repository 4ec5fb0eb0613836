//! `redact` and `replace`, compiled: named patterns and what takes their place.

use super::{Declared, section::Section};
use crate::{
    condition::Place,
    language::{PATTERNS, shipped},
    nearest::did_you_mean,
    policy::PlannedAction,
    problem::Report,
    template::Template,
    toml_text::TomlText,
};
use domain::{LONGEST_MATCH, Pattern, Point};
use regex::Regex;
use std::ops::Range;

/// `[pattern]`: names and regular expressions.
pub(super) fn declared(top: &Section<'_>, report: &mut Report<'_>) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for (name, item) in top.table("pattern").iter().flat_map(|section| section.iter()) {
        let span = item.span().unwrap_or_else(|| top.key_span("pattern"));
        match item.as_str() {
            Some(source) => patterns.extend(pattern(name, source, span, report)),
            None => report.error(span, format!("`{name}` takes a regular expression as a string")),
        }
    }
    patterns
}

fn pattern(name: &str, source: &str, span: Range<usize>, report: &mut Report<'_>) -> Option<Pattern> {
    match Regex::new(source) {
        Ok(regex) if regex.is_match("") => {
            report.error(span, "this matches where nothing stands, so it would match everywhere");
            None
        }
        Ok(_) => Some(Pattern { name: name.to_owned(), regex: source.to_owned(), check: None }),
        Err(error) => {
            let last = error.to_string();
            let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            report.error(span, format!("not a regular expression: {why}"));
            None
        }
    }
}

/// A pattern of the file, or one that every file can name.
pub(super) fn pattern_named(
    name: &str,
    span: Range<usize>,
    declared: &Declared,
    report: &mut Report<'_>,
) -> Option<Pattern> {
    let own = declared.patterns.iter().find(|pattern| pattern.name == name).cloned();
    let found = own.or_else(|| shipped(name));
    if found.is_none() {
        let own = declared.patterns.iter().map(|pattern| pattern.name.as_str());
        let known: Vec<&str> = own.chain(PATTERNS.iter().map(|(name, ..)| *name)).collect();
        let hint = did_you_mean(name, known.iter().copied())
            .or_else(|| Some(format!("there are: {}; or write `[pattern]` with `{name} = '…'`", known.join(", "))));
        report.error_with_hint(span, format!("there is no pattern `{name}`"), hint);
    }
    found
}

/// The patterns that an action names; empty where it names none.
fn named(
    short: Option<&TomlText>,
    section: Option<&Section<'_>>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Vec<Pattern> {
    let mut names: Vec<(String, Range<usize>)> = Vec::new();
    names.extend(short.map(|text| (text.value.clone(), text.in_file(0..text.value.len()))));
    if let Some(section) = section {
        let one = section.text("pattern", report);
        names.extend(one.map(|text| (text.value.clone(), text.in_file(0..text.value.len()))));
        names.extend(section.texts("patterns", report).unwrap_or_default());
    }
    let mut patterns = Vec::new();
    for (name, span) in names {
        patterns.extend(pattern_named(&name, span, place.declared, report));
    }
    if let Some(section) = section
        && let Some(text) = section.text("regex", report)
    {
        patterns.extend(pattern("text", &text.value, section.value_span("regex"), report));
    }
    patterns
}

/// On a stream a match that never ends would hold everything back: there it counts up to a length.
fn check_bounds(patterns: &[Pattern], span: Range<usize>, place: Place<'_>, report: &mut Report<'_>) {
    if place.point != Point::ModelStream {
        return;
    }
    let longest = |pattern: &Pattern| regex_syntax::parse(&pattern.regex).ok()?.properties().maximum_len();
    let long = |pattern: &&Pattern| {
        !PATTERNS.iter().any(|(name, ..)| *name == pattern.name)
            && longest(pattern).is_none_or(|most| most > LONGEST_MATCH)
    };
    for pattern in patterns.iter().filter(long) {
        let message = format!(
            "`{}` matches texts of any length: on a stream a match ends after {LONGEST_MATCH} bytes",
            pattern.name
        );
        let hint = Some("bound its repetitions (`{1,64}` in the place of `+`), and less is held back".to_owned());
        report.warn(span.clone(), message, hint);
    }
}

/// A complete answer has been held back whole; on its way only its end is.
fn check_held(action: &str, span: Range<usize>, place: Place<'_>, report: &mut Report<'_>) {
    if place.point == Point::ModelResponse {
        let message = format!("`{action}` at model.response holds every answer back until it is complete");
        let hint = Some(
            "at `on = \"model.stream\"` an answer goes on streaming, and only what may become a match waits".to_owned(),
        );
        report.warn(span, message, hint);
    }
}

pub(super) fn redact(
    short: Option<TomlText>,
    section: Option<&Section<'_>>,
    span: Range<usize>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let failed = report.failed();
    let patterns = named(short.as_ref(), section, place, report);
    if patterns.is_empty() {
        if failed == report.failed() {
            let hint = Some("write { redact = \"email\" } or { redact = { regex = '…' } }".to_owned());
            report.error_with_hint(span, "`redact` names no pattern", hint);
        }
        return None;
    }
    let span = section.map_or(span, |section| section.span.clone());
    check_bounds(&patterns, span.clone(), place, report);
    check_held("redact", span, place, report);
    Some(PlannedAction::Redact { patterns })
}

pub(super) fn replace(
    with: Template,
    section: Option<&Section<'_>>,
    span: Range<usize>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let patterns = named(None, section, place, report);
    let part = match place.point {
        Point::ModelRequest => Some("a request"),
        Point::ModelStream => Some("an answer on its way"),
        Point::ToolCall => Some("a call"),
        _ => None,
    };
    if let Some(part) = part.filter(|_| patterns.is_empty()) {
        let hint = Some("name a `pattern` or a `regex`".to_owned());
        report.error_with_hint(span, format!("{part} cannot be replaced whole"), hint);
        return None;
    }
    check_bounds(&patterns, span.clone(), place, report);
    if !patterns.is_empty() {
        check_held("replace", span, place, report);
    }
    Some(PlannedAction::Replace { patterns, with })
}
