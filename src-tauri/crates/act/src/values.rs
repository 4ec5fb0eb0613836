//! The values of turns that leave a context: names, ids, numbers and dates that a later call may need, each said once.

use domain::MessageFacts;
use serde_json::Value;
use std::collections::HashSet;
use wire::Substitutions;

/// How a token of a hidden value begins.
const TOKEN: &str = "[redacted:";
/// Longer texts are content, not names.
const LONGEST: usize = 64;
/// What a line may hold, in bytes.
const MOST: usize = 24_000;

/// One line for the model. Values that stand in what stays are left out; of what is hidden from the model the token is the value.
pub(crate) fn line(gone: &[&MessageFacts], stays: &[&MessageFacts], hidden: &Substitutions) -> String {
    let mut seen: HashSet<String> = stays.iter().flat_map(|message| of_message(message, hidden)).collect();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    // The newest first, so that the oldest give way where the line is full.
    let mut room = MOST;
    for message in gone.iter().rev() {
        let mut group = Vec::new();
        for value in of_message(message, hidden) {
            if value.len() + 2 <= room && seen.insert(value.clone()) {
                room -= value.len() + 2;
                group.push(value);
            }
        }
        if !group.is_empty() {
            let name = message.results.iter().find_map(|result| result.name.clone()).unwrap_or_default();
            groups.push((name, group));
        }
    }
    let mut line = format!("[{} earlier messages were left out of this conversation to make room.", gone.len());
    if groups.is_empty() {
        line.push(']');
        return line;
    }
    line.push_str(" Values that stood in them:");
    for (name, group) in groups.iter().rev() {
        let label = if name.is_empty() { String::new() } else { format!("{name}: ") };
        line.push_str(&format!("\n{label}{}", group.join(", ")));
    }
    line.push(']');
    line
}

fn of_message(message: &MessageFacts, hidden: &Substitutions) -> Vec<String> {
    let mut found = Vec::new();
    for call in &message.calls {
        let arguments = hidden.apply_to_arguments(&call.arguments);
        of_text(arguments.as_deref().unwrap_or(&call.arguments), &mut found);
    }
    for result in &message.results {
        // Before it is taken apart: a value of several words would leave in pieces that nobody knows for it.
        let text = hidden.apply(&result.text);
        of_text(text.as_deref().unwrap_or(&result.text), &mut found);
    }
    words(hidden.apply(&message.text).as_deref().unwrap_or(&message.text), &mut found);
    found
}

fn of_text(text: &str, found: &mut Vec<String>) {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if !value.is_string() => leaves(&value, found),
        _ => words(text, found),
    }
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() <= LONGEST => found.extend((!text.trim().is_empty()).then(|| text.clone())),
        Value::String(text) => words(text, found),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, found)),
        Value::Object(object) => {
            for (key, value) in object {
                if key.bytes().any(|byte| byte.is_ascii_digit()) {
                    found.push(key.clone());
                }
                leaves(value, found);
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

/// Words that name something: with a digit, an underscore, an @ or a slash, or capitals behind the first letter.
fn words(text: &str, found: &mut Vec<String>) {
    let token = text.split_once(TOKEN).and_then(|(before, rest)| Some((before, rest.split_once(']')?)));
    if let Some((before, (token, behind))) = token {
        words(before, found);
        found.push(format!("{TOKEN}{token}]"));
        return words(behind, found);
    }
    let edges = |c: char| !c.is_alphanumeric();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '`' | '(' | ')' | '[' | ']')) {
        let word = word.trim_matches(edges);
        let names = word.chars().any(|c| c.is_ascii_digit() || matches!(c, '_' | '@' | '/'))
            || word.chars().skip(1).any(char::is_uppercase);
        if names && word.len() <= LONGEST {
            found.push(word.to_owned());
        }
    }
}
