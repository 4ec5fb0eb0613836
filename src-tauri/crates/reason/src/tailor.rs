//! A set made to a session's measure: rules that a person muted are left out, a simple key's number is another.

use crate::{
    compile::{FileScope, with_limit},
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

    /// With another number for a simple key, or for its rule as `policy/rule`, in every policy that has it. None: no policy has it, or
    /// the number is none that the key takes.
    pub fn with_limit(&self, name: &str, limit: f64) -> Option<PolicySet> {
        let is_meant = |rule: &Rule| rule.is_limited_by(name);
        let whole = limit.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&limit);
        let share = limit > 0.0 && limit < 1.0;
        let fits = |rule: &Rule| if rule.lowered_from == Some("context_limit") { share } else { whole };
        if self.rules().any(|rule| is_meant(rule) && !fits(rule)) {
            return None;
        }
        self.rules().any(is_meant).then(|| {
            self.changed(|policy| {
                let ids: Vec<String> = policy.rules.iter().map(|rule| rule.id.clone()).collect();
                let file = FileScope { policy: policy.name(), rules: &ids, declared: &policy.declared };
                let remade = |rule: &Arc<Rule>| {
                    let made = is_meant(rule).then(|| with_limit(rule, file, limit)).flatten();
                    made.map_or_else(|| rule.clone(), Arc::new)
                };
                Some(Policy { rules: policy.rules.iter().map(remade).collect(), ..policy.clone() })
            })
        })
    }

    /// The number of a simple key in force, the least where several policies have it: the stricter holds.
    pub fn limit(&self, name: &str) -> Option<f64> {
        self.rules().filter(|rule| rule.is_limited_by(name)).filter_map(|rule| rule.limit).min_by(f64::total_cmp)
    }

    /// The rules with a number that `with_limit` can change, as (`policy/rule`, number).
    pub fn limits(&self) -> Vec<(String, f64)> {
        // Of a key's several rules the one with its name.
        let named = self.rules().filter(|rule| rule.lowered_from == Some(&*rule.id));
        named.filter_map(|rule| Some((rule.key.clone(), rule.limit?))).collect()
    }

    /// Whether a rule in force is called so, by its id or as `policy/rule`.
    pub fn has_rule(&self, name: &str) -> bool {
        self.rules().any(|rule| rule.is_called(name))
    }
}
