//! Sessions, as the list and the head of the session screen show them.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    Running,
    Paused,
    Stepping,
    Waiting,
    Idle,
    Ended,
}

/// How the runtime knew that a request belongs to this session, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum IdentityBasis {
    Label,
    ClientId,
    ToolCallId,
    Retry,
    Prefix,
    New,
}

/// The process at the other end of a connection from this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ProcessView {
    pub pid: u32,
    pub name: String,
    pub folder: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SessionView {
    pub id: String,
    pub agent: String,
    /// The first user line.
    pub title: String,
    pub state: SessionState,
    pub models: Vec<String>,
    pub steps: u32,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
    /// True if any part of tokens or cost is estimated.
    pub estimated: bool,
    /// Share of the model's window, 0 to 1, where the window is known.
    #[specta(type = Option<Number>)]
    pub context_used: Option<f64>,
    pub tool_errors: u32,
    pub interventions: u32,
    /// The session that this one is a sub-agent of.
    pub parent: Option<String>,
    pub basis: IdentityBasis,
    pub process: Option<ProcessView>,
    pub label: Option<String>,
    /// The client's own session id.
    pub client_id: Option<String>,
    pub started_at: String,
    pub last_at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SessionPage {
    pub sessions: Vec<SessionView>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}
