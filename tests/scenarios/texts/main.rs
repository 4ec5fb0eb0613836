//! Texts of every kind that a request or an answer can hold, under rules that put them into other words: what must not get out does not,
//! what carries, names or signs keeps every byte, and the agent gets its own words back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod answers;
mod beside;
mod contexts;
mod requests;
mod results;

use bytes::Bytes;
use serde_json::{Value, json};
use switchtower_tests::{
    Dialect, Options, Provider, Received, Reply, Runtime,
    http::{Client, Response},
};

const SAFE: &str = "version = 1\nsafety_classifiers = [\"secrets\", \"pii\"]\n";
const KEY: &str = "AKIAABCDEFGHIJKLMNOP";
const TOKEN: &str = "[redacted:secret_key:1]";

/// One request under a policy: what its agent got, and what went upstream.
async fn once(policy: &str, dialect: Dialect, streamed: bool, body: Value, reply: Reply) -> (Response, Received) {
    let provider = Provider::start(move |_| reply.clone()).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let request = dialect.request(streamed, "sk-x", body.to_string());
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    (response, provider.last())
}

/// A stream of events, each with this line end.
fn events(line: &str, data: &[Value]) -> Reply {
    let event = |data: &Value| {
        let named = data["type"].as_str().map(|kind| format!("event: {kind}{line}")).unwrap_or_default();
        Bytes::from(format!("{named}data: {data}{line}{line}"))
    };
    Reply::stream("text/event-stream", data.iter().map(event).collect())
}

/// A chat stream, its end included.
fn chat_stream(line: &str, chunks: &[Value]) -> Reply {
    let mut pieces: Vec<Bytes> = chunks.iter().map(|chunk| Bytes::from(format!("data: {chunk}{line}{line}"))).collect();
    pieces.push(format!("data: [DONE]{line}{line}").into());
    Reply::stream("text/event-stream", pieces)
}

fn chunk(index: u64, content: &str) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": index, "delta": {"content": content}, "finish_reason": null}]})
}

fn finish(index: u64) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]})
}

/// The data of a stream's events.
fn data(response: &Response) -> Vec<Value> {
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    let lines =
        text.lines().filter_map(|line| line.strip_prefix("data: ").or_else(|| line.starts_with('{').then_some(line)));
    lines.filter(|line| *line != "[DONE]").map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn said(response: &Response, index: u64) -> String {
    let choices = data(response).into_iter().flat_map(|chunk| chunk["choices"].as_array().cloned().unwrap_or_default());
    choices
        .filter(|choice| choice["index"] == index)
        .filter_map(|choice| Some(choice["delta"]["content"].as_str()?.to_owned()))
        .collect()
}

fn chat(messages: Value) -> Value {
    json!({"model": "gpt-4o-mini", "messages": messages})
}

fn whole_chat(text: &str) -> Reply {
    Reply::json(200, json!({"id": "c1", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}).to_string())
}
