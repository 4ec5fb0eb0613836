//! Interventions: what was done, by whom, with which effect.

use crate::{ExchangeId, InterventionId, Mode, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    Rule,
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectBasis {
    Measured,
    Estimated,
    Counterfactual,
}

/// What it cost or saved; negative is saved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub tokens: i64,
    pub usd: f64,
    pub ms: f64,
    pub basis: EffectBasis,
}

/// An action carried out (or, with `mode` shadow, one that would have been).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervention {
    pub id: InterventionId,
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub at: Timestamp,
    pub cause: Cause,
    pub rule: Option<String>,
    pub policy: Option<String>,
    pub version: Option<String>,
    /// The action's policy key: `inject`, `block`, …
    pub action: String,
    pub mode: Mode,
    /// One line for a person: "Blocked call to delete_file".
    pub summary: String,
    /// What stood there, in the dialect's JSON or as text; empty where nothing did.
    pub before: String,
    pub after: String,
    pub effect: Effect,
}
