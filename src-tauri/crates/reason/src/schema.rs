//! A JSON Schema of the policy file, for editors: made from the language's tables, so it cannot say anything else than the compiler.

use crate::language::{ACTIONS, ActionWord, Key, POLICY, State, Takes};
use serde_json::{Map, Value, json};

/// JSON Schema (2020-12) of a policy file. Words that this version does not carry out are not in it.
pub fn json_schema() -> Value {
    let mut schema = table(POLICY, &["version"]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Switchtower policy");
    schema["properties"]["version"]["const"] = json!(1);
    schema["$defs"] = json!({ "action": action_schema() });
    schema
}

fn table(keys: &[Key], required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .filter(|key| key.state == State::Acts)
        .map(|key| {
            let mut value = takes(key);
            value["description"] = json!(key.doc);
            (key.name.to_owned(), value)
        })
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn takes(key: &Key) -> Value {
    match key.takes {
        Takes::Text | Takes::Condition => json!({ "type": "string" }),
        Takes::Count => json!({ "type": "integer", "minimum": 0 }),
        Takes::Number => json!({ "type": "number" }),
        Takes::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::Choices(words) => {
            json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "enum": words } })
        }
        Takes::Duration => {
            json!({ "type": "string", "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", "minLength": 2 })
        }
        Takes::Moment => json!({ "type": "string", "format": "date-time" }),
        Takes::Choice(words) => json!({ "enum": words }),
        Takes::Actions => json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/action" } }),
        Takes::Table(keys) => table(keys, &[]),
        Takes::Tables(keys) => json!({ "type": "array", "items": table(keys, &required(keys)) }),
        Takes::Facts => json!({ "type": "object" }),
        Takes::Patterns => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Takes::Models => {
            let by_provider = json!({ "type": "object", "additionalProperties": { "type": "string" } });
            json!({ "type": "object", "additionalProperties": { "oneOf": [{ "type": "string" }, by_provider] } })
        }
        Takes::Named(keys) => json!({ "type": "object", "additionalProperties": table(keys, &required(keys)) }),
        Takes::Anything => json!({}),
    }
}

/// The keys whose meaning says so.
fn required(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().filter(|key| key.doc.ends_with("Required.")).map(|key| key.name).collect()
}

fn action_schema() -> Value {
    let acting = || ACTIONS.iter().filter(|word| word.state == State::Acts);
    let mut forms: Vec<Value> = acting().map(long_form).collect();
    let alone: Vec<&str> = acting().filter(|word| word.stands_alone()).map(|word| word.name).collect();
    forms.insert(0, json!({ "enum": alone }));
    json!({ "oneOf": forms })
}

fn long_form(word: &ActionWord) -> Value {
    if word.name == "first" {
        let list =
            json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/action" }, "description": word.doc });
        return json!({ "type": "object", "properties": { "first": list }, "required": ["first"], "additionalProperties": false });
    }
    let mut body = table(word.fields, &required(word.fields));
    if word.short.is_some() {
        body = json!({ "oneOf": [{ "type": "string" }, body] });
    }
    body["description"] = json!(word.doc);
    json!({ "type": "object", "properties": { word.name: body }, "required": [word.name], "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;

    #[test]
    fn the_schema_has_exactly_the_keys_that_the_compiler_takes() {
        let schema = json_schema();
        for key in POLICY {
            let listed = schema["properties"].get(key.name).is_some();
            let source = format!("version = 1\n{} = 1979-05-27\n", key.name);
            let refusal = compile("p.toml", &source).err().map(|problems| problems.0[0].message.clone());
            let unknown = refusal.is_some_and(|message| message.contains("does not carry out"));
            assert_eq!(listed, !unknown, "{}", key.name);
        }
        assert_eq!(schema["properties"]["rule"]["items"]["required"], json!(["id", "on", "do"]));
    }
}
