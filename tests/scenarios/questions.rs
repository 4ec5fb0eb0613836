//! Questions to a person under races, restarts and load: each has exactly one recorded outcome, none is lost, and no client's retry costs
//! a second model call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod hand_world;

use hand_world::{escalation, provider};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchtower_tests::{Agent, Answer, Dialect, Options, Provider, Runtime, Turn, cells::forms, http::Client};
use tokio::task::JoinSet;

fn asking(timeout: &str) -> String {
    format!(
        "version = 1\nname = \"ask\"\n[[rule]]\nid = \"ask-deletes\"\non = \"tool.call\"\nwhen = \"tool.name == 'delete_file'\"\n\
         do = [{{ escalate = {{ timeout = \"{timeout}\" }} }}]\n"
    )
}

fn delete() -> Turn {
    Turn::call("delete_file", json!({"path": "/etc"})).with_text("I delete.")
}

async fn world(timeout: &str) -> (Provider, Options) {
    let provider = provider(|round| if round == 0 { delete() } else { Turn::text("Done.") }).await;
    let mut options = Options::to(&provider.base).policy("ask", &asking(timeout));
    options.config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
    (provider, options)
}

fn agent(runtime: &Runtime, dialect: Dialect, streamed: bool) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
    agent.say("Go");
    agent
}

fn resolve(id: &Value, decision: &str) -> Value {
    json!({"escalation": id, "decision": decision})
}

async fn state(runtime: &Runtime, id: &Value) -> String {
    let all = runtime.rpc("list_escalations", json!({})).await;
    let found = all["escalations"].as_array().unwrap().iter().find(|one| one["id"] == *id).cloned();
    found.unwrap_or_else(|| panic!("{id} is gone: {all}"))["state"].as_str().unwrap().to_owned()
}

async fn until(runtime: &Runtime, id: &Value, wanted: &str) {
    let begun = Instant::now();
    while state(runtime, id).await != wanted {
        assert!(begun.elapsed() < Duration::from_secs(10), "{id} is {}, not {wanted}", state(runtime, id).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What people and time did to the session's questions.
async fn outcomes(runtime: &Runtime) -> Vec<String> {
    let listed = runtime.rpc("list_interventions", json!({})).await;
    let acts = listed["interventions"].as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap().to_owned());
    acts.filter(|act| ["approve", "edit", "deny", "expire", "kill"].contains(&act.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_request_under_another_name_is_a_question_of_its_own() {
    let provider = provider(|_| delete()).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("ask", &asking("5m")));
    let mut turns = JoinSet::new();
    for name in ["one", "other"] {
        let mut agent = agent(&runtime, Dialect::Chat, true).labelled(&format!("{name}~talk"));
        turns.spawn(async move { agent.turn().await.0 });
    }
    let begun = Instant::now();
    let asked = loop {
        let listed = runtime.rpc("list_escalations", json!({"state": "pending"})).await;
        let asked = listed["escalations"].as_array().unwrap().clone();
        if asked.len() == 2 {
            break asked;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{listed}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_ne!(asked[0]["session"], asked[1]["session"]);
    for one in &asked {
        runtime.rpc("resolve_escalation", resolve(&one["id"], "approve")).await;
    }
    while let Some(answer) = turns.join_next().await {
        assert_eq!(answer.unwrap().calls.len(), 1, "none took the other's place");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvals_one_counts() {
    let (provider, options) = world("5m").await;
    let runtime = Runtime::start(&options);
    let mut agent = agent(&runtime, Dialect::Anthropic, true);
    let turn = tokio::spawn(async move { agent.turn().await.0 });
    let id = escalation(&runtime, "pending").await["id"].clone();
    let (one, two) = tokio::join!(
        runtime.ask("resolve_escalation", resolve(&id, "approve")),
        runtime.ask("resolve_escalation", resolve(&id, "deny"))
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let late = one.clone().err().or(two.err()).unwrap();
    assert!(late["message"].as_str().unwrap().contains("already"), "{late}");
    let answer = turn.await.unwrap();
    let denied = answer.calls.is_empty();
    assert_eq!(denied, one.is_err(), "the agent got what was decided: {answer:?}");
    assert_eq!(outcomes(&runtime).await.len(), 1);
    assert_eq!(provider.received().len(), if denied { 2 } else { 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn between_an_approval_and_its_expiry_one_counts() {
    for delay in [280, 295, 300, 305, 320] {
        let (_provider, options) = world("300ms").await;
        let runtime = Runtime::start(&options);
        let mut agent = agent(&runtime, Dialect::Chat, delay % 2 == 0);
        let turn = tokio::spawn(async move { agent.turn().await.0 });
        let asked = escalation(&runtime, "pending").await;
        tokio::time::sleep(Duration::from_millis(delay - 60)).await;
        let approved = runtime.ask("resolve_escalation", resolve(&asked["id"], "approve")).await;
        let answer = turn.await.unwrap();
        let state = state(&runtime, &asked["id"]).await;
        assert_eq!(state, if approved.is_ok() { "approved" } else { "expired" }, "{approved:?}");
        assert_eq!(answer.calls.len(), usize::from(approved.is_ok()), "time never approves");
        assert_eq!(outcomes(&runtime).await, [if approved.is_ok() { "approve" } else { "expire" }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_killed_while_it_waits_ends_with_the_chosen_word() {
    for (dialect, streamed) in forms() {
        let (provider, options) = world("5m").await;
        let runtime = Runtime::start(&options);
        let mut agent = agent(&runtime, dialect, streamed);
        let turn = tokio::spawn(async move { agent.turn().await.0 });
        let asked = escalation(&runtime, "pending").await;
        runtime
            .rpc("control_session", json!({"session": asked["session"], "command": "kill", "text": "Enough."}))
            .await;
        let answer = turn.await.unwrap();
        assert!(answer.calls.is_empty() && answer.text.contains("Enough."), "{dialect:?} {streamed}: {answer:?}");
        assert_eq!(provider.received().len(), 1, "{dialect:?} {streamed}: nothing is asked of the model any more");
        assert_eq!(outcomes(&runtime).await, ["kill"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_and_comes_back_gets_the_answer_without_a_second_model_call() {
    for (dialect, streamed) in forms() {
        for decided_while_away in [false, true] {
            let what = format!("{dialect:?} streamed={streamed} decided_while_away={decided_while_away}");
            let (provider, options) = world("5m").await;
            let runtime = Runtime::start(&options);
            let mut agent = agent(&runtime, dialect, streamed);
            let request = agent.request();
            let mut client = Client::connect(&runtime.proxy).await.unwrap();
            let first = tokio::spawn(async move { client.send(&request).await.map(|response| response.status) });
            let asked = escalation(&runtime, "pending").await;
            first.abort();
            assert!(first.await.unwrap_err().is_cancelled(), "{what}");
            until(&runtime, &asked["id"], "orphaned").await;
            if decided_while_away {
                runtime.rpc("resolve_escalation", resolve(&asked["id"], "approve")).await;
            }
            let turn = tokio::spawn(async move { agent.turn().await });
            if !decided_while_away {
                until(&runtime, &asked["id"], "pending").await;
                runtime.rpc("resolve_escalation", resolve(&asked["id"], "approve")).await;
            }
            let (answer, _) = turn.await.unwrap();
            assert_eq!(answer.calls.len(), 1, "{what}: {answer:?}");
            assert_eq!(answer.text, "I delete.", "{what}");
            assert_eq!(provider.received().len(), 1, "{what}: no second model call");
            assert_eq!(outcomes(&runtime).await, ["approve"], "{what}");
            assert_eq!(runtime.sessions().await.len(), 1, "{what}: one session");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_takes_the_place_of_the_request_that_still_waits() {
    let (provider, options) = world("5m").await;
    let runtime = Runtime::start(&options);
    let mut agent = agent(&runtime, Dialect::Responses, true);
    let (base, request) = (runtime.proxy.clone(), agent.request());
    let first = tokio::spawn(async move { Client::once(&base, &request).await });
    let asked = escalation(&runtime, "pending").await;
    let turn = tokio::spawn(async move { agent.turn().await.0 });
    // The first one is let go of, not answered.
    let first = first.await.unwrap();
    assert!(first.is_err() || first.is_ok_and(|response| response.ended != switchtower_tests::http::Ended::Complete));
    runtime.rpc("resolve_escalation", resolve(&asked["id"], "approve")).await;
    assert_eq!(turn.await.unwrap().calls.len(), 1);
    assert_eq!(provider.received().len(), 1);
    assert_eq!(outcomes(&runtime).await, ["approve"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_nothing_for_a_question_that_is_asked() {
    let (provider, options) = world("5m").await;
    let runtime = Runtime::start(&options);
    let mut agent = agent(&runtime, Dialect::Gemini, false);
    let turn = tokio::spawn(async move { agent.turn().await.0 });
    let asked = escalation(&runtime, "pending").await;
    let file = runtime.folder().join("policies/ask.toml");
    std::fs::write(&file, "version = 1\nname = \"ask\"\n").unwrap();
    let begun = Instant::now();
    while runtime.rpc("list_policies", json!({})).await.to_string().contains("ask-deletes") {
        assert!(begun.elapsed() < Duration::from_secs(10), "the policy is not read again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state(&runtime, &asked["id"]).await, "pending");
    runtime.rpc("resolve_escalation", resolve(&asked["id"], "deny")).await;
    assert!(turn.await.unwrap().calls.is_empty());
    assert_eq!(provider.received().len(), 2, "the model is told, and goes on");
    assert_eq!(outcomes(&runtime).await, ["deny"]);
}

async fn held_over_a_kill(dialect: Dialect, streamed: bool, decision: &str) {
    let what = format!("{dialect:?} streamed={streamed} {decision}");
    let (provider, options) = world("5m").await;
    let folder = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let mut agent = agent(&runtime, dialect, streamed);
    let waiting = tokio::spawn({
        let (base, request) = (runtime.proxy.clone(), agent.request());
        async move { Client::once(&base, &request).await.map(|response| response.status) }
    });
    let asked = escalation(&runtime, "pending").await;
    runtime.kill();
    drop(runtime);
    let _ = waiting.await;
    let runtime = Runtime::start_in(folder.path(), &options);
    assert_eq!(state(&runtime, &asked["id"]).await, "pending", "{what}: it is there after the restart");
    runtime.rpc("resolve_escalation", resolve(&asked["id"], decision)).await;
    agent.base = runtime.proxy.clone();
    let (answer, _) = agent.turn().await;
    assert_eq!(answer.calls.len(), usize::from(decision == "approve"), "{what}: {answer:?}");
    assert_eq!(
        provider.received().len(),
        if decision == "approve" { 1 } else { 2 },
        "{what}: no second model call for it"
    );
    assert_eq!(outcomes(&runtime).await, [decision], "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_its_runtime() {
    for (dialect, streamed) in forms() {
        held_over_a_kill(dialect, streamed, if streamed { "approve" } else { "deny" }).await;
    }
}

/// `count` sessions, each with its own question.
async fn many(runtime: &Runtime, count: usize) -> (Vec<Agent>, JoinSet<(usize, Option<Answer>)>) {
    let mut agents = Vec::new();
    let mut turns = JoinSet::new();
    for number in 0..count {
        let dialect = Dialect::FIVE[number % 5];
        let mut agent = Agent::new(&runtime.proxy, dialect, number % 2 == 0);
        agent.say(&format!("Task {number}"));
        let (base, request, streamed) = (runtime.proxy.clone(), agent.request(), number % 2 == 0);
        turns.spawn(async move {
            let response = Client::once(&base, &request).await;
            let read = response.ok().and_then(|response| Answer::read(dialect, streamed, &response.body).ok());
            (number, read)
        });
        agents.push(agent);
    }
    (agents, turns)
}

async fn pending(runtime: &Runtime, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let listed = runtime.rpc("list_escalations", json!({"state": "pending"})).await;
        let all = listed["escalations"].as_array().unwrap().clone();
        if all.len() == count {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} wait", all.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn resident_mb(runtime: &Runtime) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", runtime.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_sessions_wait_in_flat_memory_and_none_is_lost() {
    let provider = Provider::start(|request| switchtower_tests::render::answer(request, &delete())).await;
    let mut options = Options::to(&provider.base).policy("ask", &asking("5m"));
    options.config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
    let runtime = Runtime::start(&options);
    let (_agents, mut turns) = many(&runtime, 200).await;
    let all = pending(&runtime, 200).await;
    let before = resident_mb(&runtime);
    // Thirty heartbeats to each.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = resident_mb(&runtime);
    println!("200 held: {before:.1} MB, three seconds later {after:.1} MB");
    assert!(after < before + 8.0, "memory grows while they wait: {before:.1} to {after:.1} MB");
    for one in &all {
        runtime.rpc("resolve_escalation", resolve(&one["id"], "approve")).await;
    }
    let mut answered = 0;
    while let Some(turn) = turns.join_next().await {
        let (number, answer) = turn.unwrap();
        let answer = answer.unwrap_or_else(|| panic!("{number} got no answer"));
        assert_eq!(answer.calls.len(), 1, "{number}: {answer:?}");
        answered += 1;
    }
    assert_eq!(answered, 200);
    assert_eq!(provider.received().len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_questions_outlive_a_kill_and_their_clients_retries_get_the_decision() {
    let provider = Provider::start(|request| switchtower_tests::render::answer(request, &delete())).await;
    let options = Options::to(&provider.base).policy("ask", &asking("5m"));
    let folder = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let (agents, turns) = many(&runtime, 50).await;
    pending(&runtime, 50).await;
    runtime.kill();
    drop((runtime, turns));
    let runtime = Runtime::start_in(folder.path(), &options);
    let all = pending(&runtime, 50).await;
    for one in &all {
        runtime.rpc("resolve_escalation", resolve(&one["id"], "approve")).await;
    }
    let calls = provider.received().len();
    for mut agent in agents {
        agent.base = runtime.proxy.clone();
        assert_eq!(agent.turn().await.0.calls.len(), 1);
    }
    assert_eq!(provider.received().len(), calls, "no retry made a model call");
    let left = runtime.rpc("list_escalations", json!({"state": "pending"})).await;
    assert_eq!(left["escalations"].as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_always_allowed_to_an_unknown_agent_is_allowed_from_its_next_session_on() {
    let provider = provider(|_| delete()).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("ask", &asking("5m")));
    let mut first = agent(&runtime, Dialect::Chat, true);
    let turn = tokio::spawn(async move { first.turn().await.0 });
    let asked = escalation(&runtime, "pending").await;
    let shape = json!({"escalation": asked["id"], "scope": "agent"});
    let allowed = runtime.rpc("always_allow", shape).await;
    let policy = json!({"name": "ask", "source": allowed["source"], "expected_version": allowed["version"]});
    runtime.rpc("save_policy", policy).await;
    runtime.rpc("resolve_escalation", resolve(&asked["id"], "approve")).await;
    turn.await.unwrap();
    for session in 0..8 {
        let mut next = Agent::new(&runtime.proxy, Dialect::Chat, session % 2 == 0);
        next.say(&format!("Go on, {session}"));
        let turn = tokio::time::timeout(Duration::from_secs(10), next.turn());
        let answer = turn.await.unwrap_or_else(|_| panic!("session {session} was asked again: {}", allowed["rule"])).0;
        assert_eq!(answer.calls.len(), 1);
    }
    let all = runtime.rpc("list_escalations", json!({})).await;
    assert_eq!(all["escalations"].as_array().unwrap().len(), 1, "{all}");
}
