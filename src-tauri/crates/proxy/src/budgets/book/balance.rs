//! One account's standing: what is spent, what exchanges under way may still spend, and what their answers have come to so far.

use domain::*;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Balance {
    pub spent: Spending,
    pub(super) open: Vec<Open>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Open {
    pub exchange: ExchangeId,
    pub reserved: Spending,
    /// What its answer has come to so far, where anybody counts that.
    pub come: Spending,
}

impl Open {
    /// An answer that outgrows its reservation takes what it has come to.
    pub fn taken(&self) -> Spending {
        self.reserved.or_more(self.come)
    }
}

impl Balance {
    pub fn spent(spent: Spending) -> Balance {
        Balance { spent, open: Vec::new() }
    }

    pub fn reserved(&self) -> Spending {
        self.open.iter().fold(Spending::default(), |sum, open| sum.plus(open.taken()))
    }

    /// Settled, and what answers on their way have come to.
    pub fn used(&self) -> Spending {
        self.open.iter().fold(self.spent, |sum, open| sum.plus(open.come))
    }

    pub(super) fn of(&self, exchange: ExchangeId) -> Option<&Open> {
        self.open.iter().find(|open| open.exchange == exchange)
    }

    pub(super) fn reserved_by_others(&self, exchange: ExchangeId) -> Spending {
        let others = self.open.iter().filter(|open| open.exchange != exchange);
        others.fold(Spending::default(), |sum, open| sum.plus(open.taken()))
    }
}
