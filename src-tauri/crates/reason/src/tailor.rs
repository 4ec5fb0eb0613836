//! A set made to a session's measure: rules that a person muted are left out, a simple key's number or a budget's limit is another.

use crate::{
    compile::{DeclaredBudget, FileScope, with_limit},
    policy::{Policy, Rule},
    set::PolicySet,
};
use std::sync::Arc;

impl PolicySet {
    /// Without the rules named by id or as `policy/rule`.
    pub fn without(&self, muted: &[String]) -> PolicySet {
        let is_muted = |rule: &Rule| muted.iter().any(|name| rule.is_called(name));
        if !self.rules().any(is_muted) {
            return self.clone();
        }
        self.changed(|policy| {
            let rules = policy.rules.iter().filter(|rule| !is_muted(rule)).cloned().collect();
            Some(Policy { rules, ..policy.clone() })
        })
    }

    /// With another number for a simple key or a budget's limit, or for its rule as `policy/rule`, in every policy that has it. None: no
    /// policy has it, or the number is none that it takes.
    pub fn with_limit(&self, name: &str, limit: f64) -> Option<PolicySet> {
        let is_meant = |rule: &Rule| rule.is_limited_by(name);
        let whole = limit.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&limit);
        let share = limit > 0.0 && limit < 1.0;
        let fits = |rule: &Rule| if rule.lowered_from == Some("context_limit") { share } else { whole };
        if self.rules().any(|rule| is_meant(rule) && !fits(rule)) {
            return None;
        }
        let budgets: Vec<bool> = self.policies().filter_map(|policy| budget_takes(policy, name, limit)).collect();
        if budgets.contains(&false) || budgets.is_empty() && !self.rules().any(is_meant) {
            return None;
        }
        Some(self.changed(|policy| {
            let ids: Vec<String> = policy.rules.iter().map(|rule| rule.id.clone()).collect();
            let file = FileScope { policy: policy.name(), rules: &ids, declared: &policy.declared };
            let remade = |rule: &Arc<Rule>| {
                let made = is_meant(rule).then(|| with_limit(rule, file, limit)).flatten();
                made.map_or_else(|| rule.clone(), Arc::new)
            };
            let policy = Policy { rules: policy.rules.iter().map(remade).collect(), ..policy.clone() };
            Some(with_budget(policy, name, limit))
        }))
    }

    /// The number of a simple key or budget in force, the least where several policies have it: the stricter holds.
    pub fn limit(&self, name: &str) -> Option<f64> {
        let of_rules = self.rules().filter(|rule| rule.is_limited_by(name)).filter_map(|rule| rule.limit);
        let numbers = self.policies().flat_map(numbers).filter(|(policy, id, _)| is_called(name, policy, id));
        of_rules.chain(numbers.map(|(.., limit)| limit)).min_by(f64::total_cmp)
    }

    /// The numbers that `with_limit` can change, as (`policy/rule`, number).
    pub fn limits(&self) -> Vec<(String, f64)> {
        // Of a key's several rules the one with its name.
        let named = self.rules().filter(|rule| rule.lowered_from == Some(&*rule.id));
        let of_rules = named.filter_map(|rule| Some((rule.key.clone(), rule.limit?)));
        let numbers = self.policies().flat_map(numbers).map(|(policy, id, limit)| (format!("{policy}/{id}"), limit));
        of_rules.chain(numbers).collect()
    }

    /// Whether a rule in force is called so, by its id or as `policy/rule`.
    pub fn has_rule(&self, name: &str) -> bool {
        self.rules().any(|rule| rule.is_called(name))
    }
}

/// The limits of a policy's budgets: its name, that of the limit, the number.
fn numbers(policy: &Policy) -> impl Iterator<Item = (&str, String, f64)> {
    let budgets = policy.declared.budgets.iter().flat_map(DeclaredBudget::numbers);
    budgets.map(|(id, _, limit)| (policy.name(), id, limit))
}

fn is_called(name: &str, policy: &str, id: &str) -> bool {
    name == id || name.split_once('/').is_some_and(|(of, named)| of == policy && named == id)
}

/// Whether a budget of the policy that is called so takes this limit; none where no budget is.
fn budget_takes(policy: &Policy, name: &str, limit: f64) -> Option<bool> {
    let budgets = policy.declared.budgets.iter();
    let mut meant = budgets.filter_map(|declared| Some(declared.with(unit(declared, policy, name)?, limit).is_some()));
    meant.next()
}

fn unit(declared: &DeclaredBudget, policy: &Policy, name: &str) -> Option<&'static str> {
    let mut numbers = declared.numbers().into_iter();
    numbers.find(|(id, ..)| is_called(name, policy.name(), id)).map(|(_, unit, _)| unit)
}

/// The policy with another limit of a budget, and with the rule that holds it: in the mode that it had, or still muted.
fn with_budget(mut policy: Policy, name: &str, limit: f64) -> Policy {
    let changed: Vec<(usize, DeclaredBudget)> = policy
        .declared
        .budgets
        .iter()
        .enumerate()
        .filter_map(|(place, declared)| Some((place, declared.with(unit(declared, &policy, name)?, limit)?)))
        .collect();
    for (place, declared) in changed {
        let ids: Vec<String> = policy.rules.iter().map(|rule| rule.id.clone()).collect();
        let file = FileScope { policy: policy.version.name.as_str(), rules: &ids, declared: &policy.declared };
        let remade = |rule: &Arc<Rule>| {
            let made = (rule.id == declared.rule).then(|| declared.rule(file, rule.mode, policy.defaults).0).flatten();
            made.map_or_else(|| rule.clone(), |made| Arc::new(Rule { line: rule.line, at: rule.at.clone(), ..made }))
        };
        policy.rules = policy.rules.iter().map(remade).collect();
        Arc::make_mut(&mut policy.declared).budgets[place] = declared;
    }
    policy
}
