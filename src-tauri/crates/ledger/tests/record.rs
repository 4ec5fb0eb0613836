//! What is told is kept: across kills, locks, full queues and newer versions; and is found again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a test may; clippy only knows its `#[test]` functions

mod world;

use bytes::Bytes;
use domain::*;
use proptest::prelude::*;
use rusqlite::Connection;
use std::{collections::HashSet, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use switchtower_ledger::{BlobRef, ChangeKind, Ledger, LedgerError, LedgerOptions, RowKind, Side, StripLane};
use world::*;

fn turn(says: &str) -> Turn {
    Turn {
        call_name: "search_flights".into(),
        arguments: r#"{"to":"LIS"}"#.into(),
        result: format!("result after {says}"),
        says: says.into(),
    }
}

/// Records `turns` turns; the agent afterwards.
async fn record(ledger: &Ledger, seed: u64, turns: u32) -> Agent {
    let mut agent = Agent::new(seed);
    for n in 0..turns {
        let (before, after) = agent.turn(&turn(&format!("answer number {n} of {seed}")));
        ledger.record(before);
        assert_eq!(ledger.commit(after).await, Committed::Recorded);
    }
    agent
}

fn plain(folder: &Path) -> Connection {
    Connection::open(folder.join("traces.db")).unwrap()
}

#[tokio::test]
async fn what_was_committed_is_there_without_closing_and_the_rest_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut agent = record(&ledger, 1, 3).await;
    let (before, _) = agent.turn(&turn("never ends"));
    assert_eq!(ledger.commit(before).await, Committed::Recorded);
    // A copy of the files is what a kill leaves behind.
    let after_kill = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), after_kill.path().join(file.file_name())).unwrap();
    }
    let again = open(after_kill.path());
    for (place, (id, messages)) in agent.sent.iter().enumerate() {
        let read = again.get_exchange(*id).await.unwrap();
        assert_eq!(&read.agent_request.messages, messages);
        let expected = if place < 3 { ExchangeState::Complete } else { ExchangeState::Interrupted };
        assert_eq!(read.state, expected);
        assert_eq!(read.provider_response.as_ref(), agent.responses.get(place).filter(|_| place < 3));
    }
    let sound: String = plain(after_kill.path()).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn nobody_else_may_read_the_folder_or_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = open(&data);
    record(&ledger, 1, 1).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    plain(folder.path()).pragma_update(None, "user_version", 99).unwrap();
    let refusal = Ledger::open(folder.path(), LedgerOptions::default()).err().unwrap();
    assert!(matches!(refusal, LedgerError::Newer { found: 99, .. }), "{refusal}");
}

#[tokio::test]
async fn a_locked_database_delays_records_but_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    record(&ledger, 1, 1).await;
    let mut changes = ledger.subscribe();
    let lock = plain(folder.path());
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut agent = Agent::new(2);
    let mut waiting = Vec::new();
    for n in 0..20 {
        let (before, after) = agent.turn(&turn(&format!("turn {n}")));
        ledger.record(before);
        waiting.push(ledger.commit(after));
    }
    // The writer says that it suffers; only then does the lock go.
    while changes.recv().await.unwrap().kind != ChangeKind::Health {}
    let health = ledger.health();
    assert!(!health.ok && health.error.unwrap().contains("another program"));
    lock.execute_batch("ROLLBACK").unwrap();
    for commit in waiting {
        assert_eq!(commit.await, Committed::Recorded);
    }
    assert!(ledger.health().ok);
    for (id, messages) in &agent.sent {
        assert_eq!(&ledger.get_exchange(*id).await.unwrap().agent_request.messages, messages);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_counted_and_reported_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let options = LedgerOptions { queue_bytes: 40_000, ..LedgerOptions::default() };
    let ledger = Ledger::open(folder.path(), options).unwrap();
    let lock = plain(folder.path());
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut agent = Agent::new(3);
    let mut outcomes = Vec::new();
    for n in 0..40 {
        let (before, after) = agent.turn(&turn(&format!("turn {n}")));
        ledger.record(before);
        outcomes.push(ledger.commit(after));
    }
    let dropped = ledger.health().dropped_events;
    assert!(dropped > 0 && ledger.health().queue_bytes <= 40_000);
    lock.execute_batch("ROLLBACK").unwrap();
    let mut lost = 0;
    for outcome in outcomes {
        lost += u32::from(outcome.await == Committed::Dropped);
    }
    assert!(lost > 0);
    ledger.write(vec![Record::Session(Box::new(agent.row.clone()))]).await.unwrap();
    ledger.close().await;
    // One event for each time that it recovered; together they tell of all.
    let reported: i64 = plain(folder.path())
        .query_row("SELECT sum(payload ->> 'records') FROM event WHERE kind = 'records_dropped'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(reported, dropped as i64);
}

#[tokio::test]
async fn many_waiters_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut changes = ledger.subscribe();
    let lock = plain(folder.path());
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut agent = Agent::new(5);
    let row = agent.row.clone();
    let first = ledger.commit(vec![Record::Session(Box::new(row.clone()))]);
    let waiting: Vec<_> = (0..50).map(|_| ledger.commit(agent.turn(&turn("again")).1)).collect();
    lock.execute_batch("ROLLBACK").unwrap();
    first.await;
    for commit in waiting {
        commit.await;
    }
    ledger.close().await;
    let mut told = 0;
    while let Ok(change) = changes.try_recv() {
        told += u32::from(change.kind == ChangeKind::Session && change.session == Some(row.id));
    }
    // Once per transaction: the first may have gone alone.
    assert!((1..=3).contains(&told), "{told}");
}

#[tokio::test]
async fn windows_of_a_timeline_are_its_rows_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 6, 20).await;
    let all = ledger.list_timeline(agent.row.id, 0, 100).await.unwrap();
    assert_eq!((all.total, all.rows.len()), (40, 40));
    let kinds: Vec<_> = all.rows.iter().map(|row| row.kind).collect();
    assert!(kinds.chunks(2).all(|pair| pair == [RowKind::Model, RowKind::Tool]));
    assert!(all.rows.iter().enumerate().all(|(place, row)| row.index == place as u64));
    assert_eq!(all.rows[0].tool_calls[0].name, "search_flights");
    assert!(all.rows[1].duration_ms.is_some() && all.rows[39].duration_ms.is_none());
    let window = ledger.list_timeline(agent.row.id, 7, 5).await.unwrap();
    assert_eq!(window.rows, all.rows[7..12]);
    for (step, (id, _)) in agent.sent.iter().enumerate() {
        assert_eq!(ledger.timeline_index(*id).await.unwrap(), Some(step as u64 * 2));
    }
    let strip = ledger.strip(agent.row.id, None, 8).await.unwrap();
    let models = &strip.lanes.iter().find(|(lane, _)| *lane == StripLane::Model).unwrap().1;
    assert_eq!(models.len(), 8);
    assert!(models.iter().all(|bin| bin.fill > 0.0 && bin.row.is_some()), "{models:?}");
}

#[tokio::test]
async fn sessions_are_found_by_their_fields_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let one = record(&ledger, 7, 3).await;
    let two = record(&ledger, 8, 1).await;
    let mut blocked = intervention(&one);
    blocked.rule = Some("loop".into());
    ledger.commit(vec![Record::Intervened(Box::new(blocked))]).await;
    // Search looks at what was committed: asking it first brings the index up to date.
    assert_eq!(ledger.search("number 8", 10, None).await.unwrap().hits.len(), 1);
    for (query, expected) in [
        ("", vec![two.row.id, one.row.id]),
        ("steps:>1", vec![one.row.id]),
        ("-steps:>1", vec![two.row.id]),
        ("rule:loop action:block", vec![one.row.id]),
        ("tool:search_* model:*4o*", vec![two.row.id, one.row.id]),
        ("status:ended", vec![]),
        ("\"answer number 2\"", vec![one.row.id]),
        ("agent:PYTHON-*", vec![two.row.id, one.row.id]),
    ] {
        let page = ledger.list_sessions(query, 10, None).await.unwrap();
        assert_eq!(page.sessions.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "{query}");
    }
    let first = ledger.list_sessions("", 1, None).await.unwrap();
    let second = ledger.list_sessions("", 1, first.next.as_deref()).await.unwrap();
    assert_eq!((second.sessions[0].id, second.next), (one.row.id, None));
    assert!(matches!(ledger.list_sessions("stat:x", 1, None).await, Err(LedgerError::Query { offset: 0, .. })));
    assert_eq!(ledger.get_session(one.row.id).await.unwrap(), one.row);
    let page = ledger.list_interventions(Some(one.row.id), "rule:loop blocked", 10, None).await.unwrap();
    assert_eq!(ledger.before_and_after(&page.interventions[0]).await.unwrap(), ("{}".into(), "refused".into()));
    let there = format!("exchange:{}", page.interventions[0].exchange);
    let there = ledger.list_interventions(None, &there, 10, None).await.unwrap().interventions;
    assert!(there.contains(&page.interventions[0]) && there.iter().all(|act| act.exchange == there[0].exchange));
    assert!(matches!(ledger.list_interventions(None, "exchange:x", 1, None).await, Err(LedgerError::Query { .. })));
}

#[tokio::test]
async fn search_shows_the_match_in_its_surroundings_also_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 9, 2).await;
    let after_kill = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), after_kill.path().join(file.file_name())).unwrap();
    }
    for ledger in [ledger, open(after_kill.path())] {
        let hits = ledger.search("Lisbon flight", 10, None).await.unwrap().hits;
        assert_eq!(hits[0].exchange, agent.sent[0].0);
        assert!(hits[0].snippet.contains("«flight» to Lisbon"), "{}", hits[0].snippet);
        let hits = ledger.search("number 1 answ*", 10, None).await.unwrap().hits;
        assert!(hits.iter().any(|hit| hit.in_answer && hit.exchange == agent.sent[1].0));
        assert!(ledger.search("nowhere", 10, None).await.unwrap().hits.is_empty());
    }
}

#[tokio::test]
async fn frames_bodies_and_figures_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 10, 3).await;
    let (id, image) = (agent.sent[2].0, &agent.responses[2]);
    let page = ledger.get_frames(id, Side::Agent, 1, 2).await.unwrap();
    assert_eq!((page.total, page.frames.len()), (image.frames.len() as u64, 2));
    assert_eq!(page.frames[0].bytes, image.body.slice(image.frames[0].0 as usize..image.frames[1].0 as usize));
    let piece = ledger.get_blob(BlobRef::Response(id, Side::Provider), 10, 20).await.unwrap();
    assert_eq!((piece.bytes, piece.total), (image.body.slice(10..30), image.body.len() as u64));
    let metrics = ledger.metrics(None, None).await.unwrap();
    assert_eq!((metrics.sessions, metrics.exchanges, metrics.tool_calls), (1, 3, 2));
    assert_eq!(metrics.input_tokens, agent.row.input_tokens);
    assert_eq!(metrics.models[0].model, "gpt-4o");
    assert!(metrics.tools[0].total_ms > 0.0 && metrics.days.len() == 1);
}

#[tokio::test]
async fn a_restart_remembers_anchors_edits_open_calls_fires_and_taints() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 11, 3).await;
    let mut taint = intervention(&agent);
    (taint.id, taint.action, taint.after) = (InterventionId(5), "taint".into(), "untrusted".into());
    let edit = ContextEdit {
        session: agent.row.id,
        intervention: taint.id,
        from: hash(&[b"from"]),
        anchor: hash(&[b"anchor"]),
        at: 3,
        replaces: 1,
        messages: vec![Bytes::from_static(b"{\"role\":\"user\"}")],
        results: vec![("call".into(), "tool".into(), "text".into())],
    };
    ledger.commit(vec![Record::Intervened(Box::new(taint)), Record::Rewritten(edit.clone())]).await;
    ledger.close().await;
    let again = open(folder.path());
    let sessions = again.recent_sessions(Timestamp(0), 10);
    assert_eq!(sessions.len(), 1);
    let known = &sessions[0];
    assert_eq!(known.row, agent.row);
    assert_eq!(known.anchors.last(), Some(&hash(&[&agent.sent[2].0.0.to_le_bytes()])));
    assert_eq!((known.anchors.len(), known.open_calls.len()), (3, 1));
    assert_eq!(known.open_calls[0].0, agent.sent[2].0);
    assert_eq!((&known.edits, &known.taints), (&vec![edit], &vec!["untrusted".to_owned()]));
    assert_eq!(known.fires, [("default/guard".to_owned(), 1)]);
    assert!(again.recent_sessions(agent.row.last_at, 10).is_empty());
}

#[tokio::test]
async fn a_session_exported_and_imported_elsewhere_is_the_same() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ledger, other) = (open(here.path()), open(there.path()));
    let agent = record(&ledger, 12, 5).await;
    ledger.commit(vec![Record::Intervened(Box::new(intervention(&agent)))]).await;
    let mut lines = Vec::new();
    ledger.export(agent.row.id, &mut lines).await.unwrap();
    let imported = other.import(&mut &lines[..]).await.unwrap();
    assert_eq!((imported.session, imported.exchanges), (agent.row.id, 5));
    for (step, (id, messages)) in agent.sent.iter().enumerate() {
        let (one, two) = (ledger.get_exchange(*id).await.unwrap(), other.get_exchange(*id).await.unwrap());
        assert_eq!(&two.agent_request.messages, messages);
        assert_eq!(two.agent_request.headers, one.agent_request.headers);
        assert_eq!(two.provider_response.as_ref(), Some(&agent.responses[step]));
        assert_eq!((two.usage, two.calls, two.timing, two.attempts), (one.usage, one.calls, one.timing, one.attempts));
        assert!(two.imported && !one.imported);
        assert_eq!(ledger.observations(*id).await.unwrap().len(), other.observations(*id).await.unwrap().len());
    }
    let twice = other.import(&mut &lines[..]).await;
    assert!(matches!(twice, Err(LedgerError::Import { line: 1, .. })), "{twice:?}");
    let broken = other.import(&mut &b"{\"what\":1}\n"[..]).await;
    assert!(matches!(broken, Err(LedgerError::Import { line: 1, .. })));
}

#[tokio::test]
async fn a_body_that_never_came_is_missing_until_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut agent = Agent::new(13);
    // The first request is dropped on its way; the second brings only what was new.
    agent.turn(&turn("lost"));
    let (before, after) = agent.turn(&turn("kept"));
    ledger.record(before);
    ledger.commit(after).await;
    let (id, messages) = agent.sent[1].clone();
    let read = ledger.get_exchange(id).await.unwrap();
    assert!(read.incomplete);
    assert_eq!(read.agent_request.missing, [0]);
    assert_eq!(read.agent_request.messages[1..], messages[1..]);
    // A client that sends everything heals it.
    agent.known = HashSet::new();
    let (before, after) = agent.turn(&turn("again"));
    ledger.record(before);
    ledger.commit(after).await;
    assert_eq!(ledger.get_exchange(id).await.unwrap().agent_request.messages, messages);
}

#[tokio::test]
async fn retention_takes_old_sessions_whole_and_leaves_the_others_readable() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let old = record(&ledger, 15, 12).await;
    let young = record(&ledger, 16, 12).await;
    ledger.commit(vec![Record::Intervened(Box::new(intervention(&old)))]).await;
    assert!(!ledger.search("15", 10, None).await.unwrap().hits.is_empty());
    let deleted = ledger.delete_before(young.row.started_at, 5).await.unwrap();
    assert_eq!((deleted.sessions, deleted.exchanges), (1, 12));
    // The first user message is the same in both: its node stays.
    assert_eq!(deleted.messages, 22);
    assert!(deleted.blobs > 20, "{deleted:?}");
    assert!(matches!(ledger.get_session(old.row.id).await, Err(LedgerError::Missing { .. })));
    assert!(ledger.search("15", 10, None).await.unwrap().hits.is_empty());
    for (id, messages) in &young.sent {
        let read = ledger.get_exchange(*id).await.unwrap();
        assert_eq!(&read.agent_request.messages, messages);
        assert_eq!(ledger.observations(*id).await.unwrap().len(), if read.step == 0 { 3 } else { 4 });
    }
    assert_eq!(ledger.delete_before(young.row.started_at, 5).await.unwrap(), Default::default());
    // Recording goes on, deleted content included.
    let again = record(&ledger, 15, 3).await;
    for (id, messages) in &again.sent {
        assert_eq!(&ledger.get_exchange(*id).await.unwrap().agent_request.messages, messages);
    }
}

fn intervention(agent: &Agent) -> Intervention {
    Intervention {
        id: InterventionId(agent.row.id.0 + 9),
        session: agent.row.id,
        exchange: agent.sent[0].0,
        at: agent.row.last_at,
        cause: Cause::Rule,
        rule: Some("guard".into()),
        policy: Some("default".into()),
        version: Some("0123456789ab".into()),
        action: "block".into(),
        mode: Mode::Enforce,
        summary: "Blocked call to delete_file".into(),
        before: "{}".into(),
        after: "refused".into(),
        effect: Effect { tokens: 0, usd: 0.0, ms: 1.5, basis: EffectBasis::Measured },
    }
}

/// Conversations that share beginnings: (which earlier one to go on from, how many of its messages, what is new).
fn conversations() -> impl Strategy<Value = Vec<(usize, usize, Vec<String>)>> {
    prop::collection::vec(
        (0usize..8, 0usize..12, prop::collection::vec("[a-c]{0,40}|[a-z \"é\\\\]{0,900}", 0..4)),
        1..14,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_requests_that_share_beginnings_come_back_exactly(steps in conversations()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let options = LedgerOptions { linger: Duration::ZERO, ..LedgerOptions::default() };
            let ledger = Ledger::open(folder.path(), options).unwrap();
            let mut agent = Agent::new(14);
            let mut said: Vec<Vec<Bytes>> = Vec::new();
            for (from, keep, fresh) in steps {
                let mut messages = said.get(from).cloned().unwrap_or_default();
                messages.truncate(keep);
                messages.extend(fresh.iter().map(|text| user(text)));
                said.push(messages.clone());
                agent.messages = messages;
                let (before, after) = agent.turn(&turn("fine"));
                ledger.record(before);
                ledger.commit(after).await;
            }
            for (id, messages) in &agent.sent {
                let read = ledger.get_exchange(*id).await.unwrap();
                assert_eq!(&read.agent_request.messages, messages);
                assert!(!read.incomplete);
            }
            ledger.close().await;
        });
    }
}
