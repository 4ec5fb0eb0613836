//! What rules read of a session, beside any one exchange. Names are those of the policy language.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FactsView {
    /// True: as a rule would read them now. False: as they were when the session was last observed.
    pub live: bool,
    pub at: String,
    /// A model's answer or a tool's result is still to come: elapsed time goes on.
    pub under_way: bool,
    /// The exchange that they were observed for; null where live.
    pub exchange: Option<String>,
    pub session: SessionFactsView,
    pub run: RunFactsView,
    /// Rules that fired, or would have, the latest first.
    pub history: Vec<RuleHistoryView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SessionFactsView {
    pub steps: u32,
    /// Time in a person's hands left out.
    #[specta(type = Number)]
    pub elapsed_ms: u64,
    /// Input not served from the provider's cache, plus output.
    #[specta(type = Number)]
    pub tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
    #[specta(type = Number)]
    pub context_tokens: u64,
    /// Share of the model's window, 0 to 1; 0 where the window is unknown.
    #[specta(type = Number)]
    pub context_used: f64,
    pub tool_errors: u32,
    pub tool_errors_in_row: u32,
    pub taints: Vec<String>,
    pub tools_seen: Vec<String>,
    #[specta(type = Number)]
    pub risk: f64,
}

/// From the latest user message to now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RunFactsView {
    pub steps: u32,
    #[specta(type = Number)]
    pub elapsed_ms: u64,
    #[specta(type = Number)]
    pub tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
    pub tool_errors: u32,
    pub tool_errors_in_row: u32,
    /// The latest, newest last: `tool: first line of the error`.
    pub errors: Vec<String>,
}

/// One rule's earlier firings, and what came since the last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RuleHistoryView {
    pub policy: String,
    pub rule: String,
    /// Of what it would have done.
    pub shadow: bool,
    pub fires_in_session: u32,
    pub fires_in_run: u32,
    #[specta(type = Number)]
    pub ms_since: u64,
    pub steps_since: u32,
    #[specta(type = Number)]
    pub tokens_since: u64,
    pub tool_errors_since: u32,
    /// The first tool result since was an error.
    pub errored_next: bool,
    /// The first call since repeats an earlier one.
    pub repeated_next: bool,
}
