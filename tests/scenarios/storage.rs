//! Promise 5: storage grows with what is new, and exact bytes come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::json;
use std::{fs, time::Duration};
use switchtower_tests::{
    Agent, Answer, Dialect, Options, Provider, Runtime, Turn,
    agent::{Outcome, Tool},
    http::{Client, Request},
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

/// Processor time of a process so far, in milliseconds.
fn cpu_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_ascii_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    // 100 ticks a second, on every Linux that runs this.
    ticks.sum::<u64>() * 10
}

/// What a session came to.
struct Measured {
    ledger: u64,
    /// After each turn: bytes of requests and milliseconds of processor time so far.
    spent: Vec<(u64, u64)>,
}

impl Measured {
    /// Processor time for a megabyte of requests, over these turns.
    fn ms_a_megabyte(&self, turns: std::ops::Range<usize>) -> f64 {
        let ((bytes, ms), (later_bytes, later_ms)) = (self.spent[turns.start], self.spent[turns.end - 1]);
        (later_ms - ms) as f64 / ((later_bytes - bytes) as f64 / 1e6)
    }
}

/// `turns` turns with a tool call each; the request bytes of the asked ones must come back.
async fn session(turns: usize, result: impl Fn(usize) -> String, exact: &[usize]) -> Measured {
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
    // Spelled once and then grown by its new messages, so that the agent costs next to nothing itself.
    let first = agent.request();
    let (said, body) = (agent.history.remove(0).to_string(), String::from_utf8(first.body.to_vec()).unwrap());
    let end = body.find(&said).unwrap() + said.len();
    let (mut grown, tail) = (body[..end].to_owned(), &body[end..]);
    let mut client = Client::connect(&runtime.proxy).await.unwrap();
    let (mut kept, mut spent, mut bytes) = (Vec::new(), Vec::new(), 0);
    for round in 1..=turns {
        let request = Request { body: format!("{grown}{tail}").into(), ..first.clone() };
        let request = request.header("x-round", &round.to_string());
        let response = client.send(&request).await.unwrap();
        bytes += request.body.len() as u64;
        spent.push((bytes, cpu_ms(runtime.pid())));
        if exact.contains(&round) {
            kept.push((response.header("x-switchtower-exchange").unwrap().to_owned(), request.body.clone()));
        }
        let answer = Answer::of(Dialect::Chat, false, &response);
        agent.history.extend(answer.messages.iter().cloned());
        agent.give(&[(answer.calls[0].clone(), Outcome::good(&result(round)))]);
        for message in agent.history.drain(..) {
            grown += &format!(",{message}");
        }
    }
    for (id, body) in &kept {
        let exchange = runtime.settled(id).await;
        assert!(runtime.body(&exchange["agent_request"]).await == body.as_ref(), "the exact bytes of {id} come back");
    }
    assert_eq!(runtime.sessions().await.len(), 1, "one session");
    Measured { ledger: ledger(&mut runtime), spent }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_300_turns_takes_at_most_2_mb_and_no_turn_costs_more_than_reading_it() {
    let exact: Vec<usize> = [1, 150, 300].to_vec();
    let measured = session(300, |round| format!("Result {round}: {}", "row of data; ".repeat(60)), &exact).await;
    let size = measured.ledger;
    let (early, late) = (measured.ms_a_megabyte(30..130), measured.ms_a_megabyte(200..300));
    println!(
        "300 turns: {:.2} MB; CPU a megabyte read: {early:.1} ms before turn 130, {late:.1} ms after turn 200",
        size as f64 / 1e6
    );
    assert!(size <= 2_000_000, "{size} bytes");
    // What a turn costs beside its bytes weighs less in later, longer ones: were there anything that grew with the turn's number, more.
    assert!(late <= early * 1.15, "a megabyte cost {early:.1} ms early and {late:.1} ms late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_takes_at_most_1_kb_a_turn_and_2000_turns_2_mb() {
    let turns: usize = std::env::var("SWITCHTOWER_LOOP").ok().and_then(|turns| turns.parse().ok()).unwrap_or(1000);
    let measured = session(turns, |_| "The same result.".into(), &[1, turns / 2, turns]).await;
    let size = measured.ledger;
    println!("{turns} turns of a loop: {:.2} MB", size as f64 / 1e6);
    // `SWITCHTOWER_LOOP=2000` is the whole proof. The schema's empty pages and the first turn's content come once.
    assert!(size <= 2_000_000 && size <= 300_000 + turns as u64 * 1000, "{size} bytes");
}
