//! Budgets and rates, as a policy declares them, and what is reserved and spent of a budget.

use crate::{ExchangeId, Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// What shares one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// One model call.
    Request,
    /// A run of a sub-agent; elsewhere the run itself, which is a loop of tool calls.
    Subtask,
    /// From a user message to the answer that ends it.
    Run,
    #[default]
    Session,
    /// All sessions of one agent's name, for good.
    Agent,
    /// All sessions of one day, UTC.
    Day,
}

impl Per {
    pub const ALL: [Per; 6] = [Per::Request, Per::Subtask, Per::Run, Per::Session, Per::Agent, Per::Day];

    pub fn name(self) -> &'static str {
        match self {
            Per::Request => "request",
            Per::Subtask => "subtask",
            Per::Run => "run",
            Per::Session => "session",
            Per::Agent => "agent",
            Per::Day => "day",
        }
    }

    /// Sessions share it: it is not over when one of them is.
    pub fn is_shared(self) -> bool {
        matches!(self, Per::Agent | Per::Day)
    }

    /// What is spent of it counts after a restart; a run begins anew then.
    pub fn is_kept(self) -> bool {
        matches!(self, Per::Session | Per::Agent | Per::Day)
    }
}

/// Which tokens count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Input that the provider's cache did not serve, plus output.
    #[default]
    New,
    /// All input, plus output.
    All,
}

impl Counted {
    pub fn tokens(self, usage: &Usage) -> u64 {
        match self {
            Counted::New => usage.budgeted(),
            Counted::All => usage.input.saturating_add(usage.output),
        }
    }
}

/// Whose output is capped to what remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capping {
    /// That of requests that name no maximum; a named one is reserved in full.
    #[default]
    Unnamed,
    /// A named maximum is lowered too.
    Always,
}

/// `[budget.NAME]`: at least one limit is set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Budget {
    pub name: String,
    pub per: Per,
    pub limit_tokens: Option<u64>,
    pub limit_usd: Option<f64>,
    /// Of time in which no person held it.
    pub limit_ms: Option<u64>,
    pub counted: Counted,
    pub capping: Capping,
}

/// Tokens and money, reserved or spent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spending {
    pub tokens: u64,
    pub usd: f64,
}

impl Spending {
    pub fn plus(self, other: Spending) -> Spending {
        Spending { tokens: self.tokens.saturating_add(other.tokens), usd: self.usd + other.usd }
    }

    /// The greater of both, in tokens and in money.
    pub fn or_more(self, other: Spending) -> Spending {
        Spending { tokens: self.tokens.max(other.tokens), usd: self.usd.max(other.usd) }
    }

    /// The lesser of both, in tokens and in money.
    pub fn or_less(self, other: Spending) -> Spending {
        Spending { tokens: self.tokens.min(other.tokens), usd: self.usd.min(other.usd) }
    }

    /// Never below nothing: sums of fractions come out a hair beside.
    pub fn less(self, other: Spending) -> Spending {
        Spending { tokens: self.tokens.saturating_sub(other.tokens), usd: (self.usd - other.usd).max(0.0) }
    }
}

impl Budget {
    /// The share of the fuller of its limits on tokens and money.
    pub fn share(&self, spent: Spending) -> f64 {
        let tokens = self.limit_tokens.map_or(0.0, |limit| share(spent.tokens as f64, limit as f64));
        let usd = self.limit_usd.map_or(0.0, |limit| share(spent.usd, limit));
        tokens.max(usd)
    }

    pub fn share_of_time(&self, elapsed_ms: u64) -> f64 {
        self.limit_ms.map_or(0.0, |limit| share(elapsed_ms as f64, limit as f64))
    }

    pub fn holds(&self, spent: Spending) -> bool {
        self.limit_tokens.is_none_or(|limit| spent.tokens <= limit)
            // A billionth of a dollar is a rounding of binary fractions, not money.
            && self.limit_usd.is_none_or(|limit| spent.usd <= limit + 1e-9)
    }

    /// What there is room for beside what is taken.
    pub fn left(&self, taken: Spending) -> Spending {
        Spending {
            tokens: self.limit_tokens.map_or(u64::MAX, |limit| limit.saturating_sub(taken.tokens)),
            usd: self.limit_usd.map_or(f64::MAX, |limit| (limit - taken.usd).max(0.0)),
        }
    }

    pub fn counts_spending(&self) -> bool {
        self.limit_tokens.is_some() || self.limit_usd.is_some()
    }

    /// Its limits by unit, for people: `tokens`, `usd`, `ms`.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let tokens = self.limit_tokens.map(|limit| ("tokens", limit as f64));
        let ms = self.limit_ms.map(|limit| ("ms", limit as f64));
        [tokens, self.limit_usd.map(|limit| ("usd", limit)), ms].into_iter().flatten()
    }
}

/// Of a limit of nothing, anything is twice too much.
fn share(spent: f64, limit: f64) -> f64 {
    match limit > 0.0 {
        true => spent / limit,
        false if spent > 0.0 => 2.0,
        false => 1.0,
    }
}

/// Whose account: one budget of one policy, for one run, session, agent or day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// `policy/name`.
    pub budget: String,
    pub per: Per,
    /// An id, an agent's name, or a date.
    pub holder: String,
}

/// An account as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptAccount {
    pub account: Account,
    pub spent: Spending,
    pub at: Timestamp,
    /// Reserved by exchanges of an earlier life that were never settled.
    pub open: Vec<(ExchangeId, Spending)>,
}

/// How full one limit of a budget is.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    pub policy: String,
    pub name: String,
    pub per: Per,
    pub holder: String,
    /// `tokens`, `usd` or `ms`.
    pub unit: &'static str,
    pub limit: f64,
    pub used: f64,
    pub reserved: f64,
    /// Used and reserved, as a share of the limit.
    pub projected: f64,
    pub resets_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuller_limit_counts() {
        let budget = Budget { limit_tokens: Some(1_000), limit_usd: Some(2.0), ..Budget::default() };
        assert_eq!(budget.share(Spending { tokens: 500, usd: 0.5 }), 0.5);
        assert_eq!(budget.share(Spending { tokens: 100, usd: 1.5 }), 0.75);
        assert!(budget.holds(Spending { tokens: 1_000, usd: 2.0 }));
        assert!(!budget.holds(Spending { tokens: 1_001, usd: 0.0 }));
        assert!(!budget.holds(Spending { tokens: 0, usd: 2.01 }));
    }

    #[test]
    fn what_the_cache_served_is_no_new_token() {
        let usage = Usage { input: 1_000, cached: 900, output: 50, ..Usage::default() };
        assert_eq!((Counted::New.tokens(&usage), Counted::All.tokens(&usage)), (150, 1_050));
    }

    #[test]
    fn a_tenth_ten_times_is_a_whole() {
        let spent = (0..10).fold(Spending::default(), |sum, _| sum.plus(Spending { tokens: 0, usd: 0.1 }));
        let budget = Budget { limit_usd: Some(1.0), ..Budget::default() };
        assert!(budget.holds(spent));
    }
}
