//! One exchange in full, and its frames.

use super::{id, timeline::evidence};
use crate::{Console, ErrorCode, GetExchange, GetFrames, RpcError, view::*};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Attempt, ResponseImage, Timestamp, Usage};
use ledger::{ExchangeRecord, Side, StoredCall, StoredRequest};

impl Console {
    pub async fn get_exchange(&self, args: GetExchange) -> Result<ExchangeView, RpcError> {
        let exchange = id(&args.exchange)?;
        let mut record = self.ledger.get_exchange(exchange).await?;
        let stored = std::mem::take(&mut record.evaluations);
        let verdicts = self.verdicts(exchange, stored).await?;
        let (replayed_from, rewind) = self.rewound(record.session, exchange).await?;
        Ok(ExchangeView { verdicts, replayed_from, rewind, ..view(record)? })
    }

    pub async fn get_frames(&self, args: GetFrames) -> Result<FramePage, RpcError> {
        let side = match args.side.as_deref() {
            None | Some("provider") => Side::Provider,
            Some("agent") => Side::Agent,
            Some(other) => {
                let error = RpcError::new(ErrorCode::BadRequest, format!("“{other}” is no side"));
                return Err(error.with_hint("a side is provider or agent"));
            }
        };
        let page = self.ledger.get_frames(id(&args.exchange)?, side, args.from, args.count.min(1000)).await?;
        let frames = page.frames.into_iter().map(|frame| FrameView {
            index: frame.index,
            at_ms: frame.at_ms,
            text: String::from_utf8_lossy(&frame.bytes).into_owned().into(),
        });
        Ok(FramePage { frames: frames.collect(), total: page.total })
    }
}

fn view(record: ExchangeRecord) -> Result<ExchangeView, RpcError> {
    let agent_request = request(&record.agent_request)?;
    let request_changed = record.sent_request.is_some();
    // Answered without asking anybody: nothing went upstream.
    let nothing_sent =
        record.attempts.is_empty() && record.timing.is_some() && record.provider_response.is_none() && !record.imported;
    let nothing_sent = nothing_sent || record.replayed;
    let sent_request = match &record.sent_request {
        Some(sent) => Some(request(sent)?),
        None if nothing_sent => None,
        None => Some(agent_request.clone()),
    };
    let provider_response = record.provider_response.as_ref().map(response);
    let response_changed = record.agent_response.is_some();
    let agent_response = record.agent_response.as_ref().map(response).or_else(|| provider_response.clone());
    Ok(ExchangeView {
        id: record.id.to_string(),
        session: record.session.to_string(),
        step: record.step,
        run: record.run.to_string(),
        row: record.row,
        dialect: record.dialect.name().to_owned(),
        provider: record.provider,
        model: record.model,
        served_model: record.served_model,
        state: state(record.state),
        finish: record.finish,
        origin: record.origin.map(origin),
        error: record.error,
        method: record.method,
        path: record.path,
        stream: record.stream,
        side_call: record.side_call,
        imported: record.imported,
        incomplete: record.incomplete,
        new_messages: record.appended,
        preview: record.preview,
        cost_usd: record.cost_usd,
        attempts: record.attempts.into_iter().map(attempt).collect(),
        agent_request,
        sent_request,
        provider_response,
        agent_response,
        request_changed,
        response_changed,
        usage: usage(&record.usage),
        timing: timing(record.started_at, record.timing),
        calls: record.calls.into_iter().map(call).collect(),
        verdicts: Vec::new(),
        replayed_from: None,
        rewind: None,
        interventions: record.interventions.iter().map(|done| done.id.to_string()).collect(),
    })
}

pub(crate) fn request(stored: &StoredRequest) -> Result<MessageView, RpcError> {
    let body = if stored.envelope.is_empty() {
        Default::default()
    } else {
        proxy::rebuild(
            &stored.envelope,
            stored.system.as_deref(),
            stored.tools.as_deref(),
            &stored.messages,
            &stored.marks,
        )
        .map_err(|error| RpcError::new(ErrorCode::Failed, format!("the stored request is damaged: {error}")))?
    };
    Ok(message(None, stored.headers.clone(), &body))
}

fn response(image: &ResponseImage) -> MessageView {
    message(Some(image.status), image.headers.clone(), &image.body)
}

fn message(status: Option<u16>, headers: Vec<(String, String)>, body: &[u8]) -> MessageView {
    let (body, encoding) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (BASE64_STANDARD.encode(body), Some("base64".to_owned())),
    };
    MessageView { status, headers, body: Some(body), body_ref: None, encoding }
}

pub(crate) fn state(state: domain::ExchangeState) -> ExchangeState {
    match state {
        domain::ExchangeState::Open => ExchangeState::Open,
        domain::ExchangeState::Complete => ExchangeState::Complete,
        domain::ExchangeState::Answered => ExchangeState::Answered,
        domain::ExchangeState::Cancelled => ExchangeState::Cancelled,
        domain::ExchangeState::Failed => ExchangeState::Failed,
        domain::ExchangeState::Interrupted => ExchangeState::Interrupted,
    }
}

fn origin(origin: domain::Origin) -> Origin {
    match origin {
        domain::Origin::Agent => Origin::Agent,
        domain::Origin::Runtime => Origin::Runtime,
        domain::Origin::Provider => Origin::Provider,
    }
}

fn attempt(attempt: Attempt) -> AttemptView {
    AttemptView {
        model: attempt.model,
        provider: attempt.provider,
        status: attempt.status,
        error: attempt.error,
        duration_ms: attempt.duration_ms,
        why: attempt.why,
    }
}

fn usage(usage: &Usage) -> UsageView {
    UsageView {
        input_tokens: usage.input,
        cached_tokens: usage.cached,
        cache_write_tokens: usage.cache_write,
        output_tokens: usage.output,
        reasoning_tokens: usage.reasoning,
        estimated: usage.estimated,
    }
}

fn timing(started_at: Timestamp, timing: Option<domain::Timing>) -> TimingView {
    TimingView {
        started_at: started_at.rfc3339(),
        first_token_ms: timing.and_then(|timing| timing.first_token_ms),
        duration_ms: timing.map(|timing| timing.duration_ms),
        added_ms: timing.map_or(0.0, |timing| timing.added_ms),
        commit_ms: timing.map_or(0.0, |timing| timing.commit_ms),
    }
}

fn call(stored: StoredCall) -> CallView {
    CallView {
        id: stored.call.id,
        name: stored.call.name,
        arguments: stored.call.arguments.into(),
        blocked: stored.blocked,
        from_cache: stored.blocked && domain::is_earlier_result(&stored.preview),
        at: stored.at.rfc3339(),
        returned_by: stored.returned_by.map(|exchange| exchange.to_string()),
        returned_at: stored.returned_at.map(Timestamp::rfc3339),
        error: stored.error.map(evidence),
        preview: stored.preview,
    }
}
