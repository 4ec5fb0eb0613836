//! Failing calls beyond the table of acts: retries beside a client's own, a tool that has become slow, a person's word that outlives a restart, and
//! what a breaker spares a provider that is down, in figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod hand_world;

use hand_world::World;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, agent::Outcome, render};

/// A tool's 99th percentile over its limit: the breaker opens, the next call gets the last good result, and the trace says all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_whose_p99_is_over_its_limit_is_answered_from_its_last_result() {
    let policy = "version = 1\n[tools]\nread_only = [\"search\"]\n[breaker.slow]\nper = \"tool\"\nmin_calls = 100\np99 = \"3s\"\n\
                  [[rule]]\nid = \"slow\"\non = \"tool.call\"\nwhen = \"breaker.slow.open\"\ndo = [{ first = [\"cached\", \"block\"] }]\n";
    const CALLS: usize = 101;
    let turns = |round| match round {
        0..=CALLS => Turn::call("search", json!({"path": "a"})),
        _ => Turn::text("Enough."),
    };
    let world = World::alone(Dialect::Anthropic, true, turns, &[("slow", policy)]).await;
    let mut agent = world.agent();
    agent.say("Keep looking");
    for call in 0..CALLS {
        let (answer, _) = agent.turn().await;
        assert_eq!(answer.calls.len(), 1, "call {call} goes through");
        if call >= CALLS - 2 {
            // The tool, as its agent sees it: two of a hundred and one calls are slow.
            tokio::time::sleep(Duration::from_millis(3_500)).await;
        }
        agent.give(&[(answer.calls[0].clone(), Outcome::good(&format!("result {call}")))]);
    }
    let (answer, _) = agent.turn().await;
    assert!(answer.calls.is_empty() && answer.text.contains("Enough."), "{answer:?}");
    let opened: Value = serde_json::from_str(&world.events(&["breaker_opened"]).await[0]).unwrap();
    assert_eq!(
        (&opened["breaker"], &opened["per"], &opened["key"]),
        (&json!("slow/slow"), &json!("tool"), &json!("search"))
    );
    assert!(opened["why"].as_str().unwrap().starts_with("its 99th percentile is"), "{opened}");
    assert!(opened["figures"]["p99_ms"].as_f64().unwrap() > 3_000.0, "{opened}");
    let listed = world.rpc("list_interventions", json!({"session": world.session().await["id"]})).await;
    let act = listed["interventions"].as_array().unwrap().iter().find(|act| act["action"] == "cached").unwrap().clone();
    assert_eq!((&act["rule"], &act["policy"]), (&json!("slow"), &json!("slow")), "{act}");
    assert!(act["after"].to_string().contains("result 100"), "the last good one: {act}");
    assert!(json!(world.upstream().last().unwrap()).to_string().contains("result 100"));
}

/// What a person forced is so after a restart; what was seen begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_breaker_stays_so_over_a_restart() {
    let provider = Provider::turns([Turn::text("Fine.")]).await;
    let policy = "version = 1\n[breaker.main]\nper = \"provider\"\nconsecutive = 9\n\
                  [[rule]]\nid = \"away\"\non = \"model.request\"\nwhen = \"breaker.main.open\"\ndo = [{ block = \"Held open.\" }]\n";
    let options = Options::to(&provider.base).policy("circuits", policy);
    let folder = tempfile::tempdir().unwrap();
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let wrong = runtime.ask("set_breaker", json!({"breaker": "man", "key": "openai", "state": "forced_open"})).await;
    assert!(wrong.unwrap_err().to_string().contains("declared are circuits/main"));
    let nobody = runtime.ask("set_breaker", json!({"breaker": "main", "key": "opneai", "state": "forced_open"})).await;
    assert!(nobody.unwrap_err().to_string().contains("does not watch"), "no such provider");
    let set = json!({"breaker": "main", "key": "openai", "state": "forced_open"});
    assert_eq!(runtime.rpc("set_breaker", set).await["state"], "forced_open");
    for life in ["before", "after"] {
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
        agent.say("Hello");
        let (answer, _) = agent.turn().await;
        assert!(answer.text.starts_with("Held open."), "{life}: {}", answer.text);
        runtime.stop(Duration::from_secs(10));
        runtime = Runtime::start_in(folder.path(), &options);
    }
    let set = json!({"breaker": "circuits/main", "key": "openai", "state": "closed"});
    assert_eq!(runtime.rpc("set_breaker", set).await["state"], "closed");
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
    agent.say("Hello");
    assert_eq!(agent.turn().await.0.text, "Fine.");
}

const PATIENT: &str = "version = 1\n[[rule]]\nid = \"again\"\non = \"model.response\"\nwhen = \"response.failed\"\n\
                       do = [{ retry = { times = 2, base = \"10ms\" } }]\n";

/// As the vendors' SDKs do it: the same request again, with its count. Three of theirs and two of ours are five attempts, not nine.
#[tokio::test(flavor = "multi_thread")]
async fn retries_add_up_with_the_client_s_own_and_never_multiply() {
    for counts in [true, false] {
        let provider = Provider::replies([render::error(Dialect::Chat, 500, "down")]).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("again", PATIENT));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
        agent.say("Hello");
        let mut reached = Vec::new();
        for retry in 0..3 {
            agent.headers =
                if counts { vec![("x-stainless-retry-count".into(), retry.to_string())] } else { Vec::new() };
            assert_eq!(agent.send().await.unwrap().status, 500);
            reached.push(provider.received().len());
        }
        assert_eq!(reached, [3, 4, 5], "counted by the client: {counts}");
    }
}

/// A provider knows its own faults best: what it says of asking again stands above the kind of failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_s_word_on_asking_again_is_heeded() {
    for (status, advice, asked) in [(500, "false", 1), (429, "false", 1), (409, "true", 3), (409, "perhaps", 1)] {
        let failing = render::error(Dialect::Chat, status, "no").header("x-should-retry", advice);
        let provider = Provider::replies([failing]).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("again", PATIENT));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
        agent.say("Hello");
        let response = agent.send().await.unwrap();
        assert_eq!((response.status, response.header("x-should-retry")), (status, Some(advice)));
        assert_eq!(provider.received().len(), asked, "{status} {advice}");
    }
}

/// However long a provider asks to wait: the failure passes to a client that would not stay, its header with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_without_end_is_the_client_s_to_know() {
    for (name, value) in
        [("retry-after", "3600"), ("retry-after", "1e308"), ("retry-after-ms", "1e300"), ("retry-after", "inf")]
    {
        let provider = Provider::replies([render::error(Dialect::Chat, 429, "busy").header(name, value)]).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("again", PATIENT));
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
        agent.say("Hello");
        let response = agent.send().await.unwrap();
        assert_eq!((response.status, response.header(name)), (429, Some(value)));
        assert_eq!(provider.received().len(), 1, "{name}: {value}");
    }
}

/// A call that was to be a probe and is refused by another rule makes room for another.
#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_never_went_out_is_none() {
    let policy = "version = 1\n[breaker.main]\nper = \"provider\"\nconsecutive = 1\ncooldown = \"500ms\"\n\
                  [[rule]]\nid = \"open\"\non = \"model.request\"\nwhen = \"breaker.main.open\"\ndo = [{ block = \"Open.\" }]\n\
                  [[rule]]\nid = \"no\"\non = \"model.request\"\nwhen = \"breaker.main.half_open && request.messages > 2\"\ndo = [{ block = \"Not you.\" }]\n";
    let good = render::render(Dialect::Chat, false, false, &Turn::text("Fine."));
    let provider = Provider::replies([render::error(Dialect::Chat, 500, "down"), good]).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
    let ask = |questions: usize| {
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
        (0..questions).for_each(|question| agent.say(&format!("Question {question}")));
        async move { agent.send().await.unwrap().text() }
    };
    ask(1).await;
    assert!(ask(1).await.contains("Open."));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(ask(5).await.contains("Not you."));
    assert!(ask(1).await.contains("Fine."), "the provider is well, and this one may find out");
}

/// A client that leaves while its call waits to be tried again: nothing is sent for it any more.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_again_for_a_client_that_left() {
    let busy = render::error(Dialect::Chat, 429, "busy").header("retry-after", "1");
    let provider = Provider::replies([busy, render::render(Dialect::Chat, false, false, &Turn::text("Fine."))]).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("again", PATIENT));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
    agent.say("Hello");
    assert!(tokio::time::timeout(Duration::from_millis(400), agent.send()).await.is_err(), "it waits");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(provider.received().len(), 1);
    let session = runtime.sessions().await[0]["id"].clone();
    let rows = runtime.rpc("list_timeline", json!({"session": session, "from": 0, "count": 9})).await;
    assert_eq!(rows["rows"][0]["state"], "cancelled", "{rows}");
}

/// How long the provider of the figures is down, and how its agents behave.
const DOWN: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(40);
const AGENTS: usize = 6;
const PACE: Duration = Duration::from_millis(25);
const RETRY: &str = "{ retry = { times = 5, base = \"1s\", max = \"8s\" } }";

#[derive(Debug, Clone, Copy)]
struct Figures {
    /// Calls that went to the provider while it was down.
    wasted: usize,
    /// From the provider's recovery to each agent's first good answer, on average.
    recovery_ms: u128,
}

/// Agents keep asking a provider that is down for a while, each with requests of its own, until each has had a good answer after that.
async fn outage(policy: &str) -> Figures {
    let begun = Instant::now();
    let wasted = Arc::new(AtomicUsize::new(0));
    let counted = wasted.clone();
    let provider = Provider::start(move |request| {
        if begun.elapsed() < DOWN {
            counted.fetch_add(1, SeqCst);
            return render::error(Dialect::Chat, 503, "down");
        }
        render::answer(request, &Turn::text("Fine."))
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("flaky", policy));
    let proxy = runtime.proxy.clone();
    let up = begun + DOWN;
    let agents = (0..AGENTS).map(|number| {
        let proxy = proxy.clone();
        tokio::spawn(async move {
            for asked in 0.. {
                let mut agent = Agent::new(&proxy, Dialect::Chat, false);
                agent.say(&format!("Question {asked} of {number}"));
                let response = agent.send().await.unwrap();
                if response.status == 200 && response.text().contains("Fine.") {
                    return Instant::now().saturating_duration_since(up).as_millis();
                }
                assert!(begun.elapsed() < LONGEST, "agent {number} never recovers");
                tokio::time::sleep(PACE).await;
            }
            unreachable!("an agent asks until it is answered")
        })
    });
    let mut sum = 0;
    for agent in agents.collect::<Vec<_>>() {
        sum += agent.await.unwrap();
    }
    Figures { wasted: wasted.load(SeqCst), recovery_ms: sum / AGENTS as u128 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_spares_a_provider_that_is_down_and_its_agents_recover_sooner_than_by_retries() {
    let failed = "on = \"model.response\"\nwhen = \"response.failed";
    let breaker = format!(
        "version = 1\n[breaker.main]\nper = \"provider\"\nconsecutive = 3\ncooldown = \"600ms\"\n\
         [[rule]]\nid = \"away\"\non = \"model.request\"\nwhen = \"breaker.main.open\"\n\
         do = [{{ block = {{ as = \"error\", text = \"The provider is away.\" }} }}]\n\
         [[rule]]\nid = \"again\"\n{failed} && !breaker.main.open\"\ndo = [{RETRY}]\n"
    );
    let retry = format!("version = 1\n[[rule]]\nid = \"again\"\n{failed}\"\ndo = [{RETRY}]\n");
    let none = outage("version = 1\n").await;
    let retried = outage(&retry).await;
    let broken = outage(&breaker).await;
    println!("{AGENTS} agents, a provider that is down for {} ms", DOWN.as_millis());
    for (name, figures) in [("nothing", none), ("retry", retried), ("breaker and retry", broken)] {
        println!("{name:<20} {:>4} calls wasted, recovered after {:>4} ms", figures.wasted, figures.recovery_ms);
    }
    assert!(broken.wasted < retried.wasted, "{broken:?} against {retried:?}");
    assert!(broken.wasted * 3 < none.wasted, "{broken:?} against {none:?}");
    assert!(broken.recovery_ms < retried.recovery_ms, "{broken:?} against {retried:?}");
}
