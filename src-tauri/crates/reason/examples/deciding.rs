//! How long deciding takes: 100 enforced rules at one point, 20 of which read nested arguments. Prints p50 and p99 of `evaluate`, and of
//! `evaluate` with the observation written as JSON, as storing it does.
//!
//! `cargo run --release -p switchtower-reason --example deciding`

use domain::Observation;
use serde_json::json;
use std::io::Write;
use std::time::Instant;
use switchtower_reason::{PolicySet, evaluate};

const ROUNDS: usize = 20_000;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let moment = observation();
    for (name, source) in [("common words", policy(false)), ("20 of them comprehensions", policy(true))] {
        let loaded = PolicySet::load(vec![("bench.toml".to_owned(), source)]);
        if let Some(problem) = loaded.problems.first() {
            writeln!(out, "{problem}")?;
        }
        let set = loaded.set.for_agent("agent");
        let started = Instant::now();
        let ticks = || started.elapsed().as_nanos() as u64;
        let mut deciding = Vec::with_capacity(ROUNDS);
        let mut storing = Vec::with_capacity(ROUNDS);
        let mut matched = 0;
        for _ in 0..ROUNDS {
            let before = Instant::now();
            let verdict = evaluate(&set, "agent", &moment, &ticks);
            deciding.push(before.elapsed().as_nanos());
            let bytes = serde_json::to_vec(&moment)?.len();
            storing.push(before.elapsed().as_nanos() + (bytes == 0) as u128);
            matched += verdict.evaluations.iter().filter(|evaluation| evaluation.matched).count();
        }
        let rules = set.summaries().iter().map(|summary| summary.rules).sum::<u32>();
        let (deciding, storing) = (quantiles(deciding), quantiles(storing));
        writeln!(out, "{rules} rules, {name}; {} matched a round", matched / ROUNDS)?;
        writeln!(out, "  deciding              p50 {:6.1} µs  p99 {:6.1} µs", deciding.0, deciding.1)?;
        writeln!(out, "  with the observation  p50 {:6.1} µs  p99 {:6.1} µs", storing.0, storing.1)?;
    }
    Ok(())
}

fn quantiles(mut nanos: Vec<u128>) -> (f64, f64) {
    nanos.sort_unstable();
    let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    (at(0.5), at(0.99))
}

/// 60 rules over names and numbers, 20 over lists and texts, 20 over nested arguments.
fn policy(comprehensions: bool) -> String {
    let mut source = String::from("version = 1\n");
    for n in 0..100 {
        let when = match n {
            0..30 => format!("tool.name == 'tool_{n}' && session.tokens > {}", n * 1000),
            30..60 => format!("session.steps > {n} && run.tool_errors_in_row >= 3 || session.context_used > 0.9"),
            60..70 => format!("'tag_{n}' in session.taints && !tool.read_only"),
            70..80 => format!("session.seen('tool_{n}') && request.model.startsWith('gpt-')"),
            _ if comprehensions => format!("call.args.order.items.exists(i, i.price > {n}.5 && i.name.contains('x'))"),
            80..90 => format!(
                "has(call.args.order) && call.args.order.address.country == 'C{n}' && call.args.order.items[0].price > 10.5"
            ),
            _ => format!("call.args.order.items[1].name.matches('^item-{n}$') || call.args.order.total > {n}000.0"),
        };
        source += &format!("[[rule]]\nid = 'r{n}'\non = 'tool.call'\nwhen = \"{when}\"\ndo = ['block']\n");
    }
    source
}

fn observation() -> Observation {
    let items: Vec<_> = (0..20)
        .map(|n| json!({"name": format!("item-{n}"), "price": f64::from(n) * 1.5, "tags": ["a", "b"]}))
        .collect();
    let json = json!({
        "point": "tool.call", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {"agent": "agent", "steps": 40, "tokens": 123456, "context_used": 0.4, "taints": ["web", "tag_65"],
                    "tools_seen": ["search", "fetch", "tool_72"]},
        "run": {"tool_errors": 2, "tool_errors_in_row": 1, "errors": ["bash: exit 1"]},
        "request": {"dialect": "openai", "provider": "openai", "model": "gpt-4o", "messages": 80, "text": "x".repeat(2000),
                    "tools": ["a", "b", "c"]},
        "tool": {"name": "tool_7"},
        "call": {"id": "call_1", "name": "tool_7", "raw": "{}",
                 "args": {"order": {"total": 250.0, "address": {"country": "C85", "lines": ["a", "b"]}, "items": items}}},
    });
    serde_json::from_value(json).unwrap_or_else(|error| unreachable!("the bench's own observation: {error}"))
}
