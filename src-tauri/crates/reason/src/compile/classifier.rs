//! `[classifier.NAME]`, compiled: what is asked about a moment's text, where, and by whom it is answered.

use super::{Declared, duration, section::Section, spans};
use crate::{
    language::{CLASSIFIER, LISTS, List, list},
    nearest::did_you_mean,
    problem::Report,
};
use domain::{Classification, ClassifierKind, Pattern, Point};
use std::time::Duration;
use toml_edit::Item;

/// Where a moment has a text that is whole.
pub(super) const POINTS: &[Point] = &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse, Point::ToolResult];
/// Of a classifier over HTTP that does not say.
const MAX: Duration = Duration::from_secs(2);
/// A moment cannot wait longer for it.
const LONGEST_MS: u64 = 60_000;
const THRESHOLD: f64 = 0.5;

/// A classifier, and the score from which on the simple key's rule acts.
#[derive(Debug, Clone)]
pub(crate) struct Classes {
    pub asked: Classification,
    pub threshold: f64,
}

pub(super) fn declared(top: &Section<'_>, policy: &str, declared: &Declared, report: &mut Report<'_>) -> Vec<Classes> {
    let mut classes = Vec::new();
    let Some(section) = top.table("classifier") else { return classes };
    for (name, item) in section.iter() {
        let span = item.span().unwrap_or_else(|| section.key_span(name));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`classifier.{name}` takes a table: write `[classifier.{name}]`"));
            continue;
        };
        let one = Section::new(table, span);
        one.check_keys(CLASSIFIER, "a classifier", report);
        classes.extend(classifier(&one, name, policy, declared, report));
    }
    classes
}

/// What `safety_classifiers` asks where the file does not say it otherwise.
pub(super) fn shipped(name: &str, policy: &str) -> Option<Classes> {
    let list = list(name)?;
    let kind = ClassifierKind::Rules { certain: list.certain(), phrases: list.phrases() };
    Some(Classes { asked: named(name, policy, kind, POINTS.to_vec(), MAX), threshold: THRESHOLD })
}

fn named(name: &str, policy: &str, kind: ClassifierKind, on: Vec<Point>, max: Duration) -> Classification {
    Classification { key: format!("{policy}/{name}"), name: name.to_owned(), kind, on, max }
}

fn classifier(
    section: &Section<'_>,
    name: &str,
    policy: &str,
    declared: &Declared,
    report: &mut Report<'_>,
) -> Option<Classes> {
    let on = points(section, report);
    let max = max(section, report);
    let threshold = section.number("threshold").unwrap_or(THRESHOLD);
    if !(threshold > 0.0 && threshold <= 1.0) {
        report.error(section.value_span("threshold"), "`threshold` is above 0 and at most 1");
    }
    let Some(kind) = section.item("kind").and_then(Item::as_str) else {
        if section.item("kind").is_none() {
            report.error(section.span.clone(), format!("`classifier.{name}` needs a `kind`"));
        }
        return None;
    };
    let kind = match kind {
        "rules" => rules(section, name, declared, report)?,
        "http" => http(section, name, report)?,
        "linear" => {
            let hint = Some("write kind = \"rules\" or \"http\"".to_owned());
            let message = "this version has no classifiers of kind \"linear\" yet";
            report.error_with_hint(section.value_span("kind"), message, hint);
            return None;
        }
        other => {
            let words = ["rules", "http"];
            let hint = did_you_mean(other, words).or_else(|| Some(format!("one of: {}", words.join(", "))));
            report.error_with_hint(section.value_span("kind"), format!("`kind` cannot be \"{other}\""), hint);
            return None;
        }
    };
    Some(Classes { asked: named(name, policy, kind, on, max), threshold })
}

fn rules(section: &Section<'_>, name: &str, declared: &Declared, report: &mut Report<'_>) -> Option<ClassifierKind> {
    let (mut certain, mut phrases) = (Vec::new(), Vec::new());
    for (word, span) in section.texts("lists", report).unwrap_or_default() {
        match list(&word) {
            Some(list) => {
                certain.extend(list.certain());
                phrases.extend(list.phrases());
            }
            None => {
                let names = || LISTS.iter().map(|list: &List| list.name);
                let hint = did_you_mean(&word, names())
                    .or_else(|| Some(format!("there are: {}", names().collect::<Vec<_>>().join(", "))));
                report.error_with_hint(span, format!("there is no list `{word}`"), hint);
            }
        }
    }
    for (word, span) in section.texts("patterns", report).unwrap_or_default() {
        certain.extend(spans::pattern_named(&word, span, declared, report));
    }
    for (phrase, span) in section.texts("phrases", report).unwrap_or_default() {
        if phrase.trim().is_empty() {
            report.error(span, "an empty phrase stands everywhere");
        } else {
            let regex = format!("(?i){}", regex_syntax::escape(&phrase));
            phrases.push(Pattern { name: phrase, regex, check: None });
        }
    }
    if certain.is_empty() && phrases.is_empty() && !report.failed() {
        let hint = Some("write lists = [\"prompt_injection\"], or `patterns` or `phrases` of your own".to_owned());
        report.error_with_hint(section.span.clone(), format!("`classifier.{name}` looks for nothing"), hint);
        return None;
    }
    Some(ClassifierKind::Rules { certain, phrases })
}

fn http(section: &Section<'_>, name: &str, report: &mut Report<'_>) -> Option<ClassifierKind> {
    match section.text("url", report).map(|text| text.value) {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => Some(ClassifierKind::Http { url }),
        Some(_) => {
            report.error(section.value_span("url"), "a classifier's `url` begins with https:// or http://");
            None
        }
        None => {
            report.error(section.span.clone(), format!("`classifier.{name}` over HTTP needs a `url`"));
            None
        }
    }
}

fn points(section: &Section<'_>, report: &mut Report<'_>) -> Vec<Point> {
    let Some(words) = section.texts("on", report) else { return POINTS.to_vec() };
    let mut on = Vec::new();
    for (word, span) in words {
        match POINTS.iter().find(|point| point.name() == word) {
            Some(point) => on.push(*point),
            None => {
                let names = || POINTS.iter().map(|point| point.name());
                let hint = did_you_mean(&word, names())
                    .or_else(|| Some(format!("there are: {}", names().collect::<Vec<_>>().join(", "))));
                report.error_with_hint(span, format!("no classifier is asked at \"{word}\""), hint);
            }
        }
    }
    if on.is_empty() && !report.failed() {
        report.error(section.value_span("on"), "`on` names no point");
    }
    on
}

fn max(section: &Section<'_>, report: &mut Report<'_>) -> Duration {
    let Some(text) = section.text("max", report) else { return MAX };
    match duration::milliseconds(&text.value) {
        Ok(1..=LONGEST_MS) => {}
        Ok(_) => report.error(section.value_span("max"), "`max` is from \"1ms\" to \"60s\""),
        Err((part, message)) => report.error(text.in_file(part), format!("not a duration: {message}")),
    }
    duration::milliseconds(&text.value).map_or(MAX, Duration::from_millis)
}
