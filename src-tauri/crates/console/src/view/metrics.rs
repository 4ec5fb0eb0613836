//! Figures over a span of time.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct InterventionCount {
    pub rule: Option<String>,
    pub action: String,
    pub mode: super::Mode,
    #[specta(type = Number)]
    pub count: u64,
    #[specta(type = Number)]
    pub tokens: i64,
    #[specta(type = Number)]
    pub usd: f64,
    #[specta(type = Number)]
    pub ms: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ToolCount {
    pub name: String,
    #[specta(type = Number)]
    pub calls: u64,
    #[specta(type = Number)]
    pub errors: u64,
    /// From the call to the request that brought its result: the agent's own time included.
    #[specta(type = Option<Number>)]
    pub mean_ms: Option<f64>,
    #[specta(type = Number)]
    pub longest_ms: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ModelCount {
    pub model: String,
    #[specta(type = Number)]
    pub exchanges: u64,
    #[specta(type = Number)]
    pub failed: u64,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DaySpend {
    /// The day's first moment, UTC.
    pub day: String,
    #[specta(type = Number)]
    pub exchanges: u64,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ErrorCount {
    pub class: String,
    #[specta(type = Number)]
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct MetricsView {
    #[specta(type = Number)]
    pub sessions: u64,
    #[specta(type = Number)]
    pub running: u64,
    #[specta(type = Number)]
    pub exchanges: u64,
    #[specta(type = Number)]
    pub failed: u64,
    #[specta(type = Number)]
    pub tool_calls: u64,
    #[specta(type = Number)]
    pub tool_errors: u64,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
    pub estimated: bool,
    pub interventions: Vec<InterventionCount>,
    pub tools: Vec<ToolCount>,
    /// Dearest first.
    pub models: Vec<ModelCount>,
    /// Oldest first.
    pub days: Vec<DaySpend>,
    /// Most frequent first.
    pub errors: Vec<ErrorCount>,
}
