//! What a conversation is made of, in one normal form. The exact bytes stay beside it; this is what reasoning reads.

use crate::Hash;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// A tool call that a model proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The dialect's id. Where it has none (Ollama, often Gemini) one made from its position: `call-3-0`.
    pub id: String,
    pub name: String,
    /// JSON text, as the model wrote it.
    pub arguments: String,
    /// The call's place among the calls of its response, from 0.
    pub index: u32,
}

/// How a tool error is known (POLICY.md, "Tool error"), strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorEvidence {
    /// A flag of the dialect (`is_error`, MCP `isError`).
    Flag,
    /// A JSON result with a top-level `error`.
    ErrorField,
    /// A non-zero `exit_code` or `returncode`.
    ExitCode,
    /// Text that begins like an error: guessed.
    Text,
}

/// A tool's result as the agent delivered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: String,
    /// The tool's name where the dialect repeats it.
    pub name: Option<String>,
    pub text: String,
    pub error: Option<ErrorEvidence>,
}

/// What one message of a request says, whatever its dialect. Computed once per distinct message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFacts {
    pub role: Role,
    /// All text parts, joined by line feeds. Reasoning is left out.
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub results: Vec<ToolResult>,
    /// One hash per part that survives an agent's re-serialisation (text, call, result), in order: what sessions are
    /// found by, across key order, white space, reasoning parts and marks.
    pub atoms: Vec<Hash>,
}

/// How a result begins that stands in for a call: its age follows. By this every later request knows that it is no error, also where the
/// call was answered in an earlier life.
pub const EARLIER_RESULT: &str = "[The result of ";

/// Whether a synthetic result is an earlier one of the tool's own, rather than a word on why it was not called.
pub fn is_earlier_result(text: &str) -> bool {
    text.starts_with(EARLIER_RESULT)
}
