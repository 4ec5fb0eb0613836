//! Conditions: CEL, checked against the language's tables at load, evaluated by the cheaper of two evaluators.
//!
//! `cel` parses. What its tree says in common words our typed evaluator judges (`typed`); the rest, arithmetic, conversions and
//! lists made on the way, goes to cel's own interpreter (`interpreted`). Both stand behind `Condition`, and a property holds them to the same answers.

#[cfg(test)]
mod agreement;
mod chain;
mod check;
mod fault;
mod gate;
mod interpreted;
mod lower;
mod operate;
mod operators;
mod parse;
mod resolve;
mod span;
mod typed;

pub(crate) use check::{Place, check_condition, check_path};
pub(crate) use fault::Fault;
pub(crate) use gate::Gate;

use crate::{datum::Datum, read::Read};
use domain::Observation;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The one seam to whatever evaluates: an observation, seen through the condition's reads, to its truth.
pub(crate) trait Condition: Send + Sync + std::fmt::Debug {
    fn holds(&self, facts: &dyn Facts) -> Result<bool, Fault>;
}

/// Where a condition's values come from.
pub(crate) trait Facts {
    /// The value of the condition's `n`th read; none where it is absent.
    fn read(&self, n: usize) -> Option<Datum<'_>>;
}

/// A condition ready to be evaluated.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub reads: Vec<Read>,
    /// What the tool's name alone says about it.
    pub gate: Gate,
    /// What its outcome alone says about it, of a response.
    pub outcome: Gate,
    evaluator: Box<dyn Condition>,
}

impl Compiled {
    /// The truth, or why there is none. A panic is an error here, never an outage.
    pub fn holds(&self, observation: &Observation) -> Result<bool, String> {
        let facts = Observed { reads: &self.reads, observation };
        catch_unwind(AssertUnwindSafe(|| self.evaluator.holds(&facts)))
            .unwrap_or(Err(Fault::Panicked))
            .map_err(|fault| fault.explain(&self.reads))
    }
}

#[cfg(test)]
impl Compiled {
    /// From now on its evaluator panics.
    pub fn break_down(&mut self) {
        #[derive(Debug)]
        struct Broken;
        impl Condition for Broken {
            fn holds(&self, _: &dyn Facts) -> Result<bool, Fault> {
                panic!("an evaluator that is broken")
            }
        }
        self.evaluator = Box::new(Broken);
    }
}

struct Observed<'o> {
    reads: &'o [Read],
    observation: &'o Observation,
}

impl Facts for Observed<'_> {
    fn read(&self, n: usize) -> Option<Datum<'_>> {
        self.reads.get(n)?.value(self.observation)
    }
}

/// The name under which the `n`th read, or pattern, stands in the checked tree. No condition can write such a name.
pub(crate) fn placeholder(n: usize) -> String {
    format!("__{n}")
}

pub(crate) fn placeholder_number(name: &str) -> Option<usize> {
    name.strip_prefix("__")?.parse().ok()
}
