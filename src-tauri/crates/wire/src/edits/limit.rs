//! A request that asks for less: fewer tokens, less reasoning, fewer tools. What asks for less already keeps its bytes.

use super::{setting, withhold};
use crate::Request;
use crate::models;
use bytes::Bytes;
use domain::{Dialect, Effort, Limits};

/// A request's body with its limits.
#[derive(Debug, Clone)]
pub struct Limited {
    pub body: Bytes,
    /// What was changed: setting, before (empty where it was not set), after.
    pub changes: Vec<(String, String, String)>,
}

/// Lowers what the request asks for to the limits.
pub fn limit(request: &Request, limits: &Limits) -> Limited {
    let mut limited = Limited { body: request.body.clone(), changes: Vec::new() };
    let withheld = limits.withheld(&request.tool_names);
    if !withheld.is_empty() {
        limited.body = withhold(&limited.body, &withheld);
        limited.changes.push(("tools".to_owned(), withheld.join(", "), String::new()));
    }
    if let Some(effort) = limits.reasoning {
        limited.lower_effort(request, effort);
    }
    if let Some(tokens) = limits.output_tokens {
        limited.cap(request, tokens);
    }
    limited
}

impl Limited {
    fn set(&mut self, path: &[&str], before: String, value: &str) {
        self.body = setting::set(&self.body, path, value);
        self.changes.push((path.join("."), before, value.trim_matches('"').to_owned()));
    }

    fn cap(&mut self, request: &Request, tokens: u64) {
        let caps = models::output_caps(request.dialect, &request.model);
        let standing = caps.iter().find(|path| setting::is_there(&self.body, path));
        let Some(path) = standing.or_else(|| caps.first()) else { return };
        let asked = setting::number(&self.body, path);
        if asked.is_some_and(|asked| asked <= tokens) {
            return;
        }
        self.set(path, asked.map(|asked| asked.to_string()).unwrap_or_default(), &tokens.to_string());
        // What is thought is part of Anthropic's cap, and must leave room for an answer.
        let thinking = setting::number(&self.body, &["thinking", "budget_tokens"]);
        if request.dialect == Dialect::Anthropic
            && let Some(budget) = thinking.filter(|budget| *budget >= tokens)
        {
            self.think_at_most(budget, tokens / 2);
        }
    }

    /// Anthropic takes no budget below 1,024.
    fn think_at_most(&mut self, asked: u64, budget: u64) {
        const LEAST: u64 = 1_024;
        if budget >= LEAST {
            self.set(&["thinking", "budget_tokens"], asked.to_string(), &budget.to_string());
        } else {
            self.set(&["thinking"], format!("{asked} tokens"), r#"{"type":"disabled"}"#);
        }
    }

    fn lower_effort(&mut self, request: &Request, effort: Effort) {
        match request.dialect {
            Dialect::OpenaiChat => self.named_effort(request, &["reasoning_effort"], effort),
            Dialect::OpenaiResponses => self.named_effort(request, &["reasoning", "effort"], effort),
            Dialect::Anthropic => {
                let asked = setting::number(&self.body, &["thinking", "budget_tokens"]);
                if let Some(asked) = asked.filter(|asked| *asked > budget(effort)) {
                    self.think_at_most(asked, budget(effort));
                }
                if setting::is_there(&self.body, &["output_config", "effort"]) {
                    self.named_effort(request, &["output_config", "effort"], effort.max(Effort::Low));
                }
            }
            Dialect::Gemini => self.gemini_effort(request, effort),
            Dialect::Ollama => {
                let asks = setting::is_there(&self.body, &["think"]);
                if effort == Effort::None && (asks || models::reasons(&request.model) == Some(true)) {
                    self.set(&["think"], if asks { "set".to_owned() } else { String::new() }, "false");
                } else if setting::text(&self.body, &["think"]).is_some() {
                    self.named_effort(request, &["think"], effort.max(Effort::Low));
                }
            }
        }
    }

    /// An effort by name; one that is not asked for is only named to models that reason.
    fn named_effort(&mut self, request: &Request, path: &[&str], effort: Effort) {
        let asked = setting::text(&self.body, path);
        let lower = match asked.as_deref().and_then(named) {
            Some(asked) => effort < asked,
            None => asked.is_some() || models::reasons(&request.model) == Some(true),
        };
        if lower {
            self.set(path, asked.unwrap_or_default(), &format!("\"{}\"", effort.name()));
        }
    }

    fn gemini_effort(&mut self, request: &Request, effort: Effort) {
        if models::reasons(&request.model) == Some(false) {
            return;
        }
        let level = ["generationConfig", "thinkingConfig", "thinkingLevel"];
        if setting::is_there(&self.body, &level) {
            return self.named_effort(request, &level, effort.max(Effort::Low));
        }
        let path = ["generationConfig", "thinkingConfig", "thinkingBudget"];
        let asked = setting::number(&self.body, &path);
        if asked.is_none_or(|asked| asked > budget(effort)) {
            self.set(&path, asked.map(|asked| asked.to_string()).unwrap_or_default(), &budget(effort).to_string());
        }
    }
}

fn named(effort: &str) -> Option<Effort> {
    let all = [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
    // What is above them all (`xhigh`, `max`) has no name here and is lowered.
    all.into_iter().find(|known| known.name() == effort)
}

/// Tokens of thought, where a dialect counts them.
fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 512,
        Effort::Low => 1_024,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
    }
}
