//! Turns that leave a context in a model's words; and without them, where the model fails.

use crate::{hand_world::World, recorded, say};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use switchtower_tests::{Dialect, Received, Reply, Turn, Usage, agent::Outcome, judge, render};

const POLICY: &str = "version = 1\n[tiers]\nfast = \"small-model\"\n[budget.all]\nper = \"session\"\nlimit_tokens = 1_000_000\ncount = \"all\"\n[[rule]]\nid = \"room\"\non = \"model.request\"\n\
                      when = \"request.messages > 16 && history.room.fires_in_session == 0\"\n\
                      do = [{ compact = { to = 0.0002, pin = [\"Never forget\"], summary = \"tier:fast\" } }]\n";
const SAID: &str = "The agent searched p0 to p6 and found an order for each; nothing failed.";

fn asks_for_summary(request: &Received) -> bool {
    String::from_utf8_lossy(&request.body).contains("You condense the earlier part")
}

fn is_small(request: &Received) -> bool {
    request.target().contains("small-model") || String::from_utf8_lossy(&request.body).contains("\"small-model\"")
}

/// Nine calls with long results, then two answers; `summary` answers for the small model.
async fn talk(dialect: Dialect, streamed: bool, summary: fn(&Received) -> Reply) -> (World, String) {
    let turns = AtomicUsize::new(0);
    let replies = move |request: &Received, _| {
        if asks_for_summary(request) {
            return summary(request);
        }
        let round = turns.fetch_add(1, Ordering::SeqCst);
        let turn = match round {
            0..=8 => {
                Turn::call("search", json!({"path": format!("p{round}")})).thinking("Hm.", &format!("c2ln{round:04}"))
            }
            _ => Turn::text("Done."),
        };
        render::answer(request, &turn.numbered(round))
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", POLICY)]).await;
    let mut agent = world.agent();
    let (mut answer, _) = say(&mut agent, "Never forget the task").await;
    for round in 0..9 {
        let text = format!("{{\"order\":\"ORD-{round}77\",\"text\":\"{}\"}}", "lorem ipsum dolor ".repeat(30));
        agent.give(&[(answer.calls[0].clone(), Outcome::good(&text))]);
        answer = agent.turn().await.0;
    }
    assert_eq!(answer.text, "Done.");
    say(&mut agent, "Thanks").await;
    let key = agent.key.clone();
    (world, key)
}

/// The agent's own requests, message by message, and where one got shorter.
fn requests(world: &World, dialect: Dialect) -> (Vec<Vec<Value>>, usize) {
    let list = |body: &Value| ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array().cloned());
    let own = world.received().into_iter().filter(|request| !asks_for_summary(request));
    let bodies: Vec<Value> = own.map(|request| request.json()).collect();
    bodies.iter().for_each(|body| assert_eq!(judge::paired(dialect, body), Ok(())));
    let sent: Vec<Vec<Value>> = bodies.iter().map(|body| list(body).unwrap()).collect();
    let fired = sent.windows(2).position(|pair| pair[1].len() < pair[0].len()).expect("a request got shorter") + 1;
    for later in &sent[fired + 1..] {
        assert_eq!(later[..sent[fired].len()], sent[fired][..], "the same in every later request");
    }
    (sent, fired)
}

pub async fn summarised(dialect: Dialect, streamed: bool) {
    let (world, key) = talk(dialect, streamed, |request| render::answer(request, &Turn::text(SAID))).await;
    let (sent, fired) = requests(&world, dialect);
    let told = json!(sent[fired]).to_string();
    assert!(told.contains(SAID) && told.contains("as small-model summarises it"), "{told}");
    assert!(told.contains("Never forget the task") && told.contains("ORD-077"), "the task and the values stay: {told}");
    let asked: Vec<Received> = world.received().into_iter().filter(asks_for_summary).collect();
    assert_eq!(asked.len(), 1, "one question, however often the edge is applied");
    assert!(is_small(&asked[0]) && !asked[0].target().contains("stream"), "{}", asked[0].target());
    let body = asked[0].json();
    assert!(body.to_string().contains("ORD-077") && body["tools"].is_null() && body["stream"] != true, "{body}");
    if !matches!(dialect, Dialect::Ollama) {
        assert!(asked[0].head.headers.iter().any(|(_, value)| value.contains(&key)), "with the caller's own key");
    }
    let act = recorded(&world, "compact").await;
    assert!(act["summary"].as_str().unwrap().ends_with("; small-model summarised them"), "{act}");
    assert!(act["after"].as_str().unwrap().contains(SAID) && act["effect"]["tokens"].as_i64().unwrap() < 0, "{act}");
    let session = world.session().await;
    let rows = world.rpc("list_timeline", json!({"session": session["id"], "from": 0, "count": 100})).await;
    let beside = rows["rows"].as_array().unwrap().iter().find(|row| row["side_call"] == true);
    let beside = beside.unwrap_or_else(|| panic!("no side call in {rows}"));
    let exchange = world.rpc("get_exchange", json!({"exchange": beside["exchange"]})).await;
    assert_eq!(exchange["state"], "complete", "{exchange}");
    let calls = sent.len() as u64 + 1;
    assert_eq!(session["input_tokens"], 120 * calls, "its tokens are the session's: {session}");
    let budgets = world.rpc("get_session", json!({"session": session["id"]})).await["budgets"].clone();
    assert_eq!(budgets[0]["used"].as_f64(), Some((120 + 34) as f64 * calls as f64), "and its budgets': {budgets}");
}

pub async fn without(dialect: Dialect, streamed: bool) {
    let (world, _) = talk(dialect, streamed, |_| Reply::json(500, r#"{"error":{"message":"out of order"}}"#)).await;
    let (sent, fired) = requests(&world, dialect);
    let told = json!(sent[fired]).to_string();
    assert!(told.contains("earlier messages were left out") && told.contains("ORD-077"), "{told}");
    assert!(!told.contains("summarises"), "{told}");
    let act = recorded(&world, "compact").await;
    assert!(
        act["summary"].as_str().unwrap().contains("there is no summary: small-model answered with status 500"),
        "{act}"
    );
}

/// By the simple key alone: over 85 % of a window that is known, the oldest turns leave in a model's words.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_window_is_summarised_by_the_simple_key() {
    for dialect in [Dialect::Chat, Dialect::Responses, Dialect::Anthropic] {
        let window = if dialect == Dialect::Anthropic { 200_000 } else { 128_000 };
        let turns = AtomicUsize::new(0);
        let replies = move |request: &Received, _| {
            if asks_for_summary(request) {
                return render::answer(request, &Turn::text(SAID));
            }
            let round = turns.fetch_add(1, Ordering::SeqCst);
            let usage = Usage { input: window * (round as u64 + 1) / 6, ..Usage::default() };
            let turn = match round {
                0..=5 => Turn::call("search", json!({"path": format!("p{round}")})),
                _ => Turn::text("Done."),
            };
            render::answer(request, &turn.with_usage(usage).numbered(round))
        };
        let policy = "version = 1\nmax_tool_errors = 9\nfallback_model = \"small-model\"\n";
        let world = World::replying(dialect, true, replies, &[("acts", policy)]).await;
        let long = |round: usize| format!("ORD-{round}77 {}", "lorem ipsum dolor ".repeat(2_500));
        let answers = world.agent().run("Find them", 8, |call| Outcome::good(&long(call.arguments.len()))).await;
        assert_eq!(answers.last().unwrap().text, "Done.", "{dialect:?}");
        let (sent, fired) = requests(&world, dialect);
        assert_eq!(fired, 6, "{dialect:?}: once the window is full, and no sooner");
        assert!(json!(sent[fired]).to_string().contains(SAID), "{dialect:?}");
        let act = recorded(&world, "compact").await;
        assert_eq!(act["rule"], "context_limit", "{act}");
    }
}
