//! What one side says and the other does not get: values under tokens, there and back, the same in every later request.

use crate::{recorded, say, scripted};
use serde_json::json;
use switchtower_tests::{Dialect, Turn, agent::Outcome};

const EMAIL: &str = "mia.li@example.com";
const TOKEN: &str = "[redacted:email:1]";

/// The user's address never goes out; the call that names its token reaches the agent with the address.
pub async fn request(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"private\"\non = \"model.request\"\ndo = [{ redact = \"email\" }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0 => Turn::call("search", json!({"path": format!("mail/{TOKEN}/in")}))
            .with_text(&format!("I look up {TOKEN} for you, [redacted or not."))
            .thinking(&format!("They said {TOKEN}."), "c2ln"),
        _ => Turn::text(&format!("Written to {TOKEN}")),
    })
    .await;
    agent.system = format!("You write for {EMAIL}.");
    let (answer, _) = say(&mut agent, &format!("Write to {EMAIL}, please.")).await;
    assert_eq!(answer.text, format!("I look up {EMAIL} for you, [redacted or not."));
    assert!(answer.calls[0].arguments.contains(&format!("mail/{EMAIL}/in")), "{:?}", answer.calls);
    agent.give(&[(answer.calls[0].clone(), Outcome::good(&format!("found {EMAIL}")))]);
    let (last, _) = agent.turn().await;
    assert_eq!(last.text, format!("Written to {EMAIL}"), "the end of an answer is told too");
    say(&mut agent, "Thanks").await;
    let bodies = world.bodies();
    for body in &bodies {
        assert!(!body.to_string().contains(EMAIL), "{body}");
        assert!(body.to_string().contains(TOKEN), "{body}");
    }
    let sent = world.upstream();
    for pair in sent.windows(2) {
        assert_eq!(pair[1][..pair[0].len()], pair[0][..], "the same in every later request");
    }
    let act = recorded(&world, "redact").await;
    assert!(!act.to_string().contains(EMAIL), "the act does not repeat it: {act}");
    let shown = world.rpc("get_session", json!({"session": world.session().await["id"]})).await["orders"].to_string();
    assert!(shown.contains(TOKEN) && !shown.contains(EMAIL), "nor do the orders: {shown}");
    let listed = world.rpc("list_interventions", json!({"session": world.session().await["id"]})).await;
    assert_eq!(listed["interventions"].as_array().unwrap().len(), 1, "what is known is no news: {listed}");
}

pub async fn result(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[pattern]\nbadge = 'B-[0-9]{4}'\n[[rule]]\nid = \"badges\"\non = \"tool.result\"\n\
                  do = [{ replace = { pattern = \"badge\", with = \"a badge\" } }]\n\
                  [[rule]]\nid = \"gone\"\non = \"tool.result\"\nwhen = \"tool.name == 'read_file'\"\ndo = [{ replace = \"Not for you.\" }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0 => Turn::call("search", json!({"path": "a"})).and_call("read_file", json!({"path": "b"})),
        _ => Turn::text("Done."),
    })
    .await;
    let (answer, _) = say(&mut agent, "Who is in?").await;
    let results = ["B-1234 and B-9876", "top secret"].map(Outcome::good);
    agent.give(&answer.calls.iter().cloned().zip(results).collect::<Vec<_>>());
    agent.turn().await;
    say(&mut agent, "And B-1234?").await;
    let sent = world.upstream();
    let told = json!(sent[2]).to_string();
    assert!(!told.contains("B-1234") && !told.contains("B-9876") && !told.contains("top secret"), "{told}");
    assert!(
        told.contains("a badge and a badge") && told.contains("Not for you.") && told.contains("And a badge?"),
        "{told}"
    );
    assert_eq!(sent[2][..sent[1].len()], sent[1][..], "the same in the next request");
    recorded(&world, "replace").await;
}

/// The agent gets a token of what the model said; the model is told its own words again.
pub async fn answer(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"keys\"\non = \"model.response\"\nwhen = \"response.text.contains('AKIA')\"\ndo = [{ redact = \"secret_key\" }]\n";
    let key = "AKIAABCDEFGHIJKLMNOP";
    let (world, mut agent) = scripted(dialect, streamed, policy, move |round| match round {
        0 => {
            Turn::call("search", json!({"path": "a"})).with_text(&format!("The key is {key}.")).thinking("Hm.", "c2ln")
        }
        _ => Turn::text("Done."),
    })
    .await;
    let (answer, _) = say(&mut agent, "What is the key?").await;
    assert_eq!(answer.text, "The key is [redacted:secret_key:1].");
    assert_eq!(answer.calls.len(), 1);
    agent.give(&[(answer.calls[0].clone(), Outcome::good("fine"))]);
    let (last, _) = agent.turn().await;
    assert_eq!(last.text, "Done.");
    let told = json!(world.upstream()[1]).to_string();
    // Some clients keep each piece of a stream as a part of its own.
    assert!(told.contains("The key is ") && told.contains(key) && !told.contains("redacted:secret"), "{told}");
    recorded(&world, "redact").await;
}

/// The answer goes on streaming while what matches in it never leaves; the model is told its own words again.
pub async fn stream(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[pattern]\nbadge = '\\bB-[0-9]{4,8}\\b'\n[[rule]]\nid = \"keys\"\non = \"model.stream\"\n\
                  do = [{ redact = { patterns = [\"secret_key\", \"email\"] } }]\n\
                  [[rule]]\nid = \"badges\"\non = \"model.stream\"\nwhen = \"request.text != 'Mine'\"\ndo = [{ replace = { pattern = \"badge\", with = \"a badge\" } }]\n";
    let key = "AKIAABCDEFGHIJKLMNOP";
    let said = format!("Müller's key is {key}, B-12345 is hers, {key} too; write to {EMAIL}");
    let (world, mut agent) = scripted(dialect, streamed, policy, move |round| match round {
        0 if dialect != Dialect::OllamaGenerate => {
            Turn::call("search", json!({"path": "a"})).with_text(&said).thinking(&format!("{key}."), "c2ln")
        }
        0 => Turn::text(&said),
        1 => Turn::text("Done."),
        _ => Turn::text("It is B-777777."),
    })
    .await;
    let (answer, _) = say(&mut agent, "What is the key?").await;
    let expected = format!(
        "Müller's key is [redacted:secret_key:1], a badge is hers, [redacted:secret_key:1] too; write to {TOKEN}"
    );
    assert_eq!(answer.text, expected);
    if dialect == Dialect::OllamaGenerate {
        // It has no history.
        recorded(&world, "redact").await;
        return;
    }
    agent.give(&[(answer.calls[0].clone(), Outcome::good("fine"))]);
    assert_eq!(agent.turn().await.0.text, "Done.");
    // What a token stood for is turned back; what a text replaced is not.
    let told = world.bodies()[1].to_string();
    assert!(told.contains(key) && told.contains("a badge") && told.contains(EMAIL), "its own words: {told}");
    assert!(!told.contains("redacted:"), "{told}");
    let (last, _) = say(&mut agent, "Mine").await;
    assert_eq!(last.text, "It is B-777777.", "the rule's condition did not hold");
    let act = recorded(&world, "redact").await;
    assert_eq!((&act["rule"], act.to_string().contains(key)), (&json!("keys"), false), "{act}");
    recorded(&world, "replace").await;
}

/// The agent runs a call with a token in its arguments; the model is told its own call again.
pub async fn call(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"mails\"\non = \"tool.call\"\nwhen = \"tool.name == 'search'\"\ndo = [{ redact = \"email\" }]\n";
    let (world, mut agent) = scripted(dialect, streamed, policy, |round| match round {
        0 => Turn::call("search", json!({"path": EMAIL, "deep": {"list": [format!("\"{EMAIL}\"")]}}))
            .and_call("read_file", json!({"path": "b"})),
        _ => Turn::text("Done."),
    })
    .await;
    let (answer, _) = say(&mut agent, "Find her").await;
    let arguments: serde_json::Value = serde_json::from_str(&answer.calls[0].arguments).unwrap();
    assert_eq!(arguments, json!({"path": TOKEN, "deep": {"list": [format!("\"{TOKEN}\"")]}}));
    let results = ["found", "read"].map(Outcome::good);
    agent.give(&answer.calls.iter().cloned().zip(results).collect::<Vec<_>>());
    assert_eq!(agent.turn().await.0.text, "Done.");
    let told = json!(world.upstream()[1]).to_string();
    assert!(told.contains(EMAIL) && !told.contains("redacted:"), "its own words: {told}");
    recorded(&world, "redact").await;
}
