//! The scene: what an action is carried out on, and what comes of it.

use crate::{Extraction, Failed, Good, Known, Redaction, Summary, Vault};
use domain::*;
use std::sync::Arc;
use wire::{Answer, Made, Request, Spot};

/// Where an action happens.
#[derive(Clone)]
pub struct Scene<'a> {
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub at: Timestamp,
    pub clock: &'a dyn Clock,
    /// The agent's request, before any rewrite; none when time passes in an idle session.
    pub request: Option<&'a Request>,
    /// The prefix hash of the agent's whole request: where an injection is anchored.
    pub tip: Hash,
    /// The complete tool call in question, at `tool.call`.
    pub call: Option<&'a ToolCall>,
    /// The status at which the recognised client stops, for `as = "error"`.
    pub error_status: u16,
    /// The new tool result in question, at `tool.result`.
    pub result: Option<&'a ToolResult>,
    /// The complete response in question, at `model.response`.
    pub answer: Option<&'a Answer>,
    /// What has matched in the answer under way, at `model.stream`.
    pub spots: Option<&'a [Spot]>,
    /// The attempt in question came to nothing, at `model.response`.
    pub failed: Option<&'a Failed>,
    /// What `cached` could answer with.
    pub good: Option<&'a Good>,
    /// The call's tool is declared to change nothing.
    pub read_only: bool,
    /// What was redacted in this session.
    pub vault: Arc<Vault>,
    /// The agent's messages, before any rewrite.
    pub history: History<'a>,
    pub context: Context,
    /// What bears on how far a partial answer can be trusted.
    pub known: Known<'a>,
    pub destination: Destination<'a>,
    /// Requests of the session's main line before this one.
    pub requests_before: u32,
}

/// A request's messages as they were read.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    pub facts: &'a [Arc<MessageFacts>],
    /// After each message the hash over all so far.
    pub chains: &'a [Hash],
}

impl History<'_> {
    /// The hash over the first `count` messages.
    pub fn prefix(&self, count: usize) -> Hash {
        count.checked_sub(1).and_then(|last| self.chains.get(last)).copied().unwrap_or_default()
    }
}

/// How full the model's window was, by the newest answer's count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    pub tokens: u64,
    /// None: unknown.
    pub window: Option<u64>,
    /// Bytes that earlier rewrites add to the agent's request; fewer than none where they take some away.
    pub rewritten: isize,
}

impl Context {
    pub fn of(session: &SessionFacts) -> Context {
        let known = session.context_used > 0.0 && session.context_tokens > 0;
        let window = known.then(|| (session.context_tokens as f64 / session.context_used) as u64);
        Context { tokens: session.context_tokens, window, rewritten: 0 }
    }
}

/// Where the request goes as things stand.
#[derive(Debug, Clone, Default)]
pub struct Destination<'a> {
    pub provider: &'a str,
    /// The model that it asks for, or that an order in force names.
    pub model: String,
    /// A person chose that model: no rule changes it.
    pub chosen: bool,
    pub providers: &'a [Provider],
}

/// What the pipeline has to do for an action.
#[derive(Debug)]
pub enum Step {
    /// Send these messages too, now and in every later request of this context.
    Edit(ContextEdit),
    /// The same, once a model has said what leaves.
    Summarise(Box<Summary>),
    /// The model gets what another finds in a result, once that has said it.
    Extract(Box<Extraction>),
    /// The model gets another text as this result, now and in every later request of this context.
    Result { result: ToolResult, text: String },
    /// Keep these values from the other side, now and from now on.
    Redact(Vec<Redaction>),
    /// The agent gets this text in the response's place.
    Say(String),
    /// Make the call that failed again, after a wait.
    Retry { wait_ms: u64 },
    /// The agent gets the answer that this very request got before.
    Again,
    /// Answer the agent without the model.
    Refuse(Made),
    /// End the answer here, with this as its last words.
    End(String),
    /// Take this call out of the response and tell the model so.
    Remove { call: ToolCall, text: String },
    /// Hold for a person. `values`: what the rule's condition read, for the record of the question.
    Escalate { question: Question, values: serde_json::Map<String, serde_json::Value> },
    /// Hold the session at its gate.
    Pause,
    /// Changes the calls to come: at a request, it begins with that one.
    Order(Order),
    /// Tell somebody, beside the traffic.
    Alert { target: AlertTarget, notice: Notice },
    /// Mark the session.
    Taint(String),
    /// Recorded only: shadow, or an action that does not apply here.
    Nothing,
}

/// What a rule orders for the calls to come.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    Model {
        model: String,
        provider: Option<String>,
        scope: Scope,
    },
    Limits(Limits),
    /// The session ends; this is what its agent is told.
    End {
        text: String,
        as_error: bool,
    },
    /// From so many requests back.
    Rollback {
        steps: u32,
        text: String,
    },
}

/// A decision carried out.
#[derive(Debug)]
pub struct Act {
    pub step: Step,
    pub intervention: Intervention,
}

impl Scene<'_> {
    /// An action that does not apply here says so.
    pub(crate) fn cannot(&self, decision: &Decision, what: &str, why: &str) -> Act {
        let summary = format!("Could not {what}: {why}");
        Act { step: Step::Nothing, intervention: self.intervention(decision, summary, String::new(), String::new()) }
    }

    /// A text as the model gets it.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.vault.to_model().apply(text).unwrap_or_else(|| text.to_owned())
    }

    /// Why nothing of this conversation's history can be changed, where that is so.
    pub(crate) fn history_held(&self) -> Option<&'static str> {
        let held = self.request.is_some_and(|request| request.previous_response.is_some());
        held.then_some("the provider holds this conversation's history")
    }

    pub(crate) fn intervention(
        &self,
        decision: &Decision,
        summary: String,
        before: String,
        after: String,
    ) -> Intervention {
        let summary = if decision.mode == Mode::Shadow { format!("Would have: {summary}") } else { summary };
        Intervention {
            id: InterventionId(self.clock.next_id()),
            session: self.session,
            exchange: self.exchange,
            at: self.at,
            cause: Cause::Rule,
            rule: Some(decision.rule.clone()),
            policy: Some(decision.policy.clone()),
            version: Some(decision.version.clone()),
            action: decision.action.name().to_owned(),
            mode: decision.mode,
            summary,
            before,
            after,
            effect: Effect { tokens: 0, usd: 0.0, ms: 0.0, basis: EffectBasis::Measured },
        }
    }
}
