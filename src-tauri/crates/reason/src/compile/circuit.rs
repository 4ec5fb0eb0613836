//! `[circuit_breaker]`, the simple key: a breaker for each provider and one for each tool, and the two rules that say what open means.

use super::{
    Defaults, FileScope,
    breakers::{self, share},
    rule,
    section::Section,
};
use crate::{
    breaker::{Breaker, BreakerLimits},
    language::CIRCUIT,
    policy::Rule,
    problem::Report,
};
use domain::BreakerPer;
use toml_edit::Document;

pub(super) const KEY: &str = "circuit_breaker";
const OF_TOOLS: &str = "circuit_breaker_tool";
const ERROR_RATE: f64 = 0.5;
const WINDOW_SECONDS: u32 = 60;
const COOLDOWN_SECONDS: u32 = 30;
/// One of a few calls that fails is no rate.
const MIN_CALLS: u32 = 5;
const LONGEST_SECONDS: u32 = 86_400;

/// In each the breaker's name is the rule's.
const RULES: &[(&str, &str)] = &[
    (
        KEY,
        r#"id = "circuit_breaker"
on = "model.request"
when = "breaker.circuit_breaker.open"
do = [{ first = ["cached", FALLBACK{ block = "{{request.provider}} fails too often at present, so rule circuit_breaker of policy POLICY sends it nothing for a while. Ask again in COOLDOWN seconds." }] }]
"#,
    ),
    (
        OF_TOOLS,
        r#"id = "circuit_breaker_tool"
on = "tool.call"
when = "breaker.circuit_breaker_tool.open"
do = [{ first = ["cached", { block = "{{tool.name}} fails too often at present, so rule circuit_breaker_tool of policy POLICY does not let it be called for a while. Go on without it, or tell the user." }] }]
"#,
    ),
];

/// The ids of the rules that the key makes.
pub(super) fn ids(top: &Section<'_>) -> Vec<String> {
    let there = top.table(KEY).is_some();
    RULES.iter().filter(|_| there).map(|(id, _)| (*id).to_owned()).collect()
}

pub(super) fn declared(top: &Section<'_>, policy: &str, report: &mut Report<'_>) -> Vec<(String, Breaker)> {
    let Some(section) = top.table(KEY) else { return Vec::new() };
    section.check_keys(CIRCUIT, "[circuit_breaker]", report);
    let limits = BreakerLimits {
        window_ms: u64::from(seconds(&section, "window_seconds", WINDOW_SECONDS, report)) * 1000,
        min_calls: MIN_CALLS,
        error_rate: Some(share(&section, "error_rate_threshold", report).unwrap_or(ERROR_RATE)),
        slow: None,
        p99_ms: None,
        consecutive: None,
        cooldown_ms: u64::from(seconds(&section, "cooldown_seconds", COOLDOWN_SECONDS, report)) * 1000,
        probes: 1,
    };
    let breaker =
        |name: &str, per| (name.to_owned(), Breaker { key: format!("{policy}/{name}"), per, globs: None, limits });
    vec![breaker(KEY, BreakerPer::Provider), breaker(OF_TOOLS, BreakerPer::Tool)]
}

fn seconds(section: &Section<'_>, key: &str, unless_set: u32, report: &mut Report<'_>) -> u32 {
    breakers::positive(section, key, LONGEST_SECONDS, report).unwrap_or(unless_set)
}

pub(super) fn lower(top: &Section<'_>, file: FileScope<'_>, defaults: Defaults, report: &mut Report<'_>) -> Vec<Rule> {
    let Some(section) = top.table(KEY) else { return Vec::new() };
    let at = top.key_span(KEY);
    let line = report.text()[..at.start.min(report.text().len())].matches('\n').count() as u32 + 1;
    let cooldown = section.item("cooldown_seconds").and_then(|item| item.as_integer());
    let cooldown = cooldown.unwrap_or(i64::from(COOLDOWN_SECONDS)).to_string();
    let fallback = match file.declared.tier("fallback") {
        Some(_) => "{ reroute = { model = \"tier:fallback\", scope = \"call\" } }, ",
        None => "",
    };
    let mut rules = Vec::new();
    for (id, source) in RULES {
        let source = source.replace("FALLBACK", fallback).replace("COOLDOWN", &cooldown).replace("POLICY", file.policy);
        let mut made = Report::new(id, &source);
        let rule = Document::parse(source.as_str()).ok().and_then(|document| {
            let section = Section::new(document.as_table(), 0..source.len());
            rule::compile(&section, id, file, defaults, &mut made)
        });
        for problem in made.into_problems() {
            report.error_with_hint(at.clone(), problem.message, problem.hint);
        }
        let toml = format!("[[rule]]\n{}", source.trim_end());
        rules.extend(rule.map(|rule| Rule { lowered_from: Some(KEY), toml, line, at: at.clone(), ..rule }));
    }
    rules
}
