//! What the policies in force allow to be spent, and how often: their budgets and rates, as the runtime keeps them.

use crate::{
    compile::{DeclaredBudget, DeclaredRate},
    policy::Policy,
    set::PolicySet,
};
use domain::{Budget, Mode, Rate};

/// A budget in force.
#[derive(Debug, Clone, Copy)]
pub struct BudgetInForce<'s> {
    pub policy: &'s Policy,
    pub budget: &'s Budget,
    /// The id of the rule that holds it: `budget.NAME`, or the simple key.
    pub rule: &'s str,
    /// `off` where its rule is muted or off: it is counted all the same.
    pub mode: Mode,
}

impl BudgetInForce<'_> {
    /// `policy/name`, as observations and accounts have it.
    pub fn key(&self) -> String {
        format!("{}/{}", self.policy.name(), self.budget.name)
    }
}

/// A rate in force.
#[derive(Debug, Clone, Copy)]
pub struct RateInForce<'s> {
    pub policy: &'s Policy,
    pub rate: &'s Rate,
    pub mode: Mode,
}

impl RateInForce<'_> {
    /// What it is cited as: `limit.NAME`.
    pub fn rule(&self) -> String {
        format!("limit.{}", self.rate.name)
    }
}

impl PolicySet {
    pub fn budgets(&self) -> impl Iterator<Item = BudgetInForce<'_>> {
        self.policies().flat_map(|policy| {
            policy.declared.budgets.iter().map(move |declared| {
                let rule = policy.rules.iter().find(|rule| rule.id == declared.rule);
                let mode = rule.map_or(Mode::Off, |rule| rule.mode);
                let DeclaredBudget { budget, rule, .. } = declared;
                BudgetInForce { policy, budget, rule, mode }
            })
        })
    }

    /// The rates that count model calls to this model of this provider.
    pub fn rates_of_model<'s>(&'s self, provider: &str, model: &str) -> Vec<RateInForce<'s>> {
        self.rates(|declared| declared.tool.is_none() && declared.fits(provider, model)).collect()
    }

    /// The rates that count calls of this tool in answers of this model.
    pub fn rates_of_tool<'s>(&'s self, provider: &str, model: &str, tool: &str) -> Vec<RateInForce<'s>> {
        self.rates(|declared| declared.counts(tool) && declared.fits(provider, model)).collect()
    }

    /// Whether calls of a tool wait for their turn, or are refused one.
    pub(crate) fn paces(&self, tool: &str) -> bool {
        self.rates(|declared| declared.counts(tool)).any(|rate| rate.mode == Mode::Enforce)
    }

    pub(crate) fn paces_tools(&self) -> bool {
        self.rates(|declared| declared.tool.is_some()).any(|rate| rate.mode == Mode::Enforce)
    }

    fn rates<'s>(&'s self, counts: impl Fn(&DeclaredRate) -> bool) -> impl Iterator<Item = RateInForce<'s>> {
        self.policies()
            .flat_map(|policy| policy.declared.rates.iter().map(move |declared| (policy, declared)))
            .filter_map(move |(policy, declared)| {
                let mode = declared.mode.unwrap_or(policy.defaults.mode);
                (mode != Mode::Off && counts(declared)).then_some(RateInForce { policy, rate: &declared.rate, mode })
            })
    }
}

impl DeclaredRate {
    fn counts(&self, tool: &str) -> bool {
        self.tool.as_ref().is_some_and(|glob| glob.is_match(tool))
    }

    fn fits(&self, provider: &str, model: &str) -> bool {
        self.model.as_ref().is_none_or(|glob| glob.is_match(model))
            && self.provider.as_ref().is_none_or(|glob| glob.is_match(provider))
    }
}
