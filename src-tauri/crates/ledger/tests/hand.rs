//! What waits for a person is kept: questions, held responses and orders, over kills, restarts, retention, export, and from an older schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod world;

use bytes::Bytes;
use domain::*;
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;
use switchtower_ledger::{ChangeKind, Ledger, LedgerError};
use world::*;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1440 * MINUTE;

fn turn(says: &str) -> Turn {
    Turn {
        call_name: "send_email".into(),
        arguments: r#"{"to":"a@b"}"#.into(),
        result: "sent".into(),
        says: says.into(),
    }
}

async fn record(ledger: &Ledger, seed: u64, turns: u32) -> Agent {
    let mut agent = Agent::new(seed);
    for n in 0..turns {
        let (before, after) = agent.turn(&turn(&format!("turn {n} of {seed}")));
        ledger.record(before);
        assert_eq!(ledger.commit(after).await, Committed::Recorded);
    }
    agent
}

/// The agent's `n`th question, opened `minutes` after its start, on a request that `digest` names.
fn question(agent: &Agent, n: i64, minutes: i64, digest: &str) -> Escalation {
    let opened = Timestamp(agent.row.started_at.0 + minutes * MINUTE);
    Escalation {
        id: EscalationId(agent.row.id.0 + n),
        session: agent.row.id,
        exchange: agent.sent[0].0,
        state: EscalationState::Pending,
        point: Point::ToolCall,
        rule: "tainted-write".into(),
        policy: "careful".into(),
        version: "0123456789ab".into(),
        question: Question {
            allow: Choice::ALL.to_vec(),
            timeout_ms: 540_000,
            on_timeout: OnTimeout::Deny,
            text: "May it write?".into(),
        },
        digest: "ab".repeat(32),
        request_digest: digest.into(),
        values: json!({"session.taints": ["untrusted"]}).as_object().unwrap().clone(),
        opened_at: opened,
        expires_at: Timestamp(opened.0 + 9 * MINUTE),
        tool: Some("send_email".into()),
        arguments: r#"{"to":"a@b"}"#.into(),
        intent: "I will write to a.".into(),
        decided_at: None,
        reason: None,
        edit: None,
        used_by: None,
    }
}

fn decided(escalation: &Escalation, state: EscalationState, after_ms: i64) -> Escalation {
    let decided_at = Some(Timestamp(escalation.opened_at.0 + after_ms * 1000));
    Escalation { state, decided_at, reason: Some("as agreed".into()), ..escalation.clone() }
}

fn response(agent: &Agent, digest: &str, body: Bytes) -> HeldResponse {
    HeldResponse {
        request_digest: digest.into(),
        session: agent.row.id,
        exchange: agent.sent[0].0,
        at: agent.row.started_at,
        status: 200,
        headers: vec![("content-type".into(), "text/event-stream".into())],
        body,
    }
}

fn put(escalation: &Escalation) -> Record {
    Record::Escalated(Box::new(escalation.clone()))
}

fn plain(folder: &Path) -> Connection {
    Connection::open(folder.join("traces.db")).unwrap()
}

/// A copy of the files is what a kill leaves behind.
fn killed(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

fn ids(escalations: &[Escalation]) -> Vec<EscalationId> {
    escalations.iter().map(|escalation| escalation.id).collect()
}

#[tokio::test]
async fn fifty_questions_and_their_responses_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut asked = Vec::new();
    for seed in 0..50 {
        let agent = record(&ledger, seed, 1).await;
        let digest = format!("{seed:064}");
        let escalation = question(&agent, 7, 1, &digest);
        let held = response(&agent, &digest, Bytes::from(format!("data: {seed}\n\n").repeat(500)));
        assert_eq!(
            ledger.commit(vec![Record::Held(Box::new(held.clone())), put(&escalation)]).await,
            Committed::Recorded
        );
        asked.push((escalation, held));
    }
    let copy = killed(folder.path());
    let again = open(copy.path());
    let waiting = again.waiting_sessions();
    assert_eq!(waiting.len(), 50);
    for (escalation, held) in &asked {
        let session = waiting.iter().find(|session| session.row.id == escalation.session).unwrap();
        assert_eq!(session.escalations, std::slice::from_ref(escalation));
        assert_eq!(again.held_response(&held.request_digest).as_ref(), Some(held));
        assert_eq!(&again.escalation(escalation.id).await.unwrap(), escalation);
    }
    assert!(again.held_response("nobody").is_none());
    let sound: String = plain(copy.path()).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn the_newest_word_about_a_question_counts_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let mut changes = ledger.subscribe();
    let pending = question(&agent, 7, 1, "d");
    ledger.commit(vec![put(&pending)]).await;
    let approved = Escalation { exchange: ExchangeId(99), ..decided(&pending, EscalationState::Approved, 5_000) };
    ledger.commit(vec![put(&approved)]).await;
    assert_eq!(ledger.escalation(pending.id).await.unwrap(), approved);
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.extend((change.kind == ChangeKind::Escalation).then_some(change.exchange));
    }
    assert_eq!(told, [Some(pending.exchange), Some(ExchangeId(99))]);
    assert!(matches!(ledger.escalation(EscalationId(1)).await, Err(LedgerError::Missing { .. })));
}

#[tokio::test]
async fn open_questions_come_by_urgency_and_answered_ones_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let (one, two) = (record(&ledger, 1, 1).await, record(&ledger, 2, 1).await);
    // By deadline: a < b < c < d. The second agent starts later.
    let a = question(&one, 5, 1, "a");
    let b = Escalation { state: EscalationState::Orphaned, ..question(&one, 6, 2, "b") };
    let c = decided(&question(&one, 7, 3, "c"), EscalationState::Denied, 10);
    let d = question(&two, 8, 1, "d");
    ledger.commit([&d, &b, &a, &c].map(put).to_vec()).await;
    let listed = async |states: &[EscalationState], session| {
        ids(&ledger.list_escalations(states, session, 10, None).await.unwrap().escalations)
    };
    let open_states = [EscalationState::Pending, EscalationState::Orphaned];
    assert_eq!(listed(&open_states, None).await, [a.id, b.id, d.id]);
    assert_eq!(listed(&[], None).await, [d.id, c.id, b.id, a.id]);
    assert_eq!(listed(&[EscalationState::Denied], None).await, [c.id]);
    assert_eq!(listed(&[], Some(two.row.id)).await, [d.id]);
    for states in [&open_states[..], &[]] {
        let (mut cursor, mut paged) = (None, Vec::new());
        loop {
            let page = ledger.list_escalations(states, None, 1, cursor.as_deref()).await.unwrap();
            paged.extend(ids(&page.escalations));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, listed(states, None).await);
    }
    assert!(matches!(ledger.list_escalations(&[], None, 1, Some("x")).await, Err(LedgerError::Missing { .. })));
}

#[tokio::test]
async fn a_held_response_goes_when_every_answer_about_it_was_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let (first, second) = (question(&agent, 5, 1, "d"), question(&agent, 6, 1, "d"));
    let held = response(&agent, "d", Bytes::from_static(b"data: x\n\n"));
    ledger.commit(vec![Record::Held(Box::new(held.clone())), put(&first), put(&second)]).await;

    let first = decided(&first, EscalationState::Approved, 5);
    ledger.commit(vec![put(&first)]).await;
    assert_eq!(ledger.waiting_sessions()[0].escalations.len(), 2, "an answer that was not carried out still matters");
    ledger.commit(vec![put(&Escalation { used_by: Some(ExchangeId(3)), ..first })]).await;
    assert_eq!(ledger.held_response("d"), Some(held.clone()), "another question about it is open");
    let second = decided(&second, EscalationState::Denied, 5);
    ledger.commit(vec![put(&second)]).await;
    assert!(ledger.held_response("d").is_some(), "its denial was not carried out yet");
    ledger.commit(vec![put(&Escalation { used_by: Some(ExchangeId(3)), ..second })]).await;
    assert_eq!(ledger.held_response("d"), None);
    assert!(ledger.waiting_sessions().is_empty());

    ledger.commit(vec![Record::Held(Box::new(held))]).await;
    ledger.commit(vec![Record::Unheld { request_digest: "d".into() }]).await;
    assert_eq!(ledger.held_response("d"), None);
}

#[tokio::test]
async fn a_held_response_that_nobody_comes_back_for_goes_a_day_after_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let expired = decided(&question(&agent, 5, 0, "old"), EscalationState::Expired, 540_000);
    ledger.commit(vec![Record::Held(Box::new(response(&agent, "old", Bytes::from_static(b"x")))), put(&expired)]).await;
    let later = async |micros: i64| {
        let at = Timestamp(expired.expires_at.0 + micros);
        let held = HeldResponse { at, ..response(&agent, "new", Bytes::from_static(b"y")) };
        ledger.commit(vec![Record::Held(Box::new(held))]).await;
        ledger.held_response("old").is_some()
    };
    assert!(later(DAY - 1).await);
    assert!(!later(DAY + 1).await);
    assert!(ledger.held_response("new").is_some());
}

#[tokio::test]
async fn orders_are_remembered_with_their_session_until_they_are_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let order = |orders: &str| vec![Record::Ordered { session: agent.row.id, orders: orders.into() }];
    for orders in [r#"{"paused":true}"#, r#"{"model":"gpt-4o-mini"}"#] {
        ledger.commit(order(orders)).await;
        assert_eq!(ledger.recent_sessions(Timestamp(0), 10)[0].orders.as_deref(), Some(orders));
    }
    ledger.commit(order("")).await;
    assert_eq!(ledger.recent_sessions(Timestamp(0), 10)[0].orders, None);
}

#[tokio::test]
async fn a_session_that_waits_is_kept_by_retention_and_goes_with_all_that_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 2).await;
    let pending = question(&agent, 5, 1, "d");
    let orders = Record::Ordered { session: agent.row.id, orders: "{}".into() };
    ledger
        .commit(vec![put(&pending), orders, Record::Held(Box::new(response(&agent, "d", Bytes::from_static(b"x"))))])
        .await;
    let future = Timestamp(agent.row.last_at.0 + 30 * DAY);
    assert_eq!(ledger.delete_before(future, 100).await.unwrap().sessions, 0);
    ledger.commit(vec![put(&decided(&pending, EscalationState::Expired, 1))]).await;
    assert_eq!(ledger.delete_before(future, 100).await.unwrap().sessions, 1);
    let left: i64 = plain(folder.path())
        .query_row(
            "SELECT (SELECT count(*) FROM escalation) + (SELECT count(*) FROM held) + (SELECT count(*) FROM standing)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_question_can_be_shown_with_the_end_of_its_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let mut agent = Agent::new(1);
    agent.tools = Some(Bytes::from_static(br#"[{"name":"send_email"}]"#));
    for _ in 0..3 {
        let (before, after) = agent.turn(&turn("again"));
        ledger.record(before);
        ledger.commit(after).await;
    }
    let (id, messages) = &agent.sent[2];
    let scene = ledger.scene(*id, 3).await.unwrap();
    assert_eq!(scene.messages, messages[messages.len() - 3..]);
    assert_eq!(scene.tools, agent.tools);
    assert_eq!(ledger.scene(agent.sent[0].0, 3).await.unwrap().messages.len(), 1);
    assert_eq!(ledger.scene(ExchangeId(1), 3).await.unwrap(), Default::default());

    assert_eq!(ledger.standing_orders(agent.row.id).await.unwrap(), None);
    ledger.commit(vec![Record::Ordered { session: agent.row.id, orders: "{}".into() }]).await;
    assert_eq!(ledger.standing_orders(agent.row.id).await.unwrap().as_deref(), Some("{}"));
}

#[tokio::test]
async fn figures_show_how_fast_a_rules_questions_are_waved_through() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let ask = |n: i64| question(&agent, n, n, &n.to_string());
    let other = Escalation { rule: "rare".into(), ..ask(9) };
    let all = [
        decided(&ask(1), EscalationState::Approved, 1_000),
        decided(&ask(2), EscalationState::Approved, 2_000),
        decided(&ask(3), EscalationState::Denied, 9_000),
        decided(&ask(4), EscalationState::Edited, 4_000),
        decided(&ask(5), EscalationState::Expired, 540_000),
        ask(6),
        other,
    ];
    ledger.commit(all.iter().map(put).collect()).await;
    let figures = ledger.escalation_figures(None).await.unwrap();
    assert_eq!(figures.iter().map(|rule| rule.rule.as_str()).collect::<Vec<_>>(), ["tainted-write", "rare"]);
    let rule = &figures[0];
    assert_eq!((rule.approved, rule.edited, rule.denied, rule.expired, rule.pending), (2, 1, 1, 1, 1));
    assert_eq!((rule.median_ms, rule.fastest_ms), (Some(3_000.0), Some(1_000.0)));
    assert_eq!(figures[1].median_ms, None);
    let late = ledger.escalation_figures(Some(ask(9).opened_at)).await.unwrap();
    assert_eq!((late.len(), late[0].pending), (1, 1));
}

#[tokio::test]
async fn questions_go_along_with_an_export_and_none_waits_where_it_was_imported() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ledger, other) = (open(here.path()), open(there.path()));
    let agent = record(&ledger, 1, 2).await;
    let answered = decided(&question(&agent, 5, 1, "a"), EscalationState::Edited, 5);
    let answered = Escalation { edit: Some("{}".into()), used_by: Some(ExchangeId(4)), ..answered };
    let pending = question(&agent, 6, 2, "b");
    ledger.commit(vec![put(&answered), put(&pending)]).await;
    let mut lines = Vec::new();
    ledger.export(agent.row.id, &mut lines).await.unwrap();
    other.import(&mut &lines[..]).await.unwrap();
    assert_eq!(other.escalation(answered.id).await.unwrap(), answered);
    let closed = other.escalation(pending.id).await.unwrap();
    assert_eq!((closed.state, closed.digest.as_str()), (EscalationState::Expired, pending.digest.as_str()));
    assert_eq!(closed.reason.as_deref(), Some("imported while it was pending elsewhere"));
}

#[tokio::test]
async fn a_database_of_the_first_schema_keeps_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 4).await;
    ledger.close().await;
    // Back to what the first schema made: the later ones only add.
    let db = plain(folder.path());
    for later in ["escalation", "held", "standing", "account", "reservation"] {
        db.execute_batch(&format!("DROP TABLE {later}")).unwrap();
    }
    db.pragma_update(None, "user_version", 1).unwrap();
    let first = Connection::open_in_memory().unwrap();
    first.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
    assert_eq!(schema_of(&db), schema_of(&first));
    drop(db);

    let ledger = open(folder.path());
    assert_eq!(ledger.get_session(agent.row.id).await.unwrap(), agent.row);
    for (place, (id, messages)) in agent.sent.iter().enumerate() {
        let read = ledger.get_exchange(*id).await.unwrap();
        assert_eq!(&read.agent_request.messages, messages);
        assert_eq!(read.provider_response.as_ref(), Some(&agent.responses[place]));
    }
    ledger.commit(vec![put(&question(&agent, 5, 1, "d"))]).await;
    assert_eq!(ledger.waiting_sessions().len(), 1);
    let version: isize = plain(folder.path()).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    assert_eq!(version as usize, std::fs::read_dir(migrations).unwrap().count());
}

fn schema_of(db: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_question_takes_little_room() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let agent = record(&ledger, 1, 1).await;
    let all: Vec<Record> = (0..1000).map(|n| put(&question(&agent, n + 10, n, &format!("{n:064}")))).collect();
    ledger.commit(all).await;
    let size: i64 = plain(folder.path())
        .query_row(
            "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'escalation%' OR name LIKE '%autoindex_escalation%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(size / 1000 <= 1024, "{} bytes a question", size / 1000);
}
