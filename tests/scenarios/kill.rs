//! Promise 2: `kill -9` at any moment loses no response that a client saw complete. `SWITCHTOWER_KILLS` says how often
//! (8 unless set; the whole proof is `npm run test:kill`, 200); a quarter of them within 5 ms of a terminal frame.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use switchtower_tests::{
    Dialect, Options, Provider, Runtime, Turn,
    http::{Client, Ended},
    render,
};
use tokio::{sync::Notify, task::JoinSet};

/// Responses that came whole while one process lived.
#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    ended: Notify,
}

impl Seen {
    async fn reaches(&self, count: usize) {
        loop {
            // Listened for first, then looked at: no answer can fall between.
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.count.load(Ordering::Relaxed) >= count {
                return;
            }
            ended.await;
        }
    }
}

/// Ids of exchanges whose answer came whole.
async fn load(base: String, client: usize, stop: Arc<AtomicBool>, answers: Arc<Seen>) -> Vec<String> {
    let mut seen = Vec::new();
    let Ok(mut connection) = Client::connect(&base).await else { return seen };
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let dialect = Dialect::FIVE[(client + number) % 5];
        let streamed = (client + number / 5).is_multiple_of(2);
        let mut agent = switchtower_tests::Agent::new(&base, dialect, streamed);
        agent.say(&format!("Client {client}, question {number}"));
        match connection.send(&agent.request()).await {
            Ok(response) if response.ended == Ended::Complete && response.status == 200 => {
                seen.extend(response.header("x-switchtower-exchange").map(str::to_owned));
                answers.count.fetch_add(1, Ordering::Relaxed);
                answers.ended.notify_waiters();
            }
            // Killed, or about to be.
            Ok(response) if response.status != 200 => panic!("{dialect:?}: {}", response.text()),
            _ => break,
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_response_that_was_seen_complete_is_lost_to_a_kill() {
    let kills: usize = std::env::var("SWITCHTOWER_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(8);
    let provider = Provider::start(|request| {
        render::answer(request, &Turn::text("A short answer of some words.")).pace(Duration::from_micros(300))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::to(&provider.base);
    let mut random = StdRng::seed_from_u64(11);
    let mut all: Vec<String> = Vec::new();
    let mut runtime = Runtime::start_in(folder.path(), &options);
    for round in 0..kills {
        let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(Seen::default()));
        let mut clients = JoinSet::new();
        for client in 0..12 {
            clients.spawn(load(runtime.proxy.clone(), client, stop.clone(), answers.clone()));
        }
        // A fresh process reads its tables first: the moment is drawn from when it answers.
        let most = tokio::time::timeout(Duration::from_secs(30), answers.reaches(random.random_range(1..50)));
        most.await.expect("the runtime answers under load");
        tokio::time::sleep(Duration::from_millis(random.random_range(0..600))).await;
        if round % 4 == 0 {
            // Just after somebody got a terminal frame.
            let next = answers.count.load(Ordering::Relaxed) + 1;
            tokio::time::timeout(Duration::from_secs(5), answers.reaches(next)).await.expect("a terminal frame");
            tokio::time::sleep(Duration::from_micros(random.random_range(0..4000))).await;
        }
        runtime.kill();
        stop.store(true, Ordering::Relaxed);
        let seen = clients.join_all().await.concat();
        drop(runtime);
        let database = rusqlite::Connection::open(folder.path().join("data/traces.db")).unwrap();
        let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok", "kill {round}");
        drop(database);
        runtime = Runtime::start_in(folder.path(), &options);
        for id in &seen {
            let found = runtime.ask("get_exchange", json!({"exchange": id})).await;
            let state = found.as_ref().map(|exchange| exchange["state"].clone()).unwrap_or_default();
            assert_eq!(state, "complete", "kill {round}: {id} was seen complete; {found:?}");
        }
        all.extend(seen);
    }
    println!("{kills} kills, {} responses seen complete, none missing", all.len());
    // 200 kills have to see 5,000 responses; fewer in proportion.
    assert!(all.len() >= kills * 25, "there was load: {}", all.len());
    let late = runtime.rpc("health", json!({})).await;
    assert_eq!(late["state"], "ok", "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_exchange_is_interrupted_after_a_kill() {
    let reply = render::render(Dialect::Chat, true, true, &Turn::text("Some long text to begin with."));
    let provider = Provider::replies([reply.fault(switchtower_tests::Fault::Silence(600))]).await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::to(&provider.base);
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let mut agent = switchtower_tests::Agent::new(&runtime.proxy, Dialect::Chat, true);
    agent.say("Go");
    let mut client = Client::connect(&runtime.proxy).await.unwrap();
    let mut streaming = client.begin(&agent.request()).await.unwrap();
    let id = streaming.head.get("x-switchtower-exchange").unwrap().to_owned();
    streaming.next().await.unwrap();
    // The opening record is queued before the request goes out, and commits within a moment.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(runtime.exchange(&id).await["state"], "open");
    runtime.kill();
    drop(runtime);
    let runtime = Runtime::start_in(folder.path(), &options);
    assert_eq!(runtime.exchange(&id).await["state"], "interrupted");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_stream_end() {
    let turn = Turn::text("Word after word after word, in small pieces.");
    let reply = render::render(Dialect::Anthropic, true, true, &turn).pace(Duration::from_millis(60));
    let provider = Provider::replies([reply]).await;
    let mut runtime = Runtime::start(&Options::to(&provider.base));
    let mut agent = switchtower_tests::Agent::new(&runtime.proxy, Dialect::Anthropic, true);
    agent.say("Go");
    let request = agent.request();
    let base = runtime.proxy.clone();
    let client = tokio::spawn(async move { Client::once(&base, &request).await.unwrap() });
    while provider.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let code = tokio::task::spawn_blocking(move || runtime.stop(Duration::from_secs(12))).await.unwrap();
    let response = client.await.unwrap();
    assert_eq!(switchtower_tests::Answer::of(Dialect::Anthropic, true, &response).text, turn.text);
    assert_eq!(code, Some(0));
}
