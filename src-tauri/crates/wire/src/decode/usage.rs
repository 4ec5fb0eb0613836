//! Usage: each dialect's counts brought to one meaning (`domain::Usage`): input with what was cached, output with reasoning.

use crate::json::{self, Span};
use domain::{Dialect, Usage};

/// No model reads or writes so much at once: a count beyond it is a provider's mistake, and sums of it still are numbers.
const MOST: u64 = 1_000_000_000_000;

/// The usage that an unstreamed body carries. Error bodies carry none.
pub fn usage(dialect: Dialect, body: &[u8]) -> Option<Usage> {
    let root = json::root(body)?;
    match dialect {
        Dialect::OpenaiChat => json::member(body, root, "usage").and_then(|at| chat(body, at)),
        Dialect::OpenaiResponses => json::member(body, root, "usage").and_then(|at| responses(body, at)),
        Dialect::Anthropic => json::member(body, root, "usage").and_then(|at| anthropic(body, at)),
        Dialect::Gemini => json::member(body, root, "usageMetadata").and_then(|at| gemini(body, at)),
        Dialect::Ollama => ollama(body, root),
    }
}

/// A count at a path below `object`.
fn count(data: &[u8], object: &Span, path: &[&str]) -> Option<u64> {
    json::find(data, object.clone(), path).and_then(|at| number(data, at))
}

fn number(data: &[u8], value: Span) -> Option<u64> {
    json::number(data, value).map(|count| count.min(MOST))
}

pub(super) fn chat(data: &[u8], usage: Span) -> Option<Usage> {
    let at = |path: &[&str]| count(data, &usage, path);
    let input = at(&["prompt_tokens"]);
    let output = at(&["completion_tokens"]);
    if input.is_none() && output.is_none() {
        // Some hosts speak Chat and count as Responses do.
        return at(&["input_tokens"]).and_then(|_| responses(data, usage));
    }
    let (input, mut output) = (input.unwrap_or(0), output.unwrap_or(0));
    let reasoning =
        at(&["completion_tokens_details", "reasoning_tokens"]).or_else(|| at(&["reasoning_tokens"])).unwrap_or(0);
    // xAI, and Gemini behind this dialect, count reasoning beside the completion: only their total tells.
    let total = at(&["total_tokens"]).unwrap_or(0);
    if reasoning > 0 && total == input + output + reasoning {
        output += reasoning;
    }
    let cached = at(&["prompt_tokens_details", "cached_tokens"]).or_else(|| at(&["prompt_cache_hit_tokens"]));
    let cached = cached.or_else(|| at(&["cached_tokens"])).unwrap_or(0);
    let cache_write = at(&["prompt_tokens_details", "cache_write_tokens"]).unwrap_or(0);
    Some(Usage { input, cached, cache_write, output, reasoning, estimated: false })
}

pub(super) fn responses(data: &[u8], usage: Span) -> Option<Usage> {
    let at = |path: &[&str]| count(data, &usage, path);
    Some(Usage {
        input: at(&["input_tokens"])?,
        cached: at(&["input_tokens_details", "cached_tokens"]).unwrap_or(0),
        cache_write: at(&["input_tokens_details", "cache_write_tokens"]).unwrap_or(0),
        output: at(&["output_tokens"]).unwrap_or(0),
        reasoning: at(&["output_tokens_details", "reasoning_tokens"]).unwrap_or(0),
        estimated: false,
    })
}

pub(super) fn anthropic(data: &[u8], usage: Span) -> Option<Usage> {
    let mut counts = AnthropicCounts::default();
    counts.merge(data, usage);
    counts.usage()
}

/// Anthropic's counts, which a stream gives in two parts: the later one replaces what it repeats.
#[derive(Debug, Default)]
pub(super) struct AnthropicCounts {
    input: Option<u64>,
    read: Option<u64>,
    write: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl AnthropicCounts {
    pub(super) fn merge(&mut self, data: &[u8], usage: Span) {
        for member in json::Members::new(data, usage).into_iter().flatten() {
            let value = member.value;
            let place = match &data[member.key] {
                b"input_tokens" => &mut self.input,
                b"cache_read_input_tokens" => &mut self.read,
                b"cache_creation_input_tokens" => &mut self.write,
                b"output_tokens" => &mut self.output,
                b"output_tokens_details" => {
                    self.thinking = count(data, &value, &["thinking_tokens"]).or(self.thinking);
                    continue;
                }
                _ => continue,
            };
            *place = number(data, value).or(*place);
        }
    }

    /// Input is what was neither read from nor written to the cache, on the wire; here it is all.
    pub(super) fn usage(&self) -> Option<Usage> {
        if self.input.is_none() && self.output.is_none() {
            return None;
        }
        let (cached, cache_write) = (self.read.unwrap_or(0), self.write.unwrap_or(0));
        Some(Usage {
            input: self.input.unwrap_or(0) + cached + cache_write,
            cached,
            cache_write,
            output: self.output.unwrap_or(0),
            reasoning: self.thinking.unwrap_or(0),
            estimated: false,
        })
    }
}

/// Thoughts stand beside the candidates' tokens, and what tools put into the prompt beside the prompt's.
pub(super) fn gemini(data: &[u8], usage: Span) -> Option<Usage> {
    let at = |key: &str| count(data, &usage, &[key]);
    let prompt = at("promptTokenCount");
    let total = at("totalTokenCount");
    if prompt.is_none() && total.is_none() {
        return None;
    }
    let reasoning = at("thoughtsTokenCount").unwrap_or(0);
    Some(Usage {
        input: prompt.unwrap_or(0) + at("toolUsePromptTokenCount").unwrap_or(0),
        cached: at("cachedContentTokenCount").unwrap_or(0),
        cache_write: 0,
        output: at("candidatesTokenCount").unwrap_or(0) + reasoning,
        reasoning,
        estimated: false,
    })
}

/// `prompt_eval_count` may be absent where the prompt was cached.
pub(super) fn ollama(data: &[u8], root: Span) -> Option<Usage> {
    let input = count(data, &root, &["prompt_eval_count"]);
    let output = count(data, &root, &["eval_count"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    Some(Usage { input: input.unwrap_or(0), output: output.unwrap_or(0), ..Usage::default() })
}
