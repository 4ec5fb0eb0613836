//! Trials: a policy's own `[[test]]` tables, run. The mode does not matter, so that a shadow policy can be tested; an `off` rule does
//! nothing.

use crate::{evaluate::judge, policy::Policy};
use domain::Observation;
use serde::Serialize;

/// A `[[test]]`, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub name: Option<String>,
    pub rule: Option<String>,
    pub line: u32,
    pub observation: Observation,
    pub expect: Vec<String>,
}

/// How one test came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestOutcome {
    pub policy: String,
    /// Its `name`, else its rule, else "test N".
    pub name: String,
    /// Where it stands in the file, from 1.
    pub line: u32,
    pub passed: bool,
    pub expected: Vec<String>,
    pub got: Vec<String>,
    /// Rules whose condition failed to be evaluated.
    pub errors: Vec<String>,
}

/// Runs all of a policy's tests.
pub fn run_tests(policy: &Policy) -> Vec<TestOutcome> {
    policy.cases.iter().enumerate().map(|(place, case)| run(policy, place, case)).collect()
}

fn run(policy: &Policy, place: usize, case: &Case) -> TestOutcome {
    let verdict = judge(&[policy], &case.observation, &|| 0, &|_, _| true);
    let counts = |rule: &str| case.rule.as_deref().is_none_or(|wanted| wanted == rule);
    let got: Vec<String> = verdict
        .decisions
        .iter()
        .filter(|decision| counts(&decision.rule))
        .map(|decision| decision.action.name().to_owned())
        .collect();
    let errors = verdict
        .evaluations
        .iter()
        .filter(|evaluation| counts(&evaluation.rule))
        .filter_map(|evaluation| Some(format!("{}: {}", evaluation.rule, evaluation.error.as_ref()?)))
        .collect();
    TestOutcome {
        policy: policy.name().to_owned(),
        name: case.name.clone().or_else(|| case.rule.clone()).unwrap_or_else(|| format!("test {}", place + 1)),
        line: case.line,
        passed: got == case.expect,
        expected: case.expect.clone(),
        got,
        errors,
    }
}
