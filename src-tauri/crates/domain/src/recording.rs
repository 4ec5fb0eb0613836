//! Recordings: what an earlier run of an agent asked and got, for the next run that asks the same.

use crate::{ContextEdit, ExchangeId, ExchangeState, Headers, Mark, ResponseImage, SessionId};
use bytes::Bytes;

/// A conversation up to the exchange before which it ends, sub-agents included.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// From here on the record answers nothing. The last of `exchanges`.
    pub until: ExchangeId,
    /// The agent's own conversation; the others are its sub-agents'.
    pub session: SessionId,
    pub agent: String,
    /// In the order in which they were asked.
    pub exchanges: Vec<RecordedHead>,
    /// Rewrites that no rule would make again by itself: answers that were changed on their way, and what a person did.
    pub edits: Vec<ContextEdit>,
}

/// A rewind that an earlier life of the runtime began.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewinding {
    pub recording: Recording,
    /// What was served already.
    pub served: Vec<ExchangeId>,
    /// It had left the record: everything is live.
    pub live: bool,
}

/// Enough of a recorded exchange to decide whether to look closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedHead {
    pub id: ExchangeId,
    pub session: SessionId,
    pub step: u32,
    pub side_call: bool,
    pub state: ExchangeState,
}

/// What an agent sent, taken apart as it is stored, and what it got.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedExchange {
    pub session: SessionId,
    pub side_call: bool,
    /// Path and query, labels included.
    pub path: String,
    pub headers: Headers,
    pub envelope: Bytes,
    pub system: Option<Bytes>,
    pub tools: Option<Bytes>,
    pub messages: Vec<Bytes>,
    pub marks: Vec<Mark>,
    /// As the agent got it; none where nobody answered.
    pub response: Option<ResponseImage>,
}
