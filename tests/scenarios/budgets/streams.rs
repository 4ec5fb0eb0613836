//! Budgets that run out while an answer streams: a provider that ignores its cap, calls that settle meanwhile; and an answer that ends at
//! its cap.

use crate::{acts, agent, events, naming, say, used};
use serde_json::json;
use std::time::{Duration, Instant};
use switchtower_tests::{Answer, Dialect, Options, Provider, Reply, Runtime, Turn, cells::forms, render};

const SIMPLE: &str = "version = 1\nname = \"simple\"\ntoken_budget_per_session = 400\n";

fn length_stop(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Chat | Dialect::Ollama | Dialect::OllamaGenerate => "length",
        Dialect::Responses => "max_output_tokens",
        Dialect::Anthropic => "max_tokens",
        Dialect::Gemini | Dialect::GeminiArray => "MAX_TOKENS",
    }
}

/// What an answer that was cut is read as.
fn is_cut(dialect: Dialect, answer: &Answer) -> bool {
    answer.finish == if dialect == Dialect::Responses { "incomplete" } else { length_stop(dialect) }
}

/// A thousand and a half words, one after the other, whatever was asked for.
fn endless(request: &switchtower_tests::Received) -> Reply {
    // Those who count as they go have hardly begun.
    let turn = Turn::text(&"word ".repeat(1_500)).with_usage(used(40, 20));
    render::answer(request, &turn).pace(Duration::from_millis(8))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ignores_its_cap_ends_in_partial_and_then_calls_are_refused() {
    for dialect in forms().filter(|(_, streamed)| *streamed).map(|(dialect, _)| dialect) {
        let what = format!("{dialect:?}");
        let provider = Provider::start(endless).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("simple", SIMPLE));
        let mut agent = agent(&runtime, "bot~one", dialect, true);
        let (answer, response) = say(&mut agent, "Go on").await;
        assert!(is_cut(dialect, &answer), "{what}: {}", answer.finish);
        let said = answer.text.matches("word").count();
        assert!((250..900).contains(&said), "{what}: {said} words of 1500");
        let note = "The 400 tokens that rule token_budget_per_session of policy simple gives a session are used up.";
        assert!(answer.text.contains(note) && answer.text.contains("Confidence 0."), "{what}: {}", answer.text);
        let begun = Instant::now();
        while provider.last().gone.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{what}: the provider goes on for nobody");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let acts = acts(&runtime, "token_budget_used").await;
        assert_eq!(acts.len(), 1, "{what}: {acts:?}");
        assert_eq!(
            (&acts[0]["action"], &acts[0]["exchange"]),
            (&json!("partial"), &json!(response.header("x-switchtower-exchange"))),
            "{what}"
        );
        let (answer, _) = say(&mut agent, "Go on").await;
        assert!(answer.text.contains("Refused by rule token_budget_per_session"), "{what}: {}", answer.text);
        assert_eq!(provider.received().len(), 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_full_form_sees_a_budget_fill_while_an_answer_streams() {
    let policy = "version = 1\nname = \"p\"\n[budget.talk]\nlimit_tokens = 10_000\n[[rule]]\nid = \"enough\"\non = \"model.stream\"\n\
                  when = \"budget.talk.used >= 0.03\"\ndo = [{ partial = \"Enough at {{budget.talk.used}}.\" }]\n";
    let provider = Provider::start(endless).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
    let mut agent = agent(&runtime, "bot~one", Dialect::Anthropic, true);
    let (answer, _) = say(&mut agent, "Go on").await;
    assert!(answer.text.contains("Enough at 0.03"), "{}", answer.text);
    let said = answer.text.matches("word").count();
    assert!((150..700).contains(&said), "{said} words for 300 tokens");
}

/// One call streams, another settles with more than it had reserved: the first ends, though it has used little.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_settles_beside_a_stream_fills_the_budget_for_both() {
    let policy = "version = 1\nname = \"p\"\n[budget.all]\nper = \"day\"\nlimit_tokens = 5_000\n[[rule]]\nid = \"enough\"\non = \"model.stream\"\n\
                  when = \"budget.all.used >= 1.0\"\ndo = [{ partial = \"The day's tokens are used up.\" }]\n";
    for dialect in [Dialect::Chat, Dialect::Anthropic] {
        let provider = Provider::start(|request| {
            let greedy = String::from_utf8_lossy(&request.body).contains("Greedy");
            let turn = Turn::text("Fine.").with_usage(used(40, 9_000));
            if greedy { render::answer(request, &turn).delay(Duration::from_millis(700)) } else { endless(request) }
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", policy));
        let mut slow = naming(agent(&runtime, "bot~slow", dialect, true), 2_000);
        let slow = tokio::spawn(async move { say(&mut slow, "Go on").await.0 });
        let mut greedy = naming(agent(&runtime, "bot~greedy", dialect, false), 1_000);
        assert_eq!(say(&mut greedy, "Greedy").await.0.text, "Fine.");
        let answer = slow.await.unwrap();
        assert!(answer.text.contains("The day's tokens are used up."), "{dialect:?}: {}", answer.text);
        assert!(is_cut(dialect, &answer), "{dialect:?}: {}", answer.finish);
    }
}

/// Who heeds the cap stops there: the agent gets the model's length stop with a word on why, and the record has the figures.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ends_at_its_cap_is_told_with_the_budget_s_figures() {
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let stop = length_stop(dialect).to_owned();
        let provider = Provider::start(move |request| {
            let capped = Turn { stop: Some(stop.clone()), ..Turn::text("As far as it").with_usage(used(40, 355)) };
            render::answer(request, &capped)
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("simple", SIMPLE));
        let mut agent = agent(&runtime, "bot~one", dialect, streamed);
        let (answer, _) = say(&mut agent, "Go on").await;
        assert!(is_cut(dialect, &answer) && answer.text.starts_with("As far as it"), "{what}: {answer:?}");
        let note = "The 400 tokens that rule token_budget_per_session of policy simple gives a session are used up.";
        assert!(answer.text.contains(note) && answer.text.contains("Confidence 0."), "{what}: {}", answer.text);
        assert_eq!(answer.text.matches("As far as it").count(), 1, "{what}: {}", answer.text);
        assert_eq!(acts(&runtime, "token_budget_used").await[0]["action"], "partial", "{what}");
        let told = events(&runtime, "ended_at_cap").await;
        assert_eq!(told.len(), 1, "{what}");
        let why = told[0]["why"].as_str().unwrap();
        assert!(why.contains("token_budget_per_session of policy simple"), "{what}: {why}");
        assert!(why.ends_with("now 395 of 400 tokens per session are used."), "{what}: {why}");
        assert!(told[0]["capped_to"].as_u64().is_some_and(|cap| (300..400).contains(&cap)), "{what}: {}", told[0]);
        // A length stop that is not the budget's doing is not told so.
        let wide = Runtime::start(&Options::to(&provider.base).policy("simple", &SIMPLE.replace("400", "900_000")));
        let mut agent = naming(crate::agent(&wide, "bot~one", dialect, streamed), 355);
        assert_eq!(say(&mut agent, "Go on").await.0.text, "As far as it", "{what}");
        assert_eq!(events(&wide, "ended_at_cap").await.len(), 0, "{what}");
    }
}

/// An answer that comes whole cannot be ended early: it passes, what it came to is counted, and the record says that it was too much.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_beyond_its_cap_passes_and_is_told() {
    for (dialect, streamed) in forms().filter(|(_, streamed)| !streamed) {
        let what = format!("{dialect:?} streamed={streamed}");
        let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(40, 1_500))).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("simple", SIMPLE));
        let mut agent = agent(&runtime, "bot~one", dialect, streamed);
        assert_eq!(say(&mut agent, "Go on").await.0.text, "Fine.", "{what}");
        assert!(say(&mut agent, "Go on").await.0.text.contains("token_budget_per_session"), "{what}");
        let told = events(&runtime, "overspent").await;
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        let why = told[0]["why"].as_str().unwrap();
        assert!(why.starts_with("The call came to 1540 tokens, and 400 tokens were reserved"), "{what}: {why}");
        assert!(why.ends_with("now 1540 of 400 tokens per session are used."), "{what}: {why}");
    }
}
