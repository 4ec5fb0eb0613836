//! What the model is told of the past: results cut short, the oldest turns gone, the same in every later request.

use crate::{recorded, say, scripted};
use serde_json::{Value, json};
use switchtower_tests::{Dialect, Turn, agent::Outcome, judge};

fn searching(round: usize) -> Turn {
    match round {
        0 => Turn::call("search", json!({"path": "a"}))
            .and_call("read_file", json!({"path": "b"}))
            .thinking("Hm.", "c2ln"),
        1 => Turn::call("search", json!({"path": "c"})).thinking("Again.", "c2lnMg=="),
        _ => Turn::text("Done."),
    }
}

/// Runs the tools of two turns: the first result is `text`, the others are short.
async fn run(dialect: Dialect, streamed: bool, policy: &str, text: &str) -> Vec<Vec<Value>> {
    let (world, mut agent) = scripted(dialect, streamed, policy, searching).await;
    let (answer, _) = say(&mut agent, "Find it").await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good(text)), (answer.calls[1].clone(), Outcome::good("short"))]);
    let (answer, _) = agent.turn().await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("fine"))]);
    let (last, _) = agent.turn().await;
    assert_eq!(last.text, "Done.");
    let sent = world.upstream();
    let action = if policy.contains("extract") { "extract" } else { "truncate" };
    let act = recorded(&world, action).await;
    assert_eq!(act["before"], text, "the whole stands in the record");
    assert!(act["effect"]["tokens"].as_i64().unwrap() < 0, "{act}");
    assert_eq!(sent[2][..sent[1].len()], sent[1][..], "the same in the next request");
    let all = agent.history.iter().flat_map(judge::signed).collect::<Vec<_>>();
    let told: Vec<String> = sent[2].iter().flat_map(judge::signed).collect();
    assert_eq!(told, all[..told.len()], "signatures are untouched");
    sent
}

pub async fn truncate(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"short\"\non = \"tool.result\"\nwhen = \"result.bytes > 500\"\n\
                  do = [{ truncate = { head = 20, tail = 10 } }]\n";
    let text = format!("beginning {} the end ✓", "x".repeat(2_000));
    let sent = run(dialect, streamed, policy, &text).await;
    let told = json!(sent[1]).to_string();
    assert!(told.contains("beginning xxxxxxxxxx") && told.contains("the end ✓"), "{told}");
    assert!(told.contains("characters left out by Switchtower rule acts/short"), "{told}");
    assert!(!told.contains(&"x".repeat(100)) && told.contains("short"), "{told}");
}

pub async fn extract(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"ids\"\non = \"tool.result\"\nwhen = \"tool.name == 'search' && result.bytes > 20\"\n\
                  do = [{ extract = { fields = [\"$.items[*].id\"] } }]\n";
    let text =
        json!({"items": [{"id": 7, "blurb": "a long text"}, {"id": 8, "blurb": "another"}], "page": 1}).to_string();
    let sent = run(dialect, streamed, policy, &text).await;
    let told = json!(sent[1]).to_string().replace('\\', "");
    assert!(told.contains(r#"{"items":[{"id":7},{"id":8}]}"#), "{told}");
    assert!(!told.contains("blurb"), "{told}");
}

/// Eight turns with long results, then the oldest leave.
pub async fn compact(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"room\"\non = \"model.request\"\nwhen = \"request.messages > 16 && history.room.fires_in_session == 0\"\n\
                  do = [{ compact = { to = 0.0002, pin = [\"Never forget\"] } }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0..=8 => Turn::call("search", json!({"path": format!("p{round}")})).thinking("Hm.", &format!("c2ln{round:04}")),
        _ => Turn::text("Done."),
    })
    .await;
    let (mut answer, _) = say(&mut agent, "Never forget the task").await;
    for round in 0..9 {
        let text = format!("{{\"order\":\"ORD-{round}77\",\"text\":\"{}\"}}", "lorem ipsum dolor ".repeat(30));
        agent.give(&[(answer.calls[0].clone(), Outcome::good(&text))]);
        answer = agent.turn().await.0;
    }
    assert_eq!(answer.text, "Done.");
    say(&mut agent, "Thanks").await;
    let sent = world.upstream();
    let act = recorded(&world, "compact").await;
    assert!(act["effect"]["tokens"].as_i64().unwrap() < 0, "{act}");
    let fired = sent.windows(2).position(|pair| pair[1].len() < pair[0].len()).expect("a request got shorter") + 1;
    let told = json!(sent[fired]).to_string();
    assert!(told.contains("Never forget the task"), "the task stays: {told}");
    assert!(told.contains("earlier messages were left out"), "{told}");
    assert!(told.contains("ORD-077"), "what they named stands in the line: {told}");
    for later in &sent[fired + 1..] {
        assert_eq!(later[..sent[fired].len()], sent[fired][..], "the same in every later request");
    }
    let length = |messages: &Vec<Value>| json!(messages).to_string().len();
    assert!(
        length(&sent[fired]) * 10 < length(&sent[fired - 1]) * 7,
        "{} of {}",
        length(&sent[fired]),
        length(&sent[fired - 1])
    );
}
