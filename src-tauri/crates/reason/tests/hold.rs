//! Rules that put a question to a person, and what a person changes about rules: escalate, pause, mute, budgets, breakpoints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, Choice, Mode, Observation, OnTimeout, Point, Question, RuleHistory, Verdict};
use serde_json::json;
use switchtower_reason::{Condition, PolicySet, Problem, Severity, compile, evaluate, run_tests};

const TAINTED_WRITE: &str = r#"version = 1
name = "careful"

[[rule]]
id = "tainted-write"
on = "tool.call"
when = "'untrusted' in session.taints && !tool.read_only"
do = [{ escalate = { allow = ["approve", "edit", "deny"], timeout = "9m", on_timeout = "deny" } }]
on_error = "closed"

[[test]]
rule = "tainted-write"
given = { on = "tool.call", session = { taints = ["untrusted"] }, tool = { name = "send_email", read_only = false } }
expect = ["escalate"]
"#;

fn set(sources: &[&str]) -> PolicySet {
    let files = sources.iter().enumerate().map(|(n, source)| (format!("p{n}.toml"), format!("version = 1\n{source}")));
    PolicySet::load(files.collect()).set
}

fn rule(on: &str, action: &str) -> String {
    format!("[[rule]]\nid = 'r'\non = '{on}'\ndo = [{action}]\n")
}

fn observed(point: &str, facts: serde_json::Value) -> Observation {
    let mut json = json!({
        "point": point, "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {}, "run": {}, "request": {},
    });
    json.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn call(name: &str) -> Observation {
    observed("tool.call", json!({"tool": {"name": name}, "call": {"name": name, "args": {"to": "a@b"}}}))
}

fn decided(set: &PolicySet, observation: &Observation) -> Vec<(String, Action)> {
    let verdict = evaluate(set, "agent", observation, &|| 0);
    verdict.decisions.into_iter().map(|decision| (decision.rule, decision.action)).collect()
}

/// The one problem of a rule with this action, as (line, the marked text, message, hint).
fn told(action: &str) -> (u32, String, String, String) {
    let source = format!("version = 1\n{}", rule("tool.call", action));
    let mut problems = compile("p.toml", &source).map(|_| ()).unwrap_err().0;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let Problem { line, column, length, message, hint, excerpt, .. } = problems.remove(0);
    let marked = excerpt.chars().skip(column as usize - 1).take(length as usize).collect();
    (line, marked, message, hint.unwrap_or_default())
}

fn warnings(head: &str, action: &str) -> Vec<Problem> {
    compile("p.toml", &format!("version = 1\n{head}\n{}", rule("tool.call", action))).unwrap().1
}

#[test]
fn the_guides_example_compiles_without_a_word_and_its_test_passes() {
    let (policy, warnings) = compile("careful.toml", TAINTED_WRITE).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let outcomes = run_tests(&policy);
    assert!(outcomes.len() == 1 && outcomes[0].passed, "{outcomes:?}");
}

#[test]
fn escalate_alone_asks_everything_for_nine_minutes_and_then_denies() {
    let found = decided(&set(&[&rule("tool.call", "'escalate'")]), &call("send"));
    let question = Question {
        allow: vec![Choice::Approve, Choice::Edit, Choice::Deny],
        timeout_ms: 540_000,
        on_timeout: OnTimeout::Deny,
        text: String::new(),
    };
    assert_eq!(found, [("r".to_owned(), Action::Escalate(question))]);
}

#[test]
fn an_escalation_says_who_may_answer_how_and_asks_in_its_own_words() {
    let action = "{ escalate = { allow = ['deny', 'approve'], timeout = '1h30m', on_timeout = 'stop', text = 'May {{tool.name}} write to {{call.args.to}}?' } }";
    let found = decided(&set(&[&rule("tool.call", action)]), &call("send"));
    let question = Question {
        allow: vec![Choice::Deny, Choice::Approve],
        timeout_ms: 5_400_000,
        on_timeout: OnTimeout::Stop,
        text: "May send write to a@b?".to_owned(),
    };
    assert_eq!(found, [("r".to_owned(), Action::Escalate(question))]);
    let short = decided(&set(&[&rule("tool.call", "{ escalate = 'May it?' }")]), &call("send"));
    assert!(
        matches!(&short[0].1, Action::Escalate(question) if question.text == "May it?" && question.timeout_ms == 540_000)
    );
}

#[test]
fn a_pause_holds_and_says_why() {
    let found = decided(
        &set(&[&rule("model.request", "'pause', { pause = 'step {{session.steps}}' }")]),
        &observed("model.request", json!({})),
    );
    let pauses = [Action::Pause { text: String::new() }, Action::Pause { text: "step 0".to_owned() }];
    assert_eq!(found.into_iter().map(|(_, action)| action).collect::<Vec<_>>(), pauses);
}

#[test]
fn a_block_comes_before_a_question_and_a_question_before_a_rewrite() {
    let set = set(&[
        "[[rule]]\nid = 'a'\non = 'model.request'\ndo = [{ taint = 'x' }, { inject = 'hi' }, 'pause', 'escalate', 'block']\n",
    ]);
    let found = decided(&set, &observed("model.request", json!({})));
    let names: Vec<&str> = found.iter().map(|(_, action)| action.name()).collect();
    assert_eq!(names, ["block", "pause", "escalate", "inject", "taint"]);
}

#[test]
fn what_asks_or_pauses_in_force_holds_traffic_back_at_its_point() {
    for action in ["'escalate'", "'pause'"] {
        let calls = set(&[&rule("tool.call", action)]);
        assert!(calls.needs_any_calls() && calls.needs_calls("send") && !calls.needs_response(), "{action}");
        let whole = set(&[&rule("model.response", action)]);
        assert!(whole.needs_response() && !whole.needs_any_calls(), "{action}");
        let shadow = set(&[&format!("[defaults]\nmode = 'shadow'\n{}", rule("model.response", action))]);
        assert!(!shadow.needs_response(), "{action}");
        let again = format!("[[rule]]\nid = 'r'\non = 'tool.call'\ndo = [{{ taint = 'x' }}]\nagain = [{action}]\n");
        assert!(set(&[&again]).needs_any_calls(), "{action}");
    }
}

#[test]
fn a_question_is_refused_where_nothing_can_wait() {
    for on in ["tool.result", "model.stream", "session.idle"] {
        let source = format!("version = 1\n{}", rule(on, "'escalate'"));
        let problems = compile("p.toml", &source).map(|_| ()).unwrap_err().0;
        assert_eq!(problems[0].hint.as_deref(), Some("it acts at model.request, tool.call, model.response"));
    }
}

#[test]
fn nothing_approves_by_time_out() {
    let (line, marked, message, hint) = told("{ escalate = { on_timeout = 'approve' } }");
    assert_eq!((line, marked.as_str()), (5, "'approve'"));
    assert_eq!(message, "`on_timeout` cannot be \"approve\": nothing approves by time-out");
    assert_eq!(hint, "write \"deny\" (unless set) or \"stop\"");
    assert_eq!(told("{ escalate = { on_timeout = 'stopp' } }").3, "did you mean `stop`?");
}

#[test]
fn mistakes_in_a_question_are_told_where_they_stand() {
    let (_, marked, message, hint) = told("{ escalate = { timeout = '9min' } }");
    assert_eq!((marked.as_str(), message.as_str()), ("min", "not a duration: no such unit"));
    assert_eq!(hint, "write it as \"90s\", \"9m\", \"1h30m\" or \"500ms\"");
    assert_eq!(told("{ escalate = { timeout = 9 } }").2, "`timeout` takes a duration as a string, not integer");
    assert_eq!(told("{ escalate = { timeout = '0s' } }").2, "`timeout` leaves no time to answer");
    assert_eq!(told("{ escalate = { timeout = '169h' } }").2, "`timeout` is at most 168h");
    let (_, marked, message, hint) = told("{ escalate = { allow = ['approve', 'denny'] } }");
    assert_eq!((marked.as_str(), message.as_str()), ("'denny'", "nobody can answer with \"denny\""));
    assert_eq!(hint, "did you mean `deny`?");
    assert_eq!(told("{ escalate = { allow = ['deny', 'deny'] } }").2, "\"deny\" stands here twice");
    assert_eq!(told("{ escalate = { allow = [] } }").2, "`allow` leaves a person nothing to answer");
    assert_eq!(told("{ escalate = { timout = '9m' } }").3, "did you mean `timeout`?");
    assert_eq!(told("{ pause = { text = '{{tool.nme}}' } }").3, "did you mean `tool.name`?");
}

#[test]
fn a_hold_that_outlasts_the_clients_is_warned_of() {
    let long = warnings("", "{ escalate = { timeout = '30m' } }");
    assert_eq!((long[0].severity, long[0].line), (Severity::Warning, 6));
    assert_eq!(long[0].message, "a hold of 30m is longer than any known client waits: 12m, kept alive");
    assert_eq!(long[0].excerpt.chars().skip(long[0].column as usize - 1).take(5).collect::<String>(), "'30m'");
    assert!(warnings("", "{ escalate = { timeout = '12m' } }").is_empty());
    assert!(warnings("", "'escalate'").is_empty());

    let qwen = warnings("agents = ['qwen-*']", "'escalate'");
    assert_eq!(qwen[0].message, "a hold of 9m is longer than qwen-code waits: 4m, kept alive");
    assert!(warnings("agents = ['qwen-*']", "{ escalate = { timeout = '4m' } }").is_empty());
    assert!(warnings("agents = ['claude-code']", "'escalate'").is_empty());
}

#[test]
fn a_question_that_another_rule_answers_is_not_asked() {
    let asks = TAINTED_WRITE.split("version = 1\n").nth(1).unwrap();
    let allow = |tail: &str| {
        format!(
            "name = 'allowed'\n[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = \"tool.name == 'send'\"\ndo = [{{ approve = 'careful/tainted-write' }}]\n{tail}"
        )
    };
    let tainted = |tool: &str, at: i64| {
        observed(
            "tool.call",
            json!({"at": at, "session": {"taints": ["untrusted"]}, "tool": {"name": tool}, "call": {"name": tool}}),
        )
    };
    let both = set(&[asks, &allow("")]);
    let verdict = evaluate(&both, "agent", &tainted("send", 0), &|| 0);
    let said = |verdict: &Verdict| -> Vec<_> {
        verdict.decisions.iter().map(|one| (one.rule.clone(), one.action.name(), one.mode)).collect()
    };
    let approved = |mode| ("a".to_owned(), "approve", mode);
    assert_eq!(said(&verdict), [approved(Mode::Enforce)]);
    assert_eq!(verdict.evaluations[0].values["approved by"], json!("allowed/a"));
    assert_eq!(decided(&both, &tainted("delete", 0)).len(), 1, "it answers for its own calls only");
    let shadow = evaluate(&set(&[asks, &allow("mode = 'shadow'")]), "agent", &tainted("send", 0), &|| 0);
    let asked = ("tainted-write".to_owned(), "escalate", Mode::Enforce);
    assert_eq!(said(&shadow), [asked, approved(Mode::Shadow)], "it would have answered");

    let until = set(&[asks, &allow("until = 1970-01-01T00:00:01Z")]);
    let name = |at| decided(&until, &tainted("send", at)).iter().map(|(_, action)| action.name()).collect::<Vec<_>>();
    assert_eq!((name(999_999), name(1_000_000)), (vec!["approve"], vec!["escalate"]), "its time is over");
    assert!(!set(&[&allow("")]).needs_any_calls(), "an answer alone holds nothing back");
    // A block is no question.
    let blocks = "name = 'careful'\n[[rule]]\nid = 'tainted-write'\non = 'tool.call'\ndo = ['block']\n";
    assert_eq!(decided(&set(&[blocks, &allow("")]), &tainted("send", 0)).len(), 1);
}

#[test]
fn an_answer_names_a_rule_and_until_a_moment() {
    assert_eq!(told("{ approve = 'rr' }").2, "this file has no rule `rr`");
    assert_eq!(told("{ approve = 'rr' }").3, "did you mean `r`?");
    assert_eq!(told("'approve'").2, "`approve` needs a `rule`");
    for until in ["2026-12-31", "'2026-12-31T00:00:00Z'", "2026-12-31T00:00:00"] {
        let source = format!("version = 1\n{}until = {until}\n", rule("tool.call", "'block'"));
        let problems = compile("p.toml", &source).map(|_| ()).unwrap_err().0;
        assert!(problems[0].message.starts_with("`until` takes a moment with its offset"), "{problems:?}");
    }
}

#[test]
fn a_muted_rule_is_out_of_force_and_the_others_stay() {
    let set = set(&[
        "name = 'one'\n[[rule]]\nid = 'a'\non = 'tool.call'\ndo = ['block']\n[[rule]]\nid = 'b'\non = 'tool.call'\ndo = ['escalate']\n",
        "name = 'two'\n[[rule]]\nid = 'a'\non = 'tool.call'\ndo = ['pause']\n",
    ]);
    let names = |set: &PolicySet| -> Vec<String> {
        let decisions = evaluate(set, "agent", &call("x"), &|| 0).decisions;
        decisions.into_iter().map(|decision| format!("{}/{}", decision.policy, decision.rule)).collect()
    };
    assert_eq!(names(&set), ["one/a", "one/b", "two/a"]);
    assert_eq!(names(&set.without(&["two/a".into()])), ["one/a", "one/b"]);
    assert_eq!(names(&set.without(&["a".into()])), ["one/b"]);
    let none = set.without(&["a".into(), "b".into()]);
    assert!(names(&none).is_empty() && !none.needs_any_calls());
    assert_eq!(none.versions(), set.versions());
    assert_eq!(names(&set.without(&["c".into()])).len(), 3);
    assert!(set.has_rule("one/b") && !set.has_rule("two/b"));
}

#[test]
fn a_budget_takes_another_number_and_nothing_else_changes() {
    let set = set(&[
        "name = 'one'\ntoken_budget_per_session = 1000\ncontext_limit = 0\n",
        "name = 'two'\ntoken_budget_per_session = 500\ncontext_limit = 0\n[defaults]\nmode = 'shadow'\n",
    ]);
    let blocks = |set: &PolicySet, tokens: u64| -> Vec<String> {
        let seen = observed("model.request", json!({"session": {"tokens": tokens}}));
        evaluate(set, "agent", &seen, &|| 0)
            .decisions
            .into_iter()
            .map(|d| format!("{}:{:?}", d.policy, d.mode))
            .collect()
    };
    assert_eq!(set.limit("token_budget_per_session"), Some(500.0));
    assert_eq!(set.limit("one/token_budget_per_session"), Some(1000.0));
    assert_eq!(blocks(&set, 1000), ["one:Enforce", "two:Shadow"]);

    let raised = set.with_limit("one/token_budget_per_session", 2000.0).unwrap();
    assert_eq!(blocks(&raised, 1999), ["two:Shadow"]);
    assert_eq!(blocks(&raised, 2000), ["one:Enforce", "two:Shadow"]);
    assert_eq!(raised.versions(), set.versions());
    let both = set.with_limit("token_budget_per_session", 3000.0).unwrap();
    assert!(blocks(&both, 2999).is_empty());
    assert_eq!(both.limits().len(), 2);
    let text =
        &evaluate(&both, "agent", &observed("model.request", json!({"session": {"tokens": 3000}})), &|| 0).decisions[0];
    assert!(matches!(&text.action, Action::Block { text, .. } if text.contains("the limit is 3000")), "{text:?}");

    assert!(set.with_limit("max_tool_errors", 3.0).is_none());
    assert!(set.with_limit("token_budget_per_session", -1.0).is_none());
    assert!(set.with_limit("token_budget_per_session", 0.5).is_none());
    assert!(set.with_limit("token_budget_per_session", f64::NAN).is_none());
}

#[test]
fn a_condition_stands_alone_for_a_breakpoint() {
    let condition = Condition::compile(Point::ToolCall, "tool.name == 'send' && session.tokens < 5").unwrap();
    assert_eq!(condition.holds(&call("send")), Ok(true));
    assert_eq!(condition.holds(&call("read")), Ok(false));
    let absent = Condition::compile(Point::ToolCall, "call.args.gone == 1").unwrap();
    assert!(absent.holds(&call("send")).unwrap_err().contains("absent"));

    let mistakes = Condition::compile(Point::ToolCall, "tool.nme == 'x'").unwrap_err();
    assert_eq!(
        (mistakes[0].line, mistakes[0].column, mistakes[0].hint.as_deref()),
        (1, 6, Some("did you mean `tool.name`?"))
    );
    let elsewhere = Condition::compile(Point::ModelRequest, "tool.name == 'x'").unwrap_err();
    assert_eq!(elsewhere[0].message, "`tool.name` does not exist at model.request");
}

#[test]
fn a_breakpoint_can_stop_where_a_rule_of_any_policy_fired() {
    let condition = Condition::compile(Point::ToolCall, "history['careful/no-rm'].fires_in_run > 0").unwrap();
    let mut seen = call("send");
    assert_eq!(condition.holds(&seen), Ok(false));
    seen.history.insert("careful/no-rm".into(), RuleHistory { fires_in_run: 1, ..Default::default() });
    assert_eq!(condition.holds(&seen), Ok(true));
    let bare = Condition::compile(Point::ToolCall, "history['no-rm'].fires_in_run > 0").unwrap_err();
    assert_eq!(bare[0].hint.as_deref(), Some("write history[\"POLICY/no-rm\"]"));
}
