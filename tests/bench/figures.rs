//! The figures: what each measures, its unit and its aim.

use crate::{
    load::{self, Conversation},
    proxies::Spent,
    upstream::{BURST, PACED},
};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use switchtower_tests::http::{Client, Request, Response};
use tokio::task::JoinSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Small,
    LargeNew,
    LargeNext,
    Burst,
    Paced,
    Lag,
    FirstByte,
    WholeFirstByte,
    Commit,
    Rate,
}

/// One round.
pub struct Measured {
    pub nginx: f64,
    pub ours: f64,
}

impl Figure {
    pub const ALL: [Figure; 10] = [
        Figure::Small,
        Figure::LargeNew,
        Figure::LargeNext,
        Figure::Burst,
        Figure::Paced,
        Figure::Lag,
        Figure::FirstByte,
        Figure::WholeFirstByte,
        Figure::Commit,
        Figure::Rate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Figure::Small => "CPU per 1 KB request, ms",
            Figure::LargeNew => "CPU per 400 KB request, all new, ms",
            Figure::LargeNext => "CPU per 400 KB request, next turn, ms",
            Figure::Burst => "CPU per chunk, burst, ms",
            Figure::Paced => "CPU per chunk, paced 2 ms, ms",
            Figure::Lag => "lag of a paced chunk, p50, ms",
            Figure::FirstByte => "added to a stream's first byte, p50, ms",
            Figure::WholeFirstByte => "added to a whole answer, commit in it, ms",
            Figure::Commit => "added to a stream's end (commit), p50, ms",
            Figure::Rate => "requests/s, 32 connections",
        }
    }

    fn aim(self) -> &'static str {
        match self {
            Figure::Small => "≤ 0.30 (×5), then ×3",
            Figure::LargeNew => "≤ 2.5 (×4)",
            Figure::LargeNext => "≤ 2.0 (×4)",
            Figure::Burst => "≤ 0.015",
            Figure::Paced => "≤ 0.06",
            Figure::Lag => "≤ 0.2",
            Figure::FirstByte => "≤ ×3",
            Figure::WholeFirstByte | Figure::Commit => "apart",
            Figure::Rate => "≥ 3,000",
        }
    }

    /// One round against one proxy.
    pub async fn measure(self, base: &str, pids: &[u32], direct: &str) -> f64 {
        match self {
            Figure::Small => 1e3 * cpu_of(pids, 4_000, many(base, 8, 500, || load::small("whole"))).await,
            Figure::LargeNew => {
                let mut requests = (0..120).map(|_| Conversation::long().request()).collect::<Vec<_>>();
                1e3 * cpu_of(pids, 120, one_by_one(base, move |_| requests.pop())).await
            }
            Figure::LargeNext => {
                let mut conversation = Conversation::long();
                one_by_one(base, |number| (number == 0).then(|| conversation.request())).await;
                let turns: Vec<Request> = (0..120)
                    .map(|_| {
                        conversation.turn();
                        conversation.request()
                    })
                    .collect();
                let mut turns = turns.into_iter();
                1e3 * cpu_of(pids, 120, one_by_one(base, move |_| turns.next())).await
            }
            Figure::Burst => 1e3 * cpu_of(pids, 20 * BURST, many(base, 2, 10, || load::small("burst"))).await,
            Figure::Paced => 1e3 * cpu_of(pids, 48 * PACED, many(base, 16, 3, || load::small("paced"))).await,
            Figure::Lag => lag_ms(base).await,
            Figure::FirstByte => added(base, direct, "short", |response| response.head_after).await,
            Figure::WholeFirstByte => added(base, direct, "whole", |response| response.head_after).await,
            Figure::Commit => {
                let end = |response: &Response| response.pieces.last().map_or(response.head_after, |(after, _)| *after);
                added(base, direct, "short", move |response| end(response) - response.head_after).await
            }
            Figure::Rate => {
                let began = Instant::now();
                many(base, 32, 150, || load::small("whole")).await;
                32.0 * 150.0 / began.elapsed().as_secs_f64()
            }
        }
    }
}

/// Seconds of the processes' CPU per piece of work.
pub async fn cpu_of(pids: &[u32], pieces: usize, work: impl Future<Output = ()>) -> f64 {
    let before = Spent::by(pids);
    work.await;
    // What is written behind (the ledger's batches) belongs to the work too.
    tokio::time::sleep(Duration::from_millis(150)).await;
    Spent::by(pids).since(before) / pieces as f64
}

pub async fn many(
    base: &str,
    connections: usize,
    each: usize,
    request: impl Fn() -> Request + Send + Sync + Copy + 'static,
) {
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let base = base.to_owned();
        clients.spawn(async move {
            let mut client = Client::connect(&base).await.expect("a connection");
            for _ in 0..each {
                let response = client.send(&request()).await.expect("an answer");
                assert_eq!(response.status, 200, "{}", response.text());
            }
        });
    }
    clients.join_all().await;
}

async fn one_by_one(base: &str, mut next: impl FnMut(usize) -> Option<Request>) {
    let mut client = Client::connect(base).await.expect("a connection");
    for number in 0.. {
        let Some(request) = next(number) else { return };
        let response = client.send(&request).await.expect("an answer");
        assert_eq!(response.status, 200, "{}", response.text());
    }
}

/// How much later something comes than straight from the provider, by the median of many in turns.
async fn added(base: &str, direct: &str, kind: &str, when: impl Fn(&Response) -> Duration) -> f64 {
    let (mut through, mut straight) = (Client::connect(base).await.unwrap(), Client::connect(direct).await.unwrap());
    let (mut times, mut least) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        for (client, times) in [(&mut through, &mut times), (&mut straight, &mut least)] {
            let response = client.send(&load::small(kind)).await.expect("an answer");
            times.push(when(&response).as_secs_f64() * 1e3);
        }
    }
    median(times) - median(least)
}

/// From a chunk's making, which it carries, to its coming.
async fn lag_ms(base: &str) -> f64 {
    let mut client = Client::connect(base).await.expect("a connection");
    let mut lags = Vec::new();
    for _ in 0..3 {
        let mut streaming = client.begin(&load::small("paced")).await.expect("a head");
        while let Ok(Some(bytes)) = streaming.next().await {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
            let text = String::from_utf8_lossy(&bytes);
            let made = text.split("\"content\":\"").nth(1).and_then(|rest| rest.split('"').next());
            lags.extend(made.and_then(|made| made.parse::<u128>().ok()).map(|made| (now - made) as f64 / 1e3));
        }
    }
    median(lags)
}

pub fn print(figure: Figure, rounds: &[Measured]) {
    let nginx = median(rounds.iter().map(|round| round.nginx).collect());
    let ours = median(rounds.iter().map(|round| round.ours).collect());
    let ratio = median(rounds.iter().map(|round| round.ours / round.nginx).collect());
    row(figure.name(), nginx, ours, ratio, figure.aim());
}

pub fn row(name: &str, nginx: f64, ours: f64, ratio: f64, aim: &str) {
    let digits = if nginx.max(ours) >= 100.0 { 0 } else { 3 };
    println!("{name:<44} {nginx:>10.digits$} {ours:>10.digits$} {:>8}   {aim}", format!("×{ratio:.1}"));
}

pub fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
