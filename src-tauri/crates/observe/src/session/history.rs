//! What rules did in this session, and what came of it since: so that a policy can see whether its last action helped.

use super::SessionState;
use crate::reading::hash;
use domain::{Hash, RuleHistory, Timestamp, ToolCall};
use std::collections::{BTreeMap, VecDeque};

/// Calls that a later one can be seen to repeat.
const CALLS_KEPT: usize = 256;

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
    results: u32,
    repeats: u32,
    /// Whether the first result since was an error, and the first call since a repeat; none while there was none.
    next_result: Option<bool>,
    next_call: Option<bool>,
}

impl Fired {
    /// Firings before this runtime began: when each was is not known.
    pub fn earlier(times: u32, at: Timestamp) -> Self {
        Fired {
            in_session: times,
            in_run: 0,
            run: 0,
            at,
            tool_errors: 0,
            steps: 0,
            tokens: 0,
            results: 0,
            repeats: 0,
            next_result: None,
            next_call: None,
        }
    }
}

/// What came, as far as rules' histories tell it.
#[derive(Debug, Default)]
pub(super) struct Course {
    results: u32,
    repeats: u32,
    calls: VecDeque<Hash>,
}

impl SessionState {
    /// A rule fired. `rule` names it within its policy, as conditions name it.
    pub fn fired(&mut self, rule: &str, at: Timestamp) {
        let run = self.run.number;
        let fired = self.fired.entry(rule.to_owned()).or_insert_with(|| Fired::earlier(0, at));
        let (in_session, in_run) = (fired.in_session + 1, if fired.run == run { fired.in_run + 1 } else { 1 });
        *fired = Fired {
            in_session,
            in_run,
            run,
            at,
            tool_errors: self.row.tool_errors,
            steps: self.steps,
            tokens: self.tokens,
            results: self.course.results,
            repeats: self.course.repeats,
            next_result: None,
            next_call: None,
        };
    }

    pub(super) fn saw_result(&mut self, is_error: bool) {
        self.course.results += 1;
        self.fired.values_mut().for_each(|fired| {
            fired.next_result.get_or_insert(is_error);
        });
    }

    pub(super) fn saw_call(&mut self, call: &ToolCall) {
        let key = hash(format!("{}\0{}", call.name, call.arguments).as_bytes());
        let repeats = self.course.calls.contains(&key);
        self.course.repeats += u32::from(repeats);
        if self.course.calls.len() >= CALLS_KEPT {
            self.course.calls.pop_front();
        }
        self.course.calls.push_back(key);
        self.fired.values_mut().for_each(|fired| {
            fired.next_call.get_or_insert(repeats);
        });
    }

    /// By rule: how often it fired, and what came since.
    pub(super) fn history(&self, at: Timestamp) -> BTreeMap<String, RuleHistory> {
        let history = |fired: &Fired| RuleHistory {
            fires_in_session: fired.in_session,
            fires_in_run: if fired.run == self.run.number { fired.in_run } else { 0 },
            ms_since: (at.micros_since(fired.at) / 1000) as u64,
            tool_errors_since: self.row.tool_errors.saturating_sub(fired.tool_errors),
            steps_since: self.steps.saturating_sub(fired.steps),
            tokens_since: self.tokens.saturating_sub(fired.tokens),
            results_since: self.course.results.saturating_sub(fired.results),
            repeats_since: self.course.repeats.saturating_sub(fired.repeats),
            errored_next: fired.next_result == Some(true),
            repeated_next: fired.next_call == Some(true),
        };
        self.fired.iter().map(|(rule, fired)| (rule.clone(), history(fired))).collect()
    }
}
