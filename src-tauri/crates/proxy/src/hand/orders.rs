//! The standing orders of one session: what a person, or a rule, changed about the calls to come. Kept across restarts as JSON.

use act::Vault;
use domain::{Hash, InjectRole, InterventionId, Limits, Point, Scope};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a session's exchanges stop by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gate {
    #[default]
    Open,
    /// At the next model call.
    Paused,
    /// At the next point of any kind.
    Stepping,
    /// At the next model call, after what was let go.
    SteppingOver,
}

impl Gate {
    pub fn holds(self, point: Point) -> bool {
        match self {
            Gate::Open => false,
            Gate::Paused | Gate::SteppingOver => point == Point::ModelRequest,
            Gate::Stepping => matches!(point, Point::ModelRequest | Point::ToolCall | Point::ModelResponse),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Orders {
    pub gate: Gate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<Killed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// What rules lowered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What was redacted, with the tokens that stand for it.
    #[serde(skip_serializing_if = "is_empty")]
    pub vault: Arc<Vault>,
    /// Tools that the model is not offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Added to the next request, or with `standing` to each run's first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub injections: Vec<Injection>,
    /// Rules that are not asked in this session, by id or `policy/rule`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub muted: Vec<String>,
    /// Limits that stand in the place of a policy's, by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<(String, f64)>,
    /// The next request's answer, without the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// What rules have added to the session's risk, as it stands.
    #[serde(skip_serializing_if = "is_none")]
    pub risk: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Killed {
    pub text: String,
    pub as_error: bool,
    pub intervention: InterventionId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub model: String,
    pub scope: Scope,
    pub intervention: InterventionId,
    /// Ordered while a run was under way, or used by one since.
    pub begun: bool,
    /// Another provider of the same dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// A rule's order yields to a person's.
    #[serde(default)]
    pub by_rule: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limit {
    pub limits: Limits,
    pub intervention: InterventionId,
    pub begun: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Injection {
    pub role: InjectRole,
    pub text: String,
    pub standing: bool,
    pub intervention: InterventionId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub text: String,
    pub intervention: InterventionId,
}

/// The next request goes on from the prefix `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rollback {
    pub to: Hash,
    pub text: String,
    pub intervention: InterventionId,
}

/// What of the orders concerns one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Due {
    pub killed: Option<Killed>,
    pub model: Option<Model>,
    pub limits: Vec<Limit>,
    pub withheld: Vec<String>,
    pub injections: Vec<Injection>,
    pub answer: Option<Answer>,
    pub rollback: Option<Rollback>,
    pub vault: Arc<Vault>,
}

fn is_none(risk: &f64) -> bool {
    *risk == 0.0
}

fn is_empty(vault: &Arc<Vault>) -> bool {
    vault.is_empty()
}

impl Due {
    /// A person wants something else to go to the model than the agent sends. A rule's orders are made again by the rule.
    pub fn changes_request(&self) -> bool {
        let model = self.model.as_ref().is_some_and(|model| !model.by_rule);
        model || self.rollback.is_some() || !self.withheld.is_empty() || !self.injections.is_empty()
    }
}

impl Orders {
    /// Takes what is due at a request; what was for once is spent. `begins_run`: the first request after a new user message.
    pub fn take_due(&mut self, begins_run: bool, turn_of_agent: bool) -> Due {
        if !turn_of_agent {
            // A side call is no turn: only an end and a model for the whole session concern it.
            return Due { killed: self.killed.clone(), vault: self.vault.clone(), ..Due::default() };
        }
        if let Some(model) = &mut self.model
            && model.scope == Scope::Run
        {
            // The run in which it was ordered, or the first one after, is its run; the next one's start ends it.
            if begins_run && std::mem::replace(&mut model.begun, true) {
                self.model = None;
            }
        }
        let model = self.model.clone();
        if model.as_ref().is_some_and(|model| model.scope == Scope::Call) {
            self.model = None;
        }
        let mut limits = Vec::new();
        self.limits.retain_mut(|limit| {
            let over = limit.limits.scope == Scope::Run && begins_run && std::mem::replace(&mut limit.begun, true);
            if !over {
                limits.push(limit.clone());
            }
            !over && limit.limits.scope != Scope::Call
        });
        let injections =
            self.injections.iter().filter(|injection| !injection.standing || begins_run).cloned().collect();
        self.injections.retain(|injection| injection.standing);
        Due {
            killed: self.killed.clone(),
            model,
            limits,
            withheld: self.withheld.clone(),
            injections,
            answer: self.answer.take(),
            rollback: self.rollback.take(),
            vault: self.vault.clone(),
        }
    }
}
