//! Ports: the traits through which the core reaches the outside.

use crate::*;
use bytes::Bytes;
use futures::{future::BoxFuture, stream::BoxStream};
use http::{HeaderMap, Method, StatusCode};

/// A request ready to go out: absolute URL, final headers, final bytes.
#[derive(Debug, Clone)]
pub struct UpstreamRequest {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A response as it comes in: bytes exactly as the provider sent them, not decompressed.
pub struct UpstreamResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Dropping it closes the connection to the provider.
    pub body: BoxStream<'static, Result<Bytes, UpstreamFailure>>,
}

/// Why no response, or no further byte, came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Name not found, refused, unreachable.
    Connect,
    Tls,
    /// No byte for longer than the idle time-out.
    Idle,
    /// Closed or reset in the middle.
    Cut,
    /// Not HTTP.
    Protocol,
    /// The URL or a header cannot be sent.
    Request,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct UpstreamFailure {
    pub class: FailureClass,
    /// What happened, where, and what to do; holds no credential.
    pub message: String,
    /// Whether a second try can help.
    pub retryable: bool,
}

/// Bytes out, bytes back. No redirects, no retries, no decompression of its own.
pub trait Upstream: Send + Sync + 'static {
    fn send(&self, request: UpstreamRequest) -> BoxFuture<'static, Result<UpstreamResponse, UpstreamFailure>>;
}

/// What became of records that asked for a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    Recorded,
    /// The queue was full or the ledger failed; counted in its health.
    Dropped,
}

/// The ledger, as those who write see it. Never blocks the caller; memory is bounded; what is dropped is counted.
pub trait TraceSink: Send + Sync + 'static {
    fn record(&self, records: Vec<Record>);
    /// Resolves when the records are in a committed transaction.
    fn commit(&self, records: Vec<Record>) -> BoxFuture<'static, Committed>;
    fn health(&self) -> LedgerHealth;
}

#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct LedgerHealth {
    pub ok: bool,
    /// What is wrong and what to do, where not ok.
    pub error: Option<String>,
    pub queue_bytes: u64,
    pub dropped_events: u64,
    pub recorded_late: u64,
}

/// What the runtime remembers of earlier lives: sessions to go on with after a restart.
pub trait Memory: Send + Sync + 'static {
    /// Sessions whose last activity is after `since`, newest first, at most `limit`.
    fn recent_sessions(&self, since: Timestamp, limit: u32) -> Vec<RememberedSession>;
    /// Sessions with escalations whose answer still counts or was not used yet, however old.
    fn waiting_sessions(&self) -> Vec<RememberedSession> {
        Vec::new()
    }
    /// Accounts of budgets: of agents, and those that something was spent of since; with what was reserved and never settled.
    fn accounts(&self, _since: Timestamp) -> Vec<KeptAccount> {
        Vec::new()
    }
    /// A provider's response that waits for a person, by the digest of the agent's request.
    fn held_response(&self, _request_digest: &str) -> Option<HeldResponse> {
        None
    }
    /// What an agent sent and got in an earlier exchange; none where the record of it is not whole.
    fn recorded(&self, _exchange: ExchangeId) -> BoxFuture<'static, Option<RecordedExchange>> {
        Box::pin(std::future::ready(None))
    }
    /// Breakers that a person holds in a state, and since when.
    fn forced_breakers(&self) -> Vec<(ForcedBreaker, Timestamp)> {
        Vec::new()
    }

    /// How far a session's rewind was; none where it is no rewind.
    fn rewinding(&self, _session: SessionId) -> BoxFuture<'static, Option<Rewinding>> {
        Box::pin(std::future::ready(None))
    }
}

/// Enough of a session to recognise its next request and to go on applying its rewrites.
#[derive(Debug, Clone)]
pub struct RememberedSession {
    pub row: SessionRow,
    /// Prefix hashes (see `observe`) under which its next requests are found, newest last.
    pub anchors: Vec<Hash>,
    pub edits: Vec<ContextEdit>,
    /// Served calls whose result has not come back yet.
    pub open_calls: Vec<(ExchangeId, ToolCall)>,
    /// By `policy/rule`, those in shadow by their own name (`RuleHistory::of_shadow`).
    pub fires: Vec<(String, u32)>,
    pub taints: Vec<String>,
    /// Those whose answer still counts or was not used yet.
    pub escalations: Vec<Escalation>,
    /// A person's standing orders, in the proxy's own shape.
    pub orders: Option<String>,
}
