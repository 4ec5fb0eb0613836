//! OpenAI Chat Completions.

use super::{Answer, arguments, ensure, events, json, string};
use crate::{Call, Usage};
use serde_json::{Value, json};

fn usage(value: &Value) -> Option<Usage> {
    value.is_object().then(|| Usage {
        input: value["prompt_tokens"].as_u64().unwrap_or(0),
        cached: value["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0),
        cache_write: 0,
        output: value["completion_tokens"].as_u64().unwrap_or(0),
        reasoning: value["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or(0),
    })
}

fn checked(mut answer: Answer) -> Result<Answer, String> {
    for call in &answer.calls {
        arguments(call)?;
        ensure(!call.id.is_empty() && !call.name.is_empty(), || format!("call without id or name: {call:?}"))?;
    }
    let with_calls = !answer.calls.is_empty();
    // An answer that is cut for length may have whole calls.
    ensure(answer.finish == "length" || (answer.finish == "tool_calls") == with_calls, || {
        format!("finish_reason {} with {} calls", answer.finish, answer.calls.len())
    })?;
    let mut message = json!({"role": "assistant", "content": answer.text});
    if with_calls {
        if answer.text.is_empty() {
            message["content"] = Value::Null;
        }
        message["tool_calls"] = answer
            .calls
            .iter()
            .map(|call| json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}))
            .collect();
    }
    answer.messages = vec![message];
    Ok(answer)
}

pub fn whole(body: &Value) -> Result<Answer, String> {
    let choice = &body["choices"][0];
    let message = &choice["message"];
    ensure(body["object"] == "chat.completion", || format!("object {}", body["object"]))?;
    ensure(message["role"] == "assistant", || format!("role {}", message["role"]))?;
    let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| Call {
        id: string(&call["id"]),
        name: string(&call["function"]["name"]),
        arguments: string(&call["function"]["arguments"]),
    });
    checked(Answer {
        text: string(&message["content"]),
        calls: calls.collect(),
        finish: string(&choice["finish_reason"]),
        usage: usage(&body["usage"]),
        messages: Vec::new(),
    })
}

pub fn streamed(text: &str) -> Result<Answer, String> {
    let mut answer = Answer::default();
    let mut done = false;
    for event in events(text)? {
        ensure(!done, || format!("after [DONE]: {}", event.data))?;
        if event.data == "[DONE]" {
            done = true;
            continue;
        }
        let chunk = json(&event.data)?;
        ensure(chunk["error"].is_null(), || format!("error event {chunk}"))?;
        ensure(chunk["object"] == "chat.completion.chunk", || format!("object {chunk}"))?;
        answer.usage = usage(&chunk["usage"]).or(answer.usage);
        let Some(choice) = chunk["choices"].as_array().ok_or("no choices")?.first() else { continue };
        ensure(answer.finish.is_empty(), || format!("a choice after finish_reason: {chunk}"))?;
        let delta = &choice["delta"];
        answer.text.push_str(delta["content"].as_str().unwrap_or_default());
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = part["index"].as_u64().ok_or("a call without index")? as usize;
            ensure(index <= answer.calls.len(), || format!("index {index} after {} calls", answer.calls.len()))?;
            if index == answer.calls.len() {
                ensure(part["id"].is_string(), || format!("a call's first delta has no id: {part}"))?;
                answer.calls.push(Call { id: string(&part["id"]), name: String::new(), arguments: String::new() });
            }
            let call = &mut answer.calls[index];
            call.name.push_str(part["function"]["name"].as_str().unwrap_or_default());
            call.arguments.push_str(part["function"]["arguments"].as_str().unwrap_or_default());
        }
        answer.finish = string(&choice["finish_reason"]);
    }
    ensure(done, || "no [DONE]".into())?;
    checked(answer)
}
