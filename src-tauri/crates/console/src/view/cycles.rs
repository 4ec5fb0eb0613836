//! What a session does again and again: stretches of its timeline that a list may fold.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

/// The same steps several times, one after the other, without an intervention among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct CycleView {
    /// The first row, and how many rows all times together have.
    #[specta(type = Number)]
    pub first: u64,
    #[specta(type = Number)]
    pub rows: u64,
    pub times: u32,
    /// Steps of one time.
    pub steps: u32,
    /// What one time does: the tools it calls, in order.
    pub tools: Vec<String>,
    /// What its first step says or calls.
    pub preview: String,
    pub started_at: String,
    pub ended_at: String,
    /// Of all times together.
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub cost_usd: f64,
    pub tool_errors: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct CyclePage {
    /// In the order of the timeline; none overlaps another.
    pub cycles: Vec<CycleView>,
    /// The first row that was looked at: of a very long session only its end is.
    #[specta(type = Number)]
    pub from: u64,
}
