//! What policies conclude: order, modes, counts, failures, texts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, InjectRole, Mode, Observation, RefuseAs, RuleHistory};
use serde_json::json;
use switchtower_reason::{PolicySet, evaluate};

fn set(sources: &[&str]) -> PolicySet {
    let files = sources.iter().enumerate().map(|(n, source)| (format!("p{n}.toml"), format!("version = 1\n{source}")));
    let loaded = PolicySet::load(files.collect());
    assert!(loaded.problems.is_empty(), "{}", loaded.problems[0]);
    loaded.set
}

fn observed(point: &str, facts: serde_json::Value) -> Observation {
    let mut json = json!({
        "point": point, "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {}, "run": {}, "request": {},
    });
    json.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn call(name: &str, args: serde_json::Value) -> Observation {
    observed("tool.call", json!({"tool": {"name": name}, "call": {"name": name, "args": args}}))
}

fn actions(set: &PolicySet, observation: &Observation) -> Vec<(String, Mode, Action)> {
    let decisions = evaluate(set, "agent", observation, &|| 0).decisions;
    decisions.into_iter().map(|d| (d.rule, d.mode, d.action)).collect()
}

fn names(set: &PolicySet, observation: &Observation) -> Vec<String> {
    actions(set, observation).into_iter().map(|(rule, _, action)| format!("{rule}:{}", action.name())).collect()
}

#[test]
fn more_tool_errors_than_allowed_inject_a_prompt_that_names_them_and_the_trace() {
    let set = set(&["max_tool_errors = 3"]);
    let facts = |n: u32| {
        observed("model.request", json!({"run": {"tool_errors": n, "errors": ["bash: exit 1", "bash: exit 2"]}}))
    };
    assert!(actions(&set, &facts(3)).is_empty());
    let found = actions(&set, &facts(4));
    let [(rule, Mode::Enforce, Action::Inject { role: InjectRole::User, text })] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(rule, "max_tool_errors");
    assert!(text.starts_with("4 tool calls of this run have failed (trace ses_0000000000001)."), "{text}");
    assert!(text.contains("- bash: exit 1\n- bash: exit 2\n"), "{text}");
}

#[test]
fn the_recovery_prompt_comes_once_a_run() {
    let set = set(&["max_tool_errors = 3"]);
    let mut facts = observed("model.request", json!({"run": {"tool_errors": 9}}));
    facts.history.insert(
        "p0/max_tool_errors".into(),
        RuleHistory { fires_in_session: 2, fires_in_run: 1, ..Default::default() },
    );
    assert!(actions(&set, &facts).is_empty());
    facts.history.insert("p0/max_tool_errors".into(), RuleHistory { fires_in_session: 2, ..Default::default() });
    assert_eq!(actions(&set, &facts).len(), 1);
}

#[test]
fn an_exhausted_budget_refuses_with_rule_use_and_limit() {
    let set = set(&["name = 'cheap'\ntoken_budget_per_session = 1000"]);
    let facts = |n: u32| observed("model.request", json!({"session": {"tokens": n}}));
    assert!(actions(&set, &facts(999)).is_empty());
    let found = actions(&set, &facts(1000));
    let [(_, _, Action::Block { text, refuse_as: RefuseAs::Answer })] = found.as_slice() else { panic!("{found:?}") };
    assert!(text.contains("token_budget_per_session") && text.contains("cheap"), "{text}");
    assert!(text.contains("has used 1000 tokens, the limit is 1000"), "{text}");
}

#[test]
fn blocks_come_before_injections_before_taints_and_files_keep_their_order() {
    let rule = |id: &str, action: &str| format!("[[rule]]\nid = '{id}'\non = 'model.request'\ndo = [{action}]\n");
    let first = rule("a", "{ taint = 'x' }, { inject = 'one' }") + &rule("b", "'block'");
    let second = rule("c", "{ inject = 'two' }, { block = 'no' }");
    let set = set(&[&first, &second]);
    let order = names(&set, &observed("model.request", json!({})));
    assert_eq!(order, ["b:block", "c:block", "a:inject", "c:inject", "a:taint"]);
}

#[test]
fn shadow_is_recorded_off_is_silent_and_neither_holds_back() {
    let set = set(&[
        "[defaults]\nmode = 'shadow'\n[[rule]]\nid = 'a'\non = 'tool.call'\ndo = ['block']\n[[rule]]\nid = 'b'\non = 'tool.call'\nmode = 'off'\ndo = ['block']\n",
    ]);
    let verdict = evaluate(&set, "agent", &call("x", json!({})), &|| 0);
    assert_eq!(verdict.evaluations.len(), 1);
    assert_eq!(verdict.decisions[0].mode, Mode::Shadow);
    assert_eq!(verdict.enforced().count(), 0);
    assert!(!set.needs_calls("x") && !set.needs_any_calls());
    assert!(set.looks_at(domain::Point::ToolCall) && !set.looks_at(domain::Point::ToolResult));
}

#[test]
fn a_rule_over_its_fires_matches_and_does_nothing_and_again_replaces_do() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'model.request'\nmax_fires = 2\ndo = [{ inject = 'first' }]\nagain = [{ block = 'enough' }]\n",
    ]);
    let mut facts = observed("model.request", json!({}));
    assert_eq!(names(&set, &facts), ["a:inject"]);
    facts.history.insert("p0/a".into(), RuleHistory { fires_in_session: 1, ..Default::default() });
    assert_eq!(names(&set, &facts), ["a:block"]);
    facts.history.insert("p0/a".into(), RuleHistory { fires_in_session: 2, ..Default::default() });
    let verdict = evaluate(&set, "agent", &facts, &|| 0);
    assert!(verdict.decisions.is_empty() && verdict.evaluations[0].matched);
    assert_eq!(verdict.evaluations[0].values["history[\"a\"].fires_in_session"], json!(2));
}

#[test]
fn an_absent_argument_is_an_error_that_open_lets_pass_and_closed_blocks() {
    let rule = |on_error: &str| {
        format!(
            "[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"call.args.path.startsWith('/etc')\"\non_error = '{on_error}'\ndo = [{{ taint = 'x' }}]\n"
        )
    };
    let (open, closed) = (set(&[&rule("open")]), set(&[&rule("closed")]));
    let facts = call("x", json!({}));
    let verdict = evaluate(&open, "agent", &facts, &|| 0);
    assert!(verdict.decisions.is_empty());
    assert_eq!(verdict.evaluations[0].error.as_deref(), Some("`call.args.path` is absent here; ask with has() first"));
    assert_eq!(verdict.evaluations[0].values["call.args.path"], json!(null));
    assert_eq!(names(&closed, &facts), ["a:block"]);
    assert_eq!(names(&closed, &call("x", json!({"path": "/etc/passwd"}))), ["a:taint"]);
    assert!(names(&closed, &call("x", json!({"path": "/tmp"}))).is_empty());
}

#[test]
fn one_decisive_side_decides_whatever_the_other_is() {
    let holds = |when: &str| {
        let set = set(&[&format!("[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"\"\"{when}\"\"\"\ndo = ['block']\n")]);
        let verdict = evaluate(&set, "agent", &call("x", json!({"n": 1})), &|| 0);
        verdict.evaluations[0].error.is_none().then_some(verdict.evaluations[0].matched)
    };
    assert_eq!(holds("call.args.gone == 1 && tool.name == 'y'"), Some(false));
    assert_eq!(holds("call.args.gone == 1 || tool.name == 'x'"), Some(true));
    assert_eq!(holds("call.args.gone == 1 && tool.name == 'x'"), None);
    assert_eq!(holds("has(call.args.gone) && call.args.gone == 1"), Some(false));
    assert_eq!(holds("call.args.n"), None);
    assert_eq!(holds("call.args.n < 'x'"), None);
    assert_eq!(holds("call.args.n == 'x'"), Some(false));
}

#[test]
fn what_a_condition_read_is_recorded_and_cut() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"call.args.text.contains('x') && session.tokens > 5 && has(call.args.gone)\"\ndo = ['block']\n",
    ]);
    let verdict = evaluate(&set, "agent", &call("t", json!({"text": "x".repeat(500)})), &|| 0);
    let values = &verdict.evaluations[0].values;
    assert_eq!(values["call.args.text"].as_str().unwrap().chars().count(), 201);
    assert_eq!(values["session.tokens"], json!(0));
    assert_eq!(values["has(call.args.gone)"], json!(false));
}

#[test]
fn time_comes_from_outside_and_each_rule_has_its_own() {
    let rule = "[[rule]]\nid = 'ID'\non = 'model.request'\ndo = ['block']\n";
    let set = set(&[&(rule.replace("ID", "a") + &rule.replace("ID", "b"))]);
    let now = std::cell::Cell::new(0);
    let ticks = || {
        now.set(now.get() + 7_400);
        now.get()
    };
    let verdict = evaluate(&set, "agent", &observed("model.request", json!({})), &ticks);
    assert_eq!(verdict.evaluations.iter().map(|e| e.micros).collect::<Vec<_>>(), [7, 7]);
}

#[test]
fn comprehensions_and_conversions_work_over_arguments() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"call.args.to.exists(a, a.mail.endsWith('@out.org') && a.mail.matches('^[a-z]+@')) && int(call.args.n) * 2 > 9\"\ndo = ['block']\n",
    ]);
    let matched = |args| evaluate(&set, "agent", &call("t", args), &|| 0).evaluations[0].matched;
    assert!(matched(json!({"to": [{"mail": "a@in.org"}, {"mail": "b@out.org"}], "n": "5"})));
    assert!(!matched(json!({"to": [{"mail": "a@in.org"}], "n": "5"})));
    assert!(!matched(json!({"to": [{"mail": "b@out.org"}], "n": 4})));
}

#[test]
fn a_value_too_long_to_walk_is_an_error_not_a_pause() {
    let set =
        set(&["[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"call.args.to.exists(a, a == 1)\"\ndo = ['block']\n"]);
    let verdict = evaluate(&set, "agent", &call("t", json!({"to": vec![0; 5000]})), &|| 0);
    assert_eq!(
        verdict.evaluations[0].error.as_deref(),
        Some("a list or map has more elements than a condition may walk")
    );
}

#[test]
fn only_policies_for_the_agent_apply() {
    let set = set(&["agents = ['research-*', 'ops']\n[[rule]]\nid = 'a'\non = 'tool.call'\ndo = ['block']\n"]);
    let blocked = |agent| !evaluate(&set, agent, &call("x", json!({})), &|| 0).decisions.is_empty();
    assert!(blocked("research-7") && blocked("ops") && !blocked("coder"));
    assert!(set.for_agent("ops").needs_any_calls() && !set.for_agent("coder").needs_any_calls());
}

#[test]
fn texts_are_filled_from_the_moment() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'tool.call'\ndo = [{ block = '{{tool.name}} {{ call.args.to[0] }} {{call.args.gone}} {{history.a.fires_in_run}} {{call.args.deep}}' }]\n",
    ]);
    let found = actions(&set, &call("send", json!({"to": ["x@y"], "deep": {"a": [1]}})));
    let Action::Block { text, .. } = &found[0].2 else { panic!() };
    assert_eq!(text, "send x@y (none) 0 {\"a\":[1]}");
}

#[test]
fn a_block_without_a_text_names_rule_and_policy() {
    let set = set(&["name = 'safe'\n[[rule]]\nid = 'no-rm'\non = 'tool.call'\ndo = ['block']\n"]);
    let Action::Block { text, .. } = actions(&set, &call("rm", json!({}))).remove(0).2 else { panic!() };
    assert_eq!(text, "The call to rm was refused by rule no-rm of policy safe.");
}

#[test]
fn only_calls_that_a_rule_can_match_are_held_back() {
    let needs = |when: &str, tool: &str| {
        set(&[&format!("[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"\"\"{when}\"\"\"\ndo = ['block']\n")])
            .needs_calls(tool)
    };
    for (when, held, free) in [
        ("tool.name == 'rm'", "rm", "ls"),
        ("'rm' == call.name && call.args.force == true", "rm", "ls"),
        ("tool.name in ['rm', 'dd']", "dd", "ls"),
        ("tool.name.startsWith('delete_') && session.steps > 3", "delete_x", "ls"),
        ("tool.name == 'a' || (tool.name == 'b' && call.args.x == 1)", "b", "c"),
        ("!(tool.name in ['read', 'ls'])", "rm", "ls"),
        ("tool.name.matches('^(rm|dd)$')", "dd", "ddd"),
        ("tool.name == 'rm' && call.args.paths.exists(p, p == '/')", "rm", "ls"),
    ] {
        assert!(needs(when, held), "{when} holds {held}");
        assert!(!needs(when, free), "{when} lets {free} go");
    }
    for when in [
        "call.args.path == 'x'",
        "tool.name == 'rm' || session.steps > 3",
        "session.seen('x')",
        "tool.name == session.agent",
    ] {
        assert!(needs(when, "anything"), "{when}");
    }
}

#[test]
fn only_what_can_block_holds_back() {
    let taint = set(&["[[rule]]\nid = 'a'\non = 'tool.call'\ndo = [{ taint = 'x' }]\n"]);
    assert!(!taint.needs_any_calls());
    let closed = set(&[
        "[[rule]]\nid = 'a'\non = 'tool.call'\non_error = 'closed'\nwhen = 'call.args.n == 1'\ndo = [{ taint = 'x' }]\n",
    ]);
    assert!(closed.needs_calls("x") && !closed.needs_response());
}

#[test]
fn earlier_tools_and_marks_are_read() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"session.seen('fetch') && 'web' in session.taints\"\ndo = ['block']\n",
    ]);
    let facts = |seen: &str, taint: &str| {
        observed(
            "tool.call",
            json!({"session": {"tools_seen": [seen], "taints": [taint]}, "tool": {"name": "x"}, "call": {}}),
        )
    };
    assert_eq!(names(&set, &facts("fetch", "web")).len(), 1);
    assert!(names(&set, &facts("fetch", "x")).is_empty() && names(&set, &facts("ls", "web")).is_empty());
}
