//! `[breaker.NAME]`, compiled: whom it watches and from which figures on it opens.

use super::{budget::check_name, duration, section::Section};
use crate::{
    breaker::{Breaker, BreakerLimits, MOST_SAMPLES, P99_SAMPLES},
    language::BREAKER,
    problem::Report,
};
use domain::BreakerPer;
use globset::{Glob, GlobSet, GlobSetBuilder};

const PERS: &[(&str, BreakerPer)] =
    &[("provider", BreakerPer::Provider), ("model", BreakerPer::Model), ("tool", BreakerPer::Tool)];
pub(super) const WINDOW_MS: u64 = 300_000;
pub(super) const COOLDOWN_MS: u64 = 30_000;
pub(super) const MIN_CALLS: u32 = 20;
const LONGEST_MS: u64 = 86_400_000;
const MOST_PROBES: u32 = 100;

/// The breakers of a file, each with its name.
pub(super) fn declared(top: &Section<'_>, policy: &str, report: &mut Report<'_>) -> Vec<(String, Breaker)> {
    let Some(section) = top.table("breaker") else { return Vec::new() };
    let mut breakers = Vec::new();
    for (name, item) in section.iter() {
        let span = item.span().unwrap_or_else(|| section.key_span(name));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`breaker.{name}` takes a table: write `[breaker.{name}]`"));
            continue;
        };
        let one = Section::new(table, span);
        one.check_keys(BREAKER, "a breaker", report);
        check_name(name, "breaker", &one, report);
        breakers.extend(breaker(&one, name, policy, report).map(|breaker| (name.to_owned(), breaker)));
    }
    breakers
}

fn breaker(section: &Section<'_>, name: &str, policy: &str, report: &mut Report<'_>) -> Option<Breaker> {
    let per = section.choice("per", PERS, report);
    if section.item("per").is_none() {
        let hint = Some("write per = \"provider\", \"model\" or \"tool\"".to_owned());
        report.error_with_hint(section.span.clone(), format!("`breaker.{name}` needs a `per`"), hint);
    }
    let limits = limits(section, report);
    let opens = ["error_rate", "slow_rate", "slow", "p99", "consecutive"];
    if opens.iter().all(|key| section.item(key).is_none()) {
        let hint =
            Some("give it an `error_rate`, a `slow_rate`, a `p99` or a number of `consecutive` failures".to_owned());
        report.error_with_hint(section.span.clone(), format!("`breaker.{name}` never opens"), hint);
    }
    let globs = globs(section, "match", report);
    if section.item("match").and_then(|item| item.as_array()).is_some_and(|list| list.is_empty()) {
        let hint = Some("leave `match` out to watch all of them".to_owned());
        report.error_with_hint(section.value_span("match"), format!("`breaker.{name}` watches nothing"), hint);
    }
    Some(Breaker { key: format!("{policy}/{name}"), per: per?, globs, limits })
}

fn limits(section: &Section<'_>, report: &mut Report<'_>) -> BreakerLimits {
    let min_calls = positive(section, "min_calls", MOST_SAMPLES as u32, report).unwrap_or(MIN_CALLS);
    let p99_ms = time(section, "p99", report);
    if p99_ms.is_some() && min_calls < P99_SAMPLES as u32 {
        let hint = Some(format!("write min_calls = {P99_SAMPLES}, or leave it for the other limits alone"));
        let message = format!("a 99th percentile is judged from {P99_SAMPLES} calls on, not from {min_calls}");
        report.warn(section.value_span("p99"), message, hint);
    }
    BreakerLimits {
        window_ms: time(section, "window", report).unwrap_or(WINDOW_MS),
        min_calls,
        error_rate: share(section, "error_rate", report),
        slow: slow(section, report),
        p99_ms,
        consecutive: positive(section, "consecutive", u32::MAX, report),
        cooldown_ms: time(section, "cooldown", report).unwrap_or(COOLDOWN_MS),
        probes: positive(section, "probes", MOST_PROBES, report).unwrap_or(1),
    }
}

/// A share of slow calls, and what slow is: neither means anything without the other.
fn slow(section: &Section<'_>, report: &mut Report<'_>) -> Option<(f64, u64)> {
    let (rate, slow) = (share(section, "slow_rate", report), time(section, "slow", report));
    let alone = match (section.item("slow_rate").is_some(), section.item("slow").is_some()) {
        (true, false) => ("slow_rate", "write slow = \"5s\": a call that takes longer is slow"),
        (false, true) => ("slow", "write slow_rate = 0.5: the share of slow calls at which it opens"),
        _ => return rate.zip(slow),
    };
    report.error_with_hint(
        section.value_span(alone.0),
        format!("`{}` alone says nothing", alone.0),
        Some(alone.1.to_owned()),
    );
    None
}

/// A share above 0, up to 1.
pub(super) fn share(section: &Section<'_>, key: &str, report: &mut Report<'_>) -> Option<f64> {
    let share = section.number(key)?;
    if share > 0.0 && share <= 1.0 {
        return Some(share);
    }
    report.error_with_hint(
        section.value_span(key),
        format!("`{key}` is a share above 0, up to 1"),
        Some("0.3 is 30 %".to_owned()),
    );
    None
}

fn time(section: &Section<'_>, key: &str, report: &mut Report<'_>) -> Option<u64> {
    let time = section.duration(key, report)?;
    if (1..=LONGEST_MS).contains(&time) {
        return Some(time);
    }
    let most = duration::spelled(LONGEST_MS);
    report.error(section.value_span(key), format!("`{key}` is longer than nothing, and at most {most}"));
    None
}

pub(super) fn positive(section: &Section<'_>, key: &str, most: u32, report: &mut Report<'_>) -> Option<u32> {
    let count = section.count(key, report)?;
    if (1..=most).contains(&count) {
        return Some(count);
    }
    report.error(section.value_span(key), format!("`{key}` is a whole number from 1 to {most}"));
    None
}

/// Names of which one has to match; none where the key is absent.
pub(super) fn globs(section: &Section<'_>, key: &str, report: &mut Report<'_>) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for (text, span) in section.texts(key, report)? {
        match Glob::new(&text) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => report.error(span, format!("not a glob: {}", error.kind())),
        }
    }
    set.build().ok()
}
