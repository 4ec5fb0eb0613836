//! The book of all accounts: what is spent and what is reserved of each. One short lock over all of them, so that a call reserves in
//! every budget that it falls under or in none. Knows no requests and no time.

mod balance;
mod claim;

pub(crate) use balance::Balance;
use balance::Open;
pub(crate) use claim::{Claim, Output};

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
            accounts.insert(known.account.clone(), Balance::spent(spent));
        }
    }

    /// Reserves what one call needs in the place of what this exchange had reserved: in every budget, or in none, and then what it had
    /// stays.
    pub fn reserve(&self, exchange: ExchangeId, claims: &[Claim], output: Output) -> Reserving {
        let mut accounts = self.accounts.lock();
        open(&mut accounts, claims);
        let had = drop_open(&mut accounts, exchange, claims);
        let outcome = match grant(&accounts, exchange, claims, output, false) {
            Ok(most) => {
                put(&mut accounts, exchange, claims, most.map_or(0, |(most, _)| most));
                let capped = most.filter(|(most, _)| output.most().is_none_or(|could| *most < could));
                Reserving::Granted { cap: capped.and_then(|(most, claim)| Some((most, claim?))) }
            }
            Err(claim) => {
                let by_others = grant(&accounts, exchange, claims, output, true).is_ok();
                for (account, open) in &had {
                    accounts.entry(account.clone()).or_default().open.push(*open);
                }
                Reserving::Short { claim, by_others }
            }
        };
        drop(accounts);
        if !had.is_empty() {
            self.settled.notify_waiters();
        }
        outcome
    }

    /// Reserves for another call beside an exchange's own, which has not gone out yet and gives way as far as its least answer. An error
    /// names the claim that has no room.
    pub fn reserve_beside(
        &self,
        (exchange, of): (ExchangeId, &[Claim]),
        output: Output,
        (call, claims): (ExchangeId, &[Claim]),
        tokens: u64,
    ) -> Result<(), usize> {
        let mut accounts = self.accounts.lock();
        open(&mut accounts, claims);
        let mut given_way = Vec::new();
        for (place, claim) in claims.iter().enumerate() {
            let balance = accounts.get(&claim.account).cloned().unwrap_or_default();
            let wanted = claim.with_output(tokens);
            let own = balance.of(exchange).map(|open| open.reserved).unwrap_or_default();
            let least = of.iter().find(|own| own.account == claim.account);
            let least = least.map(|own| own.with_output(output.least(own.budget.capping))).unwrap_or_default();
            let room = claim.budget.left(balance.spent.plus(balance.reserved_by_others(exchange)));
            // It gives way only where there is no room beside it.
            let left = own.or_less(room.less(wanted)).or_more(own.or_less(least));
            let whole = balance.spent.plus(balance.reserved_by_others(exchange)).plus(left).plus(wanted);
            if !claim.watches && !claim.budget.holds(whole) {
                return Err(place);
            }
            given_way.push(left);
        }
        for (claim, left) in claims.iter().zip(given_way) {
            if let Some(balance) = accounts.get_mut(&claim.account) {
                balance.open.iter_mut().filter(|open| open.exchange == exchange).for_each(|open| open.reserved = left);
            }
        }
        put(&mut accounts, call, claims, tokens);
        Ok(())
    }

    /// What an exchange's answer has come to so far. `come` gets a claim, and what is reserved for it.
    pub fn came(&self, exchange: ExchangeId, claims: &[Claim], come: impl Fn(&Claim, Spending) -> Spending) {
        let mut accounts = self.accounts.lock();
        for claim in claims {
            let balance = accounts.get_mut(&claim.account);
            let open = balance.and_then(|balance| balance.open.iter_mut().find(|open| open.exchange == exchange));
            if let Some(open) = open {
                open.come = come(claim, open.reserved);
            }
        }
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
        (balance.unwrap_or_else(|| Balance::spent(claim.seed)), own)
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
        let seeded = || Balance::spent(claim.seed);
        accounts.entry(claim.account.clone()).or_insert_with(seeded);
    }
}

/// Gives what stood open.
fn drop_open(accounts: &mut Accounts, exchange: ExchangeId, claims: &[Claim]) -> Vec<(Account, Open)> {
    let mut had = Vec::new();
    for claim in claims {
        if let Some(balance) = accounts.get_mut(&claim.account) {
            had.extend(balance.of(exchange).map(|open| (claim.account.clone(), *open)));
            balance.open.retain(|open| open.exchange != exchange);
        }
    }
    had
}

fn put(accounts: &mut Accounts, exchange: ExchangeId, claims: &[Claim], output: u64) {
    for claim in claims {
        if let Some(balance) = accounts.get_mut(&claim.account) {
            let reserved = claim.with_output(output);
            balance.open.push(Open { exchange, reserved, come: Spending::default() });
        }
    }
}

fn own(accounts: &Accounts, exchange: ExchangeId, claim: &Claim) -> Spending {
    let balance = accounts.get(&claim.account);
    balance.and_then(|balance| balance.of(exchange)).map(Open::taken).unwrap_or_default()
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
