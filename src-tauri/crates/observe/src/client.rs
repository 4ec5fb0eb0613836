//! Who calls: a client's family, its own ids for session and sub-agent, and whether it says that a call is a retry or runs beside
//! the conversation. What each client sends is measured, not documented; the table is the only place that knows it.

use crate::{Reading, prompt};
use domain::{Dialect, Process, Timestamp};
use http::HeaderMap;
use serde_json::Value;
use wire::Request;

/// What is known of a caller beside the request's body.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub headers: &'a HeaderMap,
    /// From the path (`/@AGENT/`) or `x-switchtower-agent`.
    pub agent_label: Option<&'a str>,
    /// From the path (`/@AGENT~SESSION/`) or `x-switchtower-session`.
    pub session_label: Option<&'a str>,
    /// The process behind the socket, where it is known.
    pub peer: Option<&'a Process>,
    pub at: Timestamp,
}

/// A client as it shows itself in a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The program, or the SDK it is made with; `None` where nothing tells.
    pub family: Option<&'static str>,
    /// Its own id of this conversation (of the sub-agent's own, where that has one).
    pub session: Option<String>,
    /// Its id of the sub-agent that calls, within the session.
    pub agent: Option<String>,
    /// Its own id of the conversation that this sub-agent works for.
    pub parent: Option<String>,
    /// How often it says that it tried before.
    pub retry: Option<u32>,
    /// It says itself that this call is beside the conversation.
    pub aside: bool,
}

/// Beginnings of a User-Agent, compared without case, and the family they tell. Programs before the SDKs that they are made with.
const AGENTS: &[(&str, &str)] = &[
    ("claude-cli/", "claude-code"),
    ("codex", "codex"),
    ("opencode/", "opencode"),
    ("goose/", "goose"),
    ("geminicli", "gemini-cli"),
    ("qwencode/", "qwen-code"),
    ("aider/", "aider"),
    ("agents/", "openai-agents"),
    ("pydantic-ai/", "pydantic-ai"),
    ("langchain", "langchain"),
    ("litellm/", "litellm"),
    ("ai-sdk", "ai-sdk"),
    ("ai/", "ai-sdk"),
    ("openai/js", "openai-node"),
    ("openai/python", "openai-python"),
    ("asyncopenai/python", "openai-python"),
    ("anthropic/js", "anthropic-node"),
    ("anthropic/python", "anthropic-python"),
    ("asyncanthropic/python", "anthropic-python"),
    ("google-genai-sdk/", "google-genai"),
    ("ollama-python/", "ollama-python"),
    ("ollama-js/", "ollama-js"),
];

/// Families that are programs with a conversation of their own, and so may run calls beside it.
const PROGRAMS: &[&str] = &["claude-code", "codex", "opencode", "goose", "gemini-cli", "qwen-code"];

impl Client {
    /// Reads headers, and what `wire` found in the body (`session_hint`).
    pub fn read(headers: &HeaderMap, request: &Request) -> Client {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let own = |name: &str| text(name).filter(|value| !value.is_empty() && value.len() <= 200).map(str::to_owned);
        let family = family(text("user-agent").unwrap_or_default(), text("originator"), headers);
        let hint = request.session_hint.clone().filter(|hint| !hint.is_empty() && hint.len() <= 200);
        let mut client = Client {
            family,
            retry: text("x-stainless-retry-count").and_then(|count| count.parse().ok()),
            ..Client::default()
        };
        match family {
            Some("claude-code") => {
                client.session = own("x-claude-code-session-id").or(hint);
                client.agent = own("x-claude-code-agent-id");
                client.parent = client.agent.as_ref().and(client.session.clone());
            }
            Some("codex") => {
                let root = own("session-id").or(hint);
                client.session = own("thread-id").or_else(|| root.clone());
                client.parent =
                    own("x-codex-parent-thread-id").or(root).filter(|root| client.session.as_ref() != Some(root));
                client.aside = text("x-codex-turn-metadata").is_some_and(|metadata| {
                    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
                    metadata["thread_source"] == "thread_title"
                });
            }
            Some("opencode") => {
                client.session = own("x-session-id").or_else(|| own("session-id")).or(hint);
                client.parent = own("x-parent-session-id");
            }
            Some("goose") => client.session = own("agent-session-id"),
            // Elsewhere a cache key may well be one for all sessions; only this SDK makes one for each.
            Some("openai-agents") => client.session = hint,
            _ => client.session = own("x-session-id"),
        }
        client
    }

    /// The client's own name of the conversation, the sub-agent's included.
    pub fn key(&self) -> Option<String> {
        let session = self.session.as_deref()?;
        Some(named(session, self.agent.as_deref()))
    }

    /// The name of the conversation that it is a sub-agent of.
    pub(crate) fn parent_key(&self) -> Option<String> {
        self.parent.as_deref().map(|parent| named(parent, None))
    }
}

/// `session`, or `session/agent`: also what a session's row keeps as the client's id.
fn named(session: &str, agent: Option<&str>) -> String {
    match agent {
        Some(agent) => format!("{session}/{agent}"),
        None => session.to_owned(),
    }
}

fn family(user_agent: &str, originator: Option<&str>, headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key("agent-session-id") {
        return Some("goose"); // sends no User-Agent
    }
    if headers.contains_key("x-claude-code-session-id") {
        return Some("claude-code");
    }
    let begins = |text: &str, with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    // An SDK puts its own name first and the program's after it.
    let words = user_agent.split([' ', '(', ')', ';']).filter(|word| !word.is_empty());
    let said: Vec<&str> = originator.into_iter().chain(words).collect();
    AGENTS.iter().find(|(with, _)| said.iter().any(|word| begins(word, with))).map(|(_, family)| *family)
}

/// True for a call beside the conversation: a title, a session's name, a topic check. Such a call offers no tools, continues
/// nothing, and either the client says what it is, or its prompt asks for a title. `fresh`: it holds no assistant turn.
pub(crate) fn is_side_call(client: &Client, request: &Request, reading: &Reading, fresh: bool) -> bool {
    if client.aside {
        return true;
    }
    if !fresh || !request.tool_names.is_empty() || request.tools.as_ref().is_some_and(|span| span.len() > 2) {
        return false;
    }
    let program = client.family.is_some_and(|family| PROGRAMS.contains(&family));
    if program && (request.json_schema || request.max_output_tokens == Some(1)) {
        return true;
    }
    let system = request.system.clone().map(|span| String::from_utf8_lossy(&request.body[span]).into_owned());
    let prompts = reading.facts.iter().take(3).map(|facts| facts.text.as_str());
    system.as_deref().into_iter().chain(prompts).any(|text| asks_for_title(text, program))
}

/// True if a prompt asks for the title of a conversation. A program that is known to ask so may use any words for it; elsewhere a
/// task may be to find a title too, so what to do, the title and whose it is must stand close together.
fn asks_for_title(text: &str, program: bool) -> bool {
    const VERBS: [&str; 7] = ["generate", "create", "write", "suggest", "produce", "summarize", "concise"];
    const WHOSE: [&str; 5] = ["conversation", "session", "chat", "thread", "user message"];
    let text = prompt::head(text, 600).to_ascii_lowercase();
    if text.contains("title generator") || text.contains("conversation title") {
        return true;
    }
    let near = if program { 600 } else { 60 };
    ["title", "session name"].iter().filter_map(|what| text.find(what)).any(|at| {
        let before = tail(&text[..at], near);
        let after = prompt::head(&text[at..], near);
        VERBS.iter().any(|verb| before.contains(verb)) && (program || WHOSE.iter().any(|whose| after.contains(whose)))
    })
}

/// The end of a text, at most `limit` bytes, cut between characters.
fn tail(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// The name of an agent: its label, else its client family, else the process behind the socket, else its dialect.
pub fn agent_name(label: Option<&str>, client: &Client, peer: Option<&Process>, dialect: Dialect) -> String {
    let process = peer.map(|process| process.name.as_str()).filter(|name| !name.is_empty());
    label.or(client.family).or(process).unwrap_or(dialect.name()).to_owned()
}
