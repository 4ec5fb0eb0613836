//! Policies as reasoning and acting share them: points, modes, versions.

use serde::{Deserialize, Serialize};

/// Where a rule can look and act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Point {
    #[serde(rename = "model.request")]
    ModelRequest,
    #[serde(rename = "model.stream")]
    ModelStream,
    #[serde(rename = "tool.call")]
    ToolCall,
    #[serde(rename = "model.response")]
    ModelResponse,
    #[serde(rename = "tool.result")]
    ToolResult,
    #[serde(rename = "session.idle")]
    SessionIdle,
}

impl Point {
    pub const ALL: [Point; 6] = [
        Point::ModelRequest,
        Point::ModelStream,
        Point::ToolCall,
        Point::ModelResponse,
        Point::ToolResult,
        Point::SessionIdle,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Point::ModelRequest => "model.request",
            Point::ModelStream => "model.stream",
            Point::ToolCall => "tool.call",
            Point::ModelResponse => "model.response",
            Point::ToolResult => "tool.result",
            Point::SessionIdle => "session.idle",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Enforce,
    Shadow,
    Off,
}

/// What a broken or late rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Lets pass.
    #[default]
    Open,
    /// Blocks.
    Closed,
}

/// How a refusal reaches the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefuseAs {
    /// A 200 with a normal assistant message.
    #[default]
    Answer,
    /// An error in the vendor's shape, with the status that the recognised client stops at.
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InjectRole {
    System,
    User,
}

/// A policy's exact source as loaded; its hash is the version that verdicts cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// The first 12 hexadecimal digits of BLAKE3 over the source.
    pub version: String,
    pub name: String,
    pub source: String,
}
