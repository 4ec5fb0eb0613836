//! Answers that end early: with what there is, the dialect's length stop and a confidence mark that is computed.

use crate::{answering, hand_world::World, recorded, say, scripted};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchtower_tests::{Answer, Dialect, Fault, Reply, Turn, agent::Outcome, http::Response, judge, render};

const LATE: &str = "version = 1\n[[rule]]\nid = \"late\"\non = \"model.stream\"\nwhen = \"request.elapsed_ms >= 300\"\n\
                    do = [{ partial = \"Out of time after {{request.elapsed_ms}} ms.\" }]\n";

fn length_stop(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Chat | Dialect::Ollama | Dialect::OllamaGenerate => "length",
        Dialect::Responses => "incomplete",
        Dialect::Anthropic => "max_tokens",
        Dialect::Gemini | Dialect::GeminiArray => "MAX_TOKENS",
    }
}

/// The reply up to the frame that holds `word`, then silence; a whole body stops amid.
fn silent_behind(reply: Reply, word: &str) -> Reply {
    let body = reply.bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    let at = text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
    let behind = text[at..].find('\n').map_or(at, |end| at + end + 2);
    reply.fault(Fault::Silence(behind))
}

/// What every early answer is: cut for length, marked, recorded with its text before and the note after.
async fn marked(world: &World, dialect: Dialect, answer: &Answer, response: &Response) -> Value {
    assert_eq!(answer.finish, length_stop(dialect), "{answer:?}");
    let confidence = answer.text.split("Confidence ").nth(1).unwrap_or_else(|| panic!("no mark: {}", answer.text));
    let confidence: f64 = confidence.split(':').next().unwrap().parse().unwrap();
    assert!(confidence > 0.0 && confidence < 1.0, "{confidence}");
    let act = recorded(world, "partial").await;
    assert!(answer.text.ends_with(act["after"].as_str().unwrap()), "{act}");
    let exchange = world.exchange(response).await;
    let known = exchange["interventions"].as_array().unwrap();
    assert!(known.contains(&act["id"]), "{exchange}");
    act
}

async fn upstream_is_closed(world: &World) {
    let begun = Instant::now();
    while world.received()[0].gone.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the provider goes on for nobody");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Text, a whole call and half of one have come; of an answer that comes whole, nothing that could be shown.
pub async fn amid(dialect: Dialect, streamed: bool) {
    let turn = || {
        Turn::call("search", json!({"path": "the first"}))
            .and_call("read_file", json!({"path": "the second, never whole"}))
            .with_text("I look. ")
            .thinking("So.", "c2ln")
    };
    let replies = move |request: &_, round| match round {
        0 => silent_behind(render::answer(request, &turn().numbered(0)), if streamed { "the first" } else { "c" }),
        _ => render::answer(request, &Turn::text("Done.").numbered(round)),
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", LATE)]).await;
    let mut agent = world.agent();
    let begun = Instant::now();
    let (answer, response) = say(&mut agent, "Find it").await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let act = marked(&world, dialect, &answer, &response).await;
    upstream_is_closed(&world).await;
    assert_eq!(answer.text.starts_with("I look. "), streamed, "{}", answer.text);
    assert_eq!(act["before"], if streamed { "I look. " } else { "" });
    assert!(answer.calls.iter().all(|call| call.name == "search"), "half a call is no call: {answer:?}");
    let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), Outcome::good("found"))).collect();
    agent.give(&results);
    agent.say("And then?");
    let asked = agent.body();
    let (last, _) = agent.turn().await;
    assert!(last.text.ends_with("Done.") || last.text.contains("Confidence"), "{}", last.text);
    let sent = world.bodies()[1].clone();
    let list = |body: &Value| ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array().cloned());
    assert_eq!(list(&sent), list(&asked), "the model is told what its agent got, word for word");
    assert_eq!(judge::paired(dialect, &sent), Ok(()));
}

/// Reasoning that broke off goes to no model again.
pub async fn within_a_thought(dialect: Dialect, streamed: bool) {
    let turn = || Turn::text("So it is.").thinking("A long thought that is never ended.", "c2ln");
    let word = match dialect {
        Dialect::Anthropic => "A long",
        Dialect::Responses if streamed => "reasoning_summary_text.delta",
        Dialect::Gemini | Dialect::GeminiArray if streamed => "candidates",
        _ => "c",
    };
    let replies = move |request: &_, round| match round {
        0 => silent_behind(render::answer(request, &turn().numbered(0)), word),
        _ => render::answer(request, &Turn::text("Done.").numbered(round)),
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", LATE)]).await;
    let mut agent = world.agent();
    let (answer, response) = say(&mut agent, "Think").await;
    marked(&world, dialect, &answer, &response).await;
    let note = answer.text.clone();
    let (last, _) = say(&mut agent, "And then?").await;
    assert!(last.text.contains("Done."), "the provider takes it: {last:?}");
    let sent = json!(world.upstream()[1]).to_string();
    assert!(sent.contains("Confidence") && sent.contains("And then?"), "{sent}");
    if matches!(dialect, Dialect::Anthropic | Dialect::Responses) {
        assert!(!sent.contains("A long"), "half a thought goes back: {sent}");
        say(&mut agent, "Once more").await;
        let (before, after) = (&world.upstream()[1], &world.upstream()[2]);
        assert_eq!(after[..before.len()], before[..], "and it stays so: {note}");
    }
}

/// Nothing comes at all, not even a head.
pub async fn before_a_word(dialect: Dialect, streamed: bool) {
    let replies = |request: &_, round| {
        let reply = render::answer(request, &Turn::text("Done.").numbered(round));
        if round == 0 { reply.delay(Duration::from_secs(60)) } else { reply }
    };
    let world = World::replying(dialect, streamed, replies, &[("acts", LATE)]).await;
    let mut agent = world.agent();
    let begun = Instant::now();
    let (answer, response) = say(&mut agent, "One").await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    marked(&world, dialect, &answer, &response).await;
    assert!(answer.text.starts_with("[Partial answer. Out of time after"), "{}", answer.text);
    assert!(response.header("x-switchtower-intervention").is_some());
    upstream_is_closed(&world).await;
    let (answer, _) = say(&mut agent, "Two").await;
    assert_eq!(answer.text, "Done.");
}

pub async fn at_a_request(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"over\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
                  do = [{ partial = \"The budget is used up.\" }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    say(&mut agent, "One").await;
    let (answer, response) = say(&mut agent, "Two").await;
    marked(&world, dialect, &answer, &response).await;
    assert!(answer.text.starts_with("[Partial answer. The budget is used up. Confidence 0.10:"), "{}", answer.text);
    assert_eq!(world.bodies().len(), 1, "no model was asked");
    let (answer, _) = say(&mut agent, "Three").await;
    assert_eq!(answer.text, "Answer 1.");
}

/// An answer that came whole keeps its words and calls, and ends for length; a stream has ended by then, and the record says so.
pub async fn at_an_answer(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"over\"\non = \"model.response\"\nwhen = \"request.text == 'Two'\"\n\
                  do = [\"partial\"]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        1 => Turn::call("search", json!({"path": "a"})).with_text("I look. ").thinking("So.", "c2ln"),
        _ => Turn::text(&format!("Answer {round}.")),
    })
    .await;
    say(&mut agent, "One").await;
    let (answer, response) = say(&mut agent, "Two").await;
    assert_eq!(answer.calls.len(), 1, "{answer:?}");
    if streamed {
        assert_eq!(answer.text, "I look. ", "every part of it is as the model gave it");
        let act = recorded(&world, "partial").await;
        assert!(act["summary"].as_str().unwrap().starts_with("Could not end the answer early"), "{act}");
    } else {
        marked(&world, dialect, &answer, &response).await;
        assert!(answer.text.starts_with("I look. "), "{}", answer.text);
    }
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let (last, _) = agent.turn().await;
    assert!(last.text.contains("Answer 2."), "{last:?}");
}

/// A provider that holds the history does not keep an answer that was broken off: the next request goes on from what it does keep.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_holds_the_history_it_hears_what_it_did_not_keep() {
    for streamed in [false, true] {
        let replies = |request: &_, round| match round {
            0 => silent_behind(render::answer(request, &Turn::text("The first half.").numbered(0)), "The first"),
            _ => render::answer(request, &Turn::text("Done.").numbered(round)),
        };
        let whole = |request: &_, round| match round {
            0 => render::answer(request, &Turn::text("Never.").numbered(0)).delay(Duration::from_secs(60)),
            _ => render::answer(request, &Turn::text("Done.").numbered(round)),
        };
        let world = match streamed {
            true => World::replying(Dialect::Responses, true, replies, &[("acts", LATE)]).await,
            false => World::replying(Dialect::Responses, false, whole, &[("acts", LATE)]).await,
        };
        let mut agent = world.agent();
        let (_, response) = say(&mut agent, "One").await;
        let given = response.text().split("\"resp_").nth(1).unwrap().split('"').next().unwrap().to_owned();
        agent.history.clear();
        agent.extra = json!({"previous_response_id": format!("resp_{given}"), "store": true});
        let (answer, _) = say(&mut agent, "Two").await;
        assert_eq!(answer.text, "Done.");
        let sent = world.bodies()[1].clone();
        assert!(sent["previous_response_id"].is_null(), "streamed={streamed}: {sent}");
        let told = sent["input"].to_string();
        for words in ["One", "Confidence", "Two"] {
            assert!(told.contains(words), "streamed={streamed}: {words} is missing in {told}");
        }
        assert_eq!(told.contains("The first"), streamed, "{told}");
    }
}
