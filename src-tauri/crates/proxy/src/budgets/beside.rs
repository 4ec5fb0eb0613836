//! Calls of the runtime's own beside a turn: reserved before they are made, settled after, in the budgets of the exchange that they stand
//! beside. That one has not gone out yet, and gives way to them as far as its least answer.

use super::{
    book::{Book, Claim},
    counting::{self, Call},
    purse::Purse,
};
use crate::exchange::Exchange;
use domain::*;
use std::sync::Arc;
use wire::Request;

/// What such a call has reserved while it is under way; dropped, it is released.
pub(crate) struct Beside<'e> {
    exchange: &'e Exchange,
    call: ExchangeId,
    claims: Vec<Claim>,
}

/// Reserves for a call of at most so many tokens of output. An error says which budget has no room, as the end of a sentence.
pub(crate) async fn reserve<'e>(
    exchange: &'e Exchange,
    call: ExchangeId,
    asked: &Request,
    most: u64,
) -> Result<Beside<'e>, String> {
    let mut beside = Beside { exchange, call, claims: Vec::new() };
    let Some(purse) = exchange.purse.get() else { return Ok(beside) };
    let request = Arc::new(asked.clone());
    let reading = Arc::new(exchange.core.reader.read(&request));
    let (provider, model) = (exchange.provider.name.clone(), asked.model.clone());
    let claims =
        counting::asked(exchange, &Call { request, reading, provider, model, beside: true }, purse).await.claims;
    let own = purse.state.lock().clone();
    if let Err(claim) = purse.book().reserve_beside((exchange.id, &own.claims), own.output, (call, &claims), most) {
        let of = purse.entry_of(claim).map(|entry| format!("{} of policy {}", entry.rule, entry.policy));
        return Err(format!("{} has no room for it", of.unwrap_or_default()));
    }
    beside.claims = claims;
    beside.tell(purse.book(), &own.claims);
    Ok(beside)
}

impl Beside<'_> {
    /// It is over, and came to so much.
    pub fn settle(mut self, usage: &Usage, cost_usd: Option<f64>) {
        let claims = std::mem::take(&mut self.claims);
        let usd = cost_usd.unwrap_or_default();
        self.close(&claims, |claim| Spending { tokens: claim.budget.counted.tokens(usage), usd });
    }

    /// For the record, at once: what is open counts as spent should the runtime be killed.
    fn tell(&self, book: &Book, own: &[Claim]) {
        let (session, at) = (self.exchange.session.id, self.exchange.core.now());
        let reserved = [(self.exchange.id, own), (self.call, &self.claims)].map(|(exchange, claims)| {
            let amounts = Purse::kept(book.open_of(exchange, claims));
            (!amounts.is_empty()).then_some(Record::Reserved { exchange, session, at, amounts })
        });
        self.exchange.core.ports.sink.record(reserved.into_iter().flatten().collect());
    }

    fn close(&self, claims: &[Claim], spent: impl Fn(&Claim) -> Spending) {
        if claims.is_empty() {
            return;
        }
        let core = &self.exchange.core;
        let spent = Purse::kept(core.budgets.book.settle(self.call, claims, spent));
        if !spent.is_empty() {
            let (session, at) = (Some(self.exchange.session.id), core.now());
            self.exchange.note([Record::Settled { exchange: self.call, session, at, spent }]);
        }
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        let claims = std::mem::take(&mut self.claims);
        self.close(&claims, |_| Spending::default());
    }
}
