//! Time, risk, and what became of a rule's earlier firings: keys, conditions and counters.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::*;
use serde_json::json;
use switchtower_reason::{Policy, PolicySet, compile, evaluate};

fn policy(source: &str) -> Policy {
    compile("p.toml", &format!("version = 1\n{source}")).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

fn mistake(source: &str) -> String {
    let problems = compile("p.toml", &format!("version = 1\n{source}")).unwrap_err();
    format!("{}:{}: {}", problems.0[0].line, problems.0[0].column, problems.0[0].message)
}

fn set(source: &str) -> PolicySet {
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), format!("version = 1\n{source}"))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded.set
}

fn seen(point: Point, run: serde_json::Value, request: serde_json::Value) -> Observation {
    serde_json::from_value(json!({
        "point": point, "at": 0, "trace": {"session": SessionId(1), "exchange": ExchangeId(2)},
        "session": {}, "run": run, "request": request, "response": {},
    }))
    .unwrap()
}

fn acts(set: &PolicySet, seen: &Observation) -> Vec<(String, String)> {
    let verdict = evaluate(set, "agent", seen, &|| 0);
    verdict.decisions.iter().map(|d| (d.rule.clone(), d.action.name().to_owned())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(rule, action)| ((*rule).to_owned(), (*action).to_owned())).collect()
}

#[test]
fn a_runs_time_goes_from_a_faster_model_to_what_there_is() {
    let set = set("latency_budget_ms = 10000\nfallback_model = \"small\"\ncontext_limit = 0\n");
    let at = |point, ms: u64| acts(&set, &seen(point, json!({"elapsed_ms": ms}), json!({})));
    assert_eq!(at(Point::ModelRequest, 7_999), []);
    let nearly = pairs(&[("latency_budget_nearly_used", "reroute"), ("latency_budget_nearly_used", "limit")]);
    assert_eq!(at(Point::ModelRequest, 8_000), nearly);
    assert_eq!(at(Point::ModelStream, 9_999), []);
    assert_eq!(at(Point::ModelStream, 10_000), pairs(&[("latency_budget_ms", "partial")]));
    assert_eq!(at(Point::ModelRequest, 10_000), pairs(&[("latency_budget_used", "partial")]));
    assert!(set.ends_streams());
    let alone = self::set("latency_budget_ms = 10000\ncontext_limit = 0\n");
    let observed = seen(Point::ModelRequest, json!({"elapsed_ms": 8_000}), json!({}));
    assert_eq!(acts(&alone, &observed), pairs(&[("latency_budget_nearly_used", "limit")]), "no tier is named");
}

#[test]
fn a_request_and_a_subtask_have_budgets_of_their_own() {
    let set = set("latency_budget_ms_per_request = 1000\nlatency_budget_ms_per_subtask = 2000\ncontext_limit = 0\n");
    let at = |point, subtask: u64, request: u64| {
        acts(&set, &seen(point, json!({"subtask_elapsed_ms": subtask}), json!({"elapsed_ms": request})))
    };
    assert_eq!(at(Point::ModelStream, 0, 800), pairs(&[("request_latency_nearly_used", "limit")]));
    let over = pairs(&[("latency_budget_ms_per_request", "partial"), ("request_latency_nearly_used", "limit")]);
    assert_eq!(at(Point::ModelStream, 0, 1_000), over);
    assert_eq!(at(Point::ModelStream, 2_000, 0), pairs(&[("latency_budget_ms_per_subtask", "partial")]));
    assert_eq!(at(Point::ModelRequest, 1_600, 0), pairs(&[("subtask_latency_nearly_used", "limit")]));
    assert_eq!(at(Point::ModelRequest, 2_000, 0), pairs(&[("subtask_latency_used", "partial")]));
    assert_eq!(mistake("latency_budget_ms = 0"), "2:21: `latency_budget_ms` is at least 1 ms");
}

#[test]
fn a_person_raises_all_rules_of_a_key_at_once() {
    let set = set("latency_budget_ms = 1000\ncontext_limit = 0\n");
    assert_eq!(set.limits(), [("p/latency_budget_ms".to_owned(), 1000.0)]);
    let raised = set.with_limit("latency_budget_ms", 5000.0).unwrap();
    for point in [Point::ModelRequest, Point::ModelStream] {
        assert_eq!(acts(&raised, &seen(point, json!({"elapsed_ms": 3_999}), json!({}))), []);
    }
    assert_eq!(raised.limit("latency_budget_ms"), Some(5000.0));
    assert!(set.with_limit("latency_budget_ms", 0.5).is_none());
}

#[test]
fn a_simple_file_has_the_usual_limit_of_the_context() {
    let limits = |source: &str| -> Vec<String> { policy(source).rules().into_iter().map(|rule| rule.id).collect() };
    assert!(limits("max_tool_errors = 3").contains(&"context_limit".to_owned()));
    let usual = policy("max_tool_errors = 3");
    let rule = usual.rules().into_iter().find(|rule| rule.id == "context_limit").unwrap();
    assert!(rule.toml.contains("session.context_used > 0.85"), "{}", rule.toml);
    assert!(!limits("max_tool_errors = 3\ncontext_limit = 0").contains(&"context_limit".to_owned()));
    assert_eq!(limits("[[rule]]\nid = \"a\"\non = \"model.request\"\ndo = [\"block\"]"), ["a"]);
}

#[test]
fn a_match_that_acts_adds_to_the_risk_and_one_in_shadow_does_not() {
    let rule = |more: &str| {
        set(&format!("[[rule]]\nid = \"a\"\non = \"model.request\"\nrisk = 2.5\ndo = [{{ taint = \"x\" }}]\n{more}\n"))
    };
    let observed = seen(Point::ModelRequest, json!({}), json!({}));
    let verdict = evaluate(&rule(""), "agent", &observed, &|| 0);
    assert_eq!((verdict.risk, &verdict.evaluations[0].values["risk added"]), (2.5, &json!(2.5)));
    assert_eq!(evaluate(&rule("mode = \"shadow\""), "agent", &observed, &|| 0).risk, 0.0);
    assert_eq!(evaluate(&rule("when = \"false\""), "agent", &observed, &|| 0).risk, 0.0);
    let mut spent = observed;
    spent.history.insert("p/a".into(), RuleHistory { fires_in_session: 1, ..Default::default() });
    assert_eq!(evaluate(&rule("max_fires = 1"), "agent", &spent, &|| 0).risk, 0.0);
    let wrong = "[[rule]]\nid = \"a\"\non = \"model.request\"\nrisk = -1\ndo = [\"block\"]\n";
    assert_eq!(mistake(wrong), "5:8: `risk` is a number above 0");
}

#[test]
fn a_shadow_rule_counts_what_it_would_have_done_and_nothing_else() {
    let rule = |mode: &str| {
        set(&format!(
            "[[rule]]\nid = \"a\"\non = \"model.request\"\nmode = \"{mode}\"\nmax_fires = 2\n\
             when = \"history.a.fires_in_session < 9\"\ndo = [{{ taint = \"x\" }}]\nagain = [\"block\"]\n"
        ))
    };
    let mut observed = seen(Point::ModelRequest, json!({}), json!({}));
    observed.history.insert("p/a".into(), RuleHistory { fires_in_session: 2, ..Default::default() });
    assert_eq!(acts(&rule("enforce"), &observed), []);
    assert_eq!(acts(&rule("shadow"), &observed), pairs(&[("a", "taint")]), "it never fired in shadow");
    let own = RuleHistory::of_shadow("p/a");
    observed.history = [(own, RuleHistory { fires_in_session: 1, ..Default::default() })].into();
    assert_eq!(acts(&rule("shadow"), &observed), pairs(&[("a", "block")]));
    assert_eq!(acts(&rule("enforce"), &observed), pairs(&[("a", "taint")]), "it never fired in force");
}

#[test]
fn tests_of_a_file_give_every_field_of_a_history_by_its_kind() {
    let given = |history: &str| {
        format!(
            "[[rule]]\nid = \"a\"\non = \"model.request\"\nwhen = \"history.a.errored_next && history.a.ms_since > 5\"\ndo = [\"block\"]\n\
             [[test]]\ngiven = {{ on = \"model.request\", history = {{ a = {{ {history} }} }} }}\nexpect = [\"block\"]\n"
        )
    };
    let outcomes = switchtower_reason::run_tests(&policy(&given("errored_next = true, ms_since = 6")));
    assert!(outcomes.iter().all(|outcome| outcome.passed), "{outcomes:?}");
    let told = |history: &str| -> Vec<String> {
        let problems = compile("p.toml", &format!("version = 1\n{}", given(history))).unwrap_err();
        problems.0.into_iter().map(|problem| problem.message).collect()
    };
    assert!(told("errored_next = 1").contains(&"`errored_next` is true or false".to_owned()));
    assert!(told("ms_since = true").contains(&"`ms_since` is a whole number".to_owned()));
}
