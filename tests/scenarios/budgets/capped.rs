//! Output capped to what remains, on every dialect, streamed and not: what goes upstream, and what stands in the trace.

use crate::{agent, maximum, naming, say, used};
use serde_json::json;
use switchtower_tests::{Dialect, Options, Runtime, Turn, cells::forms};

const LIMIT: u64 = 700;

fn policy(more: &str) -> String {
    format!("version = 1\nname = \"capped\"\n[budget.talk]\nper = \"session\"\nlimit_tokens = {LIMIT}\n{more}")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_no_maximum_is_capped_to_what_remains_not_refused() {
    let provider =
        crate::hand_world::provider(|round| Turn::text(&format!("Answer {round}.")).with_usage(used(40, 260))).await;
    for (dialect, streamed) in forms().filter(|(dialect, _)| *dialect != Dialect::Anthropic) {
        let what = format!("{dialect:?} streamed={streamed}");
        let runtime = Runtime::start(&Options::to(&provider.base).policy("capped", &policy("")));
        provider.forget();
        let mut agent = agent(&runtime, "bot~one", dialect, streamed);
        for (round, spent) in [(0, 0), (1, 300)] {
            let (answer, response) = say(&mut agent, "Go on").await;
            assert!(answer.text.starts_with("Answer"), "{what}: {}", answer.text);
            let asked = maximum(dialect, &provider.last().json()).unwrap_or_else(|| panic!("{what}: no maximum"));
            assert!(spent + asked < LIMIT && spent + asked > LIMIT - 120, "{what}: {asked} beside {spent}");
            let acts = crate::acts(&runtime, "budget.talk").await;
            let act = acts.last().unwrap_or_else(|| panic!("{what}: nothing is told"));
            assert_eq!(
                (&act["action"], &act["exchange"]),
                (&json!("limit"), &json!(response.header("x-switchtower-exchange")))
            );
            assert!(act["summary"].as_str().unwrap().contains(&asked.to_string()), "{what}: {act}");
            assert_eq!(response.header("x-switchtower-intervention"), act["id"].as_str(), "{what}: round {round}");
        }
        // 100 are left: once more, then nothing.
        let (answer, _) = say(&mut agent, "Go on").await;
        assert!(answer.text.starts_with("Answer"), "{what}: {}", answer.text);
        let (answer, _) = say(&mut agent, "Go on").await;
        assert!(answer.text.contains("Refused by budget talk of policy capped"), "{what}: {}", answer.text);
        assert_eq!(provider.received().len(), 3, "{what}: nothing went out after the budget");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_maximum_is_lowered_only_where_the_budget_says_so() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(40, 260))).await;
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        for (more, lowered) in [("cap = \"always\"\n", true), ("", false)] {
            let runtime = Runtime::start(&Options::to(&provider.base).policy("capped", &policy(more)));
            provider.forget();
            let mut agent = naming(agent(&runtime, "bot~one", dialect, streamed), 5_000);
            let (answer, _) = say(&mut agent, "Go on").await;
            match lowered {
                true => {
                    let asked = maximum(dialect, &provider.last().json()).unwrap();
                    assert!(asked < LIMIT && asked > LIMIT - 120, "{what}: {asked}");
                    assert_eq!(answer.text, "Fine.", "{what}");
                }
                false => {
                    assert!(answer.text.contains("budget talk"), "{what}: {}", answer.text);
                    assert_eq!(provider.received().len(), 0, "{what}: what was named is reserved in full");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_shadow_nothing_is_capped_or_refused_and_the_record_says_what_would_have_been() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(400, 400))).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("capped", &policy("mode = \"shadow\"\n")));
    let mut agent = agent(&runtime, "bot~one", Dialect::Chat, false);
    for _ in 0..2 {
        let (answer, _) = say(&mut agent, "Go on").await;
        assert_eq!(answer.text, "Fine.");
        assert_eq!(maximum(Dialect::Chat, &provider.last().json()), None);
    }
    let acts = crate::acts(&runtime, "budget.talk").await;
    let told: Vec<_> = acts.iter().map(|act| (act["mode"].as_str(), act["action"].as_str())).collect();
    assert_eq!(told, [(Some("shadow"), Some("limit")), (Some("shadow"), Some("block"))], "{acts:?}");
}

/// The simple key: a recorded cap, compaction beyond 85 %, refusal where nothing fits; on every dialect.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_budget_trips_on_every_dialect() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(40, 260))).await;
    let policy = format!("version = 1\nname = \"simple\"\ntoken_budget_per_session = {LIMIT}\n");
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let runtime = Runtime::start(&Options::to(&provider.base).policy("simple", &policy));
        provider.forget();
        let mut agent = agent(&runtime, "bot~one", dialect, streamed);
        for _ in 0..3 {
            let (answer, response) = say(&mut agent, "Go on").await;
            assert_eq!(answer.text, "Fine.", "{what}");
            assert!(maximum(dialect, &provider.last().json()).is_some_and(|asked| asked < LIMIT), "{what}");
            let acts = crate::acts(&runtime, "token_budget_per_session").await;
            let capped = acts.last().map(|act| (act["action"].clone(), act["exchange"].clone()));
            assert_eq!(capped, Some((json!("limit"), json!(response.header("x-switchtower-exchange")))), "{what}");
        }
        let (answer, _) = say(&mut agent, "Go on").await;
        assert!(answer.text.contains("token_budget_per_session"), "{what}: {}", answer.text);
        assert!(answer.text.contains("the limit is 700"), "{what}: {}", answer.text);
        assert_eq!(provider.received().len(), 3, "{what}");
        let compacted = crate::acts(&runtime, "token_budget_nearly_used").await;
        assert_eq!(compacted.len(), 1, "{what}: beyond 85 % the context is compacted: {compacted:?}");
    }
}

/// After a blocked call the runtime goes on with the model: that call too is capped, to what the first one left.
#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_after_a_blocked_call_is_capped_to_what_the_first_left() {
    let block = "[[rule]]\nid = \"no\"\non = \"tool.call\"\ndo = [\"block\"]\n";
    for (dialect, streamed) in forms().filter(|(dialect, _)| *dialect != Dialect::Anthropic) {
        let what = format!("{dialect:?} streamed={streamed}");
        let provider = crate::hand_world::provider(|round| match round {
            0 => Turn::call("search", json!({"path": "a"})).with_usage(used(40, 160)),
            _ => Turn::text("Fine.").with_usage(used(80, 100)),
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("capped", &policy(block)));
        let mut agent = agent(&runtime, "bot~one", dialect, streamed);
        let (answer, _) = say(&mut agent, "Go on").await;
        assert_eq!(answer.text, "Fine.", "{what}");
        let asked: Vec<u64> =
            provider.received().iter().filter_map(|request| maximum(dialect, &request.json())).collect();
        assert_eq!(asked.len(), 2, "{what}");
        assert!(asked[1] + 200 < asked[0] && asked[1] + 500 > asked[0], "{what}: {asked:?}");
    }
}
