//! A scripted agent: sends its whole history each turn, runs the tools that are called, sends the results back.

use crate::{
    Answer, Call, Dialect, cells,
    http::{Broken, Client, Request, Response},
};
use serde_json::{Value, json};

/// A tool as agents declare it.
#[derive(Debug, Clone)]
pub struct Tool {
    pub name: String,
    pub description: String,
}

/// What a tool said, and whether it failed.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub text: String,
    pub failed: bool,
}

impl Outcome {
    pub fn good(text: &str) -> Outcome {
        Outcome { text: text.into(), failed: false }
    }

    pub fn bad(text: &str) -> Outcome {
        Outcome { text: text.into(), failed: true }
    }
}

/// An agent of one dialect with its conversation so far, in that dialect's own messages.
#[derive(Debug, Clone)]
pub struct Agent {
    pub base: String,
    /// Before the dialect's path: `/@agent~session`, `/p/NAME`, or nothing.
    pub prefix: String,
    pub dialect: Dialect,
    pub streamed: bool,
    pub key: String,
    pub system: String,
    pub tools: Vec<Tool>,
    pub history: Vec<Value>,
    /// Put into each request body as they are.
    pub extra: Value,
    pub headers: Vec<(String, String)>,
    /// What its answers belong to.
    pub row: String,
}

impl Agent {
    pub fn new(base: &str, dialect: Dialect, streamed: bool) -> Agent {
        Agent {
            base: base.into(),
            prefix: String::new(),
            dialect,
            streamed,
            key: "sk-scripted-0123456789abcdef".into(),
            system: "You are a careful assistant.".into(),
            tools: ["search", "read_file", "delete_file"]
                .map(|name| Tool { name: name.into(), description: format!("The tool {name}.") })
                .to_vec(),
            history: Vec::new(),
            extra: json!({}),
            headers: Vec::new(),
            row: cells::row(),
        }
    }

    /// An agent that fills a cell of a table.
    #[must_use]
    pub fn filling(mut self, row: &str) -> Agent {
        cells::demand(row, self.dialect, self.streamed);
        self.row = row.into();
        self
    }

    #[must_use]
    pub fn labelled(mut self, label: &str) -> Agent {
        self.prefix = format!("/@{label}");
        self
    }

    pub fn say(&mut self, text: &str) {
        self.history.push(match self.dialect {
            Dialect::Gemini | Dialect::GeminiArray => json!({"role": "user", "parts": [{"text": text}]}),
            Dialect::Responses => json!({"role": "user", "content": [{"type": "input_text", "text": text}]}),
            _ => json!({"role": "user", "content": text}),
        });
    }

    /// Appends the results of an answer's calls.
    pub fn give(&mut self, results: &[(Call, Outcome)]) {
        match self.dialect {
            Dialect::Chat => self.history.extend(
                results
                    .iter()
                    .map(|(call, outcome)| json!({"role": "tool", "tool_call_id": call.id, "content": outcome.text})),
            ),
            Dialect::Responses => self.history.extend(results.iter().map(
                |(call, outcome)| json!({"type": "function_call_output", "call_id": call.id, "output": outcome.text}),
            )),
            Dialect::Anthropic => {
                let blocks: Vec<Value> = results
                    .iter()
                    .map(|(call, outcome)| {
                        let mut block = json!({"type": "tool_result", "tool_use_id": call.id, "content": outcome.text});
                        if outcome.failed {
                            block["is_error"] = json!(true);
                        }
                        block
                    })
                    .collect();
                self.history.push(json!({"role": "user", "content": blocks}));
            }
            Dialect::Gemini | Dialect::GeminiArray => {
                let parts: Vec<Value> = results
                    .iter()
                    .map(|(call, outcome)| {
                        let key = if outcome.failed { "error" } else { "output" };
                        json!({"functionResponse": {"name": call.name, "response": {key: outcome.text}}})
                    })
                    .collect();
                self.history.push(json!({"role": "user", "parts": parts}));
            }
            Dialect::Ollama | Dialect::OllamaGenerate => self.history.extend(
                results
                    .iter()
                    .map(|(call, outcome)| json!({"role": "tool", "tool_name": call.name, "content": outcome.text})),
            ),
        }
    }

    /// The body of the next request.
    pub fn body(&self) -> Value {
        let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
        let functions = |wrap: &dyn Fn(Value) -> Value| -> Value {
            self.tools
                .iter()
                .map(|tool| wrap(json!({"name": tool.name, "description": tool.description, "parameters": schema})))
                .collect()
        };
        let model = self.dialect.model();
        let with_system = || {
            let mut messages = vec![json!({"role": "system", "content": self.system})];
            messages.extend(self.history.iter().cloned());
            messages
        };
        let mut body = match self.dialect {
            Dialect::Chat => json!({"model": model, "messages": with_system(),
                "tools": functions(&|function| json!({"type": "function", "function": function}))}),
            Dialect::Responses => json!({"model": model, "instructions": self.system, "input": self.history,
                "tools": functions(&|mut function| { function["type"] = json!("function"); function }), "store": false}),
            Dialect::Anthropic => json!({"model": model, "max_tokens": 4096, "system": self.system,
                "messages": self.history, "tools": self.tools.iter().map(|tool| json!({"name": tool.name,
                    "description": tool.description, "input_schema": schema})).collect::<Value>()}),
            Dialect::Gemini | Dialect::GeminiArray => json!({"contents": self.history,
                "systemInstruction": {"parts": [{"text": self.system}]},
                "tools": [{"functionDeclarations": functions(&|function| function)}]}),
            Dialect::Ollama => json!({"model": model, "messages": with_system(),
                "tools": functions(&|function| json!({"type": "function", "function": function}))}),
            Dialect::OllamaGenerate => json!({"model": model, "system": self.system,
                "prompt": self.history.last().map(|message| message["content"].clone())}),
        };
        if !matches!(self.dialect, Dialect::Gemini | Dialect::GeminiArray) {
            body["stream"] = json!(self.streamed);
        }
        for (key, value) in self.extra.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        body
    }

    pub fn request(&self) -> Request {
        let mut request = self.dialect.request(self.streamed, &self.key, self.body().to_string());
        request.target = format!("{}{}", self.prefix, request.target);
        request.headers.extend(self.headers.iter().cloned());
        request
    }

    /// One request; the answer is not yet part of the history.
    pub async fn send(&self) -> Result<Response, Broken> {
        Client::once(&self.base, &self.request()).await
    }

    /// One request whose answer is good; it joins the history.
    pub async fn turn(&mut self) -> (Answer, Response) {
        let response = self.send().await.expect("an answer");
        let answer = Answer::of(self.dialect, self.streamed, &response);
        cells::keep(&self.row, self.dialect, self.streamed, &response, &answer);
        self.history.extend(answer.messages.iter().cloned());
        (answer, response)
    }

    /// Says `text`, then loops until an answer without calls, like a real agent; at most `most` requests.
    pub async fn run(&mut self, text: &str, most: usize, tool: impl Fn(&Call) -> Outcome) -> Vec<Answer> {
        self.say(text);
        let mut answers = Vec::new();
        while answers.len() < most {
            let (answer, _) = self.turn().await;
            let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), tool(call))).collect();
            answers.push(answer);
            if results.is_empty() {
                break;
            }
            self.give(&results);
        }
        answers
    }
}
