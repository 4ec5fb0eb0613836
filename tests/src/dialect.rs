//! The five dialects as this harness speaks them, Gemini's and Ollama's variants included.

use crate::http::Request;

/// A wire format with its variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    Chat,
    Responses,
    Anthropic,
    /// `alt=sse` when streamed.
    Gemini,
    /// Streams a JSON array instead of events.
    GeminiArray,
    Ollama,
    OllamaGenerate,
}

impl Dialect {
    /// One of each of the five.
    pub const FIVE: [Dialect; 5] =
        [Dialect::Chat, Dialect::Responses, Dialect::Anthropic, Dialect::Gemini, Dialect::Ollama];

    pub const ALL: [Dialect; 7] = [
        Dialect::Chat,
        Dialect::Responses,
        Dialect::Anthropic,
        Dialect::Gemini,
        Dialect::GeminiArray,
        Dialect::Ollama,
        Dialect::OllamaGenerate,
    ];

    /// As `get_exchange` names it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Chat => "openai-chat",
            Dialect::Responses => "openai-responses",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini | Dialect::GeminiArray => "gemini",
            Dialect::Ollama | Dialect::OllamaGenerate => "ollama",
        }
    }

    pub fn model(self) -> &'static str {
        match self {
            Dialect::Chat | Dialect::Responses => "gpt-4o-mini",
            Dialect::Anthropic => "claude-sonnet-4-5",
            Dialect::Gemini | Dialect::GeminiArray => "gemini-2.5-flash",
            Dialect::Ollama | Dialect::OllamaGenerate => "llama3.2",
        }
    }

    /// The path below an agent's base URL of the proxy's root.
    pub fn path(self, streamed: bool) -> String {
        let model = self.model();
        match (self, streamed) {
            (Dialect::Chat, _) => "/v1/chat/completions".into(),
            (Dialect::Responses, _) => "/v1/responses".into(),
            (Dialect::Anthropic, _) => "/v1/messages".into(),
            (Dialect::Gemini, true) => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            (Dialect::GeminiArray, true) => format!("/v1beta/models/{model}:streamGenerateContent"),
            (Dialect::Gemini | Dialect::GeminiArray, false) => format!("/v1beta/models/{model}:generateContent"),
            (Dialect::Ollama, _) => "/api/chat".into(),
            (Dialect::OllamaGenerate, _) => "/api/generate".into(),
        }
    }

    /// A request as this dialect's clients send it, credential included.
    pub fn request(self, streamed: bool, key: &str, body: impl Into<bytes::Bytes>) -> Request {
        let request = Request::post(&self.path(streamed), body);
        match self {
            Dialect::Chat | Dialect::Responses => request.header("Authorization", &format!("Bearer {key}")),
            Dialect::Anthropic => request.header("x-api-key", key).header("anthropic-version", "2023-06-01"),
            Dialect::Gemini | Dialect::GeminiArray => request.header("x-goog-api-key", key),
            Dialect::Ollama | Dialect::OllamaGenerate => request,
        }
    }

    /// The dialect of a request that came in, by its path.
    pub fn of(target: &str) -> Option<(Dialect, bool)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let found = if path.ends_with("/chat/completions") {
            Dialect::Chat
        } else if path.ends_with("/responses") {
            Dialect::Responses
        } else if path.ends_with("/messages") {
            Dialect::Anthropic
        } else if path.ends_with(":streamGenerateContent") {
            return Some((if query.contains("alt=sse") { Dialect::Gemini } else { Dialect::GeminiArray }, true));
        } else if path.ends_with(":generateContent") {
            Dialect::Gemini
        } else if path.ends_with("/api/chat") {
            Dialect::Ollama
        } else if path.ends_with("/api/generate") {
            Dialect::OllamaGenerate
        } else {
            return None;
        };
        Some((found, false))
    }
}
