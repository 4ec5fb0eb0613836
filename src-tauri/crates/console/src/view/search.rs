//! Hits of the full-text search.

use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SearchHit {
    pub session: String,
    pub exchange: String,
    pub step: u32,
    /// Whether the answer holds it, rather than what the request brought.
    pub in_answer: bool,
    /// The match between « and » in its surroundings, as plain text.
    pub snippet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct SearchPage {
    pub hits: Vec<SearchHit>,
    pub next: Option<String>,
}
