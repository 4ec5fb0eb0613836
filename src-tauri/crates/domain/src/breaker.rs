//! Circuit breakers as words: what one watches, and how it stands.

use serde::{Deserialize, Serialize};

/// What has a breaker of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BreakerPer {
    Provider,
    /// A model of a provider: `provider/model`.
    Model,
    /// A tool, as its agent runs it: its results and times are the agent's.
    Tool,
}

impl BreakerPer {
    pub fn name(self) -> &'static str {
        match self {
            BreakerPer::Provider => "provider",
            BreakerPer::Model => "model",
            BreakerPer::Tool => "tool",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls pass and are watched.
    Closed,
    /// Rules see it as open until the cooldown is over.
    Open,
    /// Some calls try whether it is well again; for all others it is open.
    HalfOpen,
    /// A person holds it open.
    ForcedOpen,
    /// A person holds it closed, whatever it sees.
    ForcedClosed,
}

impl BreakerState {
    pub fn name(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
            BreakerState::ForcedOpen => "forced_open",
            BreakerState::ForcedClosed => "forced_closed",
        }
    }

    pub fn is_forced(self) -> bool {
        matches!(self, BreakerState::ForcedOpen | BreakerState::ForcedClosed)
    }
}

/// A breaker that a person holds in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForcedBreaker {
    /// `policy/NAME`.
    pub breaker: String,
    /// The provider, model or tool.
    pub key: String,
    /// One of the forced ones; `closed` gives it back to what it sees.
    pub state: BreakerState,
}
