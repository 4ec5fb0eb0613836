//! A message in short, whatever its dialect: enough for a person to see what a question is about.

use crate::view::GlimpseView;
use serde_json::Value;

/// In characters.
const LONGEST: usize = 280;

/// None: nothing in it can be shown.
pub(super) fn glimpse(message: &[u8]) -> Option<GlimpseView> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let mut parts = Vec::new();
    say(&message, &mut parts);
    let text = parts.join(" ");
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(GlimpseView { role: role(&message).to_owned(), text: short })
}

fn role(message: &Value) -> &'static str {
    // Anthropic delivers results as the user's message.
    let is_result = |part: &Value| part["type"] == "tool_result" || part.get("functionResponse").is_some();
    let parts = message["content"].as_array().or(message["parts"].as_array());
    match (message["role"].as_str(), message["type"].as_str()) {
        (Some("tool" | "function"), _) => "tool",
        (None, Some(kind)) if kind.ends_with("_call_output") => "tool",
        (Some("user"), _) if parts.is_some_and(|parts| !parts.is_empty() && parts.iter().all(is_result)) => "tool",
        (Some("system" | "developer"), _) => "system",
        (Some("assistant" | "model"), _) => "assistant",
        (None, Some("function_call" | "custom_tool_call" | "reasoning")) => "assistant",
        _ => "user",
    }
}

/// What a message or a part of one says: its texts and results, and its calls as `name(arguments)`.
fn say(part: &Value, said: &mut Vec<String>) {
    match part {
        Value::String(text) => said.extend((!text.trim().is_empty()).then(|| text.trim().to_owned())),
        Value::Array(parts) => parts.iter().for_each(|part| say(part, said)),
        Value::Object(fields) => {
            if let Some(name) = fields.get("name").and_then(Value::as_str) {
                let arguments = ["arguments", "input", "args"].iter().find_map(|key| fields.get(*key));
                if let Some(arguments) = arguments {
                    let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
                    return said.push(format!("{name}({arguments})"));
                }
            }
            for key in ["content", "parts", "text", "output", "response", "result", "tool_calls"] {
                if let Some(inner) = fields.get(key) {
                    say(inner, said);
                }
            }
            for key in ["function", "functionCall", "functionResponse"] {
                if let Some(inner) = fields.get(key) {
                    say(inner, said);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> (String, String) {
        let glimpse = glimpse(message.as_bytes()).unwrap();
        (glimpse.role, glimpse.text)
    }

    #[test]
    fn every_dialects_messages_are_shown_by_role_and_text() {
        for (message, role, text) in [
            (r#"{"role":"user","content":"hello"}"#, "user", "hello"),
            (r#"{"role":"system","content":[{"type":"text","text":"be good"}]}"#, "system", "be good"),
            (
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"send","arguments":"{\"to\":1}"}}]}"#,
                "assistant",
                r#"send({"to":1})"#,
            ),
            (r#"{"role":"tool","tool_call_id":"c","content":"sent"}"#, "tool", "sent"),
            (
                r#"{"role":"assistant","content":[{"type":"text","text":"now"},{"type":"tool_use","id":"t","name":"send","input":{"to":1}}]}"#,
                "assistant",
                r#"now send({"to":1})"#,
            ),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"sent"}]}"#,
                "tool",
                "sent",
            ),
            (r#"{"type":"function_call","call_id":"c","name":"send","arguments":"{}"}"#, "assistant", "send({})"),
            (r#"{"type":"function_call_output","call_id":"c","output":"sent"}"#, "tool", "sent"),
            (
                r#"{"role":"model","parts":[{"functionCall":{"name":"send","args":{"to":1}}}]}"#,
                "assistant",
                r#"send({"to":1})"#,
            ),
            (
                r#"{"role":"user","parts":[{"functionResponse":{"name":"send","response":{"result":"sent"}}}]}"#,
                "tool",
                "sent",
            ),
        ] {
            assert_eq!(shown(message), (role.to_owned(), text.to_owned()), "{message}");
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_whole_character() {
        let (_, text) = shown(&format!(r#"{{"role":"user","content":"{}"}}"#, "é".repeat(1000)));
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(glimpse(b"no json").is_none());
    }
}
