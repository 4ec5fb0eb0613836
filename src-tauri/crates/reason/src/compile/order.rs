//! Actions that change the calls to come, compiled: `reroute`, `limit`, `stop`, `rollback`, and `alert` beside them.

use super::section::Section;
use crate::{
    choice::ModelChoice, condition::Place, nearest::did_you_mean, policy::PlannedAction, problem::Report,
    template::Template, toml_text::TomlText,
};
use domain::{Effort, Limits, RefuseAs, Scope};
use std::ops::Range;

const SCOPES: &[(&str, Scope)] = &[("call", Scope::Call), ("run", Scope::Run), ("session", Scope::Session)];
const EFFORTS: &[(&str, Effort)] = &[
    ("none", Effort::None),
    ("minimal", Effort::Minimal),
    ("low", Effort::Low),
    ("medium", Effort::Medium),
    ("high", Effort::High),
];

/// An order holds for the run that it is given in, unless it says otherwise.
fn scope(section: Option<&Section<'_>>, report: &mut Report<'_>) -> Scope {
    section.and_then(|section| section.choice("scope", SCOPES, report)).unwrap_or(Scope::Run)
}

/// A model by its name or as `tier:NAME` of the file.
pub(super) fn model(to: TomlText, what: &str, place: Place<'_>, report: &mut Report<'_>) -> Option<ModelChoice> {
    let whole = to.in_file(0..to.value.len());
    Some(match to.value.strip_prefix("tier:") {
        Some(name) => match place.declared.tier(name) {
            Some(tier) => ModelChoice::Tier(tier.clone()),
            None => {
                let known = || place.declared.tiers.iter().map(|tier| tier.name.as_str());
                let hint = did_you_mean(name, known())
                    .or_else(|| Some(format!("write `[tiers]` with `{name} = \"…\"`, or name a model")));
                let part = to.in_file("tier:".len()..to.value.len());
                report.error_with_hint(part, format!("this file has no tier `{name}`"), hint);
                return None;
            }
        },
        None if to.value.is_empty() => {
            report.error(whole, format!("`{what}` names no model"));
            return None;
        }
        None => ModelChoice::Named(to.value),
    })
}

pub(super) fn reroute(
    to: TomlText,
    section: Option<&Section<'_>>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let model = model(to, "reroute", place, report)?;
    let provider = section.and_then(|section| section.text("provider", report)).map(|text| text.value);
    Some(PlannedAction::Reroute { model, provider, scope: scope(section, report) })
}

pub(super) fn limit(
    section: Option<&Section<'_>>,
    span: Range<usize>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let said = ["output_tokens", "reasoning", "tools", "without"];
    let Some(section) = section.filter(|section| said.iter().any(|key| section.item(key).is_some())) else {
        let hint = Some(format!("it takes: {}", said.join(", ")));
        report.error_with_hint(span, "`limit` says nothing to limit", hint);
        return None;
    };
    let output_tokens = section.count("output_tokens", report).map(u64::from);
    if output_tokens == Some(0) {
        let hint = Some("to refuse a call, write \"block\"".to_owned());
        report.error_with_hint(section.value_span("output_tokens"), "an answer needs at least 1 token", hint);
    }
    let names = |key: &str, report: &mut Report<'_>| -> Option<Vec<String>> {
        Some(section.texts(key, report)?.into_iter().map(|(name, _)| name).collect())
    };
    Some(PlannedAction::Limit(Limits {
        output_tokens,
        reasoning: section.choice("reasoning", EFFORTS, report),
        tools: names("tools", report),
        without: names("without", report).unwrap_or_default(),
        scope: scope(Some(section), report),
    }))
}

pub(super) fn stop(text: Template, refuse_as: RefuseAs) -> PlannedAction {
    PlannedAction::Stop { text, refuse_as }
}

pub(super) fn rollback(
    section: Option<&Section<'_>>,
    text: Option<Template>,
    report: &mut Report<'_>,
) -> PlannedAction {
    let steps = section.and_then(|section| section.count("steps", report));
    if steps == Some(0)
        && let Some(section) = section
    {
        report.error(section.value_span("steps"), "`steps` counts from 1, the request before this one");
    }
    PlannedAction::Rollback { steps: steps.unwrap_or(1), text }
}

pub(super) fn alert(to: TomlText, text: Template, place: Place<'_>, report: &mut Report<'_>) -> Option<PlannedAction> {
    let alerts = &place.declared.alerts;
    match alerts.iter().find(|alert| alert.name == to.value) {
        Some(alert) => Some(PlannedAction::Alert { alert: alert.clone(), text }),
        None => {
            let hint = did_you_mean(&to.value, alerts.iter().map(|alert| alert.name.as_str()))
                .or_else(|| Some(format!("write `[alert.{}]` with its `kind`", to.value)));
            let message = format!("this file has no alert `{}`", to.value);
            report.error_with_hint(to.in_file(0..to.value.len()), message, hint);
            None
        }
    }
}
