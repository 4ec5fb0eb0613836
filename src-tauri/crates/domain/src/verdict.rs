//! What reasoning concluded, and every evaluation that led there.

use crate::{Action, Mode, Point};
use serde::{Deserialize, Serialize};

/// One rule's evaluation at one point, explained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub point: Point,
    pub rule: String,
    pub policy: String,
    pub version: String,
    pub mode: Mode,
    pub matched: bool,
    pub micros: u32,
    /// What the condition read: dotted path → value.
    pub values: serde_json::Map<String, serde_json::Value>,
    pub error: Option<String>,
}

impl Evaluation {
    /// Whether a person means this rule: by its id, or as `POLICY/ID`.
    pub fn is_of(&self, rule: &str) -> bool {
        rule.split_once('/').map_or(rule == self.rule, |(policy, id)| (policy, id) == (&self.policy, &self.rule))
    }
}

/// An action that a rule asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub rule: String,
    pub policy: String,
    pub version: String,
    pub mode: Mode,
    pub action: Action,
}

/// Allow (no decision), or ordered actions. A denial is a verdict, never an error.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// In the order to carry out: block > escalate > rewrite > reroute > annotate; within a class file order. Shadow decisions
    /// stand among them and are recorded, never carried out.
    pub decisions: Vec<Decision>,
    /// What rules that matched add to the session's risk.
    #[serde(default)]
    pub risk: f64,
    pub evaluations: Vec<Evaluation>,
}

impl Verdict {
    pub fn enforced(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|decision| decision.mode == Mode::Enforce)
    }
}
