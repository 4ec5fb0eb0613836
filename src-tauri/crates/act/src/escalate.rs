//! `escalate` and `pause`: the exchange waits for a person. What waits, and how, is the proxy's; here is what it is recorded as.

use crate::{Act, Scene, Step};
use domain::*;
use sha2::{Digest, Sha256};

pub(crate) fn carry_out(decision: &Decision, question: &Question, scene: &Scene<'_>) -> Act {
    let what = scene.call.map_or_else(|| "the message".to_owned(), |call| format!("the call to {}", call.name));
    let before = scene.call.map(|call| format!("{}({})", call.name, call.arguments)).unwrap_or_default();
    let summary = format!("Asked a person about {what}");
    Act {
        step: Step::Escalate { question: question.clone(), values: serde_json::Map::new() },
        intervention: scene.intervention(decision, summary, before, question.text.clone()),
    }
}

/// The question was another rule's, and is not asked: what it was about goes on.
pub(crate) fn approved(decision: &Decision, question: &str, scene: &Scene<'_>) -> Act {
    let what = scene.call.map_or_else(|| "the message".to_owned(), |call| format!("the call to {}", call.name));
    let summary = format!("Approved {what} beforehand: {question} did not ask");
    Act { step: Step::Nothing, intervention: scene.intervention(decision, summary, question.to_owned(), String::new()) }
}

pub(crate) fn pause(decision: &Decision, text: &str, scene: &Scene<'_>) -> Act {
    let summary = if text.is_empty() { "Paused the session".to_owned() } else { format!("Paused the session: {text}") };
    let intervention = scene.intervention(decision, summary, "running".to_owned(), "paused".to_owned());
    Act { step: Step::Pause, intervention }
}

/// SHA-256 over RFC 8785 canonical JSON, in hexadecimal.
pub fn digest(action: &serde_json::Value) -> String {
    // Only numbers that JSON has no spelling for cannot be written, and a JSON value holds none.
    let canonical = serde_json_canonicalizer::to_vec(action).unwrap_or_default();
    hex(&Sha256::digest(&canonical))
}

/// The digest of exactly this call: its tool and what it passes, however that was spelled.
pub fn call_digest(call: &ToolCall) -> String {
    let arguments = serde_json::from_str(&call.arguments);
    let arguments = arguments.unwrap_or_else(|_| serde_json::Value::String(call.arguments.clone()));
    digest(&serde_json::json!({ "id": call.id, "tool": call.name, "arguments": arguments }))
}

/// The digest of a tool and what is passed to it, whichever call passes it.
pub fn arguments_digest(tool: &str, arguments: &str) -> String {
    let parsed = serde_json::from_str(arguments);
    let arguments = parsed.unwrap_or_else(|_| serde_json::Value::String(arguments.to_owned()));
    digest(&serde_json::json!({ "tool": tool, "arguments": arguments }))
}

/// What a request is known by when its client sends it again: as JSON, since some order their keys anew each time; else its bytes. `of`: what the client
/// calls itself and its conversation, where it does; another one's equal request is no repetition.
pub fn request_digest(body: &[u8], of: Option<&str>) -> String {
    let canonical = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| serde_json_canonicalizer::to_vec(&value).ok());
    let mut digest = Sha256::new_with_prefix(canonical.as_deref().unwrap_or(body));
    if let Some(of) = of {
        digest.update([0]);
        digest.update(of);
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        text.extend([digit(byte >> 4), digit(byte & 15)]);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> ToolCall {
        ToolCall { id: "c".into(), name: "send".into(), arguments: arguments.into(), index: 0 }
    }

    #[test]
    fn a_digest_is_of_what_is_said_not_of_how_it_is_spelled() {
        let digest = call_digest(&call(r#"{"b":1.0,"a":"x"}"#));
        assert_eq!(digest, call_digest(&call("{ \"a\": \"\\u0078\", \"b\": 1 }")));
        assert_ne!(digest, call_digest(&call(r#"{"b":2,"a":"x"}"#)));
        assert_eq!(digest.len(), 64);
    }

    #[test]
    fn a_request_sent_again_is_known_however_its_keys_are_ordered() {
        let first = request_digest(
            br#"{"model":"m","client_metadata":{"turn":"t","thread":"1"},"input":[{"a":1},{"b":2}]}"#,
            None,
        );
        let again = br#"{"model":"m","client_metadata":{"thread":"1","turn":"t"},"input":[{"a":1},{"b":2}]}"#;
        assert_eq!(first, request_digest(again, None));
        let other = br#"{"model":"m","client_metadata":{"thread":"1","turn":"t"},"input":[{"b":2},{"a":1}]}"#;
        assert_ne!(first, request_digest(other, None));
        assert_ne!(request_digest(b"no json", None), request_digest(b"no JSON", None));
        assert_ne!(request_digest(again, Some("one")), request_digest(again, Some("other")));
    }

    #[test]
    fn canonical_json_is_that_of_the_rfc() {
        // RFC 8785, 3.2.3: sorted by UTF-16 code units; numbers as ECMAScript writes them.
        let value = serde_json::json!({ "\u{20ac}": "Euro", "\r": "CR", "1": "One", "numbers": [333_333_333.333_333_3_f64, 1E30, 4.50] });
        let text = serde_json_canonicalizer::to_string(&value).unwrap();
        assert_eq!(
            text,
            "{\"\\r\":\"CR\",\"1\":\"One\",\"numbers\":[333333333.3333333,1e+30,4.5],\"\u{20ac}\":\"Euro\"}"
        );
    }
}
