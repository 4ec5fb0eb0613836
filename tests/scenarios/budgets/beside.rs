//! Calls of the runtime's own beside a turn, such as a summary's: reserved before they are made, settled after, and never made where there
//! is no room for them.

use crate::{acts, used};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Received, Runtime, Turn, agent::Outcome, cells::forms, render,
};

fn policy(limit: u64) -> String {
    format!(
        "version = 1\nname = \"p\"\n[tiers]\nfast = \"gpt-4o-mini\"\n[budget.all]\nlimit_tokens = {limit}\ncount = \"all\"\n[[rule]]\n\
         id = \"room\"\non = \"model.request\"\nwhen = \"request.messages > 12 && history.room.fires_in_session == 0\"\n\
         do = [{{ compact = {{ to = 0.0002, summary = \"tier:fast\" }} }}]\n"
    )
}

fn asks_for_summary(request: &Received) -> bool {
    String::from_utf8_lossy(&request.body).contains("You condense the earlier part")
}

/// Seven calls of a hundred tokens each, then an answer.
async fn provider() -> Provider {
    let turns = AtomicUsize::new(0);
    Provider::start(move |request| {
        if asks_for_summary(request) {
            return render::answer(request, &Turn::text("It searched and found.").with_usage(used(300, 50)));
        }
        let round = turns.fetch_add(1, Ordering::SeqCst);
        let turn =
            if round < 7 { Turn::call("search", json!({"path": format!("p{round}")})) } else { Turn::text("Done.") };
        render::answer(request, &turn.numbered(round).with_usage(used(60, 40)))
    })
    .await
}

async fn run(runtime: &Runtime, dialect: Dialect, streamed: bool) -> (u64, Vec<Value>) {
    let mut agent = crate::naming(Agent::new(&runtime.proxy, dialect, streamed).labelled("bot~one"), 500);
    let found = "lorem ipsum dolor ".repeat(20);
    let answers = agent.run("Find it", 12, |_| Outcome::good(&found)).await;
    assert_eq!(answers.last().unwrap().text, "Done.", "{dialect:?} streamed={streamed}");
    let session = runtime.sessions().await[0]["id"].clone();
    let detail = runtime.rpc("get_session", json!({"session": session})).await;
    (detail["budgets"][0]["used"].as_f64().unwrap() as u64, acts(runtime, "room").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_is_reserved_and_settled_and_left_out_where_it_has_no_room() {
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        for (limit, asked) in [(20_000, true), (3_000, false)] {
            let provider = provider().await;
            let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy(limit)));
            let (spent, told) = run(&runtime, dialect, streamed).await;
            assert_eq!(provider.received().iter().any(asks_for_summary), asked, "{what}: of {limit}");
            assert_eq!(spent, 800 + if asked { 350 } else { 0 }, "{what}: of {limit}");
            assert_eq!(told.len(), 1, "{what}: {told:?}");
            let summary = told[0]["summary"].as_str().unwrap();
            let wanted = if asked {
                "summarised them"
            } else {
                "there is no summary: budget.all of policy p has no room for it"
            };
            assert!(summary.contains(wanted), "{what}: {summary}");
        }
    }
}

/// Who names no maximum has reserved all that remains: that gives way to the summary, and is fitted to what is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_reserved_all_that_remains_gives_way_to_its_summary() {
    let provider = provider().await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy(9_000)));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false).labelled("bot~one");
    let found = "lorem ipsum dolor ".repeat(20);
    agent.run("Find it", 12, |_| Outcome::good(&found)).await;
    assert!(provider.received().iter().any(asks_for_summary));
    let told = acts(&runtime, "room").await;
    assert!(told[0]["summary"].as_str().unwrap().contains("summarised them"), "{told:?}");
}
