//! What only time shows: whether a turn costs more the later it comes, and whether memory grows while streams run.

use crate::{
    figures::{self, cpu_of},
    load::{self, Conversation},
    proxies::Ours,
};
use std::time::{Duration, Instant};
use switchtower_tests::http::Client;
use tokio::task::JoinSet;

const SESSIONS: usize = 4;
/// So many turns around the 10th and the 290th are measured.
const WINDOW: usize = 30;
const TURNS: usize = 300;

/// CPU of a turn early and late in sessions of 300, in milliseconds, and what 100 KB more to read cost.
struct Turns {
    early: f64,
    late: f64,
    per_100_kb: f64,
}

pub async fn turns(nginx: (&str, &[u32]), ours: (&str, &[u32])) {
    let (theirs, mine) = (sessions(nginx.0, nginx.1).await, sessions(ours.0, ours.1).await);
    for (name, of, aim) in [
        ("CPU of a turn around the 10th, ms", (|turns| turns.early) as fn(&Turns) -> f64, ""),
        ("CPU of a turn around the 290th, ms", |turns| turns.late, ""),
        ("CPU of 100 KB more to read in a turn, ms", |turns| turns.per_100_kb, "that of reading"),
    ] {
        let (theirs, mine) = (of(&theirs), of(&mine));
        figures::row(name, theirs, mine, mine / theirs, aim);
    }
}

async fn sessions(base: &str, pids: &[u32]) -> Turns {
    let mut client = Client::connect(base).await.expect("a connection");
    let mut sessions: Vec<Conversation> = (0..SESSIONS).map(|_| Conversation::new()).collect();
    let (mut measured, mut sizes) = (Vec::new(), Vec::new());
    for window in [0..WINDOW, WINDOW..TURNS - WINDOW, TURNS - WINDOW..TURNS] {
        let (pieces, mut bytes) = (window.len() * SESSIONS, 0);
        let work = async {
            for session in window.into_iter().flat_map(|_| 0..SESSIONS) {
                let session = &mut sessions[session];
                bytes += session.bytes();
                let response = client.send(&session.request()).await.expect("an answer");
                assert_eq!(response.status, 200, "{}", response.text());
                session.turn();
            }
        };
        measured.push(1e3 * cpu_of(pids, pieces, work).await);
        sizes.push(bytes as f64 / pieces as f64);
    }
    let (early, late) = (measured[0], measured[2]);
    Turns { early, late, per_100_kb: (late - early) / (sizes[2] - sizes[0]) * 1e5 }
}

/// 200 streams at once for a minute: resident memory at 20 s and at the end.
pub async fn soak(ours: &Ours) {
    const STREAMS: usize = 200;
    let until = Instant::now() + Duration::from_secs(60);
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let base = ours.base.clone();
        streams.spawn(async move {
            let mut client = Client::connect(&base).await.expect("a connection");
            let mut answers = 0;
            while Instant::now() < until {
                let response = client.send(&load::small("slow")).await.expect("an answer");
                assert!(response.text().ends_with("data: [DONE]\n\n"), "an answer was cut");
                answers += 1;
            }
            answers
        });
    }
    let mut memory = Vec::new();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        memory.push(ours.resident_mb());
    }
    let answers: usize = streams.join_all().await.into_iter().sum();
    let told: Vec<String> = memory.iter().map(|mb| format!("{mb:.1}")).collect();
    println!("soak: {STREAMS} streams, {answers} answers; resident MB every 10 s: {}", told.join(" "));
    println!("{:<44} {:>10} {:>10.1} MB         flat", "memory, 20 s to 60 s of the soak", "", memory[5] - memory[1]);
}

/// Both vocabularies come with the first estimates for models of either kind.
pub async fn estimated(ours: &Ours) -> f64 {
    let mut client = Client::connect(&ours.base).await.expect("a connection");
    let until = Instant::now() + Duration::from_secs(30);
    let mut latest = 0.0;
    // An estimate that takes too long is not waited for; memory stands still once both are there.
    while Instant::now() < until {
        for model in ["gpt-4o", "gpt-4"] {
            assert_eq!(client.send(&load::uncounted(model)).await.expect("an answer").status, 200);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = ours.resident_mb();
        if (now - latest).abs() < 0.5 {
            break;
        }
        latest = now;
    }
    latest
}
