//! Sessions and their lifecycle.

use crate::{IdentityBasis, Process, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    Running,
    Paused,
    Stepping,
    /// For a person.
    Waiting,
    /// Silent for 15 minutes; wakes.
    Idle,
    /// By a person or a rule.
    Ended,
}

impl SessionState {
    pub fn name(self) -> &'static str {
        match self {
            SessionState::Running => "running",
            SessionState::Paused => "paused",
            SessionState::Stepping => "stepping",
            SessionState::Waiting => "waiting",
            SessionState::Idle => "idle",
            SessionState::Ended => "ended",
        }
    }
}

/// One session as the ledger keeps it; written whole whenever it changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    /// The agent's name: its label, else its client family, else the process behind the socket.
    pub agent: String,
    /// The first user line.
    pub title: String,
    pub state: SessionState,
    /// The label of the session where one was given (`/@AGENT~SESSION/`).
    pub label: Option<String>,
    /// The client's own session id.
    pub client_id: Option<String>,
    /// The session that this one is a sub-agent of.
    pub parent: Option<SessionId>,
    pub basis: IdentityBasis,
    pub process: Option<Process>,
    pub models: Vec<String>,
    pub steps: u32,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
    /// True if any part of tokens or cost is estimated.
    pub estimated: bool,
    /// Tokens of the latest context against the model's window, 0 to 1, where the window is known.
    pub context_used: Option<f64>,
    pub tool_errors: u32,
    pub interventions: u32,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
}
