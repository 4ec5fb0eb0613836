//! How long a session of 100,000 steps takes to open: the reads that a screen makes first, each on a cold pool and again. Run with
//! `--release`; a folder as argument keeps the database there (and is used again where it has one).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a measurement, not the product

#[path = "../tests/world/mod.rs"]
mod world;

use domain::SessionId;
use std::{path::Path, time::Instant};
use switchtower_ledger::Ledger;
use world::*;

const STEPS: usize = 100_000;
/// Messages before an agent compacts its history.
const HISTORY: usize = 40;
const WINDOW: u32 = 200;
const BINS: u32 = 1200;

#[tokio::main]
async fn main() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::args().nth(1).map_or(scratch.path().to_owned(), Into::into);
    std::fs::create_dir_all(&folder).unwrap();
    if !folder.join("traces.db").exists() {
        let began = Instant::now();
        write(&folder).await;
        println!("{STEPS} steps written in {:.1} s", began.elapsed().as_secs_f64());
    }
    let began = Instant::now();
    let ledger = open(&folder);
    println!("ledger opened in {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
    let session = Agent::new(1).row.id;
    for round in ["cold", "again"] {
        read(&ledger, session, round).await;
    }
    ledger.close().await;
}

async fn write(folder: &Path) {
    let ledger = open(folder);
    let mut agent = Agent::new(1);
    for step in 0..STEPS {
        let turn = Turn {
            call_name: format!("tool_{}", step % 12),
            arguments: format!(r#"{{"origin":"BER","page":{step}}}"#),
            result: format!("no flights found on page {step}, try another one"),
            says: format!("Let me look at page {step}."),
        };
        let (before, after) = agent.turn(&turn);
        ledger.write(before).await.unwrap();
        ledger.write(after).await.unwrap();
        if agent.messages.len() > HISTORY {
            agent.messages.truncate(1);
            agent.messages.push(user(&format!("So far: {step} pages.")));
            agent.known.clear();
        }
        agent.sent.clear();
        agent.responses.clear();
        agent.observed.clear();
    }
    ledger.close().await;
}

async fn read(ledger: &Ledger, session: SessionId, round: &str) {
    let mut whole = 0.0;
    let mut tell = |what: &str, began: Instant| {
        let took = began.elapsed().as_secs_f64() * 1e3;
        whole += took;
        println!("{round:<6} {what:<34} {took:>8.1} ms");
    };
    let began = Instant::now();
    let page = ledger.list_sessions("", 60, None).await.unwrap();
    tell("list of sessions", began);
    assert_eq!(page.sessions.len(), 1);
    let began = Instant::now();
    ledger.get_session(session).await.unwrap();
    tell("the session", began);
    let began = Instant::now();
    let total = ledger.list_timeline(session, 0, 1).await.unwrap().total;
    tell("its length", began);
    assert_eq!(total, 2 * STEPS as u64);
    for (what, from) in [("first rows", 0), ("rows in the middle", total / 2), ("last rows", total - u64::from(WINDOW))]
    {
        let began = Instant::now();
        let rows = ledger.list_timeline(session, from, WINDOW).await.unwrap().rows;
        tell(what, began);
        assert_eq!(rows.len(), WINDOW as usize);
    }
    let began = Instant::now();
    ledger.list_interventions(Some(session), "", 200, None).await.unwrap();
    tell("its interventions", began);
    let began = Instant::now();
    ledger.strip(session, None, BINS).await.unwrap();
    tell("strip of the whole", began);
    println!("{round:<6} {:<34} {whole:>8.1} ms", "all of these");
}
