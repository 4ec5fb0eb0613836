//! Policies: the list, one source, and what the check says.

use super::{Mode, Text};
use serde::Serialize;
use specta::Type;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum PolicyState {
    /// The version on disk is in force.
    Loaded,
    /// The version on disk has errors; the last good one, if any, stays in force.
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct PolicyView {
    pub name: String,
    /// The first 12 hexadecimal digits of BLAKE3 over the source in force; empty where none is.
    pub version: String,
    pub state: PolicyState,
    pub error: Option<String>,
    /// The file's name in the policies folder; null for the shipped default.
    pub file: Option<String>,
    pub agents: Vec<String>,
    pub rules: Vec<RuleView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct RuleView {
    pub id: String,
    /// The intervention point.
    pub on: String,
    pub mode: Mode,
    /// The condition; empty where it always holds.
    pub when: String,
    pub actions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct PolicyPage {
    pub policies: Vec<PolicyView>,
    /// The folder they are read from.
    pub folder: String,
}

/// One policy's source as it lies on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct PolicySource {
    pub name: String,
    /// Of this source: what `save_policy` wants back as `expected_version`.
    pub version: String,
    pub state: PolicyState,
    pub error: Option<String>,
    pub file: Option<String>,
    pub source: Text,
    pub problems: Vec<ProblemView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// Something wrong in a policy, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct ProblemView {
    pub severity: Severity,
    pub message: String,
    pub hint: Option<String>,
    /// From 1; null where the problem has no place.
    pub line: Option<u32>,
    pub column: Option<u32>,
    /// Bytes of the source, for an editor's underline.
    pub from: Option<u32>,
    pub to: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct PolicyCheck {
    pub ok: bool,
    pub name: Option<String>,
    pub version: String,
    pub problems: Vec<ProblemView>,
    pub rules: Vec<RuleView>,
}
