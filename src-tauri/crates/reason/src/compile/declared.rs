//! What a file declares: tiers of models, patterns and where alerts go for its actions to name; budgets and rates.

use super::{
    Beside, Classes, DeclaredBudget, DeclaredRate, ResultSchema, breakers, budget, circuit, classifier, rate, safety,
    schemas,
    section::Section,
    spans,
    tool_errors::{self, ToolError},
};
use crate::{
    breaker::Breaker,
    language::{ALERT, TOOLS},
    nearest::did_you_mean,
    problem::Report,
};
use domain::{Alert, AlertTarget, Pattern, Point};
use globset::GlobSet;
use toml_edit::Item;

#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    pub tiers: Vec<Tier>,
    pub alerts: Vec<Alert>,
    pub patterns: Vec<Pattern>,
    pub classifiers: Vec<Classes>,
    pub schemas: Vec<ResultSchema>,
    pub breakers: Vec<Breaker>,
    /// Tools that change nothing.
    pub read_only: Option<GlobSet>,
    /// What failures of tools look like.
    pub tool_errors: Vec<ToolError>,
    pub budgets: Vec<DeclaredBudget>,
    pub rates: Vec<DeclaredRate>,
    /// What conditions can name: (table of the file, name).
    pub named: Vec<(&'static str, String)>,
}

/// What one `tier:NAME` means.
#[derive(Debug, Clone)]
pub(crate) struct Tier {
    pub name: String,
    /// For every provider that is not named.
    pub model: Option<String>,
    /// By the provider's name, or by its dialect's family.
    pub by_provider: Vec<(String, String)>,
}

impl Tier {
    fn of(name: &str, model: String) -> Tier {
        Tier { name: name.to_owned(), model: Some(model), by_provider: Vec::new() }
    }

    /// The model for a request: its provider's, else its dialect's, else the one for all.
    pub fn model(&self, provider: &str, dialect: &str) -> Option<&str> {
        let named = |name: &str| self.by_provider.iter().find(|(of, _)| of == name).map(|(_, model)| model.as_str());
        let family = dialect.split('-').next().unwrap_or_default();
        named(provider).or_else(|| named(dialect)).or_else(|| named(family)).or(self.model.as_deref())
    }
}

impl Declared {
    pub(super) fn read(top: &Section<'_>, policy: &str, beside: Beside<'_>, report: &mut Report<'_>) -> Declared {
        let mut declared = Declared {
            tiers: tiers(top, report),
            alerts: alerts(top, report),
            patterns: spans::declared(top, report),
            budgets: budget::read(top, report),
            rates: rate::read(top, report),
            schemas: schemas::declared(top, policy, beside, report),
            ..Declared::default()
        };
        declared.classifiers = classifier::declared(top, policy, &declared, report);
        safety::declare(top, policy, &mut declared, report);
        let classifiers = declared.classifiers.iter().map(|known| ("classifier", known.asked.name.clone()));
        let schemas = declared.schemas.iter().map(|known| ("schema", known.name.clone()));
        let budgets = declared.budgets.iter().map(|known| ("budget", known.budget.name.clone()));
        declared.named = classifiers.chain(schemas).chain(budgets).collect();
        declared
    }

    /// With the file's breakers, and what it says of tools.
    pub(super) fn watching(mut self, top: &Section<'_>, policy: &str, report: &mut Report<'_>) -> Declared {
        for (name, breaker) in
            breakers::declared(top, policy, report).into_iter().chain(circuit::declared(top, policy, report))
        {
            if self.names("breaker").any(|known| known == name) {
                let message = format!("`[{}]` has a breaker of this name", circuit::KEY);
                report.error(top.key_span("breaker"), message);
            }
            self.named.push(("breaker", name));
            self.breakers.push(breaker);
        }
        if let Some(tools) = top.table("tools") {
            tools.check_keys(TOOLS, "[tools]", report);
            self.read_only = breakers::globs(&tools, "read_only", report);
            self.tool_errors = tool_errors::declared(&tools, report);
        }
        self
    }

    /// The names that a table of the file declares: `[budget.NAME]` …
    pub fn names(&self, section: &str) -> impl Iterator<Item = &str> {
        self.named.iter().filter(move |(of, _)| *of == section).map(|(_, name)| name.as_str())
    }

    /// Whether a classifier is asked at a point.
    pub fn asks(&self, classifier: &str, point: Point) -> bool {
        let known = self.classifiers.iter().find(|known| known.asked.name == classifier);
        known.is_none_or(|known| known.asked.on.contains(&point))
    }

    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.name == name)
    }
}

fn tiers(top: &Section<'_>, report: &mut Report<'_>) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = Vec::new();
    let section = top.table("tiers");
    for (name, item) in section.iter().flat_map(|section| section.iter()) {
        let span = item.span().unwrap_or_else(|| top.key_span("tiers"));
        match item {
            Item::Value(value) if value.as_str().is_some_and(|model| !model.is_empty()) => {
                tiers.push(Tier::of(name, value.as_str().unwrap_or_default().to_owned()));
            }
            item if item.is_table_like() => {
                let mut by_provider = Vec::new();
                for (provider, model) in item.as_table_like().into_iter().flat_map(|table| table.iter()) {
                    match model.as_str().filter(|model| !model.is_empty()) {
                        Some(model) => by_provider.push((provider.to_owned(), model.to_owned())),
                        None => {
                            let span = model.span().unwrap_or_else(|| span.clone());
                            report.error(span, format!("`{provider}` takes a model's name as a string"));
                        }
                    }
                }
                tiers.push(Tier { name: name.to_owned(), model: None, by_provider });
            }
            _ => {
                let hint = Some("write \"gpt-4o-mini\", or { openai = \"…\", anthropic = \"…\" }".to_owned());
                report.error_with_hint(span, format!("`{name}` takes a model, or models by provider"), hint);
            }
        }
    }
    if let Some(fallback) = top.text("fallback_model", report).map(|text| text.value) {
        if fallback.is_empty() {
            report.error(top.value_span("fallback_model"), "`fallback_model` names no model");
        }
        for name in ["fallback", "fast"] {
            if !tiers.iter().any(|tier| tier.name == name) {
                tiers.push(Tier::of(name, fallback.clone()));
            }
        }
    }
    tiers
}

fn alerts(top: &Section<'_>, report: &mut Report<'_>) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let Some(section) = top.table("alert") else { return alerts };
    for (name, item) in section.iter() {
        let span = item.span().unwrap_or_else(|| section.key_span(name));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`alert.{name}` takes a table: write `[alert.{name}]`"));
            continue;
        };
        let alert = Section::new(table, span);
        alert.check_keys(ALERT, "an alert", report);
        alerts.extend(target(&alert, name, report).map(|to| Alert { name: name.to_owned(), to }));
    }
    alerts
}

fn target(alert: &Section<'_>, name: &str, report: &mut Report<'_>) -> Option<AlertTarget> {
    let Some(kind) = alert.item("kind").and_then(Item::as_str) else {
        if alert.item("kind").is_none() {
            report.error(alert.span.clone(), format!("`alert.{name}` needs a `kind`"));
        }
        return None;
    };
    match kind {
        "desktop" => Some(AlertTarget::Desktop),
        "webhook" => match alert.text("url", report).map(|text| text.value) {
            Some(url) if url.starts_with("https://") || url.starts_with("http://") => Some(AlertTarget::Webhook(url)),
            Some(_) => {
                report.error(alert.value_span("url"), "a webhook's `url` begins with https:// or http://");
                None
            }
            None => {
                report.error(alert.span.clone(), format!("the webhook `alert.{name}` needs a `url`"));
                None
            }
        },
        "command" => {
            let words: Vec<String> =
                alert.texts("command", report).unwrap_or_default().into_iter().map(|(word, _)| word).collect();
            if words.first().is_none_or(String::is_empty) {
                let hint = Some("write command = [\"notify-send\", \"Switchtower\"]".to_owned());
                report.error_with_hint(alert.span.clone(), format!("`alert.{name}` names no program"), hint);
                return None;
            }
            Some(AlertTarget::Command(words))
        }
        other => {
            let words = ["desktop", "webhook", "command"];
            let hint = did_you_mean(other, words).or_else(|| Some(format!("one of: {}", words.join(", "))));
            report.error_with_hint(alert.value_span("kind"), format!("`kind` cannot be \"{other}\""), hint);
            None
        }
    }
}
