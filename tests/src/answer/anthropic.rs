//! Anthropic Messages.

use super::{Answer, arguments, ensure, events, json, string};
use crate::{Call, Usage};
use serde_json::{Value, json};

fn usage(value: &Value) -> Usage {
    let count = |key: &str| value[key].as_u64().unwrap_or(0);
    let (cached, cache_write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    Usage {
        input: count("input_tokens") + cached + cache_write,
        cached,
        cache_write,
        output: count("output_tokens"),
        reasoning: 0,
    }
}

pub fn whole(body: &Value) -> Result<Answer, String> {
    ensure(body["type"] == "message" && body["role"] == "assistant", || format!("no message: {body}"))?;
    read(body["content"].as_array().ok_or("no content")?.clone(), string(&body["stop_reason"]), usage(&body["usage"]))
}

fn read(blocks: Vec<Value>, finish: String, usage: Usage) -> Result<Answer, String> {
    let mut answer = Answer { finish, usage: Some(usage), ..Answer::default() };
    for block in &blocks {
        match block["type"].as_str().unwrap_or_default() {
            "text" => answer.text.push_str(block["text"].as_str().unwrap_or_default()),
            "tool_use" => {
                let call = Call {
                    id: string(&block["id"]),
                    name: string(&block["name"]),
                    arguments: block["input"].to_string(),
                };
                arguments(&call)?;
                ensure(block["input"].is_object(), || format!("input of {}: {}", call.name, block["input"]))?;
                answer.calls.push(call);
            }
            "thinking" | "redacted_thinking" => {}
            other => return Err(format!("block of type {other:?}")),
        }
    }
    let with_calls = !answer.calls.is_empty();
    // An answer that is cut for length may have whole calls.
    ensure(answer.finish == "max_tokens" || (answer.finish == "tool_use") == with_calls, || {
        format!("stop_reason {} with {} calls", answer.finish, answer.calls.len())
    })?;
    answer.messages = vec![json!({"role": "assistant", "content": blocks})];
    Ok(answer)
}

pub fn streamed(text: &str) -> Result<Answer, String> {
    let mut blocks: Vec<Value> = Vec::new();
    let mut input = String::new();
    let mut open = None;
    let mut finish = String::new();
    let mut counted = json!({});
    let mut stage = "nothing";
    for event in events(text)? {
        let data = json(&event.data)?;
        let kind = data["type"].as_str().ok_or("an event without type")?;
        ensure(event.name.as_deref() == Some(kind), || format!("event {:?} holds {kind}", event.name))?;
        let index = data["index"].as_u64().map(|index| index as usize);
        match kind {
            "ping" => {}
            "message_start" => {
                ensure(stage == "nothing", || format!("message_start after {stage}"))?;
                counted = data["message"]["usage"].clone();
                stage = "message";
            }
            "content_block_start" => {
                ensure(stage == "message" && open.is_none(), || format!("block {index:?} opens within {open:?}"))?;
                ensure(index == Some(blocks.len()), || format!("block {index:?}, {} are there", blocks.len()))?;
                blocks.push(data["content_block"].clone());
                open = index;
                input.clear();
            }
            "content_block_delta" => {
                ensure(open.is_some() && open == index, || format!("delta of {index:?}, open is {open:?}"))?;
                let block = blocks.last_mut().ok_or("no block")?;
                delta(block, &data["delta"], &mut input)?;
            }
            "content_block_stop" => {
                ensure(open.is_some() && open == index, || format!("stop of {index:?}, open is {open:?}"))?;
                open = None;
                let block = blocks.last_mut().ok_or("no block")?;
                if block["type"] == "tool_use" && !input.is_empty() {
                    block["input"] = json(&input)?;
                }
            }
            "message_delta" => {
                ensure(stage == "message" && open.is_none(), || format!("message_delta within block {open:?}"))?;
                finish = string(&data["delta"]["stop_reason"]);
                for (key, value) in data["usage"].as_object().into_iter().flatten() {
                    counted[key] = value.clone();
                }
            }
            "message_stop" => {
                ensure(!finish.is_empty(), || "message_stop without a stop_reason".into())?;
                stage = "over";
            }
            other => return Err(format!("event {other}: {data}")),
        }
    }
    ensure(stage == "over", || "no message_stop".into())?;
    read(blocks, finish, usage(&counted))
}

fn delta(block: &mut Value, delta: &Value, input: &mut String) -> Result<(), String> {
    let append = |block: &mut Value, key: &str| {
        block[key] = json!(format!("{}{}", string(&block[key]), string(&delta[key])));
    };
    match delta["type"].as_str().unwrap_or_default() {
        "text_delta" => append(block, "text"),
        "thinking_delta" => append(block, "thinking"),
        "signature_delta" => append(block, "signature"),
        "input_json_delta" => input.push_str(delta["partial_json"].as_str().unwrap_or_default()),
        other => return Err(format!("delta {other}")),
    }
    Ok(())
}
