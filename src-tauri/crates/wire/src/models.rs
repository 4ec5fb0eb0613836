//! What is known of models by their names, where a request for one must be fitted to another. Rows of data; what no row names is unknown,
//! and then nothing is taken away.

use domain::Dialect;

/// Beginnings of the names (behind any `vendor/`) of models that reason, and of those that refuse to be asked to.
const REASON: &[&str] = &[
    "o1",
    "o3",
    "o4",
    "gpt-5",
    "gpt-6",
    "gpt-oss",
    "codex-",
    "claude-3-7",
    "claude-opus-4",
    "claude-sonnet-4",
    "claude-haiku-4",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-haiku-5",
    "gemini-2.5",
    "gemini-3",
    "deepseek-r",
    "deepseek-reasoner",
    "qwen3",
    "magistral",
    "grok-4",
];
const ANSWER_AT_ONCE: &[&str] = &[
    "gpt-5-chat",
    "gpt-3.5",
    "gpt-4",
    "chatgpt-4o",
    "claude-2",
    "claude-3-5",
    "claude-3-haiku",
    "claude-3-opus",
    "claude-3-sonnet",
    "gemini-1",
    "gemini-2.0",
    "llama",
    "mistral",
    "mixtral",
    "gemma",
    "phi",
    "deepseek-chat",
    "qwen2",
];
/// The most output tokens that a model takes as its limit.
const MOST_OUTPUT: &[(&str, u64)] = &[
    ("gpt-3.5", 4_096),
    ("gpt-4-turbo", 4_096),
    ("gpt-4o-2024-05-13", 4_096),
    ("gpt-4o", 16_384),
    ("chatgpt-4o", 16_384),
    ("gpt-4.1", 32_768),
    ("claude-3-5", 8_192),
    ("claude-3-haiku", 4_096),
    ("claude-3-opus", 4_096),
    ("claude-opus-4-1", 32_000),
    ("claude-opus-4-2", 32_000),
    ("claude-3-sonnet", 4_096),
    ("claude-3-7", 64_000),
    ("claude-opus-4-5", 64_000),
    ("claude-sonnet-4", 64_000),
    ("claude-haiku-4", 64_000),
    ("o1-mini", 65_536),
    ("o1-preview", 32_768),
    ("o1", 100_000),
    ("o3", 100_000),
    ("o4", 100_000),
    ("gpt-5-chat", 16_384),
    ("gpt-5", 128_000),
    ("gemini-1", 8_192),
    ("gemini-2.0", 8_192),
    ("gemini-2.5", 65_536),
    ("gemini-3", 65_536),
];

fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// Whether the model reasons; none where its name is not known.
pub(crate) fn reasons(model: &str) -> Option<bool> {
    let name = bare(model);
    let begins = |rows: &[&str]| rows.iter().any(|row| name.starts_with(row));
    // `gpt-5-chat` before `gpt-5`.
    match (begins(ANSWER_AT_ONCE), begins(REASON)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}

/// The most output that a model can be asked for; none where its name is not known.
pub fn most_output(model: &str) -> Option<u64> {
    let name = bare(model);
    MOST_OUTPUT.iter().find(|(row, _)| name.starts_with(row)).map(|(_, most)| *most)
}

/// Where a request says how many tokens the answer may have; the first is the one to add where none stands.
pub(crate) fn output_caps(dialect: Dialect, model: &str) -> &'static [&'static [&'static str]] {
    match dialect {
        Dialect::OpenaiChat if reasons(model) == Some(true) => &[&["max_completion_tokens"], &["max_tokens"]],
        Dialect::OpenaiChat => &[&["max_tokens"], &["max_completion_tokens"]],
        Dialect::OpenaiResponses => &[&["max_output_tokens"]],
        Dialect::Anthropic => &[&["max_tokens"]],
        Dialect::Gemini => &[&["generationConfig", "maxOutputTokens"], &["generation_config", "max_output_tokens"]],
        Dialect::Ollama => &[&["options", "num_predict"]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whether_its_model_reasons_or_nothing() {
        for (model, expected) in [
            ("o3-mini", Some(true)),
            ("openai/gpt-5-nano", Some(true)),
            ("gpt-5-chat-latest", Some(false)),
            ("gpt-4o-mini", Some(false)),
            ("claude-haiku-4-5", Some(true)),
            ("claude-3-5-haiku-latest", Some(false)),
            ("models/gemini-2.0-flash", Some(false)),
            ("my-own-model", None),
        ] {
            assert_eq!(reasons(model), expected, "{model}");
        }
    }
}
