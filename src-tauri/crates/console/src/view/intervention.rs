//! Interventions: what was done, by whom, why, with which effect.

use super::Text;
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Enforce,
    Shadow,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    Rule,
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum EffectBasis {
    Measured,
    Estimated,
    Counterfactual,
}

/// What it cost; negative is saved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct EffectView {
    #[specta(type = Number)]
    pub tokens: i64,
    #[specta(type = Number)]
    pub usd: f64,
    #[specta(type = Number)]
    pub ms: f64,
    pub basis: EffectBasis,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct InterventionView {
    pub id: String,
    pub session: String,
    pub exchange: String,
    pub at: String,
    pub cause: Cause,
    pub rule: Option<String>,
    pub policy: Option<String>,
    pub version: Option<String>,
    /// The policy key of the action: `inject`, `block`, …
    pub action: String,
    pub mode: Mode,
    /// One line for a person.
    pub summary: String,
    /// What stood there; empty where nothing did.
    pub before: Text,
    pub after: Text,
    pub effect: EffectView,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct InterventionPage {
    pub interventions: Vec<InterventionView>,
    pub next: Option<String>,
}
