//! What recording costs: CPU of the writer thread per exchange of about 1 KB, alone and in company. Run with `--release`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a measurement, not the product

#[path = "../tests/world/mod.rs"]
mod world;

use domain::TraceSink;
use std::{fs, path::PathBuf};
use world::*;

/// Nanoseconds on a CPU of the ledger's thread so far.
fn cpu() -> u64 {
    let mut tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let writer: PathBuf =
        tasks.find(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "ledger")).unwrap();
    let figures = fs::read_to_string(writer.join("schedstat")).unwrap();
    figures.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let turn = Turn {
        call_name: "search_flights".into(),
        arguments: r#"{"origin":"BER","destination":"LIS"}"#.into(),
        result: "no flights found for this date, try another one".into(),
        says: "Let me look.".into(),
    };
    for (company, exchanges) in [(1, 2000), (32, 8000)] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        let mut agents: Vec<Agent> = (0..company).map(|seed| Agent::new(seed as u64)).collect();
        // The thread has its name once it did something.
        ledger.commit(vec![]).await;
        let start = cpu();
        for _ in 0..exchanges / company {
            let mut waiting = Vec::new();
            for agent in &mut agents {
                let (before, after) = agent.turn(&turn);
                ledger.record(before);
                waiting.push(ledger.commit(after));
            }
            for commit in waiting {
                commit.await;
            }
        }
        let spent = (cpu() - start) as f64 / 1000.0 / exchanges as f64;
        println!("{company} at a time: {spent:.0} µs of the writer's CPU per exchange");
        ledger.close().await;
    }
}
