//! Money: reserved at the provider's prices before a call, settled after it, and a person asked where it would be too much.

use crate::{agent, hand_world::escalation, naming, say, used};
use serde_json::{Value, json};
use switchtower_tests::{Dialect, Options, Runtime, Turn, Usage, cells::forms};

/// US dollars a million tokens, read and written, of each dialect's scripted model.
fn price(dialect: Dialect) -> Option<(f64, f64)> {
    match dialect {
        Dialect::Chat | Dialect::Responses => Some((0.15, 0.60)),
        Dialect::Anthropic => Some((3.0, 15.0)),
        Dialect::Gemini | Dialect::GeminiArray => Some((0.30, 2.50)),
        // What runs on one's own machine has no price.
        Dialect::Ollama | Dialect::OllamaGenerate => None,
    }
}

fn usd((read, written): (f64, f64), input: u64, output: u64) -> f64 {
    (input as f64 * read + output as f64 * written) / 1e6
}

/// Of this session: spent, limit.
async fn budget(runtime: &Runtime) -> (f64, f64) {
    let session = runtime.sessions().await[0]["id"].clone();
    let detail = runtime.rpc("get_session", json!({"session": session})).await;
    let budget = &detail["budgets"][0];
    assert_eq!((&budget["unit"], &budget["name"]), (&json!("usd"), &json!("cost_budget_usd")), "{detail}");
    (budget["used"].as_f64().unwrap(), budget["limit"].as_f64().unwrap())
}

async fn resolve(runtime: &Runtime, decision: &str) -> Value {
    let asked = escalation(runtime, "pending").await;
    runtime.rpc("resolve_escalation", json!({"escalation": asked["id"], "decision": decision})).await;
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_budget_asks_a_person_on_every_dialect_that_has_a_price() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(120, 60))).await;
    for (dialect, streamed) in forms() {
        let Some(price) = price(dialect) else { continue };
        let what = format!("{dialect:?} streamed={streamed}");
        // The first call fits as it is reserved, some 20 read and 100 written; a second one beside what the first came to does not.
        let limit = usd(price, 120, 110);
        let policy = format!("version = 1\nname = \"simple\"\ncost_budget_usd = {limit}\n");
        let mut options = Options::to(&provider.base).policy("simple", &policy);
        options.config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
        let runtime = Runtime::start(&options);
        provider.forget();
        let mut agent = naming(agent(&runtime, "bot~one", dialect, streamed), 100);
        let (answer, _) = say(&mut agent, "First").await;
        assert_eq!(answer.text, "Fine.", "{what}");
        let (spent, told) = budget(&runtime).await;
        assert!((spent - usd(price, 120, 60)).abs() < 1e-9, "{what}: {spent} is what one call comes to");
        assert!((told - limit).abs() < 1e-9, "{what}");

        for (decision, said, calls) in [("approve", "Fine.", 2), ("deny", "", 2)] {
            let turn = tokio::spawn(async move {
                let (answer, _) = say(&mut agent, "More").await;
                (agent, answer)
            });
            let asked = resolve(&runtime, decision).await;
            assert_eq!(asked["rule"], "cost_budget_usd", "{what}: {asked}");
            let question = asked["question"].as_str().or(asked["text"].as_str()).unwrap_or_default();
            assert!(question.contains("may need") && question.contains("USD"), "{what}: {asked}");
            let answered = turn.await.unwrap();
            agent = answered.0;
            match said {
                "" => assert_ne!(answered.1.text, "Fine.", "{what}: denied"),
                said => assert_eq!(answered.1.text, said, "{what}: approving lets this one call through"),
            }
            assert_eq!(provider.received().len(), calls, "{what}: {decision}");
        }
        let (spent, _) = budget(&runtime).await;
        assert!((spent - 2.0 * usd(price, 120, 60)).abs() < 1e-9, "{what}: {spent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_is_denied() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(120, 60))).await;
    let policy =
        "version = 1\nname = \"p\"\n[budget.cost]\nlimit_usd = 0.000001\non_exceed = \"ask\"\ntimeout = \"400ms\"\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
    let mut agent = naming(agent(&runtime, "bot~one", Dialect::Chat, false), 100);
    let (answer, _) = say(&mut agent, "First").await;
    assert_ne!(answer.text, "Fine.");
    assert_eq!(provider.received().len(), 0);
    let expired = escalation(&runtime, "expired").await;
    assert_eq!(expired["rule"], "budget.cost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_price_nobody_knows_goes_out_and_says_so() {
    let world = crate::hand_world::World::start(
        Dialect::Chat,
        false,
        |_| Turn::text("Fine."),
        &[("p", "version = 1\nname = \"p\"\n[budget.cost]\nlimit_usd = 0.01\n")],
    )
    .await;
    let mut agent = world.agent();
    agent.extra = json!({"model": "a-model-of-our-own"});
    let (answer, _) = say(&mut agent, "First").await;
    assert_eq!(answer.text, "Fine.");
    assert!(world.events(&["unpriced"]).await[0].contains("a-model-of-our-own"));
}

/// To a hundredth of a cent: cached and written-to-cache input at their own rates, reasoning within the output, streamed as unstreamed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_is_the_providers_own_count_at_its_rates() {
    let usage = Usage { input: 10_000, cached: 6_000, cache_write: 0, output: 2_000, reasoning: 1_500 };
    let provider = crate::hand_world::provider(move |_| Turn::text("Fine.").with_usage(usage)).await;
    for (dialect, streamed) in forms() {
        let golden = match dialect {
            // 0.15 $ a million read, 0.075 from the cache, 0.60 written.
            Dialect::Chat | Dialect::Responses => (4_000.0 * 0.15 + 6_000.0 * 0.075 + 2_000.0 * 0.60) / 1e6,
            // 3 $ a million read, 0.30 from the cache, 15 written.
            Dialect::Anthropic => (4_000.0 * 3.0 + 6_000.0 * 0.30 + 2_000.0 * 15.0) / 1e6,
            _ => continue,
        };
        let what = format!("{dialect:?} streamed={streamed}");
        let policy = "version = 1\nname = \"p\"\n[budget.cost_budget_usd]\nlimit_usd = 5\nper = \"session\"\n";
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = naming(agent(&runtime, "bot~one", dialect, streamed), 4_000);
        let (_, response) = say(&mut agent, "Go").await;
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
        let (spent, _) = budget(&runtime).await;
        assert!((spent - golden).abs() < 1e-9, "{what}: {spent}, not {golden}");
        assert!((exchange["cost_usd"].as_f64().unwrap() - golden).abs() < 1e-9, "{what}: {exchange}");
    }
}

/// What a provider counts by mistake is bounded: sums of it stay numbers, the answer passes, and the budget is used up.
#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_count_of_a_provider_s_breaks_nothing() {
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let absurd = used(u64::MAX / 2, u64::MAX / 4);
        let provider = crate::hand_world::provider(move |_| Turn::text("Fine.").with_usage(absurd)).await;
        let policy = "version = 1\nname = \"p\"\n[budget.day]\nper = \"day\"\nlimit_tokens = 1_000_000\n";
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut agent = naming(agent(&runtime, "bot~one", dialect, streamed), 100);
        let (answer, response) = say(&mut agent, "Go").await;
        assert_eq!(answer.text, "Fine.", "{what}");
        assert_eq!(
            runtime.settled(response.header("x-switchtower-exchange").unwrap()).await["state"],
            "complete",
            "{what}"
        );
        assert!(say(&mut agent, "Go").await.0.text.contains("Refused by budget day"), "{what}");
    }
}
