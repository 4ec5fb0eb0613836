//! Actions that change the calls to come: what a file says, what a verdict asks for, and mistakes with their places.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, AlertTarget, Effort, Limits, Observation, Reroute, Scope};
use serde_json::json;
use switchtower_reason::{PolicySet, compile, evaluate};

fn decided(source: &str, request: serde_json::Value) -> Vec<Action> {
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), format!("version = 1\n{source}"))]);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems[0]);
    let observation: Observation = serde_json::from_value(json!({
        "point": "model.request", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {}, "run": {}, "request": request,
    }))
    .unwrap();
    evaluate(&loaded.set, "agent", &observation, &|| 0).decisions.into_iter().map(|decision| decision.action).collect()
}

fn rule(actions: &str) -> String {
    format!("[[rule]]\nid = 'r'\non = 'model.request'\ndo = {actions}\n")
}

/// Where each mistake stands (line, the text under the caret) and what it says.
fn mistakes(source: &str) -> Vec<(u32, String, String)> {
    let source = format!("version = 1\n{source}");
    let problems = compile("p.toml", &source).unwrap_err().0;
    let under = |line: u32, column: u32, length: u32| {
        let line = source.lines().nth(line as usize - 1).unwrap_or_default();
        line.chars().skip(column as usize - 1).take(length as usize).collect::<String>()
    };
    problems.iter().map(|p| (p.line, under(p.line, p.column, p.length), p.message.clone())).collect()
}

fn reroute(to: &str, model: Option<&str>) -> Action {
    let (to, model) = (to.to_owned(), model.map(str::to_owned));
    Action::Reroute(Reroute { to, model, provider: None, scope: Scope::Run })
}

#[test]
fn a_tier_names_a_model_for_each_provider_or_dialect() {
    let tiers =
        "[tiers]\nfast = 'gpt-4o-mini'\nstrong = { openai = 'gpt-4o', anthropic = 'claude-opus-4-5', mine = 'big' }\n";
    let source = format!("{tiers}{}", rule("[{ reroute = 'tier:strong' }, { reroute = 'tier:fast' }]"));
    let at = |provider: &str, dialect: &str| decided(&source, json!({"provider": provider, "dialect": dialect}));
    assert_eq!(at("openai", "openai-chat")[0], reroute("tier:strong", Some("gpt-4o")));
    assert_eq!(
        at("mine", "openai-responses")[0],
        reroute("tier:strong", Some("big")),
        "the provider before its dialect"
    );
    assert_eq!(at("gemini", "gemini")[0], reroute("tier:strong", None), "what the tier does not name");
    assert_eq!(at("gemini", "gemini")[1], reroute("tier:fast", Some("gpt-4o-mini")));
}

#[test]
fn the_fallback_model_is_a_tier_and_the_fast_one_unless_another_is_named() {
    let source =
        format!("fallback_model = 'small'\n{}", rule("[{ reroute = 'tier:fallback' }, { reroute = 'tier:fast' }]"));
    let found = decided(&source, json!({}));
    assert_eq!(found, [reroute("tier:fallback", Some("small")), reroute("tier:fast", Some("small"))]);
}

#[test]
fn limits_alerts_and_first_say_what_the_file_says() {
    let source = format!(
        "[alert.desk]\nkind = 'webhook'\nurl = 'http://localhost/x'\n{}",
        rule(
            "[{ limit = { output_tokens = 500, reasoning = 'low', without = ['bash'], scope = 'call' } }, { alert = 'desk' }, { first = ['stop', { rollback = { steps = 3 } }] }]"
        )
    );
    let found = decided(&source, json!({}));
    let names: Vec<&str> = found.iter().map(Action::name).collect();
    assert_eq!(names, ["first", "limit", "alert"], "in the order of their classes");
    let limits = Limits {
        output_tokens: Some(500),
        reasoning: Some(Effort::Low),
        tools: None,
        without: vec!["bash".to_owned()],
        scope: Scope::Call,
    };
    assert_eq!(found[1], Action::Limit(limits));
    let Action::Alert { alert, text } = &found[2] else { panic!("{found:?}") };
    assert_eq!(alert.to, AlertTarget::Webhook("http://localhost/x".to_owned()));
    assert_eq!(text, "Rule r of policy p matched.");
    let Action::First(actions) = &found[0] else { panic!("{found:?}") };
    assert!(matches!(&actions[..], [Action::Stop { .. }, Action::Rollback { steps: 3, .. }]), "{actions:?}");
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let told = |source: &str| mistakes(source).remove(0);
    let tiers = "[tiers]\nstrong = 'x'\n";
    assert_eq!(
        told(&format!("{tiers}{}", rule("[{ reroute = 'tier:strng' }]"))),
        (7, "strng".to_owned(), "this file has no tier `strng`".to_owned())
    );
    assert_eq!(told("[tiers]\nstrong = 3\n").2, "`strong` takes a model, or models by provider");
    assert_eq!(told(&rule("[{ limit = {} }]")).2, "`limit` says nothing to limit");
    assert_eq!(
        told(&rule("[{ limit = { output_tokens = 0 } }]")),
        (5, "0".to_owned(), "an answer needs at least 1 token".to_owned())
    );
    assert_eq!(told(&rule("[{ limit = { reasoning = 'lwo' } }]")).1, "'lwo'");
    assert_eq!(told(&rule("[{ alert = 'desk' }]")), (5, "desk".to_owned(), "this file has no alert `desk`".to_owned()));
    assert_eq!(told("[alert.a]\nkind = 'webhook'\n").2, "the webhook `alert.a` needs a `url`");
    assert_eq!(told("[alert.a]\nkind = 'command'\n").2, "`alert.a` names no program");
    assert_eq!(told(&rule("[{ first = 'stop' }]")).2, "`first` takes a list of actions");
    assert_eq!(
        told(&rule("[{ first = [{ first = ['stop'] }] }]")).2,
        "neither `first` nor `approve` stands within `first`"
    );
    assert_eq!(told(&rule("[{ rollback = { steps = 0 } }]")).1, "0");
    let idle = "[[rule]]\nid = 'r'\non = 'session.idle'\ndo = ['rollback']\n";
    assert_eq!(told(idle).2, "`rollback` does not act at session.idle");
}
