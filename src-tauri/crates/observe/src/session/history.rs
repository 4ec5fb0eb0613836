//! What rules did in this session, and what came of it since: so that a policy can see whether its last action helped.

use super::SessionState;
use domain::{RuleHistory, Timestamp};

/// One rule's firings and how things stood at the last one.
#[derive(Debug, Clone)]
pub(super) struct Fired {
    in_session: u32,
    in_run: u32,
    run: u32,
    at: Timestamp,
    tool_errors: u32,
    steps: u32,
    tokens: u64,
}

impl Fired {
    /// Firings before this runtime began: when each was is not known.
    pub fn earlier(times: u32, at: Timestamp) -> Self {
        Fired { in_session: times, in_run: 0, run: 0, at, tool_errors: 0, steps: 0, tokens: 0 }
    }
}

impl SessionState {
    /// A rule fired. `rule` names it within its policy, as conditions name it.
    pub fn fired(&mut self, rule: &str, at: Timestamp) {
        let run = self.run.number;
        let fired = self.fired.entry(rule.to_owned()).or_insert_with(|| Fired::earlier(0, at));
        fired.in_run = if fired.run == run { fired.in_run + 1 } else { 1 };
        fired.in_session += 1;
        fired.run = run;
        fired.at = at;
        fired.tool_errors = self.row.tool_errors;
        fired.steps = self.steps;
        fired.tokens = self.tokens;
    }

    /// By rule: how often it fired, and what came since.
    pub(super) fn history(&self, at: Timestamp) -> std::collections::BTreeMap<String, RuleHistory> {
        let history = |fired: &Fired| RuleHistory {
            fires_in_session: fired.in_session,
            fires_in_run: if fired.run == self.run.number { fired.in_run } else { 0 },
            last_at_ms: (at.micros_since(fired.at) / 1000) as u64,
            tool_errors_since: self.row.tool_errors.saturating_sub(fired.tool_errors),
            steps_since: self.steps.saturating_sub(fired.steps),
            tokens_since: self.tokens.saturating_sub(fired.tokens),
        };
        self.fired.iter().map(|(rule, fired)| (rule.clone(), history(fired))).collect()
    }
}
