//! `escalate`, compiled: who may answer how, how long it waits, and whether any known client waits that long.

use super::{duration, section::Section};
use crate::{policy::PlannedAction, policy::Rule, problem::Report, template::Template};
use domain::{Choice, LONGEST_KNOWN_HOLD_MS, Mode, OnTimeout, PATIENCE, Point};
use globset::GlobSet;
use std::ops::Range;

const CHOICES: &[(&str, Choice)] = &[("approve", Choice::Approve), ("edit", Choice::Edit), ("deny", Choice::Deny)];
const ON_TIMEOUTS: &[(&str, OnTimeout)] = &[("deny", OnTimeout::Deny), ("stop", OnTimeout::Stop)];

/// How long a person has, where the rule does not say.
const TIMEOUT_MS: u64 = 540_000;
/// Longer than that is no hold any more.
const LONGEST_MS: u64 = 7 * 86_400_000;

/// `escalate` alone, or with its fields.
pub(super) fn escalate(
    section: Option<&Section<'_>>,
    span: Range<usize>,
    text: Template,
    report: &mut Report<'_>,
) -> PlannedAction {
    let allow = section.and_then(|section| allowed(section, report)).unwrap_or_else(|| Choice::ALL.to_vec());
    let on_timeout = section.and_then(|section| on_timeout(section, report)).unwrap_or_default();
    let timeout_ms = section.and_then(|section| timeout(section, report)).unwrap_or(TIMEOUT_MS);
    let at = match section {
        Some(section) if section.item("timeout").is_some() => section.value_span("timeout"),
        _ => span,
    };
    PlannedAction::Escalate { allow, timeout_ms, on_timeout, text, at }
}

fn allowed(section: &Section<'_>, report: &mut Report<'_>) -> Option<Vec<Choice>> {
    let words = section.texts("allow", report)?;
    if words.is_empty() {
        report.error(section.value_span("allow"), "`allow` leaves a person nothing to answer");
    }
    let mut allow = Vec::new();
    for (word, span) in words {
        match CHOICES.iter().find(|(name, _)| *name == word) {
            Some((_, choice)) if allow.contains(choice) => report.error(span, format!("\"{word}\" stands here twice")),
            Some((_, choice)) => allow.push(*choice),
            None => {
                let names = || CHOICES.iter().map(|(name, _)| *name);
                let hint = crate::nearest::did_you_mean(&word, names())
                    .or_else(|| Some(format!("there are: {}", names().collect::<Vec<_>>().join(", "))));
                report.error_with_hint(span, format!("nobody can answer with \"{word}\""), hint);
            }
        }
    }
    Some(allow)
}

fn on_timeout(section: &Section<'_>, report: &mut Report<'_>) -> Option<OnTimeout> {
    if section.item("on_timeout")?.as_str() == Some("approve") {
        let hint = Some("write \"deny\" (unless set) or \"stop\"".to_owned());
        let message = "`on_timeout` cannot be \"approve\": nothing approves by time-out";
        report.error_with_hint(section.value_span("on_timeout"), message, hint);
        return None;
    }
    section.choice("on_timeout", ON_TIMEOUTS, report)
}

pub(super) fn timeout(section: &Section<'_>, report: &mut Report<'_>) -> Option<u64> {
    let text = section.text("timeout", report)?;
    match duration::read(&text, report)? {
        0 => {
            report.error(section.value_span("timeout"), "`timeout` leaves no time to answer");
            None
        }
        long if long > LONGEST_MS => {
            report.error(section.value_span("timeout"), "`timeout` is at most 168h");
            None
        }
        milliseconds => Some(milliseconds),
    }
}

/// Warns of holds that outlast the clients: those that the policy is for where its `agents` name some, else every known one.
pub(super) fn check_patience(rules: &[Rule], agents: Option<&GlobSet>, report: &mut Report<'_>) {
    for rule in rules.iter().filter(|rule| rule.mode != Mode::Off) {
        for action in rule.first.iter().chain(rule.again.iter().flatten()) {
            let PlannedAction::Escalate { timeout_ms, at, .. } = action else { continue };
            let named = PATIENCE.iter().filter(|known| agents.is_some_and(|globs| globs.is_match(known.client)));
            let begun = rule.point == Point::ToolCall;
            let leaves = named.filter_map(|known| Some((known.waits_ms(true, begun)?, known.client))).min();
            let (limit, whose) = match leaves {
                Some((limit, client)) if *timeout_ms > limit => (limit, format!("{client} waits")),
                _ if *timeout_ms > LONGEST_KNOWN_HOLD_MS => {
                    (LONGEST_KNOWN_HOLD_MS, "any known client waits".to_owned())
                }
                _ => continue,
            };
            // The text of a rule that a key made is not the file's.
            let at = if rule.lowered_from.is_some() { &rule.at } else { at };
            report.warn(
                at.clone(),
                format!(
                    "a hold of {} is longer than {whose}: {}, kept alive",
                    duration::spelled(*timeout_ms),
                    duration::spelled(limit)
                ),
                Some(
                    "a client that leaves frees the hold; its retry gets the answer, once there is one: choose a shorter `timeout`, or accept that"
                        .to_owned(),
                ),
            );
        }
    }
}
