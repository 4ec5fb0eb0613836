//! Hits of the full-text search.

use serde::Serialize;
use specta::Type;

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct SearchHit {
    pub session: String,
    pub exchange: String,
    pub step: u32,
    /// The place of the match with its surroundings, as plain text.
    pub snippet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct SearchPage {
    pub hits: Vec<SearchHit>,
    pub next: Option<String>,
}
