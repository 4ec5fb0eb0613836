//! The timeline: its rows, a window at a time, and the strip above it, binned by time.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    Model,
    Tool,
    Mcp,
    Person,
}

/// What became of a row: a model call has an exchange's state; a tool call is open, returned, failed or blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    Open,
    Complete,
    Answered,
    Cancelled,
    Failed,
    Interrupted,
    Blocked,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RowToolCall {
    pub id: String,
    pub name: String,
    /// How its error is known: `flag`, `error_field`, `exit_code` or `text` (guessed); null where it had none (yet).
    pub error: Option<String>,
    /// Taken out of the response by a rule.
    pub blocked: bool,
    /// Blocked by `cached`: the model got an earlier result, and goes on. Say "answered from cache".
    pub from_cache: bool,
}

/// An intervention's pill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RowAct {
    pub id: String,
    pub action: String,
    pub mode: super::Mode,
    pub summary: String,
}

/// One row of a session's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct TimelineRow {
    /// Its place among the session's rows, from 0.
    #[specta(type = Number)]
    pub index: u64,
    /// One turn of the agent's loop, from 0.
    pub step: u32,
    pub run: String,
    pub kind: RowKind,
    /// The model or the tool.
    pub name: String,
    /// What the list shows of it, at most a few hundred characters.
    pub preview: String,
    pub state: RowState,
    /// What went wrong, where something did; a provider's status stands at its beginning.
    pub error: Option<String>,
    /// The exchange to open; for a tool call the one that proposed it.
    pub exchange: String,
    pub started_at: String,
    #[specta(type = Option<Number>)]
    pub duration_ms: Option<f64>,
    #[specta(type = Option<Number>)]
    pub first_token_ms: Option<f64>,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Option<Number>)]
    pub cost_usd: Option<f64>,
    pub estimated: bool,
    /// A title or naming call beside the first turn.
    pub side_call: bool,
    /// From a file, not seen live.
    pub imported: bool,
    /// Served from the record of an earlier run: no model was asked.
    pub replayed: bool,
    pub tool_calls: Vec<RowToolCall>,
    pub interventions: Vec<String>,
    /// The same, with what a pill shows.
    pub acts: Vec<RowAct>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct TimelinePage {
    pub rows: Vec<TimelineRow>,
    /// All rows of the session.
    #[specta(type = Number)]
    pub total: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    Model,
    Tool,
    Policy,
    Human,
}

/// One lane of the strip, one number per bin in each list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct StripLane {
    pub lane: Lane,
    /// Share of the bin's time that was busy, 0 to 1; an intervention counts as 1.
    #[specta(type = Vec<Number>)]
    pub fill: Vec<f64>,
    /// 1 where something failed.
    pub failed: Vec<u8>,
    /// The first row that touches the bin, -1 for none: where a click goes.
    #[specta(type = Vec<Number>)]
    pub row: Vec<i64>,
}

/// A whole session, or a part of it, binned over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct StripView {
    pub from: String,
    pub to: String,
    pub lanes: Vec<StripLane>,
}
