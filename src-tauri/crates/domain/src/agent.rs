//! Who is calling: the client family, and on this machine the process behind the socket.

use serde::{Deserialize, Serialize};

/// How sure the runtime is of a session's identity, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityBasis {
    /// A label in the path or the `x-switchtower-session` header.
    Label,
    /// The client's own session id.
    ClientId,
    /// A tool-call id that this runtime served.
    ToolCallId,
    /// The same digest is still open, or a retry header.
    Retry,
    /// The longest known message prefix that contains an assistant turn.
    Prefix,
    /// Nothing known: a new session.
    New,
}

/// The process at the other end of a loopback connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    pub name: String,
    pub folder: Option<String>,
}
