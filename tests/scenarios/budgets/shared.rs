//! Who shares a budget: one request, a run, a session, an agent's sessions, a day's; and what two policies make of it together.

use crate::{agent, naming, say, used};
use serde_json::json;
use switchtower_tests::{Dialect, Options, Provider, Runtime, Turn};

async fn provider() -> Provider {
    crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(40, 60))).await
}

fn policy(per: &str, limit: u64) -> String {
    format!("version = 1\nname = \"p\"\n[budget.all]\nper = \"{per}\"\nlimit_tokens = {limit}\n")
}

/// Whether a call that may come to some 130 tokens goes out.
async fn passes(runtime: &Runtime, label: &str) -> bool {
    let mut agent = naming(agent(runtime, label, Dialect::Chat, false), 110);
    say(&mut agent, "Go").await.0.text == "Fine."
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_shared_by_whom_it_says() {
    let provider = provider().await;
    for (per, outcome) in [
        // one/a, one/b, two/a, one/a in a new run: after 100 tokens of a budget of 200 nothing fits.
        ("session", [true, true, true, false]),
        ("agent", [true, false, true, false]),
        ("day", [true, false, false, false]),
        ("run", [true, true, true, true]),
        ("request", [true, true, true, true]),
    ] {
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy(per, 200)));
        let mut seen = Vec::new();
        for label in ["one~a", "one~b", "two~a", "one~a"] {
            seen.push(passes(&runtime, label).await);
        }
        assert_eq!(seen, outcome, "per {per}");
    }
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy("request", 100)));
    assert!(!passes(&runtime, "one~a").await, "a request of its own can be too much");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_with_the_next_user_message() {
    let provider = crate::hand_world::provider(|round| match round {
        0 => Turn::call("search", json!({"path": "a"})).with_usage(used(40, 60)),
        _ => Turn::text("Fine.").with_usage(used(40, 60)),
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy("run", 270)));
    let mut agent = naming(agent(&runtime, "bot~one", Dialect::Chat, false), 150);
    agent.say("Search");
    let (answer, _) = agent.turn().await;
    agent.give(&[(answer.calls[0].clone(), switchtower_tests::agent::Outcome::good("found"))]);
    let (answer, _) = agent.turn().await;
    assert!(answer.text.contains("budget all"), "the second call of the run has no room: {}", answer.text);
    let (answer, _) = say(&mut agent, "Something else").await;
    assert_eq!(answer.text, "Fine.", "a new run has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_and_days_have_spent_survives_a_restart() {
    let provider = provider().await;
    for per in ["agent", "day", "session"] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::to(&provider.base).policy("p", &policy(per, 200));
        let mut runtime = Runtime::start_in(folder.path(), &options);
        assert!(passes(&runtime, "one~a").await, "{per}");
        runtime.kill();
        drop(runtime);
        let runtime = Runtime::start_in(folder.path(), &options);
        assert!(!passes(&runtime, "one~a").await, "{per}: 100 of 200 were spent before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_policies_the_stricter_holds_and_a_person_can_raise_it() {
    let provider = provider().await;
    let wide = "version = 1\nname = \"wide\"\n[budget.wide]\nlimit_tokens = 10_000\n";
    let strict = "version = 1\nname = \"strict\"\n[budget.strict]\nlimit_tokens = 200\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("wide", wide).policy("strict", strict));
    let mut agent = naming(agent(&runtime, "one~a", Dialect::Chat, false), 110);
    assert_eq!(say(&mut agent, "Go").await.0.text, "Fine.");
    assert!(say(&mut agent, "Go").await.0.text.contains("budget strict"));
    let session = runtime.sessions().await[0]["id"].clone();
    let wrong = json!({"session": session, "command": "budget", "name": "budget.none", "set": 3});
    let told = runtime.ask("control_session", wrong).await.unwrap_err();
    assert!(told["message"].as_str().unwrap().contains("strict/budget.strict"), "{told}");
    for set in [1.5, 1e300, -1.0] {
        let wrong = json!({"session": session, "command": "budget", "name": "budget.strict", "set": set});
        assert!(runtime.ask("control_session", wrong).await.is_err(), "half a token, or no number: {set}");
    }
    let raise = json!({"session": session, "command": "budget", "name": "budget.strict", "raise": 1_000});
    runtime.rpc("control_session", raise).await;
    assert_eq!(say(&mut agent, "Go").await.0.text, "Fine.");
    let detail = runtime.rpc("get_session", json!({"session": session})).await;
    let gauges = detail["budgets"].as_array().unwrap();
    let strict = gauges.iter().find(|budget| budget["name"] == "strict").unwrap();
    assert_eq!(
        (&strict["policy"], &strict["per"], &strict["unit"]),
        (&json!("strict"), &json!("session"), &json!("tokens"))
    );
    assert_eq!(
        (strict["limit"].as_f64(), strict["used"].as_f64(), strict["reserved"].as_f64()),
        (Some(1_200.0), Some(200.0), Some(0.0))
    );
}

/// A sub-agent is known by the task that its parent gave it: what it spends is its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_sub_agent_s_run_has_an_account_of_its_own() {
    const TASK: &str = "Read hello.txt and report its content.";
    for dialect in [Dialect::Chat, Dialect::Anthropic] {
        let provider = crate::hand_world::provider(|round| match round {
            0 => Turn::call("search", json!({"path": TASK})).with_usage(used(40, 60)),
            _ => Turn::text("Fine.").with_usage(used(40, 60)),
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy("subtask", 290)));
        let mut main = naming(agent(&runtime, "bot~one", dialect, false), 110);
        let (answer, _) = say(&mut main, "What is in hello.txt?").await;
        let mut child = naming(agent(&runtime, "bot~one", dialect, false), 110);
        assert_eq!(say(&mut child, TASK).await.0.text, "Fine.", "{dialect:?}");
        main.give(&[(answer.calls[0].clone(), switchtower_tests::agent::Outcome::good("It says hi."))]);
        let (answer, _) = main.turn().await;
        assert_eq!(answer.text, "Fine.", "{dialect:?}: what its sub-agent used is not the parent's");
        main.say("And again?");
        assert_eq!(main.turn().await.0.text, "Fine.", "{dialect:?}: a new run");
        assert_eq!(runtime.sessions().await.len(), 2, "{dialect:?}");
    }
}
