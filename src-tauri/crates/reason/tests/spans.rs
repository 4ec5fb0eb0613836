//! `redact` and `replace`, `truncate`, `extract` and `compact`: what a file says, and mistakes with their places.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, Observation, Summarist};
use serde_json::json;
use switchtower_reason::{PolicySet, compile, evaluate};

fn decided(on: &str, declared: &str, actions: &str) -> Vec<Action> {
    let source = format!("version = 1\n{declared}\n[[rule]]\nid = 'r'\non = '{on}'\ndo = {actions}\n");
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), source)]);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems[0]);
    let observation: Observation = serde_json::from_value(json!({
        "point": on, "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {"context_used": 0.9}, "run": {}, "request": {"model": "m"}, "tool": {"name": "t"}, "result": {},
    }))
    .unwrap();
    evaluate(&loaded.set, "agent", &observation, &|| 0).decisions.into_iter().map(|decision| decision.action).collect()
}

/// Where the first mistake stands (the text under the caret) and what it says.
fn mistake(on: &str, declared: &str, actions: &str) -> (String, String) {
    let source = format!("version = 1\n{declared}\n[[rule]]\nid = 'r'\non = '{on}'\ndo = {actions}\n");
    let problem = compile("p.toml", &source).unwrap_err().0.remove(0);
    let line = source.lines().nth(problem.line as usize - 1).unwrap_or_default();
    let under = line.chars().skip(problem.column as usize - 1).take(problem.length as usize).collect();
    (under, problem.message)
}

#[test]
fn patterns_are_the_file_s_own_or_shipped() {
    let found = decided(
        "model.request",
        "[pattern]\nbadge = 'B-[0-9]+'",
        "[{ redact = { patterns = ['badge', 'email'] } }, { replace = { with = 'at {{request.model}}', regex = 'x+' } }]",
    );
    let Action::Redact { patterns } = &found[0] else { panic!("{found:?}") };
    let names: Vec<&str> = patterns.iter().map(|pattern| pattern.name.as_str()).collect();
    assert_eq!((names, patterns[0].regex.as_str()), (vec!["badge", "email"], "B-[0-9]+"));
    assert!(
        matches!(&found[1], Action::Replace { patterns, with } if patterns.len() == 1 && with == "at m"),
        "{found:?}"
    );
}

#[test]
fn results_and_contexts_are_cut_as_the_file_says_or_as_usual() {
    let found =
        decided("tool.result", "", "['truncate', { extract = { fields = ['$.a[*].b'] } }, { replace = 'gone' }]");
    assert_eq!(found[0], Action::Truncate { head: 2_000, tail: 1_000 });
    assert!(matches!(&found[1], Action::Extract { fields } if fields[0].as_str() == "$.a[*].b"), "{found:?}");
    assert!(matches!(&found[2], Action::Replace { patterns, .. } if patterns.is_empty()), "{found:?}");
    assert_eq!(
        decided("model.request", "", "['compact']"),
        [Action::Compact { to: 0.5, of: Default::default(), pin: Vec::new(), summary: None }]
    );
    let summed = decided(
        "model.request",
        "fallback_model = 'small'\n[tiers]\nnone = { other = 'x' }",
        "[{ compact = { summary = 'tier:fast' } }, { compact = { summary = 'tier:none' } }, { compact = { summary = 'm' } }]",
    );
    let by = |by: &str, model: Option<&str>| {
        let summary = Some(Summarist { by: by.to_owned(), model: model.map(str::to_owned), max_ms: 20_000 });
        Action::Compact { to: 0.5, of: Default::default(), pin: Vec::new(), summary }
    };
    assert_eq!(summed, [by("tier:fast", Some("small")), by("tier:none", None), by("m", Some("m"))]);
    let usual = decided("model.request", "context_limit = 0.75\nfallback_model = 'small'", "[{ taint = 'x' }]");
    assert_eq!(usual[0], by("tier:fast", Some("small")), "the simple key's rule: {usual:?}");
    let (under, told) = mistake("model.request", "", "[{ compact = { summary = 'tier:fst' } }]");
    assert_eq!((under.as_str(), told.as_str()), ("fst", "this file has no tier `fst`"));
    let limit = decided("model.request", "context_limit = 0.75", "['compact']");
    assert_eq!(
        limit[0],
        Action::Compact { to: 0.5, of: Default::default(), pin: Vec::new(), summary: None },
        "the simple key's rule: {limit:?}"
    );
    assert_eq!(limit.len(), 2);
    assert_eq!(decided("model.request", "context_limit = 0", "['compact']").len(), 1, "0 turns it off");
}

#[test]
fn a_result_s_fields_are_named_in_words_where_a_model_finds_them() {
    let found = decided(
        "tool.result",
        "[tiers]\nfast = 'small'\nnone = { other = 'x' }",
        "[{ extract = { fields = ['order id', 'total'], model = 'tier:fast' } }, { first = [{ extract = { fields = ['a'], model = 'tier:none' } }, 'truncate'] }]",
    );
    let by = |by: &str, model: Option<&str>, fields: &[&str]| Action::ExtractBy {
        by: Summarist { by: by.to_owned(), model: model.map(str::to_owned), max_ms: 20_000 },
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    };
    assert_eq!(found[0], by("tier:fast", Some("small"), &["order id", "total"]));
    assert_eq!(found[0].name(), "extract");
    assert!(matches!(&found[1], Action::First(all) if all[0] == by("tier:none", None, &["a"])), "{found:?}");
    let told = |actions: &str| mistake("tool.result", "[tiers]\nfast = 'small'", actions);
    assert_eq!(
        told("[{ extract = { fields = ['a'], model = 'tier:fst' } }]"),
        ("fst".into(), "this file has no tier `fst`".into())
    );
    assert_eq!(
        told("[{ extract = { fields = ['a', ' '], model = 'm' } }]"),
        ("' '".into(), "a field without a name".into())
    );
    assert_eq!(
        told("[{ extract = { fields = ['a', '$.total'], model = 'm' } }]"),
        ("'$.total'".into(), "`$.total` is a JSON path, and a model takes words".into())
    );
    assert_eq!(
        told("[{ extract = { fields = ['a'], model = 'm', max = '2m' } }]"),
        ("\'2m\'".into(), "`max` is longer than nothing, and at most 1m".into())
    );
    let alone = told("[{ extract = { fields = ['$.a'], max = '1s' } }]");
    assert_eq!(alone, ("max".into(), "`max` is a model's time, and no model is asked".into()));
    let found = decided("tool.result", "", "[{ extract = { fields = ['a'], model = 'm', max = '300ms' } }]");
    assert!(matches!(&found[0], Action::ExtractBy { by, .. } if by.max_ms == 300), "{found:?}");
    assert_eq!(told("[{ extract = { fields = [], model = 'm' } }]").1, "`extract` names no field");
    assert_eq!(told("[{ extract = { model = 'm' } }]").1, "`extract` needs `fields`");
    assert_eq!(told("[{ extract = { fields = ['a'], model = '' } }]").1, "`model` names no model");
    assert_eq!(told("[{ extract = { fields = ['order id'] } }]").1, "not a JSON path: a path begins with `$`");
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let told = |on: &str, declared: &str, actions: &str| mistake(on, declared, actions);
    let request = "model.request";
    assert_eq!(told(request, "", "[{ redact = 'emial' }]"), ("emial".into(), "there is no pattern `emial`".into()));
    assert_eq!(told(request, "", "[{ redact = { } }]").1, "`redact` names no pattern");
    assert_eq!(told(request, "", "[{ replace = 'x' }]").1, "a request cannot be replaced whole");
    let (under, message) = told(request, "[pattern]\nbad = '(['", "['compact']");
    assert_eq!(under, "'(['");
    assert!(message.starts_with("not a regular expression"), "{message}");
    assert_eq!(
        told(request, "[pattern]\nall = 'x*'", "['compact']").1,
        "this matches where nothing stands, so it would match everywhere"
    );
    assert_eq!(
        told("tool.result", "", "[{ extract = { fields = ['$.a', 'b'] } }]").1,
        "not a JSON path: a path begins with `$`"
    );
    assert_eq!(told("tool.result", "", "[{ extract = { fields = ['$.a[x'] } }]").0, "[x'");
    assert_eq!(
        told(request, "", "[{ compact = { to = 1.5 } }]"),
        ("1.5".into(), "`to` is a share above 0 and below 1".into())
    );
    assert_eq!(told(request, "context_limit = 85", "['compact']").1, "`context_limit` is a share from 0 to 1");
    assert_eq!(told(request, "", "['truncate']").1, "`truncate` does not act at model.request");
}

#[test]
fn a_pattern_without_bound_is_told_of_where_text_streams() {
    let warned = |on: &str, regex: &str| {
        let source =
            format!("version = 1\n[[rule]]\nid = 'r'\non = '{on}'\ndo = [{{ redact = {{ regex = '{regex}' }} }}]\n");
        let (_, warnings) = compile("p.toml", &source).unwrap();
        warnings.into_iter().map(|warning| warning.message).collect::<Vec<_>>()
    };
    let told = warned("model.stream", "a+b");
    assert_eq!(told, ["`text` matches texts of any length: on a stream a match ends after 8192 bytes"]);
    assert!(warned("model.stream", "a{1,9}b").is_empty() && warned("model.request", "a+b").is_empty());
    let held = ["`redact` at model.response holds every answer back until it is complete"];
    assert_eq!(warned("model.response", "a{1,9}b"), held);
    assert_eq!(mistake("model.stream", "", "[{ replace = 'x' }]").1, "an answer on its way cannot be replaced whole");
    assert_eq!(mistake("tool.call", "", "[{ replace = 'x' }]").1, "a call cannot be replaced whole");
}
