//! Escalations: questions to a person that hold an exchange, survive the runtime, and are answered once.

use crate::{EscalationId, ExchangeId, Headers, Point, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EscalationState {
    Pending,
    Approved,
    Edited,
    Denied,
    /// Its time passed without an answer: the default was carried out. Never an approval.
    Expired,
    /// Its client left. It can still be answered; the client's retry gets the answer.
    Orphaned,
}

impl EscalationState {
    pub const ALL: [EscalationState; 6] = [
        EscalationState::Pending,
        EscalationState::Approved,
        EscalationState::Edited,
        EscalationState::Denied,
        EscalationState::Expired,
        EscalationState::Orphaned,
    ];

    pub fn name(self) -> &'static str {
        match self {
            EscalationState::Pending => "pending",
            EscalationState::Approved => "approved",
            EscalationState::Edited => "edited",
            EscalationState::Denied => "denied",
            EscalationState::Expired => "expired",
            EscalationState::Orphaned => "orphaned",
        }
    }

    /// Whether an answer still counts.
    pub fn is_open(self) -> bool {
        matches!(self, EscalationState::Pending | EscalationState::Orphaned)
    }
}

/// What a person may do about an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Approve,
    Edit,
    Deny,
}

impl Choice {
    pub const ALL: [Choice; 3] = [Choice::Approve, Choice::Edit, Choice::Deny];

    pub fn name(self) -> &'static str {
        match self {
            Choice::Approve => "approve",
            Choice::Edit => "edit",
            Choice::Deny => "deny",
        }
    }
}

/// What happens where nobody answers. There is no "approve": nothing is let through by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnTimeout {
    #[default]
    Deny,
    /// Denied, and the session ends.
    Stop,
}

impl OnTimeout {
    pub fn name(self) -> &'static str {
        match self {
            OnTimeout::Deny => "deny",
            OnTimeout::Stop => "stop",
        }
    }
}

/// What a rule asks for with `escalate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub allow: Vec<Choice>,
    pub timeout_ms: u64,
    pub on_timeout: OnTimeout,
    /// What the person is asked, already filled; empty: the rule's name says it.
    pub text: String,
}

/// One question as the ledger keeps it; written whole whenever it changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    pub id: EscalationId,
    pub session: SessionId,
    /// The exchange that is held; a retry's, once one took its place.
    pub exchange: ExchangeId,
    pub state: EscalationState,
    pub point: Point,
    pub rule: String,
    pub policy: String,
    pub version: String,
    pub question: Question,
    /// SHA-256 over the RFC 8785 canonical JSON of the action in question, in hexadecimal: what was approved is exactly this.
    pub digest: String,
    /// SHA-256 of the agent's request, in hexadecimal: what a retry is known by.
    pub request_digest: String,
    /// What the rule's condition read when it matched.
    pub values: serde_json::Map<String, serde_json::Value>,
    pub opened_at: Timestamp,
    pub expires_at: Timestamp,
    /// The tool in question; none where a whole request or response is.
    pub tool: Option<String>,
    /// The call's arguments as the model wrote them, or the message in question.
    pub arguments: String,
    /// What the model said it wants, just before; else the session's title.
    pub intent: String,
    pub decided_at: Option<Timestamp>,
    pub reason: Option<String>,
    /// The new arguments, or the new message, where it was edited.
    pub edit: Option<String>,
    /// An answer serves once: the exchange that carried it out.
    pub used_by: Option<ExchangeId>,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub choice: Choice,
    pub edit: Option<String>,
    pub reason: Option<String>,
}

/// A provider's complete response that waits for a person, kept so that a client's retry, or a runtime that restarted, needs no second
/// model call.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldResponse {
    pub request_digest: String,
    pub session: SessionId,
    /// The exchange whose model call brought it.
    pub exchange: ExchangeId,
    pub at: Timestamp,
    pub status: u16,
    /// Credentials masked.
    pub headers: Headers,
    /// Decompressed, as the provider wrote it, credentials masked.
    pub body: bytes::Bytes,
}
