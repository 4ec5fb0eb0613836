//! Several answers to one request: each may have the maximum, so each is reserved.

use crate::{agent, maximum, naming, say, used};
use serde_json::{Value, json};
use switchtower_tests::{Agent, Dialect, Options, Runtime, Turn};

const LIMIT: u64 = 700;
const DIALECTS: [Dialect; 3] = [Dialect::Chat, Dialect::Gemini, Dialect::GeminiArray];

fn asking_for(mut agent: Agent, answers: u64) -> Agent {
    let (of, key) = match agent.dialect {
        Dialect::Chat => (&mut agent.extra, "n"),
        _ => {
            if agent.extra["generationConfig"].is_null() {
                agent.extra["generationConfig"] = json!({});
            }
            (&mut agent.extra["generationConfig"], "candidateCount")
        }
    };
    of[key] = json!(answers);
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_answers_is_reserved_and_capped() {
    let provider = crate::hand_world::provider(|_| Turn::text("Fine.").with_usage(used(40, 600))).await;
    let policy = format!("version = 1\nname = \"p\"\n[budget.talk]\nlimit_tokens = {LIMIT}\n");
    for (dialect, streamed) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        let what = format!("{dialect:?} streamed={streamed}");
        let runtime = Runtime::start(&Options::to(&provider.base).policy("p", &policy));
        let mut dear = asking_for(naming(agent(&runtime, "bot~one", dialect, streamed), 300), 3);
        provider.forget();
        let (answer, _) = say(&mut dear, "Go").await;
        assert!(answer.text.contains("Refused by budget talk"), "{what}: {}", answer.text);
        assert_eq!(provider.received().len(), 0, "{what}: three times 300 do not fit");
        let mut open = asking_for(agent(&runtime, "bot~two", dialect, streamed), 3);
        let (answer, _) = say(&mut open, "Go").await;
        assert_eq!(answer.text, "Fine.", "{what}");
        let asked: Value = provider.last().json();
        let cap = maximum(dialect, &asked).unwrap();
        assert!((200..LIMIT / 3).contains(&cap), "{what}: a third of what remains each, not {cap}");
    }
}
