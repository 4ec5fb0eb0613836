//! Gemini, whole or streamed: a list of responses.

use super::{Answer, ensure, string};
use crate::{Call, Usage};
use serde_json::{Value, json};

pub fn streamed(responses: &[Value]) -> Result<Answer, String> {
    let mut answer = Answer::default();
    let mut parts: Vec<Value> = Vec::new();
    for response in responses {
        ensure(response["error"].is_null(), || format!("error in the stream: {response}"))?;
        let usage = &response["usageMetadata"];
        let count = |key: &str| usage[key].as_u64().unwrap_or(0);
        if usage.is_object() {
            let reasoning = count("thoughtsTokenCount");
            answer.usage = Some(Usage {
                input: count("promptTokenCount"),
                cached: count("cachedContentTokenCount"),
                cache_write: 0,
                output: count("candidatesTokenCount") + reasoning,
                reasoning,
            });
        }
        let Some(candidate) = response["candidates"].as_array().and_then(|list| list.first()) else { continue };
        ensure(answer.finish.is_empty(), || format!("after finishReason: {response}"))?;
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            if part["functionCall"].is_object() {
                let call = &part["functionCall"];
                ensure(call["name"].is_string(), || format!("a call without name: {part}"))?;
                answer.calls.push(Call {
                    id: call["id"].as_str().map_or_else(|| format!("call-{}", answer.calls.len()), str::to_owned),
                    name: string(&call["name"]),
                    arguments: call["args"].to_string(),
                });
            } else if part["thought"] != json!(true) {
                answer.text.push_str(part["text"].as_str().unwrap_or_default());
            }
            parts.push(part.clone());
        }
        answer.finish = string(&candidate["finishReason"]);
    }
    ensure(!answer.finish.is_empty(), || "no finishReason".into())?;
    answer.messages = vec![json!({"role": "model", "parts": parts})];
    Ok(answer)
}
