//! What a person sees of a question, and the rule made of an answer, from a ledger at rest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use bytes::Bytes;
use domain::*;
use ledger::{Ledger, LedgerOptions};
use serde_json::{Value, json};
use std::sync::Arc;
use switchtower_console::{Console, ErrorCode, Place, Policies};

const SESSION: SessionId = SessionId(1);
const EXCHANGE: ExchangeId = ExchangeId(2);
const ASKED: EscalationId = EscalationId(3);
const POLICY: &str = "version = 1\nname = \"careful\"\n\n[[rule]]\nid = \"ask\"\non = \"tool.call\"\nwhen = \"tool.name == 'send'\"\ndo = [\"escalate\"]\n";

struct World {
    console: Console,
    ledger: Ledger,
    _folder: tempfile::TempDir,
}

async fn world(records: Vec<Record>) -> World {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/careful.toml"), POLICY).unwrap();
    let ledger = Ledger::open(&folder.path().join("data"), LedgerOptions::default()).unwrap();
    assert_eq!(ledger.commit(records).await, Committed::Recorded);
    let place = Place {
        version: "0".into(),
        data: folder.path().to_owned(),
        proxy: String::new(),
        console: None,
        started_at: String::new(),
    };
    let policies = Arc::new(Policies::open(folder.path().join("policies")));
    World { console: Console::new(ledger.clone(), None, policies, place), ledger, _folder: folder }
}

fn hash(n: u8) -> Hash {
    Hash([n; 16])
}

/// A session whose one exchange sent four messages and offered two tools.
fn exchange() -> Vec<Record> {
    let at = Timestamp(1_790_000_000_000_000);
    let messages = [
        json!({"role": "system", "content": "be good"}),
        json!({"role": "user", "content": "mail a"}),
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]}),
        json!({"role": "tool", "tool_call_id": "c", "content": "a@b"}),
    ];
    let tools = json!([
        {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "send", "parameters": {"type": "object", "properties": {"body": {"type": "string"}}}}},
    ]);
    let image = RequestImage {
        envelope: Bytes::from_static(b"{}"),
        tools: Some(tools.to_string().into()),
        nodes: (1..=4).map(hash).collect(),
        appended: messages
            .iter()
            .enumerate()
            .map(|(n, message)| (n as u32, hash(n as u8 + 10), message.to_string().into()))
            .collect(),
        ..RequestImage::default()
    };
    let row = SessionRow {
        id: SESSION,
        agent: "me".into(),
        title: "mail a".into(),
        state: SessionState::Waiting,
        label: None,
        client_id: None,
        parent: None,
        basis: IdentityBasis::New,
        process: None,
        models: Vec::new(),
        steps: 1,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        cost_usd: 0.0,
        estimated: false,
        context_used: None,
        tool_errors: 0,
        interventions: 0,
        started_at: at,
        last_at: at,
    };
    let started = ExchangeStarted {
        id: EXCHANGE,
        session: SESSION,
        run: RunId(9),
        step: 0,
        at,
        dialect: Dialect::OpenaiChat,
        provider: "openai".into(),
        model: "m".into(),
        stream: false,
        side_call: false,
        method: "POST".into(),
        path: "/v1/chat/completions".into(),
        headers: Vec::new(),
        image,
        search_text: Vec::new(),
        preview: String::new(),
    };
    vec![Record::Session(Box::new(row)), Record::ExchangeStarted(Box::new(started))]
}

fn asked(state: EscalationState) -> Escalation {
    let opened_at = Timestamp(1_790_000_000_000_000);
    Escalation {
        id: ASKED,
        session: SESSION,
        exchange: EXCHANGE,
        state,
        point: Point::ToolCall,
        rule: "ask".into(),
        policy: "careful".into(),
        version: "0123456789ab".into(),
        question: Question {
            allow: vec![Choice::Approve, Choice::Deny],
            timeout_ms: 540_000,
            on_timeout: OnTimeout::Stop,
            text: "May it?".into(),
        },
        digest: "d".into(),
        request_digest: "r".into(),
        values: json!({"tool.name": "send"}).as_object().unwrap().clone(),
        opened_at,
        expires_at: Timestamp(opened_at.0 + 540_000_000),
        tool: Some("send".into()),
        arguments: r#"{"body":"hi"}"#.into(),
        intent: "I will mail a.".into(),
        decided_at: None,
        reason: None,
        edit: None,
        used_by: None,
    }
}

async fn asking() -> World {
    let mut records = exchange();
    records.push(Record::Escalated(Box::new(asked(EscalationState::Pending))));
    world(records).await
}

async fn call(world: &World, name: &str, args: Value) -> Value {
    world.console.dispatch(name, args).await.unwrap()
}

#[tokio::test]
async fn a_question_comes_with_what_it_takes_to_answer_it() {
    let world = asking().await;
    let page = call(&world, "list_escalations", json!({"state": "pending"})).await;
    let one = &page["escalations"][0];
    for (field, expected) in [
        ("id", json!(ASKED)),
        ("session", json!(SESSION)),
        ("exchange", json!(EXCHANGE)),
        ("state", json!("pending")),
        ("rule", json!("ask")),
        ("policy", json!("careful")),
        ("opened_at", json!("2026-09-21T14:13:20.000Z")),
        ("expires_at", json!("2026-09-21T14:22:20.000Z")),
        ("on_timeout", json!("stop")),
        ("allow", json!(["approve", "deny"])),
        ("tool", json!("send")),
        ("arguments", json!(r#"{"body":"hi"}"#)),
        ("intent", json!("I will mail a.")),
        ("agent", json!("me")),
        ("question", json!("May it?")),
        ("values", json!({"tool.name": "send"})),
        ("patience_ms", json!(null)),
    ] {
        assert_eq!(one[field], expected, "{field}");
    }
    let schema: Value = serde_json::from_str(one["schema"].as_str().unwrap()).unwrap();
    assert_eq!(schema["properties"], json!({"body": {"type": "string"}}));
    let messages = json!([
        {"role": "user", "text": "mail a"},
        {"role": "assistant", "text": "look({})"},
        {"role": "tool", "text": "a@b"},
    ]);
    assert_eq!(one["messages"], messages);

    let alone = call(&world, "list_escalations", json!({"escalation": ASKED})).await;
    assert_eq!(&alone["escalations"][0], one);
    let none = call(&world, "list_escalations", json!({"state": "denied"})).await;
    assert_eq!(none, json!({"escalations": [], "next": null}));
    let figures = call(&world, "escalation_figures", json!({})).await;
    assert_eq!((&figures["rules"][0]["asked"], &figures["rules"][0]["approval_rate"]), (&json!(1), &json!(null)));
}

#[tokio::test]
async fn a_session_shows_its_orders_beside_its_figures() {
    let world = asking().await;
    let plain = call(&world, "get_session", json!({"session": SESSION})).await;
    assert_eq!((&plain["agent"], &plain["held"], &plain["orders"]), (&json!("me"), &json!([]), &json!(null)));
    world.ledger.commit(vec![Record::Ordered { session: SESSION, orders: r#"{"gate":"paused"}"#.into() }]).await;
    let ordered = call(&world, "get_session", json!({"session": SESSION})).await;
    assert_eq!(ordered["orders"], json!({"gate": "paused"}));
}

#[tokio::test]
async fn always_allow_shows_the_rule_and_saves_nothing() {
    let world = asking().await;
    let args = json!({"escalation": ASKED, "scope": "agent", "expires": "2030-01-01T00:00:00Z"});
    let allow = call(&world, "always_allow", args).await;
    let rule = "[[rule]]\nid   = \"ask-send\"\non   = \"tool.call\"\nwhen = \"tool.name == 'send' && session.agent == 'me' && size(call.args) == 1 && call.args.body == 'hi'\"\ndo   = [{ approve = \"ask\" }]\nuntil = 2030-01-01T00:00:00.000Z\n";
    assert_eq!(allow["rule"], rule);
    assert_eq!(allow["source"], format!("{POLICY}\n{rule}"));
    let before = call(&world, "get_policy", json!({"name": "careful"})).await;
    assert_eq!(before["source"], POLICY);

    let saved = json!({"name": allow["policy"], "source": allow["source"], "expected_version": allow["version"]});
    assert_eq!(call(&world, "save_policy", saved).await["state"], "active");
    let again =
        call(&world, "always_allow", json!({"escalation": ASKED, "scope": "everywhere", "arguments": []})).await;
    let rule = again["rule"].as_str().unwrap();
    assert!(rule.contains("\"ask-send-2\"") && rule.contains("when = \"tool.name == 'send'\"\n"), "{rule}");
}

#[tokio::test]
async fn without_a_runtime_nothing_can_be_answered_or_commanded() {
    let world = asking().await;
    for (name, args) in [
        ("resolve_escalation", json!({"escalation": ASKED, "decision": "approve"})),
        ("control_session", json!({"session": SESSION, "command": "pause"})),
        ("pause_all", json!({"pause": true})),
        ("set_breakpoint", json!({"on": "tool.call"})),
        ("list_breakpoints", json!({})),
    ] {
        let error = world.console.dispatch(name, args).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unreachable, "{name}");
        assert!(error.hint.unwrap().contains("switchtower serve"), "{name}");
    }
    let unknown =
        world.console.dispatch("list_escalations", json!({"escalation": EscalationId(77)})).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
}
