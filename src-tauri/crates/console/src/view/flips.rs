//! What shadow rules would have flipped.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

/// The most frequent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FlipReport {
    pub flips: Vec<FlipView>,
}

/// One action of one shadow rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FlipView {
    pub policy: String,
    pub rule: String,
    pub action: String,
    pub would: FlipKind,
    /// Moments at which it would have been carried out, each counted once however much it would have done.
    #[specta(type = Number)]
    pub times: u64,
    #[specta(type = Number)]
    pub sessions: u64,
    /// The earliest, oldest first, at most three.
    pub first: Vec<FlipMoment>,
}

/// What would have become of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum FlipKind {
    /// Refused, taken out, cut or answered without the model.
    Blocked,
    /// Held for a person.
    Held,
    /// Sent to another model.
    Rerouted,
    /// Gone on with other words or settings.
    Changed,
    /// Gone on as it was: a mark, an alert.
    Noted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FlipMoment {
    pub session: String,
    pub exchange: String,
    pub at: String,
    pub summary: String,
}
