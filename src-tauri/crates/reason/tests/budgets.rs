//! `[budget.NAME]`, `[limit.NAME]` and the simple keys that are budgets: what they compile to, and every mistake with its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, BudgetFacts, Capping, Counted, Mode, Observation, OnExceed, Per};
use serde_json::json;
use switchtower_reason::{PolicySet, Severity, compile, evaluate, run_tests};

fn set(sources: &[&str]) -> PolicySet {
    let named = |(place, source): (usize, &&str)| (format!("p{place}.toml"), format!("version = 1\n{source}"));
    let loaded = PolicySet::load(sources.iter().enumerate().map(named).collect());
    let errors: Vec<_> = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    loaded.set
}

/// A request, with what is projected of a budget.
fn projected(budget: &str, projected: f64) -> Observation {
    let mut seen: Observation = serde_json::from_value(json!({
        "point": "model.request", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {}, "run": {}, "request": {},
    }))
    .unwrap();
    let facts = BudgetFacts { used: projected, projected, spent: 0.25, call: 0.125 };
    seen.named.budget.insert(budget.to_owned(), facts);
    seen
}

fn actions(set: &PolicySet, seen: &Observation) -> Vec<(String, Mode, Action)> {
    let decided = evaluate(set, "agent", seen, &|| 0).decisions;
    decided.into_iter().map(|decision| (decision.rule, decision.mode, decision.action)).collect()
}

#[test]
fn a_budget_alone_refuses_what_does_not_fit_and_names_itself() {
    let set = set(&["name = 'p'\n[budget.cost]\nlimit_usd = 2.5\n"]);
    assert!(actions(&set, &projected("p/cost", 1.0)).is_empty());
    let found = actions(&set, &projected("p/cost", 1.01));
    let [(rule, Mode::Enforce, Action::Block { text, .. })] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(rule, "budget.cost");
    assert_eq!(
        text,
        "Refused by budget cost of policy p: 0.25 of 2.5 USD per session are spent or reserved, and this call may need 0.125 USD."
    );
    let budget = set.budgets().next().unwrap();
    assert_eq!((budget.key().as_str(), budget.budget.per, budget.mode), ("p/cost", Per::Session, Mode::Enforce));
}

#[test]
fn every_field_of_a_budget_is_read() {
    let set = set(&[
        "name = 'p'\n[budget.all-of]\nper = 'day'\nlimit_tokens = 1000\nlimit_usd = 1\ncount = 'all'\ncap = 'always'\n\
        on_exceed = 'ask'\ntimeout = '90s'\ntext = 'Go on? {{budget[\"all-of\"].used}}'\nmode = 'shadow'\n",
    ]);
    let budget = set.budgets().next().unwrap();
    assert_eq!(
        (budget.budget.per, budget.budget.counted, budget.budget.capping),
        (Per::Day, Counted::All, Capping::Always)
    );
    assert_eq!((budget.budget.limit_tokens, budget.budget.limit_usd), (Some(1000), Some(1.0)));
    let found = actions(&set, &projected("p/all-of", 1.5));
    let [(_, Mode::Shadow, Action::Escalate(question))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((question.timeout_ms, question.text.as_str()), (90_000, "Go on? 1.5"));
}

#[test]
fn rules_read_a_budget_beside_what_it_enforces() {
    let set = set(&[
        "name = 'p'\n[budget.run]\nper = 'run'\nlimit_ms = 10000\n[[rule]]\nid = 'hurry'\non = 'model.request'\n\
        when = 'budget.run.used > 0.8'\ndo = [{ inject = 'Hurry.' }]\n",
    ]);
    let names =
        |share| actions(&set, &projected("p/run", share)).into_iter().map(|(rule, ..)| rule).collect::<Vec<_>>();
    assert_eq!(names(0.5), Vec::<String>::new());
    assert_eq!(names(0.9), ["hurry"]);
    assert_eq!(names(1.1), ["budget.run", "hurry"]);
}

#[test]
fn the_simple_keys_make_budgets_and_rules() {
    let set = set(&["name = 'p'\ntoken_budget_per_session = 1000\ncost_budget_usd = 2.5\n"]);
    let kept: Vec<_> = set.budgets().map(|budget| (budget.rule.to_owned(), budget.budget.clone())).collect();
    assert_eq!(kept[0].0, "token_budget_per_session");
    assert_eq!((kept[0].1.limit_tokens, kept[0].1.capping), (Some(1000), Capping::Always));
    assert_eq!((kept[1].0.as_str(), kept[1].1.limit_usd), ("cost_budget_usd", Some(2.5)));

    let full = actions(&set, &projected("p/token_budget_per_session", 1.2));
    assert!(matches!(&full[0].2, Action::Block { text, .. } if text.contains("the limit is 1000")), "{full:?}");
    assert!(matches!(full[1], (ref rule, _, Action::Compact { .. }) if rule == "token_budget_nearly_used"), "{full:?}");
    let dear = actions(&set, &projected("p/cost_budget_usd", 1.2));
    let [(rule, _, Action::Escalate(question))] = dear.as_slice() else { panic!("{dear:?}") };
    assert_eq!(rule, "cost_budget_usd");
    assert!(question.text.contains("2.5 USD") && question.text.contains("may need 0.125 USD"), "{}", question.text);
    let spelled: Vec<String> = set.policies().next().unwrap().rules().into_iter().map(|rule| rule.toml).collect();
    for toml in spelled {
        compile("expanded.toml", &format!("version = 1\ntoken_budget_per_session = 5\n{toml}"))
            .map(|_| ())
            .or_else(|problems| if problems.to_string().contains("already") { Ok(()) } else { Err(problems) })
            .unwrap();
    }
}

#[test]
fn a_person_changes_the_limits_of_budgets_as_of_simple_keys() {
    let set = set(&[
        "name = 'one'\n[budget.cost]\nlimit_usd = 2\n",
        "name = 'two'\n[budget.both]\nlimit_usd = 1\nlimit_tokens = 500\n[defaults]\nmode = 'shadow'\n",
    ]);
    let names: Vec<String> = set.limits().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["one/budget.cost", "two/budget.both.limit_tokens", "two/budget.both.limit_usd"]);
    assert_eq!((set.limit("budget.cost"), set.limit("two/budget.both.limit_tokens")), (Some(2.0), Some(500.0)));
    let raised = set.with_limit("budget.cost", 3.5).unwrap();
    assert_eq!(raised.limit("one/budget.cost"), Some(3.5));
    let found = actions(&raised, &projected("one/cost", 1.1));
    assert!(matches!(&found[0].2, Action::Block { text, .. } if text.contains("of 3.5 USD")), "{found:?}");
    let more = raised.with_limit("budget.both.limit_tokens", 900.0).unwrap();
    assert_eq!(more.budgets().nth(1).unwrap().budget.limit_tokens, Some(900));
    assert_eq!(more.budgets().nth(1).unwrap().mode, Mode::Shadow);
    assert!(set.with_limit("budget.both.limit_tokens", 0.5).is_none());
    assert!(set.with_limit("budget.cost", -1.0).is_none());
    assert!(set.with_limit("budget.gone", 1.0).is_none());
    let muted = set.without(&["budget.cost".to_owned()]);
    assert_eq!(muted.budgets().next().unwrap().mode, Mode::Off);
}

#[test]
fn overlapping_budgets_are_named() {
    let files = |other: &str| {
        vec![
            ("a.toml".to_owned(), "version = 1\ncost_budget_usd = 1\n".to_owned()),
            ("b.toml".to_owned(), format!("version = 1\n{other}")),
        ]
    };
    let told = |other: &str| -> Vec<String> {
        PolicySet::load(files(other)).problems.into_iter().map(|problem| problem.message).collect()
    };
    assert_eq!(
        told("[budget.money]\nlimit_usd = 2\n"),
        ["`cost_budget_usd` of a.toml limits usd per session too, for agents that both may match"]
    );
    assert_eq!(
        told("cost_budget_usd = 2\n"),
        ["`cost_budget_usd` is set by a.toml too, for agents that both may match"]
    );
    assert!(told("[budget.money]\nper = 'day'\nlimit_usd = 2\n").is_empty());
}

#[test]
fn a_tests_given_can_say_how_full_a_budget_is() {
    let source = "version = 1\nname = 'p'\n[budget.cost]\nlimit_usd = 2.5\n[[test]]\nrule = 'budget.cost'\n\
        given = { on = 'model.request', budget = { cost = { projected = 1.2 } } }\nexpect = ['block']\n\
        [[test]]\ngiven = { on = 'model.request', budget = { cost = { projected = 0.9 } } }\nexpect = []\n";
    let (policy, _) = compile("p.toml", source).unwrap();
    assert!(run_tests(&policy).iter().all(|outcome| outcome.passed));
}

#[test]
fn rates_are_read_and_matched() {
    let set = set(&["[limit.search]\nmatch = { tool = 'web_*' }\nrate = '10/min'\nburst = 3\n\
        [limit.model]\nmatch = { model = 'gpt-*', provider = 'openai' }\nrate = '5/30s'\non_exceed = 'deny'\nper = 'session'\n"]);
    let tool = set.rates_of_tool("any", "any", "web_search");
    let rate = tool[0].rate;
    assert_eq!((rate.times, rate.in_ms, rate.burst, rate.on_exceed), (10, 60_000, 3, OnExceed::Delay));
    assert_eq!(tool[0].rule(), "limit.search");
    assert!(set.rates_of_tool("any", "any", "read").is_empty());
    let model = set.rates_of_model("openai", "gpt-4o");
    assert_eq!((model[0].rate.in_ms, model[0].rate.burst, model[0].rate.on_exceed), (30_000, 5, OnExceed::Deny));
    assert!(set.rates_of_model("openai", "o3").is_empty() && set.rates_of_model("azure", "gpt-4o").is_empty());
    assert!(set.needs_calls("web_search") && !set.needs_calls("read") && set.needs_any_calls());
}

/// Each mistake: what is written, the line and column of the caret, the message, the hint.
#[test]
fn every_mistake_is_told_with_its_place() {
    let cases: &[(&str, (u32, u32), &str, &str)] = &[
        ("[budget.x]\nper = 'run'\n", (2, 1), "`[budget.x]` limits nothing", "limit_tokens"),
        ("[budget.x]\nlimit_usd = -1\n", (3, 13), "US dollars from 0", ""),
        ("[budget.x]\nlimit_tokens = -1\n", (3, 16), "a whole number from 0", ""),
        ("[budget.x]\nlimit_tokns = 1\n", (3, 1), "unknown key `limit_tokns`", "did you mean `limit_tokens`?"),
        ("[budget.x]\nper = 'weekly'\nlimit_usd = 1\n", (3, 7), "`per` cannot be \"weekly\"", "session"),
        ("[budget.x]\nper = 'day'\nlimit_ms = 1\n", (4, 1), "time is not counted per day", "run"),
        ("[budget.x]\nper = 'run'\nlimit_ms = 0\n", (4, 12), "`limit_ms` is at least 1 ms", ""),
        ("[budget.x]\nlimit_usd = 1\ncount = 'all'\n", (4, 1), "limits none", ""),
        ("[budget.x]\nlimit_ms = 1\ncap = 'always'\n", (4, 1), "limits none", ""),
        ("[budget.x]\nlimit_usd = 1\ntimeout = '9m'\n", (4, 1), "nobody is asked", "on_exceed"),
        ("[budget.x]\nlimit_usd = 1\non_exceed = 'ask'\ntimeout = '9 m'\n", (5, 12), "not a duration", ""),
        (
            "[budget.x]\nlimit_usd = 1\ntext = 'Over {{budget.y.used}}'\n",
            (4, 23),
            "no `[budget.y]`",
            "did you mean `x`?",
        ),
        ("[budget.'x y']\nlimit_usd = 1\n", (2, 1), "cannot have this name", "letters"),
        ("cost_budget_usd = 1\n[budget.cost_budget_usd]\nlimit_usd = 1\n", (3, 1), "a budget of this name already", ""),
        (
            "[[rule]]\nid = 'r'\non = 'model.request'\nwhen = 'budget.x.used > 1.0'\ndo = ['block']\n",
            (5, 16),
            "no `[budget.x]`",
            "declare it",
        ),
        ("cost_budget_usd = -2\n", (2, 19), "US dollars from 0", ""),
        ("[limit.x]\nrate = '10/min'\n", (2, 1), "needs a `match`", "tool"),
        ("[limit.x]\nmatch = {}\nrate = '10/min'\n", (3, 9), "nothing to count", "tool"),
        ("[limit.x]\nmatch = { tol = 'a' }\nrate = '10/min'\n", (3, 11), "unknown key `tol`", "did you mean `tool`?"),
        ("[limit.x]\nmatch = { tool = '[' }\nrate = '10/min'\n", (3, 18), "not a glob", ""),
        ("[limit.x]\nmatch = { tool = 'a' }\n", (2, 1), "needs a `rate`", "10/min"),
        ("[limit.x]\nmatch = { tool = 'a' }\nrate = '10'\n", (4, 9), "not a rate", "10/min"),
        (
            "[limit.x]\nmatch = { tool = 'a' }\nrate = '1/999999999999h'\n",
            (4, 8),
            "longer than a year",
            "a higher rate",
        ),
        (
            "[limit.x]\nmatch = { tool = 'a' }\nrate = '1/h'\nburst = 4_294_967_295\n",
            (5, 9),
            "longer than a year",
            "a smaller burst",
        ),
        ("[limit.x]\nmatch = { tool = 'a' }\nrate = '0/min'\n", (4, 9), "a whole number from 1", ""),
        ("[limit.x]\nmatch = { tool = 'a' }\nrate = '10/fortnight'\n", (4, 12), "no such unit of time", ""),
        ("[limit.x]\nmatch = { tool = 'a' }\nrate = '10/min'\nburst = 0\n", (5, 9), "at least 1", ""),
        (
            "[limit.x]\nmatch = { tool = 'a' }\nrate = '10/min'\non_exceed = 'wait'\n",
            (5, 13),
            "`on_exceed` cannot be",
            "delay",
        ),
    ];
    for (source, place, message, hint) in cases {
        let problems = compile("p.toml", &format!("version = 1\n{source}")).map(|_| ()).expect_err(source).0;
        let told = problems.iter().find(|problem| problem.message.contains(message));
        let problem = told.unwrap_or_else(|| panic!("{source}: {problems:#?}"));
        assert_eq!((problem.line, problem.column), *place, "{source}: {problem}");
        assert!(problem.hint.clone().unwrap_or_default().contains(hint), "{source}: {problem:?}");
    }
}
