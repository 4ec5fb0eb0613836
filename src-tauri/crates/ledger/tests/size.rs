//! Storage is a promise: linear, at most 1 KB a turn beside new content, answers, observations and events included.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod world;

use bytes::Bytes;
use domain::TraceSink;
use serde_json::json;
use std::path::Path;
use world::*;

const TWO_MB: u64 = 2_000_000;

/// Bytes by table, for the message of a failing test.
fn by_table(folder: &Path) -> String {
    let db = rusqlite::Connection::open(folder.join("traces.db")).unwrap();
    let mut statement = db
        .prepare("SELECT name, sum(pgsize), sum(unused), sum(ncell) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 6")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            let (name, size, unused, cells): (String, i64, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(format!("{name}: {size} ({unused} unused, {cells} cells)"))
        })
        .unwrap();
    let mut lines: Vec<String> = rows.map(Result::unwrap).collect();
    for (what, sql) in [
        (
            "observation",
            "SELECT point || (CASE WHEN base = 0 THEN ' whole' ELSE '' END) || (CASE WHEN content IS NULL THEN ' no content' ELSE '' END), count(*), avg(length(data)) FROM observation GROUP BY 1",
        ),
        ("head", "SELECT 'head', count(*), avg(length(data)) FROM exchange JOIN blob ON blob.n = head"),
        ("answer", "SELECT 'answer', count(*), avg(length(data)) FROM exchange JOIN blob ON blob.n = answer"),
        ("message", "SELECT 'message', count(*), avg(length(data)) FROM context JOIN blob ON blob.n = message"),
    ] {
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, f64>(2)?)))
            .unwrap();
        lines.extend(
            rows.map(Result::unwrap).map(|(kind, count, mean)| format!("{what} {kind}: {count} of {mean:.0} bytes")),
        );
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_loop_of_2000_turns_takes_at_most_2_mb() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut agent = Agent::new(1);
    agent.system = Some(Bytes::from(json!(agent.prose(2_000)).to_string()));
    let turn = Turn {
        call_name: "search_flights".into(),
        arguments: r#"{"origin":"BER","destination":"LIS","date":"2026-12-01"}"#.into(),
        result: r#"{"flights":[],"note":"no flights found for this date, try another"}"#.into(),
        says: "Let me look for flights again.".into(),
    };
    let mut raw = 0;
    for _ in 0..2000 {
        let (before, after) = agent.turn(&turn);
        raw += agent.responses.last().unwrap().body.len();
        ledger.record(before);
        ledger.commit(after).await;
    }
    ledger.close().await;
    let size = bytes_on_disk(folder.path());
    let tables = by_table(folder.path());
    println!("2,000 turns: {size} bytes, answers of {} bytes each\n{tables}", raw / 2000);
    assert!(size <= TWO_MB, "{size}\n{tables}");
}

#[tokio::test]
async fn a_session_of_300_turns_takes_at_most_2_mb_and_its_bytes_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut agent = Agent::new(2);
    agent.system = Some(Bytes::from(json!(agent.prose(12_000)).to_string()));
    let tools: Vec<_> = (0..30)
        .map(|n| json!({"type":"function","function":{"name":format!("tool_{n}"),"description":agent.prose(300),"parameters":{"type":"object","properties":{"q":{"type":"string","description":agent.prose(60)}}}}}))
        .collect();
    agent.tools = Some(Bytes::from(json!(tools).to_string()));
    let mut content = 0;
    for n in 0..300 {
        let turn = Turn {
            call_name: format!("tool_{}", n % 30),
            arguments: json!({"q": agent.prose(200)}).to_string(),
            result: agent.prose(2_500),
            says: agent.prose(600),
        };
        content += turn.arguments.len() + turn.result.len() + turn.says.len();
        let (before, after) = agent.turn(&turn);
        ledger.record(before);
        ledger.commit(after).await;
    }
    for step in [0, 149, 299] {
        let (id, messages) = &agent.sent[step];
        let read = ledger.get_exchange(*id).await.unwrap();
        assert_eq!(&read.agent_request.messages, messages, "turn {}", step + 1);
        assert_eq!(read.agent_request.system, agent.system);
        assert_eq!(read.agent_request.tools, agent.tools);
        assert_eq!(read.provider_response.as_ref(), Some(&agent.responses[step]));
        assert!(!read.incomplete);
        let seen: Vec<_> = ledger.observations(*id).await.unwrap().into_iter().map(|seen| seen.observation).collect();
        let expected: Vec<_> = agent.observed.iter().filter(|(of, _)| of == id).map(|(_, seen)| seen.clone()).collect();
        assert_eq!(seen, expected, "turn {}", step + 1);
    }
    ledger.close().await;
    let size = bytes_on_disk(folder.path());
    let tables = by_table(folder.path());
    println!("300 turns: {size} bytes, new content {content} bytes\n{tables}");
    assert!(size <= TWO_MB, "{size}\n{tables}");
}
