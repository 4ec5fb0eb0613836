//! Mistakes in policy files: each is told with its place and what was probably meant.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use switchtower_reason::{Problem, compile};

fn problems(source: &str) -> Vec<Problem> {
    match compile("p.toml", source) {
        Ok(_) => panic!("this should not compile:\n{source}"),
        Err(problems) => problems.0,
    }
}

/// (line, column, message, hint) of each.
fn told(source: &str) -> Vec<(u32, u32, String, String)> {
    problems(source).into_iter().map(|p| (p.line, p.column, p.message, p.hint.unwrap_or_default())).collect()
}

fn rule(on: &str, when: &str) -> String {
    format!(
        "version = 1\n[[rule]]\nid = 'r'\non = '{on}'\nwhen = \"{}\"\ndo = [{{ taint = 'x' }}]\n",
        when.replace('"', "\\\"")
    )
}

/// The only problem of a condition, as (the marked text, message, hint).
fn condition(on: &str, when: &str) -> (String, String, String) {
    let source = rule(on, when);
    let mut all = problems(&source);
    assert_eq!(all.len(), 1, "{all:#?}");
    let problem = all.remove(0);
    assert_eq!(problem.line, 5);
    let marked = problem.excerpt.chars().skip(problem.column as usize - 1).take(problem.length as usize).collect();
    (marked, problem.message, problem.hint.unwrap_or_default())
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let source = "version = 1\nagnets = ['x']\n\n[[rule]]\nid = 'a'\non = 'tool.cal'\ndo = ['blok']\n\n[[rule]]\nid = 'a'\non = 'tool.call'\nwhen = 'tool.nme == \"x\" && result.text == \"\"'\ndo = ['block']\n";
    let told = told(source);
    let places: Vec<(u32, u32)> = told.iter().map(|t| (t.0, t.1)).collect();
    assert_eq!(places, [(2, 1), (6, 6), (10, 6), (12, 14), (12, 28)]);
    assert_eq!(told[0].2, "unknown key `agnets`");
    assert_eq!(told[0].3, "did you mean `agents`?");
    assert_eq!(told[1].3, "did you mean `tool.call`?");
    assert_eq!(told[2].2, "there is a rule `a` already");
    assert_eq!(told[3].3, "did you mean `tool.name`?");
    assert_eq!(told[4].2, "`result.text` does not exist at tool.call");
}

#[test]
fn words_that_nothing_carries_out_yet_are_errors() {
    for line in [
        "[detector.loop]\nkind = 'repeat'",
        "[[rule]]\nid = 'r'\non = 'tool.call'\nwhen = 'detect.loop.hit'\ndo = ['block']",
    ] {
        let told = told(&format!("version = 1\n{line}\n"));
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].2.contains("does not carry out"), "{told:?}");
    }
}

#[test]
fn the_version_must_be_there_and_be_known() {
    assert_eq!(told("name = 'x'\n")[0].3, "write `version = 1` as the first line");
    assert_eq!(
        told("version = 2\n")[0],
        (1, 11, "unknown version of the policy language".into(), "this Switchtower reads version 1".into())
    );
    assert_eq!(told("version = '1'\n")[0].2, "`version` takes a whole number, not string");
}

#[test]
fn a_half_written_file_is_told_where_it_breaks_off() {
    let told = told("version = 1\n[[rule]]\nid = \"r\nmax_tool_errors = \n");
    assert_eq!(told[0].0, 3);
    assert!(told[0].2.starts_with("not TOML: "));
}

#[test]
fn a_rule_needs_its_keys() {
    let told = told("version = 1\n[[rule]]\nwhen = 'true'\n");
    let messages: Vec<&str> = told.iter().map(|t| t.2.as_str()).collect();
    assert_eq!(messages, ["a rule needs an `id`", "a rule needs an `on`", "a rule needs a `do`"]);
    assert!(told.iter().all(|t| t.0 == 2));
}

#[test]
fn conditions_are_checked_against_the_variables() {
    let expect = |on: &str, when: &str, marked: &str, message: &str, hint: &str| {
        assert_eq!(condition(on, when), (marked.into(), message.into(), hint.into()));
    };
    expect(
        "model.request",
        "session.stps > 3",
        "stps",
        "unknown variable `session.stps`",
        "did you mean `session.steps`?",
    );
    expect("model.request", "sesion.steps > 3", "sesion", "unknown variable `sesion`", "did you mean `session`?");
    expect("model.request", "tokens > 3", "tokens", "unknown variable `tokens`", "did you mean `session.tokens`?");
    expect("model.request", "history.rr.fires_in_run > 0", "rr", "this file has no rule `rr`", "did you mean `r`?");
    expect(
        "model.request",
        "history.r.fires_in_rn > 0",
        "fires_in_rn",
        "unknown field `fires_in_rn` of history",
        "did you mean `fires_in_run`?",
    );
    expect("model.request", "session.steps.x > 0", "x", "`session.steps` is an int and has no such part", "");
    expect("model.request", "session.sen('x')", "sen", "`session` has no function `sen`", "did you mean `seen`?");
    expect(
        "model.request",
        "request.text.startWith('x')",
        "startWith",
        "unknown function `startWith`",
        "did you mean `startsWith`?",
    );
}

#[test]
fn conditions_are_checked_for_kinds() {
    let message = |when: &str| condition("model.request", when).1;
    assert_eq!(message("session.tokens > '3'"), "an int cannot be compared with a string");
    assert_eq!(message("session.tokens"), "a condition is true or false; this is an int");
    assert_eq!(message("session.tokens && true"), "expected true or false, this is an int");
    assert_eq!(message("session.context_used * 100 > 85.0"), "`*` does not take a double and an int");
    assert_eq!(message("session.taints == 'x'"), "a list of strings cannot be compared with a string");
    assert_eq!(message("'a' in request.text"), "a string cannot be in a string");
    assert_eq!(message("3 in session.taints"), "an int cannot be in a list of strings");
    assert_eq!(message("request.tools.exists(t, t == 3)"), "a string cannot be compared with an int");
    assert_eq!(message("request.text.matches('(')"), "not a regular expression: unclosed group");
    assert_eq!(
        message("request.text.matches(session.agent)"),
        "the pattern must be written out, so that it is compiled once"
    );
    assert_eq!(
        message("[1].exists(a, [1].exists(b, [1].exists(c, true)))"),
        "more than two comprehensions inside each other"
    );
}

#[test]
fn places_inside_a_condition_survive_escapes_and_lines() {
    let source = "version = 1\n[[rule]]\nid = 'r'\non = 'tool.call'\nwhen = \"\"\"\n  tool.name == \\\"ä\\\" &&\n  tool.nme == 'x'\n\"\"\"\ndo = ['block']\n";
    let told = told(source);
    assert_eq!((told[0].0, told[0].1), (7, 8), "{told:#?}");
}

#[test]
fn templates_are_checked_like_conditions() {
    let source = "version = 1\n[[rule]]\nid = 'r'\non = 'model.request'\ndo = [{ inject = { text = \"used {{session.tokns}} of {{ tool.name }} {{oops\" } }]\n";
    let told = told(source);
    let messages: Vec<&str> = told.iter().map(|t| t.2.as_str()).collect();
    assert_eq!(
        messages,
        ["unknown variable `session.tokns`", "`tool.name` does not exist at model.request", "`{{` without `}}`"]
    );
    assert_eq!(told[0].1, 43);
}

#[test]
fn actions_are_refused_where_they_cannot_act() {
    let act = |on: &str, action: &str| {
        told(&format!("version = 1\n[[rule]]\nid = 'r'\non = '{on}'\ndo = [{action}]\n")).remove(0)
    };
    assert_eq!(act("tool.call", "{ inject = 'x' }").2, "`inject` does not act at tool.call");
    assert_eq!(act("tool.result", "'block'").3, "it acts at model.request, tool.call, model.response");
    assert_eq!(act("tool.call", "{ block = { txt = 'x' } }").3, "did you mean `text`?");
    assert_eq!(act("tool.call", "{ block = { as = 'eror' } }").3, "did you mean `error`?");
    assert_eq!(act("tool.call", "'taint'").2, "`taint` needs a `taint`");
    assert_eq!(act("tool.call", "").2, "`do` names no action");
}

#[test]
fn closed_is_refused_where_nothing_can_be_blocked() {
    let told = told(
        "version = 1\n[defaults]\non_error = 'closed'\n[[rule]]\nid = 'r'\non = 'tool.result'\ndo = [{ taint = 'x' }]\n",
    );
    assert_eq!((told[0].0, told[0].1), (6, 6));
    assert!(told[0].2.contains("nothing can be blocked at tool.result"));
}

#[test]
fn tests_are_checked_against_the_variables_too() {
    let source = "version = 1\nmax_tool_errors = 1\n[[test]]\nrule = 'max_tool_eror'\ngiven = { on = 'model.request', run = { tool_erors = 3, errors = 4 }, tool = { name = 'x' } }\nexpect = ['injct']\n";
    let messages: Vec<String> = told(source).into_iter().map(|t| t.2).collect();
    assert_eq!(
        messages,
        [
            "this file has no rule `max_tool_eror`",
            "unknown variable `run.tool_erors`",
            "`run.errors` is a list of strings",
            "`tool.name` does not exist at model.request",
            "no action `injct`"
        ]
    );
}

#[test]
fn a_problem_prints_with_line_and_caret() {
    let problem = problems(&rule("model.request", "session.stps > 3")).remove(0);
    let expected = "error: unknown variable `session.stps`\n --> p.toml:5:17\n  |\n5 | when = \"session.stps > 3\"\n  |                 ^^^^\n  = did you mean `session.steps`?";
    assert_eq!(problem.to_string(), expected);
}
