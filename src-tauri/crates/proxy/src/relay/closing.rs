//! How a relayed exchange is closed: what every round came to, folded into one ending.

use super::Relay;
use crate::{
    answer::{self, Ending},
    continuation,
    exchange::Exchange,
};
use bytes::Bytes;
use domain::*;

impl Relay {
    pub(super) async fn close(&mut self, state: ExchangeState, origin: Option<Origin>, error: Option<String>) {
        self.closed = true;
        let now = self.exchange.elapsed();
        if let Some(attempt) = self.attempts.first_mut() {
            attempt.duration_ms = f64::from(now - self.sent_at) / 1000.0;
        }
        let removed = continuation::settle(self).await;
        let mut answer = self.answer.answer().clone();
        let mut usage = answer.usage;
        for round in &self.rounds {
            usage = match (usage, round.answer.usage) {
                (Some(late), Some(early)) => Some(late.plus(&early)),
                (late, early) => late.or(early),
            };
        }
        if !self.rounds.is_empty() {
            let early: Vec<&str> =
                self.rounds.iter().map(|round| round.answer.text.as_str()).filter(|text| !text.is_empty()).collect();
            answer.text = early.into_iter().chain(Some(answer.text.as_str())).collect::<Vec<_>>().join("\n");
        }
        let changed = self.answer.told
            || self.judging && !removed.is_empty()
            || self.sent.without_usage && self.answer.delivered.len() != self.answer.recorded.len();
        let ending = Ending {
            state,
            origin,
            error: error.or_else(|| answer.error.clone()),
            delivered: (!removed.is_empty()).then(|| continuation::delivered(self)),
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
                body: Bytes::from(std::mem::take(&mut self.answer.delivered)),
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

/// The agent left before any head came back.
pub(super) async fn gone(exchange: &Exchange) {
    exchange.event(EventKind::Cancelled, serde_json::json!({ "after_bytes": 0 }));
    let ending = Ending {
        state: ExchangeState::Cancelled,
        origin: Some(Origin::Agent),
        error: Some("the agent closed the connection".into()),
        ..Ending::default()
    };
    answer::close(exchange, ending).await;
}

pub(super) async fn interrupted(exchange: &Exchange) {
    let ending = Ending {
        state: ExchangeState::Interrupted,
        origin: Some(Origin::Runtime),
        error: Some("the runtime was stopped".into()),
        ..Ending::default()
    };
    answer::close(exchange, ending).await;
}
