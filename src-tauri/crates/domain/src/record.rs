//! Records: what the runtime hands to the ledger. Each is complete in itself, so that a dropped one leaves no hole in another.

use crate::*;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One thing to write down. Records of one call are written in one transaction, in order.
#[derive(Debug, Clone)]
pub enum Record {
    Session(Box<SessionRow>),
    ExchangeStarted(Box<ExchangeStarted>),
    /// What went upstream, where it differs from what the agent sent, or an earlier rewrite was applied.
    RequestSent {
        exchange: ExchangeId,
        image: RequestImage,
        headers: Headers,
    },
    ExchangeFinished(Box<ExchangeFinished>),
    ToolCalled(ToolCalled),
    ToolReturned(ToolReturned),
    Observed {
        exchange: ExchangeId,
        session: SessionId,
        point: Point,
        at: Timestamp,
        observation: Box<Observation>,
    },
    /// Only matches, shadow matches and errors: the rest can be recomputed.
    Evaluated {
        exchange: ExchangeId,
        at: Timestamp,
        evaluations: Vec<Evaluation>,
    },
    Intervened(Box<Intervention>),
    Rewritten(ContextEdit),
    /// Written whole whenever it changes; the newest counts.
    Escalated(Box<Escalation>),
    Held(Box<HeldResponse>),
    /// A held response was given out, or its time is over.
    Unheld {
        request_digest: String,
    },
    /// A person's standing orders for a session (JSON, the proxy's own shape), so that a restart keeps them.
    Ordered {
        session: SessionId,
        orders: String,
    },
    /// What an exchange has reserved of budgets that outlive a restart, in the place of what it had.
    Reserved {
        exchange: ExchangeId,
        session: SessionId,
        at: Timestamp,
        amounts: Vec<(Account, Spending)>,
    },
    /// It reserves nothing any more, and this is what is spent of the accounts by now.
    Settled {
        exchange: ExchangeId,
        session: Option<SessionId>,
        at: Timestamp,
        spent: Vec<(Account, Spending)>,
    },
    Policy(PolicyVersion),
    Event(Event),
}

/// A request body taken apart for content-addressed storage; its exact bytes can be rebuilt.
///
/// `envelope` is the body with `system`, `tools` and the messages cut out (wire says how they are put back). Messages are named by
/// identity: a message without its moving marks. `marks` holds what was cut from them.
#[derive(Debug, Clone, Default)]
pub struct RequestImage {
    pub envelope: Bytes,
    pub system: Option<Bytes>,
    pub tools: Option<Bytes>,
    /// The context node of each message, root first; the last one is the request's context.
    pub nodes: Vec<Hash>,
    /// Bodies for the nodes that the ledger may not have yet, as (index into `nodes`, identity hash, bytes without marks).
    pub appended: Vec<(u32, Hash, Bytes)>,
    pub marks: Vec<Mark>,
}

/// Bytes to put back into a stored message: at `offset` of its bytes without marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub message: u32,
    pub offset: u32,
    pub bytes: String,
}

#[derive(Debug, Clone)]
pub struct ExchangeStarted {
    pub id: ExchangeId,
    pub session: SessionId,
    pub run: RunId,
    /// From 0 within its session.
    pub step: u32,
    pub at: Timestamp,
    pub dialect: Dialect,
    pub provider: String,
    pub model: String,
    pub stream: bool,
    pub side_call: bool,
    pub method: String,
    /// Path and query as the agent sent them, credentials masked.
    pub path: String,
    pub headers: Headers,
    pub image: RequestImage,
    /// Texts of the appended messages, for search; and what the list shows of this step.
    pub search_text: Vec<String>,
    pub preview: String,
}

/// One side's response: status, headers and the exact bytes after removing any `Content-Encoding`, credentials masked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseImage {
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
    /// Each frame as (its end in `body`, microseconds since the request), in order.
    pub frames: Vec<(u32, u32)>,
}

#[derive(Debug, Clone)]
pub struct ExchangeFinished {
    pub id: ExchangeId,
    pub session: SessionId,
    pub at: Timestamp,
    pub state: ExchangeState,
    pub origin: Option<Origin>,
    pub error: Option<String>,
    pub served_model: Option<String>,
    pub finish: Option<String>,
    pub attempts: Vec<Attempt>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
    pub timing: Timing,
    /// Absent where no provider answered.
    pub provider_response: Option<ResponseImage>,
    /// Absent where the agent got the provider's response byte for byte.
    pub agent_response: Option<ResponseImage>,
    pub answer_text: String,
    pub preview: String,
    /// The prefix hash under which this session's next request will be found.
    pub anchor: Option<Hash>,
}

#[derive(Debug, Clone)]
pub struct ToolCalled {
    pub exchange: ExchangeId,
    pub session: SessionId,
    pub call: ToolCall,
    pub at: Timestamp,
    /// Taken out of the response by an intervention.
    pub blocked: bool,
    /// What lists show until a result comes: why a blocked call was taken out.
    pub preview: String,
}

#[derive(Debug, Clone)]
pub struct ToolReturned {
    /// The exchange that proposed the call.
    pub called_by: ExchangeId,
    /// The exchange whose request delivered the result.
    pub exchange: ExchangeId,
    pub session: SessionId,
    pub call_id: String,
    pub at: Timestamp,
    pub error: Option<ErrorEvidence>,
    pub preview: String,
}

/// A rewrite edge: "what the agent calls this, we send as that".
#[derive(Debug, Clone, PartialEq)]
pub struct ContextEdit {
    pub session: SessionId,
    pub intervention: InterventionId,
    /// Prefix hash (over atoms) of the agent's messages before those that are replaced; equal to `anchor` for an insertion.
    pub from: Hash,
    /// Prefix hash of the agent's messages up to `at`: where the edge applies.
    pub anchor: Hash,
    /// How many of the agent's messages lie before the edge.
    pub at: u32,
    /// How many of them, just before `at`, it replaces; 0 inserts.
    pub replaces: u32,
    /// Messages in the dialect's JSON, sent in their place.
    pub messages: Vec<Bytes>,
    /// Results put beside the agent's own results in the message after `at` (call id, tool, text): for calls that were taken out
    /// while others of the same response stayed.
    pub results: Vec<(String, String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    SessionStarted,
    SessionIdle,
    SessionResumed,
    RewriteLost,
    /// `stream_options.include_usage` was asked for upstream, and its chunk taken out again.
    UsageRequested,
    /// A model call whose body is no JSON of its dialect went through as it was.
    Unreadable,
    EvaluationFailed,
    /// A budget of money cannot hold a call whose price nobody knows: which model.
    Unpriced,
    /// What a call of an earlier life had reserved and never settled counts as spent: of which budget.
    CountedAsSpent,
    /// An answer ended where its output was capped to what was left of a budget: of which, and how it stands.
    EndedAtCap,
    /// A call came to more than was reserved for it, and filled a budget beyond its limit: which, and how it stands.
    Overspent,
    /// The model could not be asked to go on after calls were taken out, and why: the answer ended there.
    FollowUpFailed,
    RecordedLate,
    RecordsDropped,
    Cancelled,
    ParameterDropped,
    PolicyLoaded,
    /// The policies that this session's exchanges are judged by from now on, with their versions: what verdicts are recomputed under.
    PoliciesInForce,
    PolicyRejected,
    Imported,
    /// An exchange waits for a person: at which point, and why.
    Held,
    /// What a person, or time, decided about a held exchange.
    Released,
    /// An escalation's answer came twice, or too late.
    AnswerIgnored,
    /// A client's retry took the place of an exchange that was held.
    TakenOver,
    /// Somebody was told, as a rule's `alert` asks: which alert, and what.
    Alerted,
    /// An alert could not be raised, and why.
    AlertFailed,
    /// A classifier gave no score, and why: rules that read it could not be evaluated.
    ClassifierFailed,
    /// A breaker changed its state: of what, why, and the figures. The last one: a person said so.
    BreakerOpened,
    BreakerHalfOpened,
    BreakerClosed,
    BreakerForced,
    /// Rewind: a recorded answer was served in the model's place, or the model answers from here on, and why.
    Rewound,
    /// A session was begun by a person from a recorded exchange.
    Forked,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub session: Option<SessionId>,
    pub exchange: Option<ExchangeId>,
    pub at: Timestamp,
    pub kind: EventKind,
    pub payload: serde_json::Value,
}
