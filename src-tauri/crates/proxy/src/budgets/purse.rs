//! The budgets that one exchange falls under, each with its account; and what conditions read of them.

use super::book::{Book, Claim, Output};
use crate::exchange::Exchange;
use domain::*;
use observe::{Standing, Sums};
use parking_lot::Mutex;
use reason::BudgetInForce;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) struct Purse {
    pub(super) entries: Vec<Entry>,
    pub(super) standing: Standing,
    pub(super) state: Mutex<State>,
    core: Arc<crate::core::Core>,
    exchange: ExchangeId,
}

/// One budget in force.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// `policy/name`.
    pub key: String,
    pub policy: String,
    pub version: String,
    /// The rule that holds it.
    pub rule: String,
    pub mode: Mode,
    pub budget: Budget,
    pub account: Account,
    pub seed: Spending,
}

/// How far a call has come.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub claims: Vec<Claim>,
    pub output: Output,
    pub stage: Stage,
    /// What rounds that are over used, in tokens and dollars.
    pub rounds: (Usage, f64),
    /// The claim that the output was capped for, and to how much.
    pub capped: Option<(usize, u64)>,
    /// The model stopped there: the answer took all that it was given.
    pub at_cap: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// Nothing was asked for: no model call, or not yet.
    #[default]
    Unasked,
    /// It fits, and is reserved.
    Granted,
    /// It did not fit when rules looked; where it goes out all the same, somebody decided so.
    Over,
    Settled,
}

impl Purse {
    pub fn of(exchange: &Exchange, standing: Standing) -> Purse {
        let day = day(exchange.at);
        let entries = exchange.policies.budgets().map(|budget| entry(exchange, &budget, &standing, &day)).collect();
        Purse { entries, standing, state: Mutex::default(), core: exchange.core.clone(), exchange: exchange.id }
    }

    pub(super) fn book(&self) -> &Book {
        &self.core.budgets.book
    }

    /// The entry of a claim: those that limit time alone have none.
    pub(super) fn entry_of(&self, claim: usize) -> Option<&Entry> {
        self.entries.iter().filter(|entry| entry.budget.counts_spending()).nth(claim)
    }

    /// What of its accounts outlives a restart.
    pub(super) fn kept(amounts: Vec<(Account, Spending)>) -> Vec<(Account, Spending)> {
        amounts.into_iter().filter(|(account, _)| account.per.is_kept()).collect()
    }
}

/// An exchange that ends in no other way, by a panic or because its session is gone, holds nothing back from others.
impl Drop for Purse {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if matches!(state.stage, Stage::Granted | Stage::Over) {
            let spent = self.core.budgets.book.settle(self.exchange, &state.claims, |_| Spending::default());
            let (exchange, at, spent) = (self.exchange, self.core.now(), Purse::kept(spent));
            self.core.ports.sink.record(vec![Record::Settled { exchange, session: None, at, spent }]);
        }
    }
}

fn entry(exchange: &Exchange, known: &BudgetInForce<'_>, standing: &Standing, day: &str) -> Entry {
    let budget = known.budget.clone();
    let whose = Whose { session: exchange.session.id, agent: &exchange.agent, branch: exchange.branch, day };
    let holder = match budget.per {
        Per::Request => exchange.id.to_string(),
        per => whose.holder(per, standing),
    };
    Entry {
        key: known.key(),
        policy: known.policy.name().to_owned(),
        version: known.policy.version().version.clone(),
        rule: known.rule.to_owned(),
        mode: known.mode,
        account: Account { budget: known.key(), per: budget.per, holder },
        seed: whose.spent(&budget, standing),
        budget,
    }
}

/// The day of a moment, UTC.
pub(super) fn day(at: Timestamp) -> String {
    at.rfc3339()[..10].to_owned()
}

/// Who spends.
pub(super) struct Whose<'a> {
    pub session: SessionId,
    pub agent: &'a str,
    pub branch: bool,
    pub day: &'a str,
}

impl Whose<'_> {
    pub fn holder(&self, per: Per, standing: &Standing) -> String {
        match per {
            Per::Subtask if self.branch => format!("{}/branch", standing.run),
            Per::Request | Per::Run | Per::Subtask => standing.run.to_string(),
            Per::Session => self.session.to_string(),
            Per::Agent => self.agent.to_owned(),
            Per::Day => self.day.to_owned(),
        }
    }

    /// What was spent before there was an account.
    pub fn spent(&self, budget: &Budget, standing: &Standing) -> Spending {
        let so_far = match budget.per {
            Per::Session => standing.session,
            Per::Run => standing.this_run,
            Per::Subtask if !self.branch => standing.this_run,
            _ => Sums::default(),
        };
        let tokens = if budget.counted == Counted::All { so_far.all_tokens } else { so_far.new_tokens };
        Spending { tokens, usd: so_far.usd }
    }
}

/// What conditions read of this exchange's budgets at one moment.
pub(crate) fn facts(exchange: &Exchange, seen: &Observation) -> BTreeMap<String, BudgetFacts> {
    let Some(purse) = exchange.purse.get() else { return BTreeMap::new() };
    let state = purse.state.lock().clone();
    let mut claims = state.claims.iter();
    let each = purse.entries.iter().map(|entry| {
        let claim = if entry.budget.counts_spending() { claims.next() } else { None };
        let elapsed_ms = match entry.budget.per {
            Per::Request => seen.at.micros_since(exchange.at) as u64 / 1_000,
            Per::Session => seen.session.elapsed_ms,
            _ => seen.run.elapsed_ms,
        };
        let of_time = entry.budget.share_of_time(elapsed_ms);
        let time = BudgetFacts { used: of_time, projected: of_time, spent: elapsed_ms as f64, call: 0.0 };
        let facts = match claim.map(|claim| spending(purse, claim, &state)) {
            Some(facts) if facts.projected >= of_time => BudgetFacts { used: facts.used.max(of_time), ..facts },
            Some(facts) => BudgetFacts { used: facts.used.max(of_time), ..time },
            None => time,
        };
        (entry.key.clone(), facts)
    });
    each.collect()
}

fn spending(purse: &Purse, claim: &Claim, state: &State) -> BudgetFacts {
    let (balance, own) = purse.book().standing(purse.exchange, claim);
    let taken = balance.spent.plus(balance.reserved().less(own));
    let fitting = claim.watches || own == Spending::default();
    let call = if fitting { claim.at_most(taken, state.output) } else { own };
    let whole = taken.plus(call);
    let mut projected = claim.budget.share(whole);
    if claim.budget.holds(whole) {
        // It fits; binary fractions may say otherwise by a hair.
        projected = projected.min(1.0);
    }
    let in_money = claim.budget.limit_usd.is_some_and(|_| {
        let of_tokens = Budget { limit_usd: None, ..claim.budget.clone() };
        claim.budget.limit_tokens.is_none() || claim.budget.share(whole) > of_tokens.share(whole)
    });
    let unit = |amount: Spending| if in_money { micro(amount.usd) } else { amount.tokens as f64 };
    BudgetFacts { used: claim.budget.share(balance.used()), projected, spent: unit(taken), call: unit(call) }
}

/// To a millionth of a dollar.
fn micro(usd: f64) -> f64 {
    (usd * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let midnight = 1_795_651_200_000_000;
        let days = [midnight - 1, midnight].map(|at| day(Timestamp(at)));
        assert_eq!(days, ["2026-11-25", "2026-11-26"], "each day has an account of its own");
    }
}
