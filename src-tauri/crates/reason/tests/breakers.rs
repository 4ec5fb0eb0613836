//! Breakers, tools and the actions on failing calls: what the file says is what is declared and done, and every mistake has its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may panic; clippy only knows its `#[test]` functions

use domain::{Action, Backoff, BreakerPer, Point};
use switchtower_reason::{BreakerLimits, PolicySet, RuleSummary, compile, evaluate};

fn told(source: &str) -> Vec<(u32, String, String)> {
    let source = format!("version = 1\n{source}");
    match compile("p.toml", &source) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems.0,
    }
    .into_iter()
    .map(|problem| (problem.line, problem.message, problem.hint.unwrap_or_default()))
    .collect()
}

fn set(source: &str) -> PolicySet {
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), format!("version = 1\n{source}"))]);
    assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
    loaded.set
}

fn retry(fields: &str) -> Vec<(u32, String, String)> {
    told(&format!("[[rule]]\nid = 'r'\non = 'model.response'\ndo = [{{ retry = {{ {fields} }} }}]\n"))
}

#[test]
fn a_breaker_is_what_the_file_says_and_the_rest_is_as_documented() {
    let set = set(
        "[breaker.tool]\nper = 'tool'\nmatch = ['get_*']\nwindow = '10m'\nmin_calls = 100\nerror_rate = 0.3\nslow_rate = 0.5\n\
                   slow = '5s'\np99 = '8s'\nconsecutive = 4\ncooldown = '1m'\nprobes = 2\n[breaker.main]\nper = 'provider'\nconsecutive = 3\n",
    );
    let breakers: Vec<_> = set.breakers().collect();
    assert_eq!((breakers[0].key.as_str(), breakers[0].per), ("p/tool", BreakerPer::Tool));
    assert!(breakers[0].watches("get_weather") && !breakers[0].watches("send"));
    let said = BreakerLimits {
        window_ms: 600_000,
        min_calls: 100,
        error_rate: Some(0.3),
        slow: Some((0.5, 5_000)),
        p99_ms: Some(8_000),
        consecutive: Some(4),
        cooldown_ms: 60_000,
        probes: 2,
    };
    assert_eq!(breakers[0].limits, said);
    assert!(breakers[1].watches("any"));
    let limits = breakers[1].limits;
    assert_eq!((limits.window_ms, limits.min_calls, limits.cooldown_ms, limits.probes), (300_000, 20, 30_000, 1));
}

#[test]
fn a_breaker_s_mistakes_are_told_at_their_places() {
    for (fields, line, message) in [
        ("consecutive = 1", 2, "`breaker.b` needs a `per`"),
        ("per = 'tool'", 2, "`breaker.b` never opens"),
        ("per = 'tol'\nconsecutive = 1", 3, "`per` cannot be \"tol\""),
        ("per = 'tool'\nerror_rate = 30", 4, "`error_rate` is a share above 0, up to 1"),
        ("per = 'tool'\nslow_rate = 0.5", 4, "`slow_rate` alone says nothing"),
        ("per = 'tool'\nconsecutive = 1\nslow = '5s'", 5, "`slow` alone says nothing"),
        ("per = 'tool'\nconsecutive = 0", 4, "`consecutive` is a whole number from 1 to 4294967295"),
        ("per = 'tool'\nconsecutive = 1\nprobes = 101", 5, "`probes` is a whole number from 1 to 100"),
        ("per = 'tool'\nconsecutive = 1\ncooldown = '0s'", 5, "`cooldown` is longer than nothing, and at most 24h"),
        ("per = 'tool'\nconsecutive = 1\nmatch = ['a[']", 5, "not a glob: unclosed character class; missing ']'"),
        ("per = 'tool'\nconsecutive = 1\nmatch = []", 5, "`breaker.b` watches nothing"),
        ("per = 'tool'\nerror_rate = 0.5\nmin_calls = 2049", 5, "`min_calls` is a whole number from 1 to 2048"),
        ("per = 'tool'\nconsecutiv = 1\nerror_rate = 0.5", 4, "unknown key `consecutiv`"),
        ("per = 'tool'\np99 = '8s'", 4, "a 99th percentile is judged from 100 calls on, not from 20"),
    ] {
        let told = told(&format!("[breaker.b]\n{fields}\n"));
        assert_eq!(told.first().map(|(line, message, _)| (*line, message.as_str())), Some((line, message)), "{fields}");
    }
    let unnamed = told("[breaker.'a b']\nper = 'tool'\nconsecutive = 1\n");
    assert_eq!((unnamed[0].0, unnamed[0].1.as_str()), (2, "a breaker cannot have this name"));
    let told = told(
        "[[rule]]\nid = 'r'\non = 'model.request'\nwhen = 'breaker.mian.open'\ndo = ['block']\n[breaker.main]\nper = 'model'\nconsecutive = 1\n",
    );
    assert!(told[0].2.contains("main"), "{told:?}");
}

#[test]
fn a_retry_s_mistakes_are_told_at_their_places() {
    for (fields, message) in [
        ("times = 0", "`times` is a whole number from 1 to 5"),
        ("times = 6", "`times` is a whole number from 1 to 5"),
        ("base = '0s'", "`base` is longer than nothing"),
        ("max = '2m'", "`max` is at most 1m, not 2m"),
        ("base = '3s', max = '2s'", "`base` (3s) is above `max` (2s)"),
        ("base = '3'", "not a duration: a unit is missing"),
        ("tries = 3", "unknown key `tries`"),
    ] {
        let told = retry(fields);
        assert_eq!(told.first().map(|(line, message, _)| (*line, message.as_str())), Some((5, message)), "{fields}");
    }
    let cached = told("[[rule]]\nid = 'r'\non = 'tool.call'\ndo = [{ cached = '0s' }]\n");
    assert_eq!(cached[0].1, "`max_age` is longer than nothing, and at most 168h");
}

/// What the rules of a file come to at a response.
fn at_response(set: &PolicySet, failed: bool) -> Vec<Action> {
    let mut json = serde_json::json!({ "point": "model.response", "at": 0, "trace": { "session": "ses_0000000000000", "exchange": "exc_0000000000000" },
        "session": {}, "run": {}, "request": {}, "response": { "status": 503, "failed": failed } });
    if !failed {
        json["response"]["status"] = 200.into();
    }
    let observation = serde_json::from_value(json).unwrap();
    evaluate(set, "agent", &observation, &|| 0).decisions.into_iter().map(|decision| decision.action).collect()
}

#[test]
fn only_rules_on_failures_concern_them_and_they_hold_no_answer_back() {
    let mending = set("[[rule]]\nid = 'r'\non = 'model.response'\nwhen = 'response.failed && response.attempt < 3'\n\
                       do = [{ first = ['retry', { cached = '5m' }, { block = 'Later.' }] }]\n");
    assert!(mending.mends_failures() && mending.caches(Point::ModelResponse));
    assert!(!mending.needs_response(), "a good answer cannot match");
    let backoff = Backoff { times: 2, base_ms: 500, max_ms: 8_000 };
    let Action::First(actions) = &at_response(&mending, true)[0] else { panic!("one of three") };
    assert_eq!(actions[..2], [Action::Retry(backoff), Action::Cached { max_age_ms: 300_000 }]);
    assert!(at_response(&mending, false).is_empty());
    let blocking =
        set("[[rule]]\nid = 'r'\non = 'model.response'\nwhen = \"response.text.contains('x')\"\ndo = ['block']\n");
    assert!(blocking.needs_response() && !blocking.mends_failures());
    let shadow =
        set("[[rule]]\nid = 'r'\nmode = 'shadow'\non = 'model.response'\nwhen = 'response.failed'\ndo = ['retry']\n");
    assert!(!shadow.mends_failures(), "a shadow rule delays nothing");
}

#[test]
fn the_simple_key_makes_two_breakers_and_two_rules() {
    let set = set(
        "fallback_model = 'small'\n[circuit_breaker]\nerror_rate_threshold = 0.4\nwindow_seconds = 90\ncooldown_seconds = 20\n",
    );
    let breakers: Vec<_> = set.breakers().map(|breaker| (breaker.key.as_str(), breaker.per, breaker.limits)).collect();
    assert_eq!((breakers[0].0, breakers[0].1), ("p/circuit_breaker", BreakerPer::Provider));
    assert_eq!((breakers[1].0, breakers[1].1), ("p/circuit_breaker_tool", BreakerPer::Tool));
    let limits = breakers[0].2;
    assert_eq!((limits.error_rate, limits.window_ms, limits.cooldown_ms), (Some(0.4), 90_000, 20_000));
    let of_key = |rule: &RuleSummary| rule.lowered_from == Some("circuit_breaker");
    let rules: Vec<_> = set.policy("p").unwrap().rules().into_iter().filter(of_key).collect();
    assert_eq!(
        rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
        ["circuit_breaker", "circuit_breaker_tool"]
    );
    assert!(rules[0].toml.contains("tier:fallback") && rules[0].toml.contains("in 20 seconds"), "{}", rules[0].toml);
    let wrong = told("[circuit_breaker]\nwindow_seconds = 0\nerror_rate = 0.5\n");
    let messages: Vec<&str> = wrong.iter().map(|(_, message, _)| message.as_str()).collect();
    assert_eq!(messages, ["`window_seconds` is a whole number from 1 to 86400", "unknown key `error_rate`"]);
}

#[test]
fn tools_that_change_nothing_are_those_that_a_policy_names() {
    let set = set("[tools]\nread_only = ['get_*', 'search']\n");
    assert!(set.read_only("get_weather") && set.read_only("search"));
    assert!(!set.read_only("delete_file") && !PolicySet::default().read_only("search"));
}

#[test]
fn failures_of_tools_are_known_by_the_texts_that_a_policy_names() {
    let set = set("[tools]\nerrors = { \"exec_*\" = 'exited with code [1-9]' }\n");
    assert!(set.knows_tool_errors() && set.is_tool_error("exec_command", "it exited with code 2"));
    assert!(
        !set.is_tool_error("exec_command", "exited with code 0") && !set.is_tool_error("read", "exited with code 2")
    );
    let wrong = told("[tools]\nerrors = { \"exec\" = '(', b = 'x*', c = 3 }\n");
    let messages: Vec<&str> = wrong.iter().map(|(_, message, _)| message.as_str()).collect();
    assert_eq!(messages.len(), 3, "{wrong:?}");
    assert!(
        messages[0].starts_with("not a regular expression") && messages[1].contains("matches where nothing stands"),
        "{wrong:?}"
    );
}
