//! How a relayed exchange is closed: what every round came to, folded into one ending.

use super::{Relay, Way};
use crate::{
    answer::{self, Ending},
    continuation,
    exchange::Exchange,
    hand::call::Unsettled,
    headers,
    outlet::Outlet,
};
use bytes::Bytes;
use domain::*;
use futures::StreamExt;

impl Relay {
    pub(super) async fn close(&mut self, state: ExchangeState, origin: Option<Origin>, error: Option<String>) {
        self.closed = true;
        let now = self.exchange.elapsed();
        if let Some(attempt) = self.attempts.first_mut() {
            attempt.duration_ms = f64::from(now - self.sent_at) / 1000.0;
        }
        let (removed, changed_calls) = match &self.replaced {
            Some(_) if self.reworded => (continuation::settle(self).await, true),
            // The agent has the person's words; what the model called for was never offered to it.
            Some(_) => (replaced_calls(self.answer.answer()), false),
            None => {
                let edited = !self.edits.is_empty() || self.rounds.iter().any(|round| !round.edits.is_empty());
                (continuation::settle(self).await, edited)
            }
        };
        let mut answer = self.answer.answer().clone();
        let rounds = self.rounds.iter().map(|round| round.answer.usage).chain([self
            .early
            .as_ref()
            .map(|early| early.usage)
            .or(answer.usage)]);
        let usage = used(rounds, self.whence.is_some() && self.early.is_none());
        if !self.rounds.is_empty() {
            let early: Vec<&str> =
                self.rounds.iter().map(|round| round.answer.text.as_str()).filter(|text| !text.is_empty()).collect();
            answer.text = early.into_iter().chain(Some(answer.text.as_str())).collect::<Vec<_>>().join("\n");
        }
        let changed = self.replaced.is_some()
            || changed_calls
            || self.answer.told
            || self.early.is_some()
            || self.answer.is_reworded()
            || self.judging && !removed.is_empty()
            || self.sent.without_usage && self.answer.delivered.len() != self.answer.recorded.len();
        let ending = Ending {
            state,
            origin,
            error: error.or_else(|| answer.error.clone()),
            delivered: delivered(
                self,
                changed_calls || self.answer.is_reworded() || !removed.is_empty() || self.early.is_some(),
            ),
            usage,
            attempts: self.attempts.clone(),
            removed,
            provider_response: Some(ResponseImage {
                status: self.status,
                headers: self.provider_head.clone(),
                body: Bytes::from(std::mem::take(&mut self.answer.recorded)),
                frames: std::mem::take(&mut self.answer.times),
            }),
            agent_response: changed.then(|| ResponseImage {
                status: self.status,
                headers: self.agent_head.clone(),
                body: self.replaced.clone().unwrap_or_else(|| Bytes::from(std::mem::take(&mut self.answer.delivered))),
                frames: Vec::new(),
            }),
            status: self.status,
            first_token_us: self.first_token_us,
            added_us: self.sent_at,
            answer,
        };
        answer::close(&self.exchange, ending).await;
    }
}

/// What all rounds used together. `first_free`: the first one was here already, and no model asked for it.
pub(crate) fn used(rounds: impl Iterator<Item = Option<Usage>>, first_free: bool) -> Option<Usage> {
    let free = first_free.then(Usage::default);
    let paid = rounds.skip(usize::from(first_free)).flatten();
    paid.fold(free, |sum, usage| Some(sum.map_or(usage, |sum| sum.plus(&usage))))
}

/// The calls of an answer that was replaced, by a person or a rule.
pub(crate) fn replaced_calls(answer: &wire::Answer) -> Vec<(ToolCall, String)> {
    let why = || "The response that made it was replaced.".to_owned();
    answer.calls.iter().map(|call| (call.clone(), why())).collect()
}

/// The answer as the agent got it, where that is not the provider's.
fn delivered(relay: &Relay, changed: bool) -> Option<wire::Answer> {
    match &relay.replaced {
        Some(bytes) => Some(continuation::read(&relay.exchange.request, relay.answer.framing(), bytes)),
        None => changed.then(|| continuation::delivered(relay)),
    }
}

/// The provider answered with an error, and the agent has a good head already: the error comes in the dialect's own way.
pub(super) async fn late_failure(way: Way, mut response: UpstreamResponse, outlet: Outlet) {
    let Way { exchange, mut attempt, sent_at, .. } = way;
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = response.body.next().await {
        body.extend_from_slice(&chunk);
    }
    let status = response.status.as_u16();
    attempt.duration_ms = f64::from(exchange.elapsed() - sent_at) / 1000.0;
    let encoding = headers::text(&response.headers, "content-encoding");
    let clear = wire::decode_body(encoding, &Bytes::from(body)).unwrap_or_default();
    let answer = continuation::read(&exchange.request, wire::Framing::Whole, &clear);
    let said = answer.error.clone().unwrap_or_else(|| format!("the provider answered with status {status}"));
    let made = wire::error(Some(&exchange.request), exchange.request.dialect, status, &said, "provider_error");
    let ending = Ending {
        state: ExchangeState::Complete,
        origin: Some(Origin::Provider),
        error: Some(exchange.mask.masked(&said)),
        attempts: vec![attempt],
        provider_response: Some(ResponseImage {
            status,
            headers: headers::written(&response.headers),
            body: clear,
            frames: Vec::new(),
        }),
        answer,
        ..Ending::default()
    };
    answer::give(&exchange, made, ending, outlet).await;
}

/// A held exchange whose waiting ended without an answer: its agent left, a retry took its place, or the runtime stops.
pub(crate) async fn give_up(exchange: &Exchange, outlet: Outlet, unsettled: Unsettled) {
    match unsettled {
        Unsettled::AgentLeft => gone(exchange).await,
        Unsettled::RuntimeHalts => interrupted(exchange).await,
        Unsettled::TakenOver => {
            let why = "a retry of the same request took this one's place".to_owned();
            let ending = Ending {
                state: ExchangeState::Cancelled,
                origin: Some(Origin::Agent),
                error: Some(why.clone()),
                ..Ending::default()
            };
            answer::close(exchange, ending).await;
            return outlet.cut(why).await;
        }
    }
    outlet.cut("the exchange ended while it was held".to_owned()).await;
}

/// The agent left before any head came back.
pub(crate) async fn gone(exchange: &Exchange) {
    exchange.event(EventKind::Cancelled, serde_json::json!({ "after_bytes": 0 }));
    let ending = Ending {
        state: ExchangeState::Cancelled,
        origin: Some(Origin::Agent),
        error: Some("the agent closed the connection".into()),
        ..Ending::default()
    };
    answer::close(exchange, ending).await;
}

pub(crate) async fn interrupted(exchange: &Exchange) {
    let ending = Ending {
        state: ExchangeState::Interrupted,
        origin: Some(Origin::Runtime),
        error: Some("the runtime was stopped".into()),
        ..Ending::default()
    };
    answer::close(exchange, ending).await;
}
