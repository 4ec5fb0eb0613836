//! Properties: no text makes the compiler panic, half a file is a problem, the same moment gives the same verdict.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::Observation;
use proptest::prelude::*;
use serde_json::json;
use switchtower_reason::{PolicySet, compile, evaluate, run_tests};

const WHOLE: &str = include_str!("../../../../policies/safe-tools.toml");

fn observation(tool: &str, raw: &str, tokens: u32, errors: u32) -> Observation {
    serde_json::from_value(json!({
        "point": "tool.call", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {"tokens": tokens, "tool_errors": errors}, "run": {}, "request": {},
        "tool": {"name": tool}, "call": {"name": tool, "raw": raw, "args": {"n": errors, "s": raw}},
    }))
    .unwrap()
}

/// Pieces that conditions are made of, whole or broken.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("session.tokens"),
        Just("call.args.n"),
        Just("call.args.s"),
        Just("tool.name"),
        Just("session"),
        Just("history.r.fires_in_run"),
        Just("&&"),
        Just("||"),
        Just("!"),
        Just("=="),
        Just("<"),
        Just(">="),
        Just("in"),
        Just("+"),
        Just("*"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("1"),
        Just("2.5"),
        Just("'x'"),
        Just("\"ä\""),
        Just("true"),
        Just("null"),
        Just(".exists(x, "),
        Just(".size()"),
        Just("has("),
        Just("?"),
        Just(":"),
        Just(".matches('x+')"),
        Just("x"),
        Just(","),
        Just("{"),
        Just("}"),
        Just("r'"),
        Just("b'x'"),
        Just("1u"),
        Just("\\"),
        Just("`a`"),
        Just("@"),
    ]
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_compiler_panic(text in "\\PC{0,200}") {
        let _ = compile("p.toml", &text);
    }

    #[test]
    fn no_condition_makes_the_compiler_or_the_evaluator_panic(pieces in prop::collection::vec(piece(), 0..14)) {
        let when = pieces.join(" ").replace('\'', "\"");
        let source = format!("version = 1\n[[rule]]\nid = 'r'\non = 'tool.call'\nwhen = '{when}'\ndo = ['block']\n");
        let loaded = PolicySet::load(vec![("p.toml".to_owned(), source)]);
        prop_assert!(loaded.problems.is_empty() || loaded.problems.iter().all(|p| p.line >= 1 && p.column >= 1 && p.length >= 1));
        let moment = observation("x", "y", 1, 2);
        let first = evaluate(&loaded.set, "agent", &moment, &|| 0);
        prop_assert_eq!(first, evaluate(&loaded.set, "agent", &moment, &|| 0));
    }

    #[test]
    fn a_file_cut_anywhere_compiles_or_is_a_located_problem(at in 0..WHOLE.len()) {
        let half: String = WHOLE.chars().take(at).collect();
        if let Err(problems) = compile("p.toml", &half) {
            let lines = half.lines().count().max(1) as u32 + 1;
            prop_assert!(!problems.0.is_empty());
            prop_assert!(problems.0.iter().all(|p| p.line <= lines), "{}", problems);
        }
    }

    #[test]
    fn a_file_with_a_character_changed_never_panics(at in 0..WHOLE.len(), c in prop_oneof![Just('"'), Just('\''), Just('['), Just('{'), Just('='), Just('ß'), Just('\n'), Just('.')]) {
        let changed: String = WHOLE.chars().enumerate().map(|(n, old)| if n == at { c } else { old }).collect();
        if let Ok((policy, _)) = compile("p.toml", &changed) {
            run_tests(&policy);
        }
    }

    #[test]
    fn the_same_moment_gives_the_same_verdict(tool in "[a-z_]{1,12}", raw in "\\PC{0,80}", tokens: u32, errors: u32) {
        let source = format!("{WHOLE}\n[[rule]]\nid = 'n'\non = 'tool.call'\nwhen = \"session.tokens > 1000 || call.args.n > 5 && call.args.s.contains('a')\"\ndo = ['block']\n");
        let set = PolicySet::load(vec![("p.toml".to_owned(), source)]).set;
        let moment = observation(&tool, &raw, tokens, errors);
        let stored: Observation = serde_json::from_str(&serde_json::to_string(&moment).unwrap()).unwrap();
        let verdict = evaluate(&set, "agent", &moment, &|| 0);
        prop_assert!(!verdict.evaluations.is_empty());
        prop_assert_eq!(evaluate(&set, "agent", &stored, &|| 0), verdict);
    }

    #[test]
    fn a_call_that_is_blocked_was_held_back(tool in prop_oneof![Just("bash"), Just("delete_file"), Just("read_file"), Just("exec")], raw in prop_oneof![Just("rm -rf /"), Just("ls")]) {
        let set = PolicySet::load(vec![("p.toml".to_owned(), WHOLE.to_owned())]).set;
        let blocked = !evaluate(&set, "agent", &observation(tool, raw, 0, 0), &|| 0).decisions.is_empty();
        prop_assert!(!blocked || set.needs_calls(tool));
        prop_assert_eq!(set.needs_calls(tool), tool != "read_file");
    }
}
