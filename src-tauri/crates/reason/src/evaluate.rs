//! Observation → verdict. Pure: the same set, agent and observation give the same verdict; only `micros` comes from outside.

use crate::{
    policy::{PlannedAction, Policy, Rule},
    set::PolicySet,
};
use domain::{Action, Decision, Evaluation, Mode, Observation, OnError, RefuseAs, RuleHistory, Verdict};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// What a record of one value may hold, in characters.
const LONGEST_VALUE: usize = 200;

/// Judges a moment by every policy that applies to the agent, but for rules that wait for scores beside it. `ticks` counts nanoseconds from
/// anywhere, monotonically.
pub fn evaluate(set: &PolicySet, agent: &str, observation: &Observation, ticks: &dyn Fn() -> u64) -> Verdict {
    let policies: Vec<&Policy> = set.policies().filter(|policy| policy.applies_to(agent)).collect();
    judge(&policies, observation, ticks, &|policy, rule| !policy.is_late(rule))
}

/// The same by those rules alone, once their scores are there.
pub fn evaluate_late(set: &PolicySet, agent: &str, observation: &Observation, ticks: &dyn Fn() -> u64) -> Verdict {
    let policies: Vec<&Policy> = set.policies().filter(|policy| policy.applies_to(agent)).collect();
    judge(&policies, observation, ticks, &Policy::is_late)
}

pub(crate) fn judge(
    policies: &[&Policy],
    observation: &Observation,
    ticks: &dyn Fn() -> u64,
    which: &dyn Fn(&Policy, &Rule) -> bool,
) -> Verdict {
    let observation = &*as_counted(policies, observation);
    let mut verdict = Verdict::default();
    let mut approvals = Vec::new();
    let mut before = ticks();
    for policy in policies {
        let in_force = |rule: &&Arc<Rule>| rule.point == observation.point && rule.is_in_force(observation.at);
        for rule in policy.rules.iter().filter(in_force).filter(|rule| which(policy, rule)) {
            let (mut evaluation, risk) = weigh(policy, rule, observation, &mut verdict.decisions, &mut approvals);
            verdict.risk += risk;
            let after = ticks();
            evaluation.micros = u32::try_from((after.saturating_sub(before) + 500) / 1_000).unwrap_or(u32::MAX);
            before = after;
            verdict.evaluations.push(evaluation);
        }
    }
    settle(&mut verdict, approvals);
    // Stable: within a class the files' order stays.
    verdict.decisions.sort_by_key(|decision| class(&decision.action));
    verdict
}

/// A question answered beforehand: of which `policy/rule`, by which, and the decision that says so.
struct Approval {
    of: String,
    by: String,
    decision: Decision,
}

/// Takes out the questions that are answered already; the evaluation of whoever asked says by whom, and whoever answered is in the verdict.
fn settle(verdict: &mut Verdict, approvals: Vec<Approval>) {
    for Approval { of, by, mut decision } in approvals {
        let asked =
            |decision: &Decision| asks(&decision.action) && format!("{}/{}", decision.policy, decision.rule) == of;
        if decision.mode == Mode::Shadow {
            // It would have answered; the question stands.
            if verdict.decisions.iter().any(asked) {
                verdict.decisions.push(decision);
            }
            continue;
        }
        let (settled, left): (Vec<_>, Vec<_>) = std::mem::take(&mut verdict.decisions).into_iter().partition(asked);
        verdict.decisions = left;
        let Some(question) = settled.first() else { continue };
        let asker = |one: &&mut Evaluation| one.rule == question.rule && one.policy == question.policy;
        if let Some(evaluation) = verdict.evaluations.iter_mut().find(asker) {
            evaluation.values.insert("approved by".to_owned(), Value::from(by));
        }
        // What would only have been asked was only as if approved.
        decision.mode = question.mode;
        verdict.decisions.push(decision);
    }
}

fn asks(action: &Action) -> bool {
    match action {
        Action::Escalate(_) => true,
        Action::First(actions) => actions.first().is_some_and(asks),
        _ => false,
    }
}

/// One rule: its evaluation, and its decisions and answers added.
fn weigh(
    policy: &Policy,
    rule: &Rule,
    observation: &Observation,
    decisions: &mut Vec<Decision>,
    approvals: &mut Vec<Approval>,
) -> (Evaluation, f64) {
    let mut risk = 0.0;
    let truth = rule.when.as_ref().map_or(Ok(true), |when| when.holds(observation));
    let mut evaluation = Evaluation {
        point: rule.point,
        rule: rule.id.clone(),
        policy: policy.version.name.clone(),
        version: policy.version.version.clone(),
        mode: rule.mode,
        matched: truth == Ok(true),
        micros: 0,
        values: values(rule, observation),
        error: None,
    };
    let decision = |action: Action| Decision {
        rule: rule.id.clone(),
        policy: policy.version.name.clone(),
        version: policy.version.version.clone(),
        mode: rule.mode,
        action,
    };
    let mut decide = |action: Action| decisions.push(decision(action));
    match truth {
        Ok(false) => {}
        Ok(true) => {
            let fired = observation.history.get(&rule.key).map_or(0, |history| history.fires_in_session);
            if rule.max_fires.is_some_and(|most| fired >= most) {
                // The record says why a match did nothing.
                let path = format!("history[\"{}\"].fires_in_session", rule.id);
                evaluation.values.insert(path, Value::from(fired));
            } else {
                if rule.risk > 0.0 && rule.mode == Mode::Enforce {
                    risk = rule.risk;
                    evaluation.values.insert("risk added".to_owned(), Value::from(risk));
                }
                for action in actions(rule, fired) {
                    match action {
                        PlannedAction::Approve { rule: of } => {
                            let decision = decision(Action::Approve { question: of.clone() });
                            approvals.push(Approval { of: of.clone(), by: rule.key.clone(), decision });
                        }
                        action => action.fill(observation).into_iter().for_each(&mut decide),
                    }
                }
            }
        }
        Err(error) => {
            if rule.on_error == OnError::Closed {
                let text = format!(
                    "Refused by rule {} of policy {}: it could not be evaluated ({error}), and it says on_error = \"closed\".",
                    rule.id, policy.version.name
                );
                decide(Action::Block { text, refuse_as: RefuseAs::Answer });
            }
            evaluation.error = Some(error);
        }
    }
    (evaluation, risk)
}

/// With each shadow rule's own counters in the place of those of what it did while it was in force.
fn as_counted<'o>(policies: &[&Policy], observation: &'o Observation) -> Cow<'o, Observation> {
    let in_shadow = policies.iter().flat_map(|policy| &policy.rules).filter(|rule| rule.mode == Mode::Shadow);
    let counted = |rule: &&Arc<Rule>| {
        let history = &observation.history;
        history.contains_key(&rule.key) || history.contains_key(&RuleHistory::of_shadow(&rule.key))
    };
    let concerned: Vec<_> = match observation.history.is_empty() {
        true => Vec::new(),
        false => in_shadow.filter(counted).collect(),
    };
    if concerned.is_empty() {
        return Cow::Borrowed(observation);
    }
    let mut own = observation.clone();
    for rule in concerned {
        own.history.remove(&rule.key);
        if let Some(history) = observation.history.get(&RuleHistory::of_shadow(&rule.key)) {
            own.history.insert(rule.key.clone(), history.clone());
        }
    }
    Cow::Owned(own)
}

fn actions(rule: &Rule, fired: u32) -> &[PlannedAction] {
    match &rule.again {
        Some(again) if fired > 0 => again,
        _ => &rule.first,
    }
}

/// What the condition read; null where it was absent.
fn values(rule: &Rule, observation: &Observation) -> Map<String, Value> {
    let reads = rule.when.iter().flat_map(|when| &when.reads);
    reads
        .map(|read| {
            let path = if read.presence { format!("has({})", read.path) } else { read.path.clone() };
            (path, read.value(observation).map_or(Value::Null, |datum| datum.to_json(LONGEST_VALUE)))
        })
        .collect()
}

/// block > escalate > rewrite > reroute > annotate.
fn class(action: &Action) -> u8 {
    match action {
        Action::Block { .. } | Action::Stop { .. } | Action::Partial { .. } => 0,
        Action::Escalate(_) | Action::Pause { .. } => 1,
        Action::Inject { .. }
        | Action::Rollback { .. }
        | Action::Redact { .. }
        | Action::Replace { .. }
        | Action::Truncate { .. }
        | Action::Extract { .. }
        | Action::ExtractBy { .. }
        | Action::Compact { .. } => 2,
        // What stands in a call's place, or makes it again.
        Action::Retry(_) | Action::Cached { .. } => 2,
        Action::Reroute(_) | Action::Limit(_) => 3,
        Action::Approve { .. } | Action::Alert { .. } | Action::Taint { .. } => 4,
        Action::First(actions) => actions.iter().map(class).min().unwrap_or(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;

    #[test]
    fn a_rule_that_panics_is_its_on_error_and_recorded_and_the_next_rule_is_judged() {
        let source = "version = 1\nname = 'p'\n\
            [[rule]]\nid = 'open'\non = 'model.request'\nwhen = 'session.steps > 0'\ndo = ['block']\n\
            [[rule]]\nid = 'closed'\non = 'model.request'\nwhen = 'session.steps > 0'\non_error = 'closed'\ndo = [{ taint = 'x' }]\n\
            [[rule]]\nid = 'sound'\non = 'model.request'\nwhen = 'session.steps > 0'\ndo = [{ taint = 'y' }]\n";
        let (mut policy, _) = compile("p.toml", source).unwrap();
        for rule in &mut policy.rules[..2] {
            Arc::get_mut(rule).unwrap().when.as_mut().unwrap().break_down();
        }
        let observation: Observation = serde_json::from_value(serde_json::json!({
            "point": "model.request", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
            "session": {"steps": 1}, "run": {}, "request": {},
        }))
        .unwrap();
        let verdict = judge(&[&policy], &observation, &|| 0, &|_, _| true);
        let told: Vec<_> =
            verdict.evaluations.iter().map(|one| (&*one.rule, one.matched, one.error.is_some())).collect();
        assert_eq!(told, [("open", false, true), ("closed", false, true), ("sound", true, false)]);
        let decided: Vec<_> = verdict.decisions.iter().map(|one| (&*one.rule, one.action.name())).collect();
        assert_eq!(decided, [("closed", "block"), ("sound", "taint")]);
    }
}
