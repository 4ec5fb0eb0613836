//! Dialects: the wire formats that Switchtower understands.

use serde::{Deserialize, Serialize};

/// A wire format. A provider speaks one family; OpenAI's family has two dialects, told apart by path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    OpenaiChat,
    OpenaiResponses,
    Anthropic,
    Gemini,
    Ollama,
}

impl Dialect {
    pub const ALL: [Dialect; 5] =
        [Dialect::OpenaiChat, Dialect::OpenaiResponses, Dialect::Anthropic, Dialect::Gemini, Dialect::Ollama];

    pub fn name(self) -> &'static str {
        match self {
            Dialect::OpenaiChat => "openai-chat",
            Dialect::OpenaiResponses => "openai-responses",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
            Dialect::Ollama => "ollama",
        }
    }

    pub fn family(self) -> Family {
        match self {
            Dialect::OpenaiChat | Dialect::OpenaiResponses => Family::Openai,
            Dialect::Anthropic => Family::Anthropic,
            Dialect::Gemini => Family::Gemini,
            Dialect::Ollama => Family::Ollama,
        }
    }
}

/// What a provider's configuration calls its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Openai,
    Anthropic,
    Gemini,
    Ollama,
}
