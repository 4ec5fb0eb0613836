//! Two hundred calls at once against a budget for ten.

use crate::{acts, agent, naming, until, used};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use switchtower_tests::{Answer, Dialect, Options, Provider, Runtime, Turn, render};
use tokio::task::JoinSet;

/// What each call uses, by the provider's count; its request is counted to no less, and names a maximum of 1,000.
const CALL: u64 = 1_015;
/// Ten calls fit, as they are counted beforehand; eleven do not.
const LIMIT: u64 = 10_700;
const POLICY: &str = "version = 1\nname = \"ten\"\n[budget.all]\nper = \"session\"\nlimit_tokens = 10_700\n";

/// What the provider has served and what it is serving, as tokens; and the most that this ever came to.
#[derive(Default)]
struct Count {
    served: AtomicUsize,
    most_at_once: Mutex<usize>,
}

/// The first `failing` requests are answered with status 500.
async fn provider(failing: usize) -> (Provider, Arc<Count>) {
    let count = Arc::new(Count::default());
    let seen = count.clone();
    let asked = AtomicUsize::new(0);
    let provider = Provider::start(move |request| {
        if asked.fetch_add(1, Ordering::SeqCst) < failing {
            return render::error(Dialect::Chat, 500, "out of order").delay(Duration::from_millis(100));
        }
        // From the moment that it is asked, the call counts as used.
        let served = seen.served.fetch_add(1, Ordering::SeqCst) + 1;
        let mut most = seen.most_at_once.lock().unwrap();
        *most = (*most).max(served);
        render::answer(request, &Turn::text("Done.").with_usage(used(15, 1_000))).delay(Duration::from_millis(150))
    })
    .await;
    (provider, count)
}

async fn two_hundred(runtime: &Runtime) -> Vec<(u16, String)> {
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let mut agent = naming(agent(runtime, "bot~one", Dialect::Chat, number % 2 == 0), 1_000);
        calls.spawn(async move {
            agent.say(&format!("Question {number}"));
            let response = agent.send().await.expect("an answer");
            match response.status {
                200 => (200, Answer::of(Dialect::Chat, agent.streamed, &response).text),
                status => (status, response.text()),
            }
        });
    }
    calls.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_calls_at_once_never_exceed_a_budget_for_ten() {
    let (provider, count) = provider(0).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("ten", POLICY));
    let answers = two_hundred(&runtime).await;
    let good = answers.iter().filter(|(_, said)| said == "Done.").count();
    let refused = answers.iter().filter(|(status, said)| *status == 200 && said.contains("budget all"));
    assert_eq!((good, refused.count()), (10, 190), "each is answered or refused as a normal answer");
    assert_eq!(provider.received().len(), 10, "what is refused never goes out");
    let most = *count.most_at_once.lock().unwrap() as u64 * CALL;
    assert!(most <= LIMIT, "{most} tokens at most");
    let told = "SELECT count(*) FROM intervention i JOIN word w ON w.n = i.action WHERE w.text = 'block'";
    until(&runtime, told, 190).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_failing_calls_had_reserved_is_there_for_others() {
    let (provider, count) = provider(7).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("ten", POLICY));
    let answers = two_hundred(&runtime).await;
    let good = answers.iter().filter(|(_, said)| said == "Done.").count();
    let failed = answers.iter().filter(|(status, _)| *status == 500).count();
    assert_eq!((good, failed, provider.received().len()), (10, 7, 17));
    assert!(*count.most_at_once.lock().unwrap() as u64 * CALL <= LIMIT);
    let waited = acts(&runtime, "budget.all").await.into_iter().filter(|act| act["action"] == "delay");
    assert!(waited.count() >= 7, "those that took their places had waited, and it is told");
}
