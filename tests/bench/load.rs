//! The load: chat requests of a given size, each its own or the next turn of one conversation.

use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use switchtower_tests::http::Request;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A request of about 1 KB whose words no other request has.
pub fn small(kind: &str) -> Request {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let text = format!("Question {number}: {}", "what would you say to this, in a few words? ".repeat(18));
    let stream = kind != "whole";
    let mut body = json!({"model": "gpt-4o-mini", "messages": [
        {"role": "system", "content": "You are a helpful assistant who answers briefly."}, {"role": "user", "content": text}
    ]});
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    request(kind, body.to_string())
}

/// A request whose answer tells no usage, so that its tokens are estimated.
pub fn uncounted(model: &str) -> Request {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "How many tokens are these?"}]});
    request("uncounted", body.to_string())
}

fn request(kind: &str, body: String) -> Request {
    Request::post("/v1/chat/completions", body)
        .header("authorization", "Bearer sk-bench-0000000000000000")
        .header("accept", "application/json")
        .header("user-agent", "OpenAI/Python 3.54.0")
        .header("x-bench", kind)
}

/// A coding agent's conversation, with tool calls and their results.
pub struct Conversation {
    number: u64,
    messages: Vec<String>,
}

impl Conversation {
    pub fn new() -> Conversation {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let task = json!({"role": "user", "content": format!("Task {number}: mend the tests.")});
        Conversation { number, messages: vec![task.to_string()] }
    }

    /// One that has come a long way before anybody sees it.
    pub fn long() -> Conversation {
        let mut conversation = Conversation::new();
        while conversation.bytes() < 400_000 {
            conversation.turn();
        }
        conversation
    }

    /// One more turn of the agent's loop: the call that the provider answered with, and its result of about 2 KB of code.
    pub fn turn(&mut self) {
        let turn = self.messages.len();
        let code: String = (0..40)
            .map(|line| {
                format!("    let value_{line} = read(\"{turn}/{line}\", {})?; // of {}\n", turn * line, self.number)
            })
            .collect();
        let id = self.call();
        self.messages.push(
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function",
            "function": {"name": "read_file", "arguments": arguments(&id)}}]})
            .to_string(),
        );
        self.messages.push(json!({"role": "tool", "tool_call_id": id, "content": code}).to_string());
    }

    /// The id of the call that the next answer makes.
    fn call(&self) -> String {
        format!("call_{}_{}", self.number, self.messages.len())
    }

    pub fn bytes(&self) -> usize {
        self.messages.iter().map(String::len).sum()
    }

    pub fn request(&self) -> Request {
        let tool = json!({"type": "function", "function": {"name": "read_file", "description": "Reads a file", "parameters":
            {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}});
        let body =
            format!("{{\"model\":\"gpt-4o-mini\",\"messages\":[{}],\"tools\":[{tool}]}}", self.messages.join(","));
        request("call", body).header("x-bench-call", &self.call())
    }
}

/// What a call with this id is made with.
pub fn arguments(id: &str) -> String {
    json!({"path": format!("src/{id}.rs")}).to_string()
}
