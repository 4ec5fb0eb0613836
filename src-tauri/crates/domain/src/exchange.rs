//! Exchanges: their lifecycle, attempts, timing, and whose fault an end was.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeState {
    /// The provider has not finished, or the runtime was killed before it did and has not started again since.
    Open,
    /// The agent got everything up to the terminal frame (a provider's error answer included).
    Complete,
    /// Answered by the runtime: a refusal or a cached answer.
    Answered,
    /// The agent went away first.
    Cancelled,
    /// The provider failed or its stream was cut.
    Failed,
    /// The runtime ended while it was open.
    Interrupted,
}

impl ExchangeState {
    pub fn name(self) -> &'static str {
        match self {
            ExchangeState::Open => "open",
            ExchangeState::Complete => "complete",
            ExchangeState::Answered => "answered",
            ExchangeState::Cancelled => "cancelled",
            ExchangeState::Failed => "failed",
            ExchangeState::Interrupted => "interrupted",
        }
    }
}

/// Whose doing the end of an exchange was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Agent,
    Runtime,
    Provider,
}

/// One try at a provider within an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub model: String,
    pub provider: String,
    /// The HTTP status, if a head came back.
    pub status: Option<u16>,
    pub error: Option<String>,
    pub duration_ms: f64,
    /// Why the runtime sent it: `None` for the agent's own request, else "continued after a blocked tool call" and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// When things happened, in milliseconds from the request's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Timing {
    pub first_token_ms: Option<f64>,
    pub duration_ms: f64,
    /// What the runtime itself added before the first byte to the provider and after the first byte back, without the commit.
    pub added_ms: f64,
    /// How long the terminal frame waited for its record.
    pub commit_ms: f64,
}

/// Header names and values in the order of the wire; credentials masked before they get here.
pub type Headers = Vec<(String, String)>;
