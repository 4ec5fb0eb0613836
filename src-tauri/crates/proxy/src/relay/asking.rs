//! Streamed calls that wait for a person: the provider's response is read to its end and kept, the agent is kept waiting, and what was
//! decided is carried out in order.

use super::{Ready, Relay, Removal, Stopped, Whence, again};
use crate::{
    budgets,
    exchange::Exchange,
    hand::{
        call::{self, Edited, Fate, Pending, Settled, Unsettled},
        wait,
    },
};
use bytes::Bytes;
use domain::*;
use smallvec::SmallVec;
use tokio::time::Instant;

impl From<Unsettled> for Stopped {
    fn from(unsettled: Unsettled) -> Stopped {
        match unsettled {
            Unsettled::TakenOver => Stopped::TakenOver,
            Unsettled::AgentLeft => Stopped::AgentLeft,
            Unsettled::RuntimeHalts => Stopped::RuntimeHalts,
        }
    }
}

impl Relay {
    /// Judges calls that the surgeon holds.
    pub(super) async fn judge_held(&mut self, held: impl IntoIterator<Item = ToolCall>) -> Result<(), Stopped> {
        for call in held {
            let intent = self.answer.answer().text.clone();
            let real = self.exchange.as_agent_gets(&call);
            match call::judge(&self.exchange, &real, self.whence == Some(Whence::Held), &intent).await {
                Fate::Keep => {
                    if let Some(removal) = budgets::pace(&self.exchange, &real, &mut self.outlet).await? {
                        let freed = self.answer.judged(&call, true);
                        self.removals.push(Removal { call, ..removal });
                        self.forward(freed).await?;
                        continue;
                    }
                    // Rules may have put more words into others' place just now.
                    let real = self.exchange.as_agent_gets(&call);
                    let freed = self.let_go(&call, &real);
                    self.forward(freed).await?;
                }
                Fate::Remove(removal) => {
                    let freed = self.answer.judged(&call, true);
                    self.removals.push(Removal { call, ..removal });
                    self.forward(freed).await?;
                }
                Fate::Wait(pending) => {
                    self.beat.get_or_insert_with(|| wait::beat(&self.exchange, Instant::now()));
                    self.pending.push(pending);
                }
            }
        }
        Ok(())
    }

    /// A call leaves as its agent gets it.
    fn let_go(&mut self, call: &ToolCall, real: &ToolCall) -> SmallVec<[Bytes; 4]> {
        let said = self.as_said(call);
        self.edits.extend(Edited::by_rule(&self.exchange, &said, real));
        match said.arguments != real.arguments {
            true => self.answer.edited(real, &real.arguments),
            false => self.answer.judged(real, false),
        }
    }

    /// The call as the model said it. While it still speaks, the answer may lack a call that was held as it came.
    fn as_said(&self, real: &ToolCall) -> ToolCall {
        let said = self.answer.answer().calls.iter().find(|call| call.index == real.index);
        said.unwrap_or(real).clone()
    }

    /// When the agent needs its next no-op, where something is held back from it.
    pub(super) async fn beat_due(beat: Option<Instant>) {
        match beat {
            Some(beat) => tokio::time::sleep_until(beat).await,
            None => std::future::pending().await,
        }
    }

    pub(super) async fn beat(&mut self) -> Result<(), Stopped> {
        self.beat = Some(wait::beat(&self.exchange, Instant::now()));
        let framing = self.answer.framing();
        wait::keep_alive(&self.exchange, &mut self.outlet, framing).await.map_err(|()| Stopped::AgentLeft)
    }

    /// The provider has said everything: what is pending waits for its answers, the response safe on disk.
    pub(super) async fn settle_pending(&mut self) -> Result<(), Stopped> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.whence != Some(Whence::Held) && self.rounds.is_empty() {
            self.keep_response().await;
        }
        let pending: Vec<Pending> = std::mem::take(&mut self.pending);
        for one in pending {
            let call = one.call.clone();
            let framing = self.answer.framing();
            let freed = match call::settle(&self.exchange, &mut self.outlet, framing, one).await? {
                Settled::Keep => {
                    let said = self.as_said(&call);
                    let real = self.exchange.as_agent_gets(&said);
                    self.let_go(&said, &real)
                }
                Settled::Edited(edited) => {
                    let freed = self.answer.edited(&call, &edited.arguments);
                    self.edits.push(edited);
                    freed
                }
                Settled::Remove(removal) => {
                    let said = self.as_said(&call);
                    self.removals.push(Removal { call: said, ..removal });
                    self.answer.judged(&call, true)
                }
                Settled::End(removal) => {
                    self.ending = Some(removal.text.clone());
                    let said = self.as_said(&call);
                    self.removals.push(Removal { call: said, ..removal });
                    self.answer.judged(&call, true)
                }
            };
            self.forward(freed).await?;
        }
        self.beat = None;
        Ok(())
    }

    /// Keeps the provider's response for a retry of this request, or for the time after a restart.
    pub(super) async fn keep_response(&mut self) {
        let body = Bytes::copy_from_slice(&self.answer.recorded);
        keep_response(&self.exchange, self.status, &self.provider_head, body).await;
    }
}

pub(crate) async fn keep_response(exchange: &Exchange, status: u16, headers: &Headers, body: Bytes) {
    let held = HeldResponse {
        request_digest: exchange.request_digest().to_owned(),
        session: exchange.session.id,
        exchange: exchange.id,
        at: exchange.core.now(),
        status,
        headers: exchange.mask.headers(headers.clone()),
        body: exchange.mask.bytes(&body),
    };
    let mut records = exchange.take_records();
    records.push(Record::Held(Box::new(held)));
    exchange.core.ports.sink.commit(records).await;
}

/// The response that waits for a person's answer since an earlier exchange sent this very request: no second model call is made.
pub(crate) async fn waiting_response(exchange: &Exchange) -> Option<Ready> {
    if exchange.core.held_requests.lock().is_empty() {
        return None;
    }
    let digest = exchange.request_digest().to_owned();
    let asked = exchange.session.with({
        let digest = digest.clone();
        move |session| session.desk.of_request(&digest).any(|known| known.point != Point::ModelRequest)
    });
    if !asked.await? {
        return None;
    }
    let memory = exchange.core.ports.memory.clone();
    let held = tokio::task::spawn_blocking(move || memory.held_response(&digest)).await.ok()??;
    Some(Ready { response: again(held.status, &held.headers, held.body), whence: Whence::Held })
}

/// Notes to the model about calls that a person edited.
pub(crate) fn notes(edits: &[Edited]) -> String {
    edits.iter().map(Edited::note).collect::<Vec<_>>().join("\n")
}
