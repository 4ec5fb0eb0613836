//! The book of all accounts: what is spent and what is reserved of each. One short lock over all of them, so that a call reserves in
//! every budget that it falls under or in none. Knows no requests and no time.

use domain::*;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio::sync::Notify;

/// Less than that is no answer; one vendor takes no lower cap.
pub(crate) const LEAST_OUTPUT: u64 = 16;
/// So many accounts are kept at most before those of ended runs and sessions make room.
const ACCOUNTS: usize = 20_000;

#[derive(Default)]
pub(crate) struct Book {
    accounts: Mutex<HashMap<Account, Balance>>,
    /// Told whenever something was settled or released.
    settled: Notify,
}

/// One account's standing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Balance {
    pub spent: Spending,
    /// What exchanges under way may still spend.
    open: Vec<(ExchangeId, Spending)>,
}

impl Balance {
    pub fn spent(spent: Spending) -> Balance {
        Balance { spent, open: Vec::new() }
    }

    pub fn reserved(&self) -> Spending {
        self.open.iter().fold(Spending::default(), |sum, (_, amount)| sum.plus(*amount))
    }

    fn reserved_by_others(&self, exchange: ExchangeId) -> Spending {
        let others = self.open.iter().filter(|(of, _)| *of != exchange);
        others.fold(Spending::default(), |sum, (_, amount)| sum.plus(*amount))
    }
}

/// What one call needs of one budget.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claim {
    pub account: Account,
    pub budget: Budget,
    /// What its holder had spent when the account was not known yet.
    pub seed: Spending,
    /// Whatever the answer will be.
    pub input: Spending,
    pub usd_per_output: f64,
    /// It is only counted: nothing is capped or refused for it.
    pub watches: bool,
}

impl Claim {
    /// What it may come to beside what is taken: capped where that makes it fit, else with all the output that it may have.
    pub fn at_most(&self, taken: Spending, output: Output) -> Spending {
        let most = output.most().unwrap_or(LEAST_OUTPUT);
        self.with_output(self.cap(taken, output).unwrap_or(most))
    }

    /// The cap that makes it fit, where it needs one and that is enough.
    pub fn cap(&self, taken: Spending, output: Output) -> Option<u64> {
        let room = self.room(taken).filter(|_| self.budget.holds(taken.plus(self.input)))?;
        let enough = room >= output.least(self.budget.capping);
        (enough && output.most().is_none_or(|most| room < most)).then_some(room)
    }

    fn with_output(&self, tokens: u64) -> Spending {
        self.input.plus(Spending { tokens, usd: tokens as f64 * self.usd_per_output })
    }

    /// How much output there is room for beside what is taken; none: any.
    fn room(&self, taken: Spending) -> Option<u64> {
        let beside = taken.plus(self.input);
        let tokens = self.budget.limit_tokens.map(|limit| limit.saturating_sub(beside.tokens));
        let usd = self.budget.limit_usd.filter(|_| self.usd_per_output > 0.0).map(|limit| {
            let left = (limit - beside.usd).max(0.0) / self.usd_per_output;
            // Rounded down, but for the rounding of binary fractions.
            (left + 1e-6) as u64
        });
        tokens.into_iter().chain(usd).min()
    }
}

/// What the answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Output {
    /// The client's own maximum.
    pub named: Option<u64>,
    /// What the model can write at most, where that is known.
    pub ceiling: Option<u64>,
}

impl Output {
    fn most(self) -> Option<u64> {
        self.named.into_iter().chain(self.ceiling).min()
    }

    /// What must fit at least for a call to go out.
    fn least(self, capping: Capping) -> u64 {
        match (self.named, capping) {
            (Some(named), Capping::Unnamed) => self.ceiling.map_or(named, |ceiling| named.min(ceiling)),
            _ => self.most().map_or(LEAST_OUTPUT, |most| most.min(LEAST_OUTPUT)),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reserving {
    /// It stands. `cap`: the output must be capped to so much, less than the request could bring, for this claim.
    Granted { cap: Option<(u64, usize)> },
    /// Nothing was reserved, for want of room in this claim's budget. `by_others`: it would fit once what others reserved is settled.
    Short { claim: usize, by_others: bool },
}

impl Book {
    /// Accounts of an earlier life; what was open then counts as spent.
    pub fn remember(&self, kept: &[KeptAccount]) {
        let mut accounts = self.accounts.lock();
        for known in kept {
            let spent = known.open.iter().fold(known.spent, |sum, (_, amount)| sum.plus(*amount));
            accounts.insert(known.account.clone(), Balance { spent, open: Vec::new() });
        }
    }

    /// Reserves what one call needs in the place of what this exchange had reserved: in every budget, or in none.
    pub fn reserve(&self, exchange: ExchangeId, claims: &[Claim], output: Output) -> Reserving {
        let mut accounts = self.accounts.lock();
        open(&mut accounts, claims);
        let had = claims.iter().any(|claim| own(&accounts, exchange, claim) != Spending::default());
        drop_open(&mut accounts, exchange, claims);
        let outcome = match grant(&accounts, exchange, claims, output, false) {
            Ok(most) => {
                put(&mut accounts, exchange, claims, most.map_or(0, |(most, _)| most));
                let capped = most.filter(|(most, _)| output.most().is_none_or(|could| *most < could));
                Reserving::Granted { cap: capped.and_then(|(most, claim)| Some((most, claim?))) }
            }
            Err(claim) => {
                Reserving::Short { claim, by_others: grant(&accounts, exchange, claims, output, true).is_ok() }
            }
        };
        drop(accounts);
        if had {
            self.settled.notify_waiters();
        }
        outcome
    }

    /// Reserves in any case: somebody decided that the call goes out.
    pub fn force(&self, exchange: ExchangeId, claims: &[Claim], output: Output) {
        let mut accounts = self.accounts.lock();
        open(&mut accounts, claims);
        drop_open(&mut accounts, exchange, claims);
        put(&mut accounts, exchange, claims, output.most().unwrap_or(LEAST_OUTPUT));
    }

    /// The exchange is over: what it reserved becomes what it spent. Gives the accounts as they stand then.
    pub fn settle(
        &self,
        exchange: ExchangeId,
        claims: &[Claim],
        spent: impl Fn(&Claim) -> Spending,
    ) -> Vec<(Account, Spending)> {
        let mut accounts = self.accounts.lock();
        open(&mut accounts, claims);
        drop_open(&mut accounts, exchange, claims);
        let mut now = Vec::new();
        for claim in claims {
            if let Some(balance) = accounts.get_mut(&claim.account) {
                balance.spent = balance.spent.plus(spent(claim));
                now.push((claim.account.clone(), balance.spent));
            }
        }
        make_room(&mut accounts);
        drop(accounts);
        self.settled.notify_waiters();
        now
    }

    /// How an account stands, and what of its reservations is this exchange's.
    pub fn standing(&self, exchange: ExchangeId, claim: &Claim) -> (Balance, Spending) {
        let accounts = self.accounts.lock();
        let own = own(&accounts, exchange, claim);
        let balance = accounts.get(&claim.account).cloned();
        (balance.unwrap_or_else(|| Balance { spent: claim.seed, open: Vec::new() }), own)
    }

    /// The accounts of one budget that sessions share.
    pub fn shared(&self, budget: &str) -> Vec<(Account, Balance)> {
        let accounts = self.accounts.lock();
        let mine = accounts.iter().filter(|(account, _)| account.budget == budget && account.per.is_shared());
        let mut mine: Vec<_> = mine.map(|(account, balance)| (account.clone(), balance.clone())).collect();
        mine.sort_by(|one, other| one.0.cmp(&other.0));
        mine
    }

    /// Less than half of it would be taken with all that a call can come to: how much exactly does not matter.
    pub fn is_ample(&self, exchange: ExchangeId, claim: &Claim, output: Output) -> bool {
        let (balance, own) = self.standing(exchange, claim);
        let Some(most) = output.most() else { return false };
        let whole = balance.spent.plus(balance.reserved().less(own)).plus(claim.with_output(most));
        claim.budget.share(whole) < 0.5
    }

    pub fn balance(&self, account: &Account) -> Option<Balance> {
        self.accounts.lock().get(account).cloned()
    }

    /// What it reserved, by account.
    pub fn open_of(&self, exchange: ExchangeId, claims: &[Claim]) -> Vec<(Account, Spending)> {
        let accounts = self.accounts.lock();
        claims.iter().map(|claim| (claim.account.clone(), own(&accounts, exchange, claim))).collect()
    }

    /// Resolves when something is settled after this was called.
    pub fn change(&self) -> tokio::sync::futures::Notified<'_> {
        self.settled.notified()
    }
}

type Accounts = HashMap<Account, Balance>;

fn open(accounts: &mut Accounts, claims: &[Claim]) {
    for claim in claims {
        let seeded = || Balance { spent: claim.seed, open: Vec::new() };
        accounts.entry(claim.account.clone()).or_insert_with(seeded);
    }
}

fn drop_open(accounts: &mut Accounts, exchange: ExchangeId, claims: &[Claim]) {
    for claim in claims {
        if let Some(balance) = accounts.get_mut(&claim.account) {
            balance.open.retain(|(of, _)| *of != exchange);
        }
    }
}

fn put(accounts: &mut Accounts, exchange: ExchangeId, claims: &[Claim], output: u64) {
    for claim in claims {
        if let Some(balance) = accounts.get_mut(&claim.account) {
            balance.open.push((exchange, claim.with_output(output)));
        }
    }
}

fn own(accounts: &Accounts, exchange: ExchangeId, claim: &Claim) -> Spending {
    let open = accounts.get(&claim.account).into_iter().flat_map(|balance| &balance.open);
    open.filter(|(of, _)| *of == exchange).fold(Spending::default(), |sum, (_, amount)| sum.plus(*amount))
}

fn taken(accounts: &Accounts, exchange: ExchangeId, claim: &Claim, alone: bool) -> Spending {
    let Some(balance) = accounts.get(&claim.account) else { return claim.seed };
    if alone { balance.spent } else { balance.spent.plus(balance.reserved_by_others(exchange)) }
}

/// The output that every budget has room for, with the claim that bounds it; `Ok(None)`: any. An error names the claim that has no room.
/// `alone`: as if nobody else had reserved.
fn grant(
    accounts: &Accounts,
    exchange: ExchangeId,
    claims: &[Claim],
    output: Output,
    alone: bool,
) -> Result<Option<(u64, Option<usize>)>, usize> {
    let mut most = output.most().map(|most| (most, None));
    for (place, claim) in claims.iter().enumerate().filter(|(_, claim)| !claim.watches) {
        let taken = taken(accounts, exchange, claim, alone);
        if !claim.budget.holds(taken.plus(claim.input)) {
            return Err(place);
        }
        let Some(room) = claim.room(taken) else { continue };
        if room < output.least(claim.budget.capping) {
            return Err(place);
        }
        if most.is_none_or(|(most, _)| room < most) {
            most = Some((room, Some(place)));
        }
    }
    Ok(most)
}

/// Of those that nobody uses, runs and requests go first; a session's is made again from its own sums, a day's is over.
fn make_room(accounts: &mut Accounts) {
    if accounts.len() <= ACCOUNTS {
        return;
    }
    accounts.retain(|account, balance| !balance.open.is_empty() || account.per.is_kept());
    if accounts.len() > ACCOUNTS {
        accounts.retain(|account, balance| !balance.open.is_empty() || account.per.is_shared());
    }
}

#[cfg(test)]
mod tests;
