//! How an exchange ends: what it came to is folded into its session, recorded, and only then completed towards the agent.

use crate::{continuation, exchange::Exchange, headers, outlet::Outlet, record, relay};
use bytes::Bytes;
use domain::*;
use http::{HeaderMap, StatusCode, header};
use std::sync::atomic::Ordering;
use wire::{Answer, Made};

/// What an exchange came to.
pub(crate) struct Ending {
    pub state: ExchangeState,
    pub origin: Option<Origin>,
    pub error: Option<String>,
    /// As the provider gave it, every round folded; empty where none answered.
    pub answer: Answer,
    /// As the agent got it, where a removal changed it.
    pub delivered: Option<Answer>,
    pub usage: Option<Usage>,
    pub attempts: Vec<Attempt>,
    /// Calls that were taken out, and what the model is told of each.
    pub removed: Vec<(ToolCall, String)>,
    pub provider_response: Option<ResponseImage>,
    pub agent_response: Option<ResponseImage>,
    pub status: u16,
    pub first_token_us: Option<u32>,
    pub added_us: u32,
}

impl Default for Ending {
    fn default() -> Ending {
        Ending {
            state: ExchangeState::Complete,
            origin: None,
            error: None,
            answer: Answer::default(),
            delivered: None,
            usage: None,
            attempts: Vec::new(),
            removed: Vec::new(),
            provider_response: None,
            agent_response: None,
            status: 0,
            first_token_us: None,
            added_us: 0,
        }
    }
}

/// A refusal by policy, in the caller's dialect.
pub(crate) async fn refuse(exchange: &Exchange, made: Made, outlet: Outlet) {
    let ending = Ending { state: ExchangeState::Answered, origin: Some(Origin::Runtime), ..Ending::default() };
    give(exchange, made, ending, outlet).await;
}

/// Answers with what the runtime made, once it is recorded.
pub(crate) async fn give(exchange: &Exchange, made: Made, mut ending: Ending, outlet: Outlet) {
    let mut head = HeaderMap::new();
    headers::put(&mut head, header::CONTENT_TYPE, made.content_type);
    exchange.label(&mut head);
    let (form, framing) = wire::form(&exchange.request);
    // Behind a head that has gone out an error is the dialect's own event.
    let late_error = outlet.is_open() && made.status >= 400 && framing != wire::Framing::Whole;
    let body = match late_error {
        true => wire::error_frame_in(exchange.request.dialect, framing, None, &wire::error_message(&made)),
        false => Bytes::from(made.frames.concat()),
    };
    if ending.state == ExchangeState::Answered
        && made.status < 400
        && exchange.request.dialect == Dialect::OpenaiResponses
    {
        // Its agent may go on by this answer's id.
        let said = continuation::read(&exchange.request, framing, &body);
        relay::hold_said(exchange, &said).await;
        ending.delivered = Some(said);
    }
    let status = if outlet.is_open() { 200 } else { made.status };
    if outlet.is_open() {
        headers::put(&mut head, header::CONTENT_TYPE, form);
    }
    ending.status = status;
    ending.agent_response =
        Some(ResponseImage { status, headers: headers::written(&head), body: body.clone(), frames: Vec::new() });
    close(exchange, ending).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    // An agent that left meanwhile has lost nothing: the answer is in the record.
    let _ = outlet.give(status, head, body).await;
}

/// Folds the ending into the session and commits its records. Returns when the terminal frame may go: the commit is done, or the
/// ledger stalls longer than configured.
pub(crate) async fn close(exchange: &Exchange, ending: Ending) {
    let records = record::close(exchange, ending).await;
    let core = &exchange.core;
    let commit = core.ports.sink.commit(records);
    if core.config.recording == crate::Recording::Required {
        if commit.await == Committed::Dropped {
            tracing::warn!(exchange = %exchange.id, "the record of an exchange was dropped");
        }
        return;
    }
    if tokio::time::timeout(core.config.commit_patience, commit).await.is_err() {
        core.counts.recorded_late.fetch_add(1, Ordering::Relaxed);
        exchange.event(
            EventKind::RecordedLate,
            serde_json::json!({ "waited_ms": core.config.commit_patience.as_millis() as u64 }),
        );
        exchange.flush();
    }
}
