//! How a relayed answer breaks off: by the provider, by the agent, by the runtime's end. Never as if it had ended.

use super::Relay;
use crate::{hand::wait, outlet::Outlet};
use domain::*;
use std::time::Duration;

/// How long an agent has to read why its stream broke off before its connection breaks too: clients throw away what they have not read
/// of a broken one.
const LAST_WORD: Duration = Duration::from_millis(100);

impl Relay {
    /// The agent gets the dialect's error event where one can be put in, for clients know that one and try again; and in any case a broken
    /// connection, for some go on with half an answer after a clean end.
    pub(super) async fn cut(&mut self, why: &str) {
        self.body = None;
        let why = self.exchange.mask.masked(why);
        if self.closed {
            return;
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.error = Some(why.clone());
        }
        self.answer.break_off(&format!("The provider's stream broke off: {why}"));
        self.close(ExchangeState::Failed, Some(Origin::Provider), Some(why.clone())).await;
        let tail = self.answer.take_tail();
        self.holding = false;
        let kept = std::mem::take(&mut self.kept);
        if self.forward(kept.into_iter().chain(tail)).await.is_ok() {
            if self.answer.told {
                let _ = tokio::time::timeout(LAST_WORD, self.outlet.closed()).await;
            }
            std::mem::replace(&mut self.outlet, Outlet::Ended).cut(why).await;
        }
    }

    pub(super) async fn left(&mut self) {
        self.body = None;
        if !self.closed {
            if !self.pending.is_empty() {
                wait::orphan(&self.exchange).await;
            }
            self.exchange.event(EventKind::Cancelled, serde_json::json!({ "after_bytes": self.answer.recorded.len() }));
            self.close(ExchangeState::Cancelled, Some(Origin::Agent), Some("the agent closed the connection".into()))
                .await;
        }
    }

    pub(super) async fn halted(&mut self) {
        self.body = None;
        if !self.closed {
            self.close(ExchangeState::Interrupted, Some(Origin::Runtime), Some("the runtime was stopped".into())).await;
            std::mem::replace(&mut self.outlet, Outlet::Ended).cut("Switchtower was stopped".into()).await;
        }
    }
}
