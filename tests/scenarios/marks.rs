//! What no action may harm: reasoning blocks with their signatures, call and result in pairs, and the prompt cache. An agent that reasons, calls
//! tools and moves its cache mark along runs under each action; the provider answers 400 to any changed block, and the prefix of each request
//! must stand in the next one, but where the action itself is to change it, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::sync::Arc;
use switchtower_tests::{Agent, Dialect, Stage, Turn, agent::Outcome, cells, judge};

/// An action, where it acts, and how often it may break the prefix.
struct Row {
    name: &'static str,
    rules: &'static str,
    breaks: usize,
    /// Reasoning of earlier turns leaves with them.
    evicts: bool,
}

const fn row(name: &'static str, rules: &'static str) -> Row {
    Row { name, rules, breaks: 0, evicts: false }
}

const ROWS: &[Row] = &[
    row("nothing", ""),
    row(
        "inject",
        "on = 'model.request'\nwhen = \"request.text == 'More'\"\nmax_fires = 1\ndo = [{ inject = 'Mind the gap.' }]",
    ),
    row("block a call", "on = 'tool.call'\nwhen = \"tool.name == 'delete_file'\"\ndo = ['block']"),
    row("reroute", "on = 'model.request'\nwhen = \"request.text == 'More'\"\ndo = [{ reroute = 'other-model' }]"),
    row(
        "limit output",
        "on = 'model.request'\nwhen = \"request.text == 'More'\"\ndo = [{ limit = { output_tokens = 500 } }]",
    ),
    Row {
        breaks: 1, // the tools stand before everything
        ..row(
            "limit tools",
            "on = 'model.request'\nwhen = \"request.text == 'More'\"\nmax_fires = 1\ndo = [{ limit = { without = ['read_file'], scope = 'session' } }]",
        )
    },
    row("truncate", "on = 'tool.result'\nwhen = 'result.bytes > 100'\ndo = [{ truncate = { head = 10, tail = 10 } }]"),
    row("extract", "on = 'tool.result'\nwhen = 'result.bytes > 100'\ndo = [{ extract = { fields = ['$.id'] } }]"),
    row(
        "replace in results",
        "on = 'tool.result'\nwhen = 'result.bytes > 100'\ndo = [{ replace = { regex = 'row-[0-9]+', with = 'a row' } }]",
    ),
    row("redact a request", "on = 'model.request'\ndo = [{ redact = { regex = 'B-[0-9]{4}' } }]"),
    row("redact an answer", "on = 'model.response'\ndo = [{ redact = { regex = 'A-[0-9]{4}' } }]"),
    row("redact a stream", "on = 'model.stream'\ndo = [{ redact = { regex = 'A-[0-9]{4}' } }]"),
    Row {
        evicts: true, // Gemini signs a call's part, which its agent has with a token in it
        ..row("redact a call", "on = 'tool.call'\ndo = [{ redact = { regex = '^[abe]$' } }]")
    },
    Row {
        evicts: true, // that of the answer itself
        ..row("block an answer", "on = 'model.response'\nwhen = \"response.text.contains('A-1234')\"\ndo = ['block']")
    },
    row(
        "a schema",
        "on = 'tool.result'\nwhen = '!schema.s.valid'\ndo = [{ replace = 'It does not fit: {{schema.s.error}}' }]\n\
         [schema.s]\ntool = 'search'\nschema = { required = ['hits'] }",
    ),
    row(
        "a classifier",
        "on = 'tool.result'\nwhen = 'score.c > 0.4'\ndo = [{ taint = 'odd' }]\n[classifier.c]\nkind = 'rules'\nphrases = ['row-3']",
    ),
    Row {
        breaks: 1,
        evicts: true,
        ..row(
            "compact",
            "on = 'model.request'\nwhen = \"request.text == 'More'\"\nmax_fires = 1\ndo = [{ compact = { to = 0.0001 } }]",
        )
    },
    Row {
        breaks: 1,
        evicts: true,
        ..row(
            "rollback",
            "on = 'model.request'\nwhen = \"request.text == 'More'\"\nmax_fires = 1\ndo = [{ rollback = { steps = 2, text = 'Go on from here.' } }]",
        )
    },
    row("partial", "on = 'model.request'\nwhen = \"request.text == 'More'\"\nmax_fires = 1\ndo = ['partial']"),
    row(
        "cached call",
        "on = 'tool.call'\nwhen = \"tool.name == 'search' && session.steps > 3\"\ndo = ['cached']\n[tools]\nread_only = ['search']",
    ),
    row("taint and alert", "on = 'tool.result'\ndo = [{ taint = 'web' }]"),
];

/// Signed reasoning before text and calls, an opaque block, a signature without text, a call that some rows take out.
fn turns(round: usize) -> Turn {
    match round {
        0 => Turn::call("search", json!({"path": "a"}))
            .with_text("Looking.")
            .thinking("Hm.", "c2lnMA==")
            .redacted("b3BhcXVl"),
        1 => Turn::call("search", json!({"path": "b"}))
            .and_call("delete_file", json!({"path": "c"}))
            .thinking("", "c2lnMQ=="),
        2 => Turn::call("read_file", json!({"path": "d"})).thinking("So A-1234 it is.", "c2lnMg=="),
        3 | 5 => Turn::text("Found A-1234.").thinking("Done.", &format!("c2lnX{round}==")),
        4 => Turn::call("search", json!({"path": "a"})).thinking("More.", "c2lnNA=="),
        _ => Turn::text("Bye."),
    }
}

const LONG: &str = r#"{"id":"row-1","rows":["row-1","row-2","row-3","row-4","row-5","row-6","row-7","row-8","row-9","row-10","row-11"]}"#;

/// Asks three times, runs every tool; results are long, empty or failed.
async fn talk(agent: &mut Agent) {
    for text in ["Find B-1234", "More", "Thanks", "Bye"] {
        agent.say(text);
        loop {
            mark(agent);
            let (answer, _) = agent.turn().await;
            if answer.calls.is_empty() {
                break;
            }
            let outcome = |name: &str| match name {
                "search" => Outcome::good(LONG),
                "read_file" => Outcome::good(""),
                _ => Outcome::bad("no"),
            };
            let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), outcome(&call.name))).collect();
            agent.give(&results);
        }
    }
}

/// As Claude Code does: one mark on the system prompt, one on the newest message, taken off those before.
fn mark(agent: &mut Agent) {
    if agent.dialect != Dialect::Anthropic {
        return;
    }
    let ephemeral = json!({"type": "ephemeral"});
    agent.extra = json!({"thinking": {"type": "enabled", "budget_tokens": 1024},
        "system": [{"type": "text", "text": agent.system, "cache_control": ephemeral}]});
    for message in &mut agent.history {
        if let Some(text) = message["content"].as_str().map(str::to_owned) {
            message["content"] = json!([{"type": "text", "text": text}]);
        }
        for block in message["content"].as_array_mut().into_iter().flatten() {
            block.as_object_mut().unwrap().remove("cache_control");
        }
    }
    let newest = agent.history.last_mut().unwrap()["content"].as_array_mut().unwrap().last_mut().unwrap();
    newest["cache_control"] = ephemeral;
}

/// What a provider caches, in its order: tools, system prompt, then message by message; marks are no part of it.
fn prefix(body: &Value) -> Vec<String> {
    let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array());
    let before = ["tools", "system", "instructions", "systemInstruction"].iter().map(|key| &body[*key]);
    before.chain(list.into_iter().flatten()).map(|part| unmarked(part).to_string()).collect()
}

fn unmarked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "cache_control")
            .map(|(key, inner)| (key.clone(), unmarked(inner)))
            .collect(),
        Value::Array(items) => items.iter().map(unmarked).collect(),
        other => other.clone(),
    }
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            usize::from(fields.contains_key("cache_control")) + fields.values().map(marks).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(marks).sum(),
        _ => 0,
    }
}

async fn cell(stage: Arc<Stage>, row: &'static Row, dialect: Dialect, streamed: bool) {
    let mut agent = stage.agent(row.name, dialect, streamed, turns);
    talk(&mut agent).await;
    let (_, acted) = stage.session(&agent).await;
    assert_eq!(acted.is_empty(), row.rules.is_empty(), "it acts: {acted:?}");
    let bodies = stage.bodies(&agent);
    let prefixes: Vec<Vec<String>> = bodies.iter().map(prefix).collect();
    let broken = prefixes.windows(2).filter(|pair| !pair[1].starts_with(&pair[0])).count();
    let differing = prefixes.windows(2).find_map(|pair| pair[0].iter().zip(&pair[1]).find(|(one, other)| one != other));
    assert_eq!(broken, row.breaks, "the prefix broke: {differing:?}");
    if dialect == Dialect::Anthropic {
        let counts: Vec<usize> = bodies.iter().map(marks).collect();
        assert!(counts.iter().all(|count| *count == 2), "cache marks upstream: {counts:?}");
    }
    let had: Vec<String> = agent.history.iter().flat_map(judge::signed).collect();
    let sent: Vec<String> = judge::signed(bodies.last().unwrap());
    if !row.evicts {
        let lost: Vec<&String> = had.iter().filter(|block| !sent.contains(block)).take(1).collect();
        // What the last answer brought has not been sent yet; it has no signature.
        assert!(lost.is_empty(), "reasoning is gone upstream: {lost:?}");
    }
}

/// Every action × dialect × streamed. A changed block is a 400, which no agent here survives.
#[tokio::test(flavor = "multi_thread")]
async fn no_action_harms_signatures_or_the_prompt_cache() {
    let names: Vec<&'static str> = ROWS.iter().map(|row| row.name).collect();
    let rules = |row: &Row| format!("[[rule]]\nid = \"it\"\n{}\n", row.rules);
    let policies: Vec<_> = ROWS.iter().filter(|row| !row.rules.is_empty()).map(|row| (row.name, rules(row))).collect();
    let stage = Stage::start(&policies).await;
    cells::fill(&names, |name, dialect, streamed| {
        cell(stage.clone(), ROWS.iter().find(|row| row.name == name).unwrap(), dialect, streamed)
    })
    .await;
}
