//! What each action must have come to: at the agent, upstream, in the trace.

use crate::{policy, talk::Seen};
use serde_json::{Value, json};
use switchtower_tests::{Dialect, Stage};

/// What the agent hears where nothing touches it.
const UNTOUCHED: [&str; 7] = ["I look.", "Found A-1234.", "I look.", "Found A-1234.", "Well.", "Well.", "Well."];

pub fn conversation(body: &Value) -> Vec<Value> {
    let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array());
    list.expect("a conversation").iter().filter(|message| message["role"] != "system").cloned().collect()
}

/// The action stands in the trace, under its rule, and the rule's evaluation at that point explains it.
pub async fn traced(stage: &Stage, seen: &Seen) {
    let action = if seen.row.action == "first" { "taint" } else { seen.row.action };
    let act = seen.acts.iter().find(|act| act["action"] == action && act["cause"] == "rule");
    let act = act.unwrap_or_else(|| panic!("no {action} in {:?}", seen.acts));
    assert_eq!((&act["rule"], &act["mode"]), (&json!("it"), &json!("enforce")), "{act}");
    let exchange = stage.runtime.settled(act["exchange"].as_str().unwrap()).await;
    let verdicts = exchange["verdicts"].as_array().unwrap();
    let explains =
        |verdict: &&Value| verdict["rule"] == "it" && verdict["point"] == seen.row.point && verdict["matched"] == true;
    assert!(verdicts.iter().any(|verdict| explains(&verdict)), "nothing explains it: {verdicts:?}");
}

/// From where the action holds, each request is the one before with what came since: byte for byte, or the provider's cache is lost.
pub fn later_requests_extend(seen: &Seen) {
    let sent: Vec<_> = seen.bodies.iter().map(conversation).collect();
    for (place, pair) in sent.windows(2).enumerate() {
        let changes = place + 1 == seen.row.from() && matches!(seen.row.action, "compact" | "rollback");
        let differs = pair[0].iter().zip(&pair[1]).find(|(one, other)| one != other);
        let shorter = pair[1].len() < pair[0].len();
        assert!(changes || (differs.is_none() && !shorter), "request {} rewrites {differs:?}", place + 1);
    }
}

fn untouched(seen: &Seen) {
    let heard: Vec<&str> = seen.answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(heard, UNTOUCHED, "the traffic is as it was");
    assert_eq!(seen.bodies.len(), UNTOUCHED.len());
}

/// One truth for each upstream request: false before the action, true from then on.
fn from_then_on(seen: &Seen, holds: impl Fn(usize) -> bool) {
    let held: Vec<bool> = (0..seen.bodies.len()).map(holds).collect();
    let expected: Vec<bool> = (0..seen.bodies.len()).map(|place| place >= seen.row.from()).collect();
    assert_eq!(held, expected);
    assert!(held.contains(&true), "{} requests", held.len());
}

fn told(seen: &Seen, place: usize) -> String {
    json!(conversation(&seen.bodies[place])).to_string()
}

pub fn acted(seen: &Seen) {
    match seen.row.action {
        "taint" | "first" => {
            untouched(seen);
            assert_eq!(seen.session["facts"]["session"]["taints"], json!(["odd"]));
        }
        "alert" | "escalate" | "pause" => untouched(seen),
        "approve" => {
            untouched(seen);
            assert!(seen.acts.iter().all(|act| act["action"] != "escalate"), "it was not asked: {:?}", seen.acts);
        }
        "retry" => {
            assert_eq!(seen.bodies.len(), UNTOUCHED.len() + 1, "one more attempt");
            assert_eq!(seen.answers.len(), UNTOUCHED.len());
        }
        "inject" => from_then_on(seen, |place| told(seen, place).contains("Mind the gap.")),
        "reroute" => from_then_on(seen, |place| seen.models[place] == "other-model"),
        "limit" => from_then_on(seen, |place| cap(&seen.bodies[place]) == Some(77)),
        "truncate" => cut(seen, "row-5"),
        "extract" => cut(seen, "row-11"),
        "compact" => from_then_on(seen, |place| place > 0 && !told(seen, place).contains("I look.")),
        "rollback" => from_then_on(seen, |place| told(seen, place).contains("Go on from here.")),
        "stop" => stopped(seen),
        "block" => blocked(seen),
        "partial" => partial(seen),
        "cached" => cached(seen),
        "redact" | "replace" => masked(seen),
        other => panic!("{other} has no effect"),
    }
}

fn cap(body: &Value) -> Option<u64> {
    let places = [&body["max_tokens"], &body["max_completion_tokens"], &body["max_output_tokens"]];
    let nested = [&body["generationConfig"]["maxOutputTokens"], &body["options"]["num_predict"]];
    places.into_iter().chain(nested).find_map(Value::as_u64)
}

/// The first result is short upstream, then and later; the second, after the rule's one firing, is whole.
fn cut(seen: &Seen, gone: &str) {
    for place in 1..3 {
        assert!(!told(seen, place).contains(gone), "request {place}: {}", told(seen, place));
    }
    assert_eq!(told(seen, 6).matches(gone).count(), 1);
}

fn stopped(seen: &Seen) {
    let last = seen.answers.last().unwrap();
    assert!(last.text.contains("It ends here."), "{last:?}");
    let most = if seen.row.point == "session.idle" { 6 } else { seen.row.from() };
    assert_eq!(seen.bodies.len(), most, "nothing goes out any more");
    assert_eq!(seen.session["state"], "ended");
}

fn blocked(seen: &Seen) {
    match seen.row.point {
        "model.request" => {
            assert!(seen.answers[2].text.contains("Not here."), "{:?}", seen.answers[2]);
            assert_eq!(seen.bodies.len(), 5, "the second task never went out");
        }
        "tool.call" => {
            assert!(seen.answers[0].calls.is_empty(), "{:?}", seen.answers[0]);
            from_then_on(seen, |place| told(seen, place).contains("Not here."));
        }
        _ => {
            let answer = &seen.answers[1].text;
            assert!(answer.contains("Not here.") && !answer.contains("A-1234"), "{answer}");
            from_then_on(seen, |place| told(seen, place).contains("Not here."));
            assert!(!told(seen, 2).contains("A-1234"), "{}", told(seen, 2));
        }
    }
}

fn partial(seen: &Seen) {
    let place = if seen.row.point == "model.response" { 1 } else { 2 };
    let answer = &seen.answers[place];
    if seen.row.point == "model.response" && seen.streamed {
        assert_eq!(answer.text, UNTOUCHED[1], "it has streamed by then");
        let told = seen.acts[0]["summary"].as_str().unwrap();
        assert!(told.starts_with("Could not end the answer early"), "and the trace says so: {told}");
        return;
    }
    let stop = match seen.dialect {
        Dialect::Chat | Dialect::Ollama | Dialect::OllamaGenerate => "length",
        Dialect::Responses => "incomplete",
        Dialect::Anthropic => "max_tokens",
        Dialect::Gemini | Dialect::GeminiArray => "MAX_TOKENS",
    };
    assert_eq!(answer.finish, stop, "{answer:?}");
    assert!(answer.text.contains("Enough.") && answer.text.contains("Confidence 0."), "{answer:?}");
}

fn cached(seen: &Seen) {
    if seen.row.point == "tool.call" {
        let second = &seen.answers[2];
        assert!(second.calls.is_empty() && second.text.contains("Found"), "{second:?}");
        assert!(told(seen, 3).contains("row-11"), "the model has the earlier result: {}", told(seen, 3));
        return;
    }
    let [.., first, again] = &seen.answers[..] else { panic!("{:?}", seen.answers) };
    assert_eq!(first.text, again.text);
    let asked = if seen.row.point == "model.response" { 8 } else { 7 };
    assert_eq!(seen.bodies.len(), asked, "the same answer, without a model's");
}

fn masked(seen: &Seen) {
    let shape = policy::secret(seen.row.point);
    let word = shape.split('[').next().unwrap();
    let word = if word == "row-1" { "row-11" } else { word };
    let upstream = json!(seen.bodies.iter().map(conversation).collect::<Vec<_>>()).to_string();
    match seen.row.point {
        "model.request" | "tool.result" => assert!(!upstream.contains(word), "{word} is in {upstream}"),
        "tool.call" => {
            let call = &seen.answers[0].calls[0];
            assert!(!call.arguments.contains(word), "{call:?}");
        }
        _ => {
            let answer = &seen.answers[1].text;
            assert!(answer.starts_with("Found ") && !answer.contains(word), "{answer}");
        }
    }
    if seen.row.action == "redact" && matches!(seen.row.point, "tool.call" | "model.response" | "model.stream") {
        assert!(upstream.contains(word) && !upstream.contains("redacted:"), "the model's own words: {upstream}");
    }
}
