//! What is reserved comes back: after an error, a cut, an agent that left; and what a killed runtime had open counts as spent.

use crate::{agent, naming, say, until, used};
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use switchtower_tests::{Dialect, Fault, Options, Provider, Reply, Runtime, Turn, render};

const POLICY: &str = "version = 1\nname = \"day\"\n[budget.all]\nper = \"day\"\nlimit_tokens = 5_000\n";
const OPEN: &str = "SELECT count(*) FROM reservation";

/// The first request meets `first`, every later one an answer of 100 tokens.
async fn provider(first: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Provider {
    let asked = AtomicUsize::new(0);
    Provider::start(move |request| {
        let answer = render::answer(request, &Turn::text("Fine.").with_usage(used(40, 60)));
        if asked.fetch_add(1, Ordering::SeqCst) == 0 { first(answer) } else { answer }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_call_had_reserved_is_released() {
    type Spoil = fn(Reply) -> Reply;
    let faults: [(&str, Spoil); 3] = [
        ("refused", |_| render::error(Dialect::Chat, 503, "busy")),
        ("reset before a byte", |answer| answer.fault(Fault::Reset(0))),
        ("cut in the middle", |answer| answer.fault(Fault::Cut(60))),
    ];
    for (what, fault) in faults {
        for streamed in [false, true] {
            let provider = provider(fault).await;
            let runtime = Runtime::start(&Options::to(&provider.base).policy("day", POLICY));
            let mut spoiled = naming(agent(&runtime, "bot~one", Dialect::Chat, streamed), 3_000);
            spoiled.say("First");
            let _ = spoiled.send().await;
            until(&runtime, OPEN, 0).await;
            let mut agent = naming(agent(&runtime, "bot~two", Dialect::Chat, streamed), 4_000);
            let (answer, _) = say(&mut agent, "Second").await;
            assert_eq!(answer.text, "Fine.", "{what} streamed={streamed}: 4,000 fit only if the first 3,000 are free");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_had_reserved_whose_agent_left_is_released() {
    for streamed in [false, true] {
        let provider = provider(|answer| answer.delay(Duration::from_secs(60))).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("day", POLICY));
        let mut leaving = naming(agent(&runtime, "bot~one", Dialect::Chat, streamed), 3_000);
        leaving.say("First");
        let gone = tokio::spawn(async move { leaving.send().await.map(|_| ()) });
        until(&runtime, OPEN, 1).await;
        gone.abort();
        until(&runtime, OPEN, 0).await;
        let mut agent = naming(agent(&runtime, "bot~two", Dialect::Chat, streamed), 4_000);
        assert_eq!(say(&mut agent, "Second").await.0.text, "Fine.", "streamed={streamed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_open_when_the_runtime_was_killed_counts_as_spent_once() {
    let provider = provider(|answer| answer.delay(Duration::from_secs(60))).await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::to(&provider.base).policy("day", POLICY);
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let mut open = naming(agent(&runtime, "bot~one", Dialect::Chat, true), 3_000);
    open.say("First");
    let call = tokio::spawn(async move { open.send().await.map(|_| ()) });
    until(&runtime, OPEN, 1).await;
    let mut agent = naming(agent(&runtime, "bot~two", Dialect::Chat, false), 500);
    assert_eq!(say(&mut agent, "Beside it").await.0.text, "Fine.");
    runtime.kill();
    call.abort();
    drop(runtime);
    for round in 0..2 {
        // Killed twice more: it is counted once.
        let mut runtime = Runtime::start_in(folder.path(), &options);
        until(&runtime, OPEN, 0).await;
        let health = runtime.rpc("health", json!({})).await;
        let used = health["budgets"][0]["used"].as_f64().unwrap();
        assert!((3_100.0..3_200.0).contains(&used), "round {round}: {health}");
        let mut dear = naming(crate::agent(&runtime, "bot~three", Dialect::Chat, false), 3_000);
        let (answer, _) = say(&mut dear, "Again").await;
        assert!(answer.text.contains("budget all"), "{}", answer.text);
        until(&runtime, "SELECT count(*) FROM event WHERE kind = 'counted_as_spent'", 1).await;
        runtime.kill();
    }
}
