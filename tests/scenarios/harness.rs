//! The harness against itself: agent and provider face to face, so that a failure elsewhere is not the harness's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::json;
use std::time::Duration;
use switchtower_tests::{
    Agent, Answer, Dialect, Fault, Provider, Reply, Turn,
    agent::Outcome,
    http::{Client, Ended},
    judge, render,
};

fn turns() -> Vec<Turn> {
    vec![
        Turn::text("Hello – ünïcode ✓ and \"quotes\""),
        Turn::call("search", json!({"path": "a/b"})),
        Turn::call("search", json!({"path": "a/b", "deep": {"n": 1.5}}))
            .and_call("read_file", json!({}))
            .and_call("search", json!({"path": "c"}))
            .with_text("I look.")
            .interleaved(),
        Turn::call("search", json!({"path": "x"})).thinking("First, think.", "c2lnbmF0dXJl").redacted("b3BhcXVl"),
    ]
}

#[tokio::test]
async fn every_dialect_reads_back_what_the_provider_said() {
    for dialect in Dialect::ALL {
        for streamed in [false, true] {
            for turn in turns() {
                let reply = render::render(dialect, streamed, true, &turn);
                let answer = Answer::read(dialect, streamed, &reply.bytes())
                    .unwrap_or_else(|error| panic!("{dialect:?} {streamed}: {error}"));
                assert_eq!(answer.text, turn.text, "{dialect:?} {streamed}");
                if dialect != Dialect::OllamaGenerate {
                    let names: Vec<_> = answer.calls.iter().map(|call| &call.name).collect();
                    assert_eq!(names, turn.calls.iter().map(|call| &call.name).collect::<Vec<_>>());
                }
                let usage = answer.usage.expect("usage");
                assert_eq!((usage.input, usage.output), (turn.usage.input, turn.usage.output), "{dialect:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_agent_loops_until_the_model_stops_calling() {
    for dialect in Dialect::FIVE {
        for streamed in [false, true] {
            let script = judge::strict(|request| {
                let round = request.json().to_string().matches("the result").count();
                let turn = match round {
                    0 => Turn::call("search", json!({"path": "a"})).thinking("Hm.", "c2ln").numbered(0),
                    1 => Turn::call("search", json!({"path": "b"})).and_call("read_file", json!({})).numbered(1),
                    _ => Turn::text("Done."),
                };
                render::answer(request, &turn)
            });
            let provider = Provider::start(script).await;
            let mut agent = Agent::new(&provider.base, dialect, streamed);
            let answers = agent.run("Find it", 9, |_| Outcome::good("the result")).await;
            assert_eq!(answers.last().unwrap().text, "Done.", "{dialect:?} {streamed}");
            assert_eq!(provider.received().len(), 3, "{dialect:?} {streamed}");
        }
    }
}

#[tokio::test]
async fn a_changed_thinking_block_is_refused() {
    let turn = Turn::call("search", json!({})).thinking("Hm.", "c2ln");
    let provider = Provider::start(judge::strict(move |request| render::answer(request, &turn))).await;
    let mut agent = Agent::new(&provider.base, Dialect::Anthropic, true);
    agent.say("Find it");
    let (answer, _) = agent.turn().await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("ok"))]);
    agent.history[1]["content"][0]["thinking"] = json!("Hm!");
    assert_eq!(agent.send().await.unwrap().status, 400);
}

#[tokio::test]
async fn a_call_without_its_result_is_refused() {
    let turn = Turn::call("search", json!({}));
    let provider = Provider::start(judge::strict(move |request| render::answer(request, &turn))).await;
    let mut agent = Agent::new(&provider.base, Dialect::Chat, false);
    agent.say("Find it");
    agent.turn().await;
    agent.say("Never mind");
    assert_eq!(agent.send().await.unwrap().status, 400);
}

#[tokio::test]
async fn faults_end_an_answer_as_they_say() {
    let reply = render::render(Dialect::Chat, true, false, &Turn::text("A somewhat longer text to be cut."));
    for (fault, ended) in [
        (Fault::Cut(200), Ended::Cut),
        (Fault::Reset(200), Ended::Reset),
        (Fault::CleanEnd(200), Ended::Complete),
        (Fault::Garbage(200), Ended::Complete),
    ] {
        let provider = Provider::replies([reply.clone().fault(fault)]).await;
        let mut agent = Agent::new(&provider.base, Dialect::Chat, true);
        agent.say("Go");
        let response = agent.send().await.unwrap();
        assert_eq!(response.ended, ended, "{fault:?}");
        assert!(Answer::read(Dialect::Chat, true, &response.body).is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let reply = render::render(Dialect::Chat, true, false, &Turn::text("Long")).fault(Fault::Silence(100));
    let provider = Provider::replies([reply]).await;
    let mut client = Client::connect(&provider.base).await.unwrap();
    let agent = Agent::new(&provider.base, Dialect::Chat, true);
    client.begin(&agent.request()).await.unwrap().next().await.unwrap();
    drop(client);
    for _ in 0..200 {
        if provider.last().gone.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the provider did not notice");
}

#[tokio::test]
async fn compressed_bodies_keep_their_bytes() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let reply = Reply::json(200, r#"{"some":"body"}"#).encoded(encoding);
        let provider = Provider::replies([reply.clone()]).await;
        let response = Agent::new(&provider.base, Dialect::Chat, false).send().await.unwrap();
        assert_eq!(response.body, reply.bytes());
        assert_eq!(response.header("content-encoding"), Some(encoding));
    }
}
