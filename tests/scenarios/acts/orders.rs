//! Orders to the calls to come: another model, less to write, fewer tools.

use crate::{answering, recorded, say, scripted, without};
use serde_json::{Value, json};
use switchtower_tests::{Dialect, Turn, agent::Outcome};

pub async fn reroute(dialect: Dialect, streamed: bool, scope: &str) {
    let policy = format!(
        "version = 1\n[tiers]\nother = \"other-model\"\n[[rule]]\nid = \"away\"\non = \"model.request\"\n\
         when = \"request.text == 'Two'\"\ndo = [{{ reroute = {{ model = \"tier:other\", scope = \"{scope}\" }} }}]\n"
    );
    let (world, mut agent) = answering(dialect, streamed, &policy).await;
    let mut asked = Vec::new();
    for text in ["One", "Two", "Three"] {
        agent.say(text);
        asked.push(agent.body());
        agent.turn().await;
    }
    let switched: Vec<bool> = world.models().iter().map(|model| model == "other-model").collect();
    assert_eq!(switched, [false, true, scope == "session"], "{:?}", world.models());
    for (asked, sent) in asked.into_iter().zip(world.bodies()) {
        let added = ["model", "stream_options"];
        assert_eq!(without(sent, &added), without(asked, &added), "nothing else is changed");
    }
    let act = recorded(&world, "reroute").await;
    assert!(act["summary"].as_str().unwrap().contains("to other-model"), "{act}");
}

/// A model that does not reason gets neither the settings nor the history of one that does.
pub async fn reroute_strips(dialect: Dialect, streamed: bool) {
    let plain = match dialect {
        Dialect::Chat | Dialect::Responses => "gpt-4o",
        Dialect::Anthropic => "claude-3-5-haiku-latest",
        Dialect::Gemini | Dialect::GeminiArray => "gemini-2.0-flash",
        Dialect::Ollama | Dialect::OllamaGenerate => "gemma2",
    };
    let policy =
        format!("version = 1\n[[rule]]\nid = \"plain\"\non = \"tool.result\"\ndo = [{{ reroute = \"{plain}\" }}]\n");
    let (world, mut agent) = scripted(dialect, streamed, &policy, |round| match round {
        0 => Turn::call("search", json!({"path": "a"})).with_text("Looking.").thinking("Hm.", "c2ln").redacted("b3Bh"),
        _ => Turn::text("Done."),
    })
    .await;
    agent.extra = match dialect {
        Dialect::Chat => json!({"reasoning_effort": "high"}),
        Dialect::Responses => json!({"reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"]}),
        Dialect::Anthropic => json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        Dialect::Gemini | Dialect::GeminiArray => {
            json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 512}}})
        }
        Dialect::Ollama | Dialect::OllamaGenerate => json!({"think": true}),
    };
    agent.say("Find it");
    let (answer, _) = agent.turn().await;
    agent.give(&[(answer.calls[0].clone(), Outcome::good("found"))]);
    let (last, _) = agent.turn().await;
    assert_eq!(last.text, "Done.");
    assert_eq!(world.models()[1], plain);
    let sent = world.bodies()[1].to_string();
    for word in ["thinking", "reasoning", "encrypted", "Hm.", "c2ln", "b3Bh", "\"think\""] {
        assert!(!sent.contains(word), "{word} is left in {sent}");
    }
    assert!(sent.contains("Looking.") && sent.contains("found"), "what was said stays: {sent}");
    let act = recorded(&world, "reroute").await;
    let told = act["summary"].as_str().unwrap();
    assert!(told.contains("without"), "says what went: {told}");
}

pub async fn limit_tokens(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"short\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
                  do = [{ limit = { output_tokens = 77, scope = \"run\" } }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    for text in ["One", "Two", "Three"] {
        say(&mut agent, text).await;
    }
    let cap = |body: &Value| -> Option<u64> {
        let places = [&body["max_tokens"], &body["max_completion_tokens"], &body["max_output_tokens"]];
        let nested = [&body["generationConfig"]["maxOutputTokens"], &body["options"]["num_predict"]];
        places.into_iter().chain(nested).find_map(Value::as_u64)
    };
    let caps: Vec<Option<u64>> = world.bodies().iter().map(cap).collect();
    let own = (dialect == Dialect::Anthropic).then_some(4096);
    assert_eq!(caps, [own, Some(77), own], "lowered for the run");
    let act = recorded(&world, "limit").await;
    assert!(
        act["after"].as_str().unwrap_or_default().contains("77") || act["summary"].to_string().contains("77"),
        "{act}"
    );
}

pub async fn limit_tools(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[[rule]]\nid = \"few\"\non = \"model.request\"\nwhen = \"request.text == 'Two'\"\n\
                  do = [{ limit = { without = [\"delete_file\"], scope = \"session\" } }]\n\
                  [[rule]]\nid = \"one\"\non = \"model.request\"\nwhen = \"request.text == 'Three'\"\n\
                  do = [{ limit = { tools = [\"search\"], scope = \"call\" } }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    for text in ["One", "Two", "Three", "Four"] {
        say(&mut agent, text).await;
    }
    let offered: Vec<Vec<bool>> = world
        .bodies()
        .iter()
        .map(|body| {
            let tools = body["tools"].to_string();
            ["search", "read_file", "delete_file"].iter().map(|name| tools.contains(&format!("\"{name}\""))).collect()
        })
        .collect();
    let expected = [[true, true, true], [true, true, false], [true, false, false], [true, true, false]];
    assert_eq!(offered, expected);
}

/// The second time the model is in use already, so that the next action is taken.
pub async fn first(dialect: Dialect, streamed: bool) {
    let policy = "version = 1\n[tiers]\nstrong = \"strong-model\"\n[[rule]]\nid = \"up\"\non = \"model.request\"\n\
                  when = \"request.text == 'Again'\"\n\
                  do = [{ first = [{ reroute = { model = \"tier:strong\", scope = \"session\" } }, { block = \"No more.\" }] }]\n";
    let (world, mut agent) = answering(dialect, streamed, policy).await;
    say(&mut agent, "One").await;
    let (second, _) = say(&mut agent, "Again").await;
    let (third, _) = say(&mut agent, "Again").await;
    assert_eq!(second.text, "Answer 1.");
    assert!(third.text.contains("No more."), "{}", third.text);
    assert_eq!(world.models()[1..], ["strong-model"]);
    let act = recorded(&world, "reroute").await;
    let told = act["summary"].as_str().unwrap();
    assert!(
        told.contains("Could not") && told.contains("that model is in use"),
        "the one that did not apply says so: {told}"
    );
    recorded(&world, "block").await;
}
