//! Tokens and money.

use serde::{Deserialize, Serialize};

/// Tokens as the provider counts them, brought to one meaning: `input` contains `cached` and `cache_write`, `output` contains
/// `reasoning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    #[serde(rename = "input_tokens")]
    pub input: u64,
    #[serde(rename = "cached_tokens")]
    pub cached: u64,
    #[serde(rename = "cache_write_tokens")]
    pub cache_write: u64,
    #[serde(rename = "output_tokens")]
    pub output: u64,
    #[serde(rename = "reasoning_tokens")]
    pub reasoning: u64,
    /// True where the provider gave no count and tiktoken-rs estimated it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl Usage {
    /// Input that was not served from the provider's cache, plus output: what a token budget counts.
    pub fn budgeted(&self) -> u64 {
        self.input.saturating_sub(self.cached).saturating_add(self.output)
    }

    pub fn plus(&self, other: &Usage) -> Usage {
        Usage {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            estimated: self.estimated || other.estimated,
        }
    }
}
