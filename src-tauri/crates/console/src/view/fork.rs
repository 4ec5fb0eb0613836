//! Forks: what a recorded request came to when it was asked again, changed, beside what it came to then.

use super::{ExchangeState, Text};
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

/// A fork that was asked and answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ForkView {
    pub session: String,
    pub exchange: String,
    pub comparison: ComparisonView,
}

/// What a session was forked from, and how its request differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ForkedFrom {
    pub exchange: String,
    /// The fork's own exchange.
    pub fork: String,
    /// Null: as recorded.
    pub model: Option<String>,
    pub message: Option<String>,
    pub provider: Option<String>,
    /// Rules that it was judged without.
    pub without: Vec<String>,
}

/// Two exchanges' answers beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ComparisonView {
    pub before: ComparedAnswer,
    pub after: ComparedAnswer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ComparedAnswer {
    pub session: String,
    pub exchange: String,
    pub step: u32,
    pub provider: String,
    /// As served, where that is known.
    pub model: String,
    pub state: ExchangeState,
    pub finish: Option<String>,
    pub error: Option<String>,
    pub text: Text,
    pub calls: Vec<ComparedCall>,
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    /// Tokens were estimated.
    pub estimated: bool,
    #[specta(type = Option<Number>)]
    pub cost_usd: Option<f64>,
    #[specta(type = Option<Number>)]
    pub first_token_ms: Option<f64>,
    #[specta(type = Option<Number>)]
    pub duration_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ComparedCall {
    pub name: String,
    /// JSON text, as the model wrote it.
    pub arguments: Text,
    /// Taken out of the answer by a rule or a person.
    pub blocked: bool,
}
