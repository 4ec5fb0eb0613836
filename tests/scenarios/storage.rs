//! Promise 5: storage grows with what is new, and exact bytes come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::json;
use std::{fs, time::Duration};
use switchtower_tests::{
    Agent, Answer, Dialect, Options, Provider, Runtime, Turn,
    agent::{Outcome, Tool},
    http::Client,
    render,
};

/// Bytes of the ledger after an orderly end.
fn ledger(runtime: &mut Runtime) -> u64 {
    assert_eq!(runtime.stop(Duration::from_secs(15)), Some(0));
    let files = fs::read_dir(&runtime.data).unwrap().flatten();
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with("traces.db"))
        .map(|file| file.metadata().unwrap().len())
        .sum()
}

/// `turns` turns with a tool call each; the request bytes of the asked ones must come back.
async fn session(turns: usize, result: impl Fn(usize) -> String, exact: &[usize]) -> u64 {
    let provider = Provider::start(move |request| {
        let round = request.header("x-round").unwrap().parse::<usize>().unwrap();
        render::answer(request, &Turn::call("search", json!({"path": format!("p{}", round % 7)})).numbered(round))
    })
    .await;
    let mut runtime = Runtime::start(&Options::to(&provider.base));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false);
    agent.system =
        (0..400).map(|line| format!("Rule {line}: be careful about it.\n")).collect::<String>()[..12_000].to_owned();
    agent.tools = (0..30)
        .map(|n| Tool { name: format!("tool_{n}"), description: format!("Tool number {n} does its thing with care.") })
        .collect();
    agent.say("Begin");
    let mut client = Client::connect(&runtime.proxy).await.unwrap();
    let mut kept = Vec::new();
    for round in 1..=turns {
        let request = agent.request().header("x-round", &round.to_string());
        let response = client.send(&request).await.unwrap();
        if exact.contains(&round) {
            kept.push((response.header("x-switchtower-exchange").unwrap().to_owned(), request.body.clone()));
        }
        let answer = Answer::of(Dialect::Chat, false, &response);
        agent.history.extend(answer.messages.iter().cloned());
        agent.give(&[(answer.calls[0].clone(), Outcome::good(&result(round)))]);
    }
    for (id, body) in &kept {
        let exchange = runtime.settled(id).await;
        assert!(runtime.body(&exchange["agent_request"]).await == body.as_ref(), "the exact bytes of {id} come back");
    }
    assert_eq!(runtime.sessions().await.len(), 1, "one session");
    ledger(&mut runtime)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_300_turns_takes_at_most_2_mb() {
    let size = session(300, |round| format!("Result {round}: {}", "row of data; ".repeat(60)), &[1, 150, 300]).await;
    println!("300 turns: {:.2} MB", size as f64 / 1e6);
    assert!(size <= 2_000_000, "{size} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_takes_at_most_1_kb_a_turn() {
    let turns: usize = std::env::var("SWITCHTOWER_LOOP").ok().and_then(|turns| turns.parse().ok()).unwrap_or(400);
    let size = session(turns, |_| "The same result.".into(), &[turns]).await;
    println!("{turns} turns of a loop: {:.2} MB", size as f64 / 1e6);
    // The schema's empty pages and the first turn's content come once.
    assert!(size <= 300_000 + turns as u64 * 1000, "{size} bytes");
}
