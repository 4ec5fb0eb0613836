//! Classifiers, `safety_classifiers` and schemas: what a file says of them, when they are asked, and mistakes with their places.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::{Action, ClassifierKind, Mode, Observation, Point};
use serde_json::json;
use switchtower_reason::{PolicySet, compile, evaluate, evaluate_late};

fn loaded(source: &str) -> PolicySet {
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), format!("version = 1\n{source}"))]);
    assert!(loaded.problems.is_empty(), "{}", loaded.problems[0]);
    loaded.set
}

fn mistake(source: &str) -> (String, String, String) {
    let source = format!("version = 1\n{source}\n");
    let problem = compile("p.toml", &source).unwrap_err().0.remove(0);
    let line = source.lines().nth(problem.line as usize - 1).unwrap_or_default();
    let under = line.chars().skip(problem.column as usize - 1).take(problem.length as usize).collect();
    (under, problem.message, problem.hint.unwrap_or_default())
}

const RULE: &str = "[[rule]]\nid = 'r'\non = 'tool.result'\nwhen = 'score.odd > 0.4'\ndo = [{ taint = 'odd' }]\n";

#[test]
fn a_classifier_is_asked_only_where_a_rule_in_force_reads_it() {
    let asked = |declared: &str, rule: &str, point| {
        let set = loaded(&format!("{declared}\n{rule}"));
        set.classifications(point).iter().map(|asked| asked.key.clone()).collect::<Vec<_>>()
    };
    let rules = "[classifier.odd]\nkind = 'rules'\nphrases = ['tralala (x)']\n[classifier.unread]\nkind = 'rules'\nlists = ['pii']";
    assert_eq!(asked(rules, RULE, Point::ToolResult), ["p/odd"]);
    assert!(asked(rules, RULE, Point::ModelResponse).is_empty());
    let off = RULE.replace("do =", "mode = 'off'\ndo =");
    assert!(asked(rules, &off, Point::ToolResult).is_empty());
    let shadow = RULE.replace("do =", "mode = 'shadow'\ndo =");
    assert_eq!(asked(rules, &shadow, Point::ToolResult), ["p/odd"]);
    let told = "[[rule]]\nid = 'r'\non = 'tool.result'\ndo = [{ replace = '{{found.odd}}' }]";
    assert_eq!(asked(rules, told, Point::ToolResult), ["p/odd"], "a text reads it, too");
    let http = "[classifier.odd]\nkind = 'http'\nurl = 'http://127.0.0.1:1/score'\nmax = '50ms'";
    assert_eq!(asked(http, RULE, Point::ToolResult), ["p/odd"]);
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), format!("version = 1\n{http}\n{shadow}"))]);
    let set = loaded.set;
    assert!(
        set.classifications(Point::ToolResult).is_empty() && loaded.problems.is_empty(),
        "shadow rules delay nothing"
    );
    assert_eq!(set.late_classifications(Point::ToolResult)[0].key, "p/odd", "theirs is asked beside the moment");
    let seen = |score: Option<f64>| -> Observation {
        let score = score.map_or(json!({}), |score| json!({ "p/odd": score }));
        serde_json::from_value(json!({
            "point": "tool.result", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
            "session": {}, "run": {}, "request": {}, "tool": {}, "result": {}, "named": {"score": score},
        }))
        .unwrap()
    };
    assert!(evaluate(&set, "agent", &seen(None), &|| 0).evaluations.is_empty(), "and judged once it is there");
    let late = evaluate_late(&set, "agent", &seen(Some(0.5)), &|| 0);
    assert!(late.evaluations[0].matched && late.decisions[0].mode == Mode::Shadow);
    let both = self::loaded(&format!("{http}\n{RULE}{}", shadow.replace("id = 'r'", "id = 's'")));
    assert!(both.late_classifications(Point::ToolResult).is_empty(), "an enforced rule's score serves both");
    assert_eq!(evaluate(&both, "agent", &seen(Some(0.5)), &|| 0).evaluations.len(), 2);
}

#[test]
fn the_simple_key_makes_rules_of_the_full_form() {
    let set = loaded("safety_classifiers = ['secrets', 'pii', 'content_policy', 'prompt_injection']");
    let policy = set.policies().next().unwrap();
    let rules = policy.rules();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let redacting = ["secrets_in_request", "secrets_in_result", "secrets_in_answer"];
    assert_eq!(ids[..3], redacting);
    assert_eq!(ids[3..], ["pii_in_request", "pii_in_result", "pii_in_answer", "content_policy", "prompt_injection"]);
    assert!(rules.iter().all(|rule| rule.lowered_from == Some("safety_classifiers") && rule.mode == Mode::Enforce));
    // Each is a rule that a file could say itself.
    let written: String = rules.iter().map(|rule| format!("{}\n", rule.toml)).collect();
    let own = "[alert.safety]\nkind = 'desktop'\n[classifier.content_policy]\nkind = 'rules'\nlists = ['content_policy']\n\
               [classifier.prompt_injection]\nkind = 'rules'\nlists = ['prompt_injection']\n";
    loaded(&format!("{own}{written}"));
    let patterns: Vec<&str> = set.stream_patterns(Mode::Enforce).map(|pattern| pattern.name.as_str()).collect();
    assert_eq!(patterns, ["secret_key", "plain_key", "private_key", "json_web_token", "card", "account", "cpf", "dni"]);
}

#[test]
fn a_file_s_own_classifier_and_threshold_take_the_shipped_one_s_place() {
    let own = "safety_classifiers = ['content_policy']\n[classifier.content_policy]\nkind = 'http'\nurl = 'http://127.0.0.1:1/'\nthreshold = 0.9";
    let set = loaded(own);
    let asked = set.classifications(Point::ModelResponse);
    assert!(matches!(&asked[..], [one] if matches!(one.kind, ClassifierKind::Http { .. })), "{asked:?}");
    let decided = |score: f64| {
        let observation: Observation = serde_json::from_value(json!({
            "point": "model.response", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
            "session": {}, "run": {}, "request": {}, "response": {"text": "x"},
            "named": {"score": {"p/content_policy": score}, "found": {"p/content_policy": ["x"]}},
        }))
        .unwrap();
        evaluate(&set, "agent", &observation, &|| 0).decisions
    };
    assert!(decided(0.89).is_empty());
    assert!(matches!(decided(0.9)[0].action, Action::Block { .. }));
}

#[test]
fn a_hostile_result_takes_no_long() {
    let set = loaded(
        "[schema.s]\ntool = '*'\nschema = { properties = { sky = { pattern = '^(a+)+$' } } }\n[[rule]]\nid = 'r'\non = 'tool.result'\n\
         when = '!schema.s.valid'\ndo = [{ taint = 'odd' }]",
    );
    let text = format!(r#"{{"sky": "{}!"}}"#, "a".repeat(500_000));
    let began = std::time::Instant::now();
    assert!(!set.schema_facts("get", &text)["p/s"].valid);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn mistakes_are_told_where_they_stand() {
    let of = |declared: &str| mistake(&format!("[classifier.odd]\n{declared}"));
    assert_eq!(of("on = ['tool.call']").1, "`classifier.odd` needs a `kind`");
    assert_eq!(of("kind = 'linear'").1, "this version has no classifiers of kind \"linear\" yet");
    assert_eq!(of("kind = 'ruels'").2, "did you mean `rules`?");
    assert_eq!(of("kind = 'rules'").1, "`classifier.odd` looks for nothing");
    assert_eq!(of("kind = 'rules'\nlists = ['pi']").0, "'pi'");
    assert_eq!(of("kind = 'rules'\npatterns = ['emial']").2, "did you mean `email`?");
    assert_eq!(of("kind = 'http'").1, "`classifier.odd` over HTTP needs a `url`");
    assert_eq!(of("kind = 'http'\nurl = 'ftp://x'").1, "a classifier's `url` begins with https:// or http://");
    assert_eq!(of("kind = 'http'\nurl = 'http://x'\nmax = '2x'").0, "x");
    assert_eq!(of("kind = 'http'\nurl = 'http://x'\nmax = '2m'").1, "`max` is from \"1ms\" to \"60s\"");
    assert_eq!(
        of("kind = 'rules'\nlists = ['pii']\non = ['model.stream']").1,
        "no classifier is asked at \"model.stream\""
    );
    assert_eq!(of("kind = 'rules'\nlists = ['pii']\nthreshold = 0").1, "`threshold` is above 0 and at most 1");
    let elsewhere = format!("[classifier.odd]\nkind = 'rules'\nlists = ['pii']\non = ['tool.call']\n{RULE}");
    assert_eq!(mistake(&elsewhere).1, "`odd` is not asked at tool.result");
    assert_eq!(mistake("safety_classifiers = ['secret']").2, "did you mean `secrets`?");
    assert_eq!(mistake("safety_classifiers = ['pii', 'pii']").1, "\"pii\" stands here twice");
    let error = "[[rule]]\nid = 'r'\non = 'model.response'\ndo = [{ block = { as = 'error' } }]";
    assert_eq!(mistake(error).0, "'error'");
}
