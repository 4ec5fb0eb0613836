//! Actions on calls that fail, compiled: `retry`, and `cached`, which spares the call.

use super::{duration, section::Section};
use crate::{policy::PlannedAction, problem::Report, toml_text::TomlText};
use domain::Backoff;

const TIMES: u32 = 2;
const MOST_TIMES: u32 = 5;
const BASE_MS: u64 = 500;
const MAX_MS: u64 = 8_000;
const LONGEST_WAIT_MS: u64 = 60_000;
const MAX_AGE_MS: u64 = 600_000;
const LONGEST_AGE_MS: u64 = 168 * 3_600_000;

pub(super) fn retry(section: Option<&Section<'_>>, report: &mut Report<'_>) -> Option<PlannedAction> {
    let times = section.and_then(|section| section.count("times", report)).unwrap_or(TIMES);
    let base_ms = section.and_then(|section| section.duration("base", report));
    let max_ms = section.and_then(|section| section.duration("max", report));
    let Some(section) = section else {
        return Some(PlannedAction::Retry(Backoff { times, base_ms: BASE_MS, max_ms: MAX_MS }));
    };
    if times == 0 || times > MOST_TIMES {
        let hint = Some("leave the action out where nothing is to be tried again".to_owned());
        let message = format!("`times` is a whole number from 1 to {MOST_TIMES}");
        report.error_with_hint(section.value_span("times"), message, hint);
    }
    if base_ms == Some(0) {
        let hint = Some("retries without a wait keep an overloaded provider so; write \"500ms\"".to_owned());
        report.error_with_hint(section.value_span("base"), "`base` is longer than nothing", hint);
    }
    if let Some(max_ms) = max_ms.filter(|max_ms| *max_ms > LONGEST_WAIT_MS) {
        let message = format!("`max` is at most 1m, not {}", duration::spelled(max_ms));
        report.error(section.value_span("max"), message);
    }
    let (base, max) = (base_ms.unwrap_or(BASE_MS), max_ms.unwrap_or(MAX_MS.max(base_ms.unwrap_or(0))));
    if base > max {
        let key = if max_ms.is_some() { "max" } else { "base" };
        let message = format!("`base` ({}) is above `max` ({})", duration::spelled(base), duration::spelled(max));
        report.error(section.value_span(key), message);
    }
    Some(PlannedAction::Retry(Backoff { times, base_ms: base, max_ms: max }))
}

pub(super) fn cached(
    short: Option<TomlText>,
    section: Option<&Section<'_>>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let text = short.or_else(|| section?.text("max_age", report));
    let Some(text) = text else { return Some(PlannedAction::Cached { max_age_ms: MAX_AGE_MS }) };
    let max_age_ms = duration::read(&text, report)?;
    if max_age_ms == 0 || max_age_ms > LONGEST_AGE_MS {
        report.error(text.in_file(0..text.value.len()), "`max_age` is longer than nothing, and at most 168h");
    }
    Some(PlannedAction::Cached { max_age_ms })
}
