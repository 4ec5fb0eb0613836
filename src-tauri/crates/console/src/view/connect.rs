//! How each agent is pointed at the runtime, with the live address filled in.

use serde::{Deserialize, Serialize};
use specta::Type;

/// One environment variable to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ConnectVariable {
    pub name: String,
    pub value: String,
}

/// One kind of agent and the ways to connect it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ConnectAgent {
    /// `claude-code`, `codex`, … : stable, for links.
    pub id: String,
    pub name: String,
    /// The command that starts it through `switchtower run`; null where a person starts their own program.
    pub run: Option<String>,
    pub variables: Vec<ConnectVariable>,
    /// One shell line with the variables or the configuration in place.
    pub command: String,
    /// What to write where, for agents that read a file or take the address in code; null for others.
    pub file: Option<ConnectFile>,
    /// What goes wrong there, in one sentence; null where nothing does.
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ConnectFile {
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ConnectView {
    /// `http://127.0.0.1:4100`
    pub proxy: String,
    /// What an OpenAI-compatible client takes: with `/v1`.
    pub openai_base_url: String,
    pub agents: Vec<ConnectAgent>,
}
