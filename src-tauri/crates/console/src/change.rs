//! Live events: what changed, never the data itself. A UI asks again for what it shows.

use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Session,
    Exchange,
    Intervention,
    /// A question to a person was put, answered, or its time is over.
    Escalation,
    /// A rule told somebody: the exchange's newest `alert` intervention says what.
    Alert,
    Policy,
    Health,
    /// Events were missed: everything may have changed.
    Everything,
}

/// "Something about this changed."
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
pub struct Change {
    pub kind: ChangeKind,
    pub session: Option<String>,
    pub exchange: Option<String>,
}
