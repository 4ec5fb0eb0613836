//! Policies: the list, one source, and what the check says.

use super::{Mode, Text};
use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum PolicyState {
    /// In force as the file says.
    Active,
    /// The file is broken; its last good version is in force.
    Kept,
    /// The file is broken and nothing of it is in force.
    Broken,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PolicyView {
    pub name: String,
    /// The file's name in the policies folder.
    pub file: String,
    /// The first 12 hexadecimal digits of BLAKE3 over the source in force; empty where none is.
    pub version: String,
    pub state: PolicyState,
    /// The first problem, with its place.
    pub error: Option<String>,
    /// What its rules do: `enforce`, `shadow`, `off` or `mixed`.
    pub mode: String,
    pub description: String,
    /// Globs over the agent's name; empty: every session.
    pub agents: Vec<String>,
    pub rules: Vec<RuleView>,
}

/// One rule in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RuleView {
    pub id: String,
    /// The intervention point.
    pub on: String,
    pub mode: Mode,
    /// The simple key that it was made from.
    pub lowered_from: Option<String>,
    /// The rule in the full form, as TOML.
    pub toml: String,
    /// Where it stands in the file, from 1.
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PolicyPage {
    pub policies: Vec<PolicyView>,
    /// The folder they are read from.
    pub folder: String,
    /// True where that folder holds none and the shipped default is in force.
    pub shipped: bool,
}

/// One policy's source as it lies on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PolicySource {
    pub name: String,
    pub file: String,
    /// Of this source: what `save_policy` wants back as `expected_version`.
    pub version: String,
    pub state: PolicyState,
    pub error: Option<String>,
    pub source: Text,
    pub problems: Vec<ProblemView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// The file is taken; the author should look.
    Warning,
}

/// Something wrong in a policy, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ProblemView {
    pub severity: Severity,
    pub message: String,
    /// What to do, or the nearest known name.
    pub hint: Option<String>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In characters, at least 1.
    pub length: u32,
    /// The line as written.
    pub excerpt: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PolicyCheck {
    pub ok: bool,
    /// Absent where the source has errors.
    pub name: Option<String>,
    pub version: String,
    pub problems: Vec<ProblemView>,
    pub rules: Vec<RuleView>,
}
