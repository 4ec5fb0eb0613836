//! The scene: what an action is carried out on, and what comes of it.

use domain::*;
use wire::{Made, Request};

/// Where an action happens.
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
}

/// What the pipeline has to do for an action.
#[derive(Debug)]
pub enum Step {
    /// Send these messages too, now and in every later request of this context.
    Edit(ContextEdit),
    /// Answer the agent without the model.
    Refuse(Made),
    /// Take this call out of the response and tell the model so.
    Remove { call: ToolCall, text: String },
    /// Hold for a person. `values`: what the rule's condition read, for the record of the question.
    Escalate { question: Question, values: serde_json::Map<String, serde_json::Value> },
    /// Hold the session at its gate.
    Pause,
    /// Mark the session.
    Taint(String),
    /// Recorded only: shadow, or an action that does not apply here.
    Nothing,
}

/// A decision carried out.
#[derive(Debug)]
pub struct Act {
    pub step: Step,
    pub intervention: Intervention,
}

impl Scene<'_> {
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
