//! `[limit.NAME]`: how often something may be done.

use super::{MODES, budget::check_name, duration, section::Section};
use crate::{
    language::{LIMIT, MATCH},
    problem::Report,
};
use domain::{Mode, OnExceed, Rate, RatePer};
use globset::{Glob, GlobMatcher};

/// A rate and what it counts.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredRate {
    pub rate: Rate,
    pub mode: Option<Mode>,
    pub tool: Option<GlobMatcher>,
    pub model: Option<GlobMatcher>,
    pub provider: Option<GlobMatcher>,
}

const ON_EXCEEDS: &[(&str, OnExceed)] = &[("delay", OnExceed::Delay), ("deny", OnExceed::Deny)];
const PERS: &[(&str, RatePer)] = &[("all", RatePer::All), ("agent", RatePer::Agent), ("session", RatePer::Session)];
/// Until all of a burst is there again.
const LONGEST_MS: u64 = 366 * 86_400_000;
/// Unit, milliseconds.
const UNITS: &[(&str, u64)] = &[
    ("s", 1_000),
    ("sec", 1_000),
    ("second", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("minute", 60_000),
    ("h", 3_600_000),
    ("hour", 3_600_000),
    ("d", 86_400_000),
    ("day", 86_400_000),
];

pub(super) fn read(top: &Section<'_>, report: &mut Report<'_>) -> Vec<DeclaredRate> {
    let mut rates = Vec::new();
    let section = top.table("limit");
    for (name, item) in section.iter().flat_map(|section| section.iter()) {
        let span = item.span().unwrap_or_else(|| top.key_span("limit"));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`limit.{name}` takes a table: write `[limit.{name}]`"));
            continue;
        };
        let table = Section::new(table, span);
        table.check_keys(LIMIT, "a limit", report);
        check_name(name, "limit", &table, report);
        rates.extend(one(name, &table, report));
    }
    rates
}

fn one(name: &str, table: &Section<'_>, report: &mut Report<'_>) -> Option<DeclaredRate> {
    let matches = table.table("match");
    if table.item("match").is_none() {
        let hint = Some("write match = { tool = \"web_search\" }".to_owned());
        report.error_with_hint(table.span.clone(), format!("`[limit.{name}]` needs a `match`"), hint);
    }
    let glob = |key: &str, report: &mut Report<'_>| -> Option<GlobMatcher> {
        let matches = matches.as_ref()?;
        let text = matches.text(key, report)?;
        match Glob::new(&text.value) {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(error) => {
                report.error(matches.value_span(key), format!("not a glob: {}", error.kind()));
                None
            }
        }
    };
    let (tool, model, provider) = (glob("tool", report), glob("model", report), glob("provider", report));
    if let Some(matches) = &matches {
        matches.check_keys(MATCH, "`match`", report);
        if matches.iter().next().is_none() {
            let hint = Some("it has: tool, model, provider".to_owned());
            report.error_with_hint(table.value_span("match"), "`match` says nothing to count", hint);
        }
    }
    let burst = table.count("burst", report);
    if burst == Some(0) {
        report.error(table.value_span("burst"), "`burst` is at least 1: nothing could ever pass");
    }
    let (times, in_ms) = rate(name, table, report)?;
    let burst = burst.unwrap_or(times);
    if u128::from(in_ms) * u128::from(burst) > u128::from(LONGEST_MS) * u128::from(times) {
        let message = format!("`[limit.{name}]` would count for longer than a year");
        let key = if in_ms > LONGEST_MS { "rate" } else { "burst" };
        report.error_with_hint(table.value_span(key), message, Some("a higher rate, or a smaller burst".to_owned()));
    }
    Some(DeclaredRate {
        rate: Rate {
            name: name.to_owned(),
            times,
            in_ms,
            burst,
            on_exceed: table.choice("on_exceed", ON_EXCEEDS, report).unwrap_or(OnExceed::Delay),
            per: table.choice("per", PERS, report).unwrap_or_default(),
        },
        mode: table.choice("mode", MODES, report),
        tool,
        model,
        provider,
    })
}

/// `10/min`, `5/30s`: how often, in how many milliseconds.
fn rate(name: &str, table: &Section<'_>, report: &mut Report<'_>) -> Option<(u32, u64)> {
    let hint = || Some("write it as \"10/min\", \"2/s\", \"100/h\" or \"5/30s\"".to_owned());
    let Some(text) = table.text("rate", report) else {
        if table.item("rate").is_none() {
            report.error_with_hint(table.span.clone(), format!("`[limit.{name}]` needs a `rate`"), hint());
        }
        return None;
    };
    let whole = text.value.len();
    let Some((times, unit)) = text.value.split_once('/') else {
        report.error_with_hint(text.in_file(0..whole), "not a rate: a number, `/` and a unit of time", hint());
        return None;
    };
    let at = times.len() + 1;
    let Some(count) = times.trim().parse::<u32>().ok().filter(|count| *count > 0) else {
        report.error_with_hint(text.in_file(0..times.len()), "not a rate: a whole number from 1 comes first", hint());
        return None;
    };
    let unit = unit.trim();
    let named = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
    let in_ms = named.map_or_else(|| duration::milliseconds(unit), Ok);
    match in_ms {
        Ok(in_ms) if in_ms > 0 => Some((count, in_ms)),
        _ => {
            report.error_with_hint(text.in_file(at..whole), "not a rate: no such unit of time", hint());
            None
        }
    }
}
