//! Ollama chat and generate: a list of lines.

use super::{Answer, ensure, string};
use crate::{Call, Dialect, Usage};
use serde_json::{Value, json};

pub fn read(dialect: Dialect, lines: &[Value]) -> Result<Answer, String> {
    let mut answer = Answer::default();
    let mut made: Vec<Value> = Vec::new();
    for line in lines {
        ensure(line["error"].is_null(), || format!("error in the stream: {line}"))?;
        ensure(answer.finish.is_empty(), || format!("after done: {line}"))?;
        if dialect == Dialect::OllamaGenerate {
            answer.text.push_str(line["response"].as_str().ok_or_else(|| format!("no response: {line}"))?);
        } else {
            let message = &line["message"];
            answer.text.push_str(message["content"].as_str().ok_or_else(|| format!("no content: {line}"))?);
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                ensure(function["arguments"].is_object(), || format!("arguments: {call}"))?;
                answer.calls.push(Call {
                    id: format!("call-{}", answer.calls.len()),
                    name: string(&function["name"]),
                    arguments: function["arguments"].to_string(),
                });
                made.push(call.clone());
            }
        }
        if line["done"] == json!(true) {
            answer.finish = line["done_reason"].as_str().unwrap_or("stop").to_owned();
            answer.usage = Some(Usage {
                input: line["prompt_eval_count"].as_u64().unwrap_or(0),
                cached: 0,
                cache_write: 0,
                output: line["eval_count"].as_u64().unwrap_or(0),
                reasoning: 0,
            });
        }
    }
    ensure(!answer.finish.is_empty(), || "no line with done".into())?;
    let mut message = json!({"role": "assistant", "content": answer.text});
    if !made.is_empty() {
        message["tool_calls"] = json!(made);
    }
    answer.messages = vec![message];
    Ok(answer)
}
