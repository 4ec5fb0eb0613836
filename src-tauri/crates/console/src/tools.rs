//! The tools that a request offered, whatever its dialect: one's JSON Schema, and whether arguments keep to it.

use crate::{ErrorCode, RpcError};
use serde_json::Value;

/// Where the dialects keep the schema of a tool's arguments.
const KEYS: [&str; 5] = ["parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema"];
/// So many mistakes of one edit are told at most.
const MOST: usize = 5;

/// The schema of the arguments of `tool`, from a request's tool definitions; none where they do not tell.
pub(crate) fn schema(tools: &[u8], tool: &str) -> Option<Value> {
    let tools: Value = serde_json::from_slice(tools).ok()?;
    let mut schema = find(&tools, tool)?.clone();
    lower_types(&mut schema);
    Some(schema)
}

fn find<'v>(part: &'v Value, tool: &str) -> Option<&'v Value> {
    match part {
        Value::Array(parts) => parts.iter().find_map(|part| find(part, tool)),
        Value::Object(fields) if fields.get("name").and_then(Value::as_str) == Some(tool) => {
            KEYS.iter().find_map(|key| fields.get(*key)).filter(|schema| schema.is_object())
        }
        Value::Object(fields) => ["function", "functionDeclarations", "function_declarations", "tools"]
            .iter()
            .find_map(|key| find(fields.get(*key)?, tool)),
        _ => None,
    }
}

/// Gemini writes types as `OBJECT`, `STRING`.
fn lower_types(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(lower_types),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value {
                    Value::String(kind)
                        if key == "type"
                            && ["OBJECT", "ARRAY", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "NULL"]
                                .contains(&kind.as_str()) =>
                    {
                        *kind = kind.to_lowercase();
                    }
                    other => lower_types(other),
                }
            }
        }
        _ => {}
    }
}

/// New arguments as JSON text: an object as it is, a text if it is JSON of an object; checked against the schema where one is known.
pub(crate) fn arguments(edit: &Value, schema: Option<&Value>) -> Result<String, RpcError> {
    let wrong = |message: String| RpcError::new(ErrorCode::BadRequest, message);
    let (text, value) = match edit {
        Value::String(text) => {
            let value: Value = serde_json::from_str(text).map_err(|error| {
                let place = format!("line {}, column {}", error.line(), error.column());
                wrong(format!("the new arguments are no JSON: {error}")).with_hint(format!("look at {place}"))
            })?;
            (text.clone(), value)
        }
        value => (value.to_string(), value.clone()),
    };
    if !value.is_object() {
        return Err(wrong("the new arguments are no JSON object".to_owned()).with_hint("write { \"name\": value, … }"));
    }
    let Some(schema) = schema else { return Ok(text) };
    // A schema that cannot be read binds nobody: the tool judges for itself.
    let Ok(validator) = jsonschema::validator_for(schema) else { return Ok(text) };
    let mistakes: Vec<String> = validator
        .iter_errors(&value)
        .take(MOST)
        .map(|error| {
            let place = error.instance_path().to_string();
            format!("at {}: {error}", if place.is_empty() { "/" } else { &place })
        })
        .collect();
    if mistakes.is_empty() {
        return Ok(text);
    }
    Err(wrong(format!("the new arguments do not keep to the tool's schema: {}", mistakes.join("; ")))
        .with_hint("list_escalations gives the schema"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_dialects_tools_tell_their_schema() {
        let schema_of = json!({"type": "object", "properties": {"to": {"type": "string"}}});
        for tools in [
            json!([{"type": "function", "function": {"name": "other", "parameters": {}}}, {"type": "function", "function": {"name": "send", "parameters": schema_of}}]),
            json!([{"type": "function", "name": "send", "parameters": schema_of}]),
            json!([{"name": "send", "input_schema": schema_of}]),
            json!([{"functionDeclarations": [{"name": "send", "parameters": {"type": "OBJECT", "properties": {"to": {"type": "STRING"}}}}]}]),
        ] {
            assert_eq!(schema(tools.to_string().as_bytes(), "send"), Some(schema_of.clone()), "{tools}");
            assert_eq!(schema(tools.to_string().as_bytes(), "unknown"), None);
        }
    }

    #[test]
    fn an_edit_is_json_and_keeps_to_the_schema() {
        let schema = json!({"type": "object", "properties": {"to": {"type": "string"}, "n": {"type": "integer"}}, "required": ["to"], "additionalProperties": false});
        let told = |edit: Value| arguments(&edit, Some(&schema)).unwrap_err();
        assert_eq!(arguments(&json!({"to": "a"}), Some(&schema)).unwrap(), r#"{"to":"a"}"#);
        assert_eq!(arguments(&json!(r#"{ "to": "a" }"#), Some(&schema)).unwrap(), r#"{ "to": "a" }"#);
        assert!(
            told(json!({"to": 3})).message.contains("at /to: 3 is not of type \"string\""),
            "{:?}",
            told(json!({"to": 3}))
        );
        assert!(told(json!({"n": 1})).message.contains("\"to\" is a required property"));
        assert!(told(json!({"to": "a", "x": 1})).message.contains("'x' was unexpected"));
        assert!(told(json!("{oops")).message.starts_with("the new arguments are no JSON: "));
        assert_eq!(told(json!([1])).message, "the new arguments are no JSON object");
        assert!(told(json!({"to": 3})).code == ErrorCode::BadRequest);
        assert!(arguments(&json!({"anything": 1}), None).is_ok());
        assert!(arguments(&json!({"anything": 1}), Some(&json!({"type": 7}))).is_ok());
    }
}
