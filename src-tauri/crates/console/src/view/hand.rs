//! What waits for a person and what a person did: escalations, held exchanges, breakpoints, commands carried out.

use super::{SessionState, SessionView, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use specta::Type;
use specta_typescript::{Number, Unknown};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum EscalationState {
    Pending,
    Approved,
    Edited,
    Denied,
    Expired,
    Orphaned,
}

/// A message in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct GlimpseView {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Its text, or the calls that it makes; cut.
    pub text: String,
}

/// An intervention that waits, or waited, for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct EscalationView {
    pub id: String,
    pub session: String,
    pub exchange: String,
    pub state: EscalationState,
    pub rule: String,
    pub policy: String,
    pub version: String,
    /// `model.request`, `tool.call` or `model.response`.
    pub point: String,
    pub agent: String,
    /// The session's first user line.
    pub title: String,
    /// What the rule asks, in its own words; empty: its name says it.
    pub question: String,
    pub opened_at: String,
    pub expires_at: String,
    /// `deny` or `stop`. Nothing is approved by time.
    pub on_timeout: String,
    /// Of `approve`, `edit`, `deny`.
    pub allow: Vec<String>,
    pub tool: Option<String>,
    /// The call's arguments as the model wrote them; else the message in question.
    pub arguments: Option<Text>,
    /// The JSON Schema of the tool's arguments, as text, where the agent's request told it.
    pub schema: Option<Text>,
    /// What the model said it wants, just before; else the session's title.
    pub intent: Option<Text>,
    /// The last three messages that the agent sent, oldest first.
    pub messages: Vec<GlimpseView>,
    /// What the rule's condition read: dotted path → value.
    #[specta(type = std::collections::BTreeMap<String, Unknown>)]
    pub values: Map<String, Value>,
    /// SHA-256 of the exact action: what is approved is this and nothing else.
    pub digest: String,
    pub decided_at: Option<String>,
    /// The person's reason, or why nobody could answer.
    pub reason: Option<String>,
    /// The new arguments or message, where it was edited.
    pub edit: Option<Text>,
    /// The exchange that carried the answer out.
    pub used_by: Option<String>,
    /// How long the client is known to wait from `hold.since` on; null: no limit is known, or nothing is held.
    #[specta(type = Option<Number>)]
    pub patience_ms: Option<u64>,
    /// The exchange that is held for it now; null where none is.
    pub hold: Option<HeldView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct EscalationPage {
    /// Open ones: the nearest deadline first. Others: the latest first.
    pub escalations: Vec<EscalationView>,
    pub next: Option<String>,
}

/// What people made of one rule's questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct EscalationFigures {
    pub policy: String,
    pub rule: String,
    pub asked: u32,
    pub pending: u32,
    pub orphaned: u32,
    pub approved: u32,
    pub edited: u32,
    pub denied: u32,
    pub expired: u32,
    /// Approved as it was, of all that people answered: 0 to 1; null where nobody answered.
    #[specta(type = Option<Number>)]
    pub approval_rate: Option<f64>,
    /// From the question to the answer.
    #[specta(type = Option<Number>)]
    pub median_ms: Option<f64>,
    #[specta(type = Option<Number>)]
    pub fastest_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct EscalationFiguresPage {
    pub rules: Vec<EscalationFigures>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum HoldCause {
    /// The session is paused or stepping.
    Paused,
    Breakpoint,
    Escalation,
}

/// A tool call that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct HeldTool {
    pub id: String,
    pub name: String,
    /// As the model wrote them.
    pub arguments: Text,
}

/// One exchange that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct HeldView {
    pub exchange: String,
    pub session: String,
    /// `model.request`, `tool.call` or `model.response`.
    pub point: String,
    pub cause: HoldCause,
    /// The breakpoint's or escalation's id.
    pub cause_id: Option<String>,
    /// The breakpoint's name, or the escalation's rule.
    pub cause_name: Option<String>,
    pub since: String,
    pub call: Option<HeldTool>,
    /// The whole response as it would go out, at `model.response`.
    pub response: Option<Text>,
    /// The recognised client; null where nothing tells.
    pub client: Option<String>,
    /// How long it is known to wait in this way of being held; null: no limit was found.
    #[specta(type = Option<Number>)]
    pub patience_ms: Option<u64>,
    /// It hears a no-op every ten seconds.
    pub heartbeat: bool,
    /// What the client does when its patience ends.
    pub afterwards: String,
}

/// One session, with what waits in it and what a person ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SessionDetail {
    #[serde(flatten)]
    pub session: SessionView,
    pub held: Vec<HeldView>,
    /// How full the budgets are that it falls under; none where it is not live.
    pub budgets: Vec<super::BudgetView>,
    /// Where the record of another session answered it.
    pub rewind: Option<super::RewindView>,
    /// Where a person forked it from a recorded exchange.
    pub forked_from: Option<super::ForkedFrom>,
    /// What rules read of it; null where none ever looked.
    pub facts: Option<super::FactsView>,
    /// A person's standing orders, in the runtime's own shape; null where there are none.
    #[specta(type = Option<Unknown>)]
    pub orders: Option<Value>,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DoneView {
    /// Null where there was nothing to do.
    pub intervention: Option<String>,
    /// One line for a person.
    pub summary: String,
    /// The session's state now.
    pub state: SessionState,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PausedView {
    /// Sessions that changed.
    pub changed: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BreakpointView {
    pub id: String,
    pub on: String,
    /// Null: every session.
    pub session: Option<String>,
    /// Null: always.
    pub when: Option<String>,
    /// Null: whatever rules say.
    pub rule: Option<String>,
    pub name: String,
    #[specta(type = Number)]
    pub hits: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BreakpointPage {
    pub breakpoints: Vec<BreakpointView>,
}

/// The rule that would answer such questions from now on; nothing is saved yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AllowView {
    /// The policy that would get it; what `save_policy` takes as `name`.
    pub policy: String,
    pub file: String,
    /// What `save_policy` takes as `expected_version`.
    pub version: String,
    /// The rule alone, as TOML.
    pub rule: String,
    /// The policy with it: what `save_policy` takes as `source`.
    pub source: Text,
}
