//! A compiled policy: its rules in order, and what a person wants to know about it.

use crate::{
    choice::{ModelChoice, Teller},
    compile::{Declared, Defaults},
    condition::Compiled,
    template::Template,
    trial::Case,
};
use domain::*;
use globset::GlobSet;
use serde::Serialize;
use std::{ops::Range, sync::Arc};

/// One policy file, compiled. Immutable.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) file: String,
    pub(crate) version: PolicyVersion,
    pub(crate) agents: Option<GlobSet>,
    pub(crate) globs: Vec<String>,
    pub(crate) rules: Vec<Arc<Rule>>,
    pub(crate) cases: Vec<Case>,
    pub(crate) description: String,
    pub(crate) declared: Arc<Declared>,
    /// The files that it names, and what they were then.
    pub(crate) beside: Vec<(String, String)>,
    pub(crate) defaults: Defaults,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: String,
    /// `policy/rule`: its name in `Observation::history`.
    pub key: String,
    pub point: Point,
    pub mode: Mode,
    pub on_error: OnError,
    pub max_fires: Option<u32>,
    /// Added to the session's risk.
    pub risk: f64,
    /// From then on it is out of force.
    pub until: Option<Timestamp>,
    pub when: Option<Compiled>,
    pub first: Vec<PlannedAction>,
    pub again: Option<Vec<PlannedAction>>,
    pub lowered_from: Option<&'static str>,
    /// The number of the simple key that it was made from.
    pub limit: Option<f64>,
    pub toml: String,
    pub line: u32,
    /// Its bytes in the file; of a lowered rule, its key's.
    pub at: Range<usize>,
}

/// An action whose texts are still templates.
#[derive(Debug)]
pub(crate) enum PlannedAction {
    Block {
        text: Template,
        refuse_as: RefuseAs,
    },
    Inject {
        role: InjectRole,
        text: Template,
    },
    Escalate {
        allow: Vec<Choice>,
        timeout_ms: u64,
        on_timeout: OnTimeout,
        text: Template,
        /// Where its time stands in the file.
        at: Range<usize>,
    },
    Pause {
        text: Template,
    },
    /// Answers the question of another rule, `policy/rule`: nothing to carry out.
    Approve {
        rule: String,
    },
    Taint {
        taint: String,
    },
    Reroute {
        model: ModelChoice,
        provider: Option<String>,
        scope: Scope,
    },
    Limit(Limits),
    Stop {
        text: Template,
        refuse_as: RefuseAs,
    },
    Rollback {
        steps: u32,
        text: Option<Template>,
    },
    Alert {
        alert: Alert,
        text: Template,
    },
    Redact {
        patterns: Vec<Pattern>,
    },
    Replace {
        patterns: Vec<Pattern>,
        with: Template,
    },
    Truncate {
        head: u64,
        tail: u64,
    },
    Extract {
        fields: Vec<JsonPath>,
    },
    ExtractBy {
        by: Teller,
        fields: Vec<String>,
    },
    Compact {
        to: f64,
        of: CompactOf,
        pin: Vec<String>,
        summary: Option<Teller>,
    },
    Partial {
        text: Template,
    },
    Retry(Backoff),
    Cached {
        max_age_ms: u64,
    },
    First(Vec<PlannedAction>),
}

impl PlannedAction {
    /// Whether what it acts on cannot go out before it was carried out.
    fn stops(&self, point: Point) -> bool {
        match self {
            PlannedAction::Cached { .. } => point == Point::ToolCall,
            PlannedAction::Block { .. }
            | PlannedAction::Escalate { .. }
            | PlannedAction::Pause { .. }
            | PlannedAction::Stop { .. }
            | PlannedAction::Partial { .. }
            | PlannedAction::Redact { .. }
            | PlannedAction::Replace { .. } => true,
            PlannedAction::First(actions) => actions.iter().any(|action| action.stops(point)),
            _ => false,
        }
    }

    fn caches(&self) -> bool {
        match self {
            PlannedAction::Cached { .. } => true,
            PlannedAction::First(actions) => actions.iter().any(PlannedAction::caches),
            _ => false,
        }
    }

    /// Whether it stands in for a call that failed, or makes it again.
    fn mends(&self) -> bool {
        match self {
            PlannedAction::Retry(_) | PlannedAction::Cached { .. } => true,
            PlannedAction::First(actions) => actions.iter().any(PlannedAction::mends),
            _ => false,
        }
    }

    /// What it looks for in text.
    fn patterns(&self) -> Vec<&Pattern> {
        match self {
            PlannedAction::Redact { patterns } | PlannedAction::Replace { patterns, .. } => patterns.iter().collect(),
            PlannedAction::First(actions) => actions.iter().flat_map(PlannedAction::patterns).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it may end a stream.
    fn ends(&self) -> bool {
        match self {
            PlannedAction::Partial { .. } => true,
            PlannedAction::First(actions) => actions.iter().any(PlannedAction::ends),
            _ => false,
        }
    }

    /// None: an answer to another rule, decided within the verdict.
    pub fn fill(&self, observation: &Observation) -> Option<Action> {
        Some(match self {
            PlannedAction::Approve { .. } => return None,
            PlannedAction::Block { text, refuse_as } => {
                Action::Block { text: text.fill(observation), refuse_as: *refuse_as }
            }
            PlannedAction::Inject { role, text } => Action::Inject { role: *role, text: text.fill(observation) },
            PlannedAction::Escalate { allow, timeout_ms, on_timeout, text, .. } => Action::Escalate(Question {
                allow: allow.clone(),
                timeout_ms: *timeout_ms,
                on_timeout: *on_timeout,
                text: text.fill(observation),
            }),
            PlannedAction::Pause { text } => Action::Pause { text: text.fill(observation) },
            PlannedAction::Taint { taint } => Action::Taint { taint: taint.clone() },
            PlannedAction::Reroute { model, provider, scope } => {
                let (to, model) = model.fill(provider, observation);
                Action::Reroute(Reroute { to, model, provider: provider.clone(), scope: *scope })
            }
            PlannedAction::Limit(limits) => Action::Limit(limits.clone()),
            PlannedAction::Stop { text, refuse_as } => {
                Action::Stop { text: text.fill(observation), refuse_as: *refuse_as }
            }
            PlannedAction::Rollback { steps, text } => Action::Rollback {
                steps: *steps,
                text: text.as_ref().map(|text| text.fill(observation)).unwrap_or_default(),
            },
            PlannedAction::Alert { alert, text } => {
                Action::Alert { alert: alert.clone(), text: text.fill(observation) }
            }
            PlannedAction::Redact { patterns } => Action::Redact { patterns: patterns.clone() },
            PlannedAction::Replace { patterns, with } => {
                Action::Replace { patterns: patterns.clone(), with: with.fill(observation) }
            }
            PlannedAction::Truncate { head, tail } => Action::Truncate { head: *head, tail: *tail },
            PlannedAction::Extract { fields } => Action::Extract { fields: fields.clone() },
            PlannedAction::ExtractBy { by, fields } => {
                Action::ExtractBy { by: by.summarist(observation), fields: fields.clone() }
            }
            PlannedAction::Compact { to, of, pin, summary } => {
                let summary = summary.as_ref().map(|by| by.summarist(observation));
                Action::Compact { to: *to, of: *of, pin: pin.clone(), summary }
            }
            PlannedAction::Partial { text } => Action::Partial { text: text.fill(observation) },
            PlannedAction::Retry(backoff) => Action::Retry(*backoff),
            PlannedAction::Cached { max_age_ms } => Action::Cached { max_age_ms: *max_age_ms },
            PlannedAction::First(actions) => {
                Action::First(actions.iter().filter_map(|action| action.fill(observation)).collect())
            }
        })
    }
}

/// A rule as lists and editors show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSummary {
    pub id: String,
    pub on: Point,
    pub mode: Mode,
    /// The simple key that it was made from.
    pub lowered_from: Option<&'static str>,
    /// The rule in the full form, as TOML.
    pub toml: String,
    /// Where it stands in the file, from 1.
    pub line: u32,
}

impl Policy {
    pub fn name(&self) -> &str {
        &self.version.name
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn description(&self) -> &str {
        &self.description
    }

    /// Name, source and the hash that verdicts cite.
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// Globs over the agent's name; empty: every session.
    pub fn agents(&self) -> &[String] {
        &self.globs
    }

    pub fn applies_to(&self, agent: &str) -> bool {
        self.agents.as_ref().is_none_or(|globs| globs.is_match(agent))
    }

    /// Whether some agent may match both; globs are compared as far as that is cheap.
    pub(crate) fn may_share_agents(&self, other: &Policy) -> bool {
        let common = |a: &Policy, b: &Policy| a.globs.iter().any(|glob| b.applies_to(glob));
        self.globs.is_empty() || other.globs.is_empty() || common(self, other) || common(other, self)
    }

    pub fn rules(&self) -> Vec<RuleSummary> {
        self.rules
            .iter()
            .map(|rule| RuleSummary {
                id: rule.id.clone(),
                on: rule.point,
                mode: rule.mode,
                lowered_from: rule.lowered_from,
                toml: rule.toml.clone(),
                line: rule.line,
            })
            .collect()
    }
}

impl Rule {
    /// Whether traffic must wait for it: in force, and able to block or to hold. Shadow rules never delay anything.
    pub fn holds_back(&self) -> bool {
        let mut actions = self.actions();
        self.mode == Mode::Enforce
            && (self.on_error == OnError::Closed || actions.any(|action| action.stops(self.point)))
    }

    /// Whether it may answer from earlier results.
    pub fn caches(&self) -> bool {
        self.actions().any(PlannedAction::caches)
    }

    /// Whether it can match a response that failed, or one that did not.
    pub fn may_match_outcome(&self, failed: bool) -> bool {
        self.when.as_ref().is_none_or(|when| when.outcome.may_match_outcome(failed))
    }

    /// Whether attempts that fail are its business: then what comes before an answer's first token waits for that token.
    pub fn concerns_failures(&self) -> bool {
        const READ: [&str; 3] = ["response.failed", "response.class", "response.error"];
        let reads = || self.when.iter().flat_map(|when| &when.reads);
        let asks = reads().any(|read| READ.contains(&read.path.as_str()));
        self.point == Point::ModelResponse
            && self.mode == Mode::Enforce
            && self.may_match_outcome(true)
            && (asks || self.actions().any(PlannedAction::mends))
    }

    pub fn actions(&self) -> impl Iterator<Item = &PlannedAction> {
        self.first.iter().chain(self.again.iter().flatten())
    }

    /// What its actions look for in text.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.actions().flat_map(PlannedAction::patterns)
    }

    /// Whether it does nothing but to put text into other words.
    pub fn only_rewords(&self) -> bool {
        self.actions().all(|action| !action.patterns().is_empty())
    }

    /// Whether it may end a stream that is under way.
    pub fn ends_stream(&self) -> bool {
        self.point == Point::ModelStream && self.mode == Mode::Enforce && self.actions().any(PlannedAction::ends)
    }

    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.mode != Mode::Off && self.until.is_none_or(|until| at < until)
    }

    /// Whether a person means its number: by the simple key that made it, alone or as `policy/key`.
    pub fn is_limited_by(&self, name: &str) -> bool {
        let key = self.lowered_from.unwrap_or(&self.id);
        let policy = self.key.split('/').next().unwrap_or_default();
        self.limit.is_some() && (name == key || name.split_once('/') == Some((policy, key)))
    }

    /// Whether a person means this rule: by its id, or as `policy/rule`.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.key == name
    }

    pub fn may_match_tool(&self, tool: &str) -> bool {
        self.when.as_ref().is_none_or(|when| when.gate.may_match(tool))
    }
}
