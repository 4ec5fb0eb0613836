//! `npm run bench`: the runtime beside nginx as a plain reverse proxy, in one run, in turns, recording and three rules on. CPU is what the
//! kernel accounts to each proxy's processes; figures are medians over rounds, and ratios to nginx of the same round.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a measurement, not the product

mod figures;
mod load;
mod long;
mod policies;
mod proxies;
mod upstream;

use figures::{Figure, Measured};
use proxies::{Nginx, Ours, Process, THREE_RULES};

/// `SWITCHTOWER_BENCH_ROUNDS` says otherwise.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("upstream") => return upstream::serve().await,
        Some(_) => {}
        None => panic!("usage: switchtower-bench SWITCHTOWER NGINX [FIGURE…|turns|estimate|policy|soak]"),
    }
    let upstream = Process::upstream(&arguments[0]);
    let nginx = Nginx::start(&arguments[2], &upstream.base);
    let ours = Ours::start(&arguments[1], &upstream.base, THREE_RULES);
    let idle = ours.resident_mb();
    let wanted = &arguments[3..];
    let told = std::env::var("SWITCHTOWER_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds_each = told.unwrap_or(ROUNDS).max(1);
    println!(
        "Two proxies in turns, {rounds_each} rounds; recording and three rules on; upstream and load on the same cores.\n"
    );
    println!("{:<44} {:>10} {:>10} {:>8}   aim", "figure", "nginx", "ours", "ratio");
    for figure in Figure::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|word| figure.name().contains(word.as_str())) {
            continue;
        }
        let mut rounds = Vec::new();
        for round in 0..rounds_each {
            // Who goes first changes, so that neither always finds a warmer machine.
            let (theirs, mine) = if round % 2 == 0 {
                let theirs = figure.measure(&nginx.base, &nginx.pids(), &upstream.base).await;
                (theirs, figure.measure(&ours.base, &ours.pids(), &upstream.base).await)
            } else {
                let mine = figure.measure(&ours.base, &ours.pids(), &upstream.base).await;
                (figure.measure(&nginx.base, &nginx.pids(), &upstream.base).await, mine)
            };
            rounds.push(Measured { nginx: theirs, ours: mine });
        }
        figures::print(figure, &rounds);
    }
    let asks = |name: &str| wanted.iter().any(|word| word == name);
    if wanted.is_empty() || asks("turns") {
        long::turns((&nginx.base, &nginx.pids()), (&ours.base, &ours.pids())).await;
    }
    println!("\n{:<44} {:>10} {:>10.1} MB         ≤ 30", "memory, idle", "", idle);
    println!("{:<44} {:>10} {:>10.1} MB", "memory, after all of the above", "", ours.resident_mb());
    println!("{:<44} {:>10} {:>10.1} MB", "ledger on disk after all of the above", "", ours.ledger_mb());
    if wanted.is_empty() || asks("estimate") {
        let fresh = Ours::start(&arguments[1], &upstream.base, THREE_RULES);
        let loaded = long::estimated(&fresh).await;
        println!("{:<44} {:>10} {:>10.1} MB         ≤ 120", "memory, both vocabularies loaded", "", loaded);
    }
    if wanted.is_empty() || asks("policy") {
        policies::compare(&arguments[1], &upstream.base, rounds_each).await;
    }
    if asks("soak") {
        long::soak(&Ours::start(&arguments[1], &upstream.base, THREE_RULES)).await;
    }
}
