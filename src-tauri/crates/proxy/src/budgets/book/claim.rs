//! What one call asks of one budget: whatever its answer will be, and how much of an answer there is room for.

use super::LEAST_OUTPUT;
use domain::*;

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
    /// So many answers are asked for at once, each with that output.
    pub choices: u64,
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

    /// With so many tokens of output, in each answer that is asked for.
    pub(super) fn with_output(&self, tokens: u64) -> Spending {
        let tokens = tokens.saturating_mul(self.choices);
        self.input.plus(Spending { tokens, usd: tokens as f64 * self.usd_per_output })
    }

    /// How much output there is room for beside what is taken, in each answer; none: any.
    pub(super) fn room(&self, taken: Spending) -> Option<u64> {
        let beside = taken.plus(self.input);
        let tokens = self.budget.limit_tokens.map(|limit| limit.saturating_sub(beside.tokens));
        let usd = self.budget.limit_usd.filter(|_| self.usd_per_output > 0.0).map(|limit| {
            let left = (limit - beside.usd).max(0.0) / self.usd_per_output;
            // Rounded down, but for the rounding of binary fractions.
            (left + 1e-6) as u64
        });
        tokens.into_iter().chain(usd).min().map(|most| most / self.choices.max(1))
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
    pub(super) fn most(self) -> Option<u64> {
        self.named.into_iter().chain(self.ceiling).min()
    }

    /// What must fit at least for a call to go out.
    pub(super) fn least(self, capping: Capping) -> u64 {
        match (self.named, capping) {
            (Some(named), Capping::Unnamed) => self.ceiling.map_or(named, |ceiling| named.min(ceiling)),
            _ => self.most().map_or(LEAST_OUTPUT, |most| most.min(LEAST_OUTPUT)),
        }
    }
}
