//! OpenAI Responses.

use super::{Answer, arguments, ensure, events, json, string};
use crate::{Call, Usage};
use serde_json::{Value, json};

pub fn whole(body: &Value) -> Result<Answer, String> {
    ensure(body["object"] == "response", || format!("object {}", body["object"]))?;
    let items = body["output"].as_array().ok_or("no output")?.clone();
    read(body, items)
}

fn read(body: &Value, items: Vec<Value>) -> Result<Answer, String> {
    let mut answer = Answer { finish: string(&body["status"]), ..Answer::default() };
    let usage = &body["usage"];
    answer.usage = usage.is_object().then(|| Usage {
        input: usage["input_tokens"].as_u64().unwrap_or(0),
        cached: usage["input_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0),
        cache_write: 0,
        output: usage["output_tokens"].as_u64().unwrap_or(0),
        reasoning: usage["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or(0),
    });
    for item in &items {
        match item["type"].as_str().unwrap_or_default() {
            "message" => {
                for part in item["content"].as_array().into_iter().flatten() {
                    answer.text.push_str(part["text"].as_str().unwrap_or_default());
                }
            }
            "function_call" => {
                let call = Call {
                    id: string(&item["call_id"]),
                    name: string(&item["name"]),
                    arguments: string(&item["arguments"]),
                };
                arguments(&call)?;
                answer.calls.push(call);
            }
            "reasoning" => {}
            other => return Err(format!("item of type {other:?}")),
        }
    }
    answer.messages = items;
    Ok(answer)
}

/// Output items as the deltas build them, which must equal what `done` and `completed` say.
pub fn streamed(text: &str) -> Result<Answer, String> {
    let mut items: Vec<Value> = Vec::new();
    let mut finished: Vec<bool> = Vec::new();
    let mut built: Vec<String> = Vec::new();
    let mut completed = None;
    let mut number = None;
    let mut first = true;
    for event in events(text)? {
        let data = json(&event.data)?;
        let kind = data["type"].as_str().ok_or("an event without type")?;
        if let Some(name) = &event.name {
            ensure(name == kind, || format!("event {name} holds {kind}"))?;
        }
        if kind == "keepalive" {
            continue;
        }
        ensure(completed.is_none(), || format!("after the end: {data}"))?;
        ensure(!first || kind == "response.created", || format!("begins with {kind}"))?;
        first = false;
        let sequence = data["sequence_number"].as_u64().ok_or_else(|| format!("no sequence_number: {data}"))?;
        ensure(number.is_none_or(|before: u64| sequence == before + 1), || {
            format!("sequence_number {sequence} after {number:?} at {kind}")
        })?;
        number = Some(sequence);
        let index = data["output_index"].as_u64().map(|index| index as usize);
        match kind {
            "response.output_item.added" => {
                ensure(index == Some(items.len()), || format!("item added at {index:?}, {} are there", items.len()))?;
                items.push(data["item"].clone());
                finished.push(false);
                built.push(String::new());
            }
            "response.output_item.done" => {
                let index = known(index, items.len(), kind)?;
                ensure(!finished[index], || format!("item {index} is done twice"))?;
                finished[index] = true;
                check_built(&data["item"], &built[index])?;
                items[index] = data["item"].clone();
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                completed = Some(data["response"].clone())
            }
            "error" => return Err(format!("error event {data}")),
            _ => {
                if let Some(index) = index {
                    let index = known(Some(index), items.len(), kind)?;
                    ensure(!finished[index], || format!("{kind} for item {index}, which is done"))?;
                    ensure(data["item_id"] == items[index]["id"], || format!("{kind}: item_id {}", data["item_id"]))?;
                    if kind.ends_with(".delta") {
                        built[index].push_str(data["delta"].as_str().unwrap_or_default());
                    }
                }
            }
        }
    }
    let completed = completed.ok_or("no terminal event")?;
    ensure(finished.iter().all(|done| *done), || "an item was never done".into())?;
    ensure(completed["output"] == json!(items), || {
        format!("completed says {} and the stream says {}", completed["output"], json!(items))
    })?;
    read(&completed, items)
}

fn known(index: Option<usize>, count: usize, kind: &str) -> Result<usize, String> {
    index.filter(|index| *index < count).ok_or_else(|| format!("{kind} at {index:?} of {count}"))
}

fn check_built(item: &Value, built: &str) -> Result<(), String> {
    let stated = match item["type"].as_str().unwrap_or_default() {
        "message" => item["content"][0]["text"].as_str(),
        "function_call" => item["arguments"].as_str(),
        _ => None,
    };
    ensure(stated.is_none_or(|stated| stated == built), || format!("deltas made {built:?}, done says {stated:?}"))
}
