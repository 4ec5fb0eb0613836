//! The typed evaluator and cel's interpreter give the same truth, or both none, to whatever both can say.

use super::{Compiled, Condition, Fault, Observed, Place, check::check_both};
use domain::{Observation, Point};
use proptest::prelude::*;
use serde_json::{Value, json};

fn observation(args: Value, tokens: u64, risk: f64, agent: &str) -> Observation {
    serde_json::from_value(json!({
        "point": "tool.call", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {"tokens": tokens, "risk": risk, "agent": agent, "taints": ["a", "web"], "tools_seen": ["x"]}, "run": {}, "request": {},
        "tool": {"name": agent}, "call": {"name": agent, "args": args},
    }))
    .unwrap()
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,3}",
        "[0-9]{1,2}\\.[05]",
        "[0-9]{1,2}u",
        Just("18446744073709551615u".to_owned()),
        "'[a-c]{0,2}'",
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        Just("session.tokens".to_owned()),
        Just("session.risk".to_owned()),
        Just("session.agent".to_owned()),
        Just("session.taints".to_owned()),
        Just("call.args.n".to_owned()),
        Just("call.args.s".to_owned()),
        Just("call.args.list".to_owned()),
        Just("call.args.list[1]".to_owned()),
        Just("call.args.deep.a".to_owned()),
        Just("call.args.gone".to_owned()),
        Just("call.args".to_owned()),
        Just("call.args.big".to_owned()),
        Just("history.r.fires_in_run".to_owned()),
        Just("session.taints[1]".to_owned()),
        Just("has(call.args.n)".to_owned()),
        Just("has(call.args.gone.x)".to_owned()),
        Just("session.seen('x')".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let sign = prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">="), Just("in")];
    let call = prop_oneof![Just("startsWith"), Just("endsWith"), Just("contains")];
    let walk = prop_oneof![Just("exists"), Just("all"), Just("exists_one")];
    let element = prop_oneof![
        Just("e.n"),
        Just("e.s"),
        Just("has(e.s)"),
        Just("e.tags[0]"),
        Just("e.tags.exists(f, f == e.s)"),
        Just("e"),
        Just("e.n > 1 || e.gone"),
    ];
    let leaf = prop_oneof![
        (value(), sign, value()).prop_map(|(l, o, r)| format!("{l} {o} {r}")),
        (value(), call, value()).prop_map(|(l, o, r)| format!("{l}.{o}({r})")),
        (value(), value(), value()).prop_map(|(i, a, b)| format!("{i} in [{a}, {b}]")),
        value().prop_map(|v| format!("size({v}) > 1")),
        value().prop_map(|v| format!("{v}.matches('^[a-b]+$')")),
        (value(), walk.clone(), value()).prop_map(|(l, w, v)| format!("{l}.{w}(e, e == {v})")),
        (walk, element, value()).prop_map(|(w, e, v)| format!("call.args.items.{w}(e, {e} == {v})")),
        value().prop_map(|v| format!("call.args.list[{v}] == 1")),
        value(),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) && ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) || ({r})")),
            inner.prop_map(|i| format!("!({i})")),
        ]
    })
}

fn truths(text: &str, observation: &Observation) -> Option<[Option<bool>; 2]> {
    let rules = ["r".to_owned()];
    let place = Place { point: Point::ToolCall, policy: "p", rules: &rules, declared: &Default::default() };
    let (Compiled { reads, .. }, typed, interpreted) = check_both(text, place)?;
    let facts = Observed { reads: &reads, observation };
    let known = |truth: Result<bool, Fault>| {
        assert_ne!(truth, Err(Fault::Panicked));
        truth.ok()
    };
    Some([known(typed.holds(&facts)), known(interpreted.holds(&facts))])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluators_agree(text in condition(), n in -3i64..120, tokens in 0u64..120, risk in 0u8..9) {
        let args = json!({"n": n, "s": "ab", "list": [1, "a", 2.5, null], "deep": {"a": {"b": 1}}, "big": u64::MAX,
            "items": [{"n": 1, "s": "a", "tags": ["a"]}, {"n": n, "s": "b", "tags": ["b", 1]}, {"n": 3}]});
        let moment = observation(args, tokens, f64::from(risk) / 2.0, "b");
        if let Some([typed, interpreted]) = truths(&text, &moment) {
            prop_assert_eq!(typed, interpreted, "{}", text);
        }
    }
}

#[test]
fn common_conditions_are_judged_by_the_typed_evaluator() {
    let moment = observation(json!({"n": 1, "s": "ab", "list": [{"a": [2, 3]}, {"b": 1}]}), 5, 0.5, "b");
    for (text, truth) in [
        ("session.tokens > 3 && tool.name == 'b'", true),
        ("call.args.n == 1.0", true),
        ("call.args.s.matches('^a')", true),
        ("'web' in session.taints && !(tool.name in ['x', 'y'])", true),
        ("size(call.args) == 3 && size(call.args.s) == 3", false),
        ("history.r.fires_in_session == 0", true),
        ("call.args.list.exists(e, e.a.all(f, f != call.args.n && f < 9))", true),
        ("call.args.list.exists_one(e, has(e.a) && size(e.a) > 1)", true),
        ("session.taints.all(t, t.startsWith('w'))", false),
        ("0.5 in call.args.list[1]", false),
    ] {
        assert_eq!(truths(text, &moment), Some([Some(truth), Some(truth)]), "{text}");
    }
}
