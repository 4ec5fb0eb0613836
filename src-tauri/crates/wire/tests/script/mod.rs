//! A scripted provider: one answer, spelled in each dialect, streamed and whole; and a proxy's way of using the surgeon on it.
#![allow(dead_code)] // each test binary uses its own part
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)] // an example uses it too, to which the allowance for tests does not reach

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use serde_json::{Value, json};
use switchtower_wire::{Answer, Decoder, Frame, Framer, Framing, StreamSurgeon};

#[derive(Debug, Clone)]
pub enum Item {
    Think(String),
    Say(String),
    /// Name, arguments as JSON.
    Call(String, String),
}

/// One answer of a provider.
#[derive(Debug, Clone)]
pub struct Script {
    pub id: String,
    pub items: Vec<Item>,
    pub input: u64,
    pub output: u64,
    /// Chat and Anthropic: all calls begin before the arguments of any come.
    pub interleaved: bool,
}

pub fn say(text: &str) -> Item {
    Item::Say(text.into())
}

pub fn think(text: &str) -> Item {
    Item::Think(text.into())
}

pub fn call(name: &str, arguments: &str) -> Item {
    Item::Call(name.into(), arguments.into())
}

pub fn script(id: &str, items: Vec<Item>) -> Script {
    Script { id: id.into(), items, input: 100, output: 10, interleaved: false }
}

pub const FRAMINGS: [(Dialect, Framing); 6] = [
    (Dialect::OpenaiChat, Framing::Sse),
    (Dialect::OpenaiResponses, Framing::Sse),
    (Dialect::Anthropic, Framing::Sse),
    (Dialect::Gemini, Framing::Sse),
    (Dialect::Gemini, Framing::JsonArray),
    (Dialect::Ollama, Framing::Ndjson),
];

impl Script {
    fn call_id(&self, place: usize) -> String {
        format!("call_{}_{place}", self.id)
    }

    fn has_calls(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Call(..)))
    }

    fn texts(&self) -> String {
        self.items
            .iter()
            .filter_map(|item| if let Item::Say(text) = item { Some(text.as_str()) } else { None })
            .collect()
    }

    fn thoughts(&self) -> String {
        self.items
            .iter()
            .filter_map(|item| if let Item::Think(text) = item { Some(text.as_str()) } else { None })
            .collect()
    }

    pub fn stream(&self, dialect: Dialect, framing: Framing) -> Bytes {
        match dialect {
            Dialect::OpenaiChat => sse(&self.chat_chunks(), "\n", Some("[DONE]")),
            Dialect::OpenaiResponses => sse(&self.responses_events(), "\n", None),
            Dialect::Anthropic => sse(&self.anthropic_events(), "\n", None),
            Dialect::Gemini if framing == Framing::JsonArray => {
                let all: Vec<String> = self.gemini_chunks().iter().map(Value::to_string).collect();
                Bytes::from(format!("[{}\n]\n", all.join(",\r\n")))
            }
            Dialect::Gemini => {
                sse(&self.gemini_chunks().into_iter().map(|chunk| (None, chunk)).collect::<Vec<_>>(), "\r\n", None)
            }
            Dialect::Ollama => {
                let lines: Vec<String> = self.ollama_lines().iter().map(|line| format!("{line}\n")).collect();
                Bytes::from(lines.concat())
            }
        }
    }

    pub fn whole(&self, dialect: Dialect) -> Bytes {
        let body = match dialect {
            Dialect::OpenaiChat => self.chat_body(),
            Dialect::OpenaiResponses => self.response("completed", self.response_items(), self.responses_usage()),
            Dialect::Anthropic => json!({
                "id": format!("msg_{}", self.id), "type": "message", "role": "assistant", "model": "claude-x",
                "content": self.anthropic_blocks(), "stop_reason": self.anthropic_stop(), "stop_sequence": null,
                "usage": {"input_tokens": self.input, "cache_read_input_tokens": 7, "output_tokens": self.output}
            }),
            Dialect::Gemini => {
                self.gemini_chunk(self.items.iter().flat_map(|item| self.gemini_part(item)).collect(), true)
            }
            Dialect::Ollama => {
                let mut line = self.ollama_last(&self.texts(), self.ollama_calls());
                let thought = self.thoughts();
                if !thought.is_empty() {
                    line["message"]["thinking"] = json!(thought);
                }
                line
            }
        };
        Bytes::from(body.to_string())
    }

    // Chat

    fn chat_chunk(&self, delta: Value, finish: Value) -> (Option<&'static str>, Value) {
        let chunk = json!({
            "id": format!("chatcmpl-{}", self.id), "object": "chat.completion.chunk", "created": 1_700_000_000 + self.id.len(),
            "model": "gpt-x", "service_tier": "default", "system_fingerprint": format!("fp_{}", self.id),
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}], "usage": null
        });
        (None, chunk)
    }

    fn chat_chunks(&self) -> Vec<(Option<&'static str>, Value)> {
        let mut out =
            vec![self.chat_chunk(json!({"role": "assistant", "content": null, "refusal": null}), Value::Null)];
        let (mut index, mut later) = (0, Vec::new());
        for (place, item) in self.items.iter().enumerate() {
            match item {
                Item::Think(text) => out.push(self.chat_chunk(json!({"reasoning_content": text}), Value::Null)),
                Item::Say(text) => {
                    out.extend(
                        pieces(text).iter().map(|piece| self.chat_chunk(json!({"content": piece}), Value::Null)),
                    );
                }
                Item::Call(name, arguments) => {
                    let start = json!({"index": index, "id": self.call_id(place), "type": "function", "function": {"name": name, "arguments": ""}});
                    out.push(self.chat_chunk(json!({"tool_calls": [start]}), Value::Null));
                    let rest: Vec<_> = pieces(arguments)
                        .iter()
                        .map(|piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
                        .map(|delta| self.chat_chunk(delta, Value::Null))
                        .collect();
                    if self.interleaved {
                        later.push(rest)
                    } else {
                        out.extend(rest)
                    }
                    index += 1;
                }
            }
        }
        out.extend(round_robin(later));
        out.push(self.chat_chunk(json!({}), json!(if index > 0 { "tool_calls" } else { "stop" })));
        let (_, mut usage) = self.chat_chunk(json!({}), Value::Null);
        usage["choices"] = json!([]);
        usage["usage"] = self.chat_usage();
        out.push((None, usage));
        out
    }

    fn chat_usage(&self) -> Value {
        json!({
            "prompt_tokens": self.input, "completion_tokens": self.output, "total_tokens": self.input + self.output,
            "prompt_tokens_details": {"cached_tokens": 7}, "completion_tokens_details": {"reasoning_tokens": 3}
        })
    }

    fn chat_body(&self) -> Value {
        let calls: Vec<Value> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| match item {
                Item::Call(name, arguments) => Some(
                    json!({"id": self.call_id(place), "type": "function", "function": {"name": name, "arguments": arguments}}),
                ),
                _ => None,
            })
            .collect();
        let text = self.texts();
        let thought = self.thoughts();
        let mut message = json!({"role": "assistant", "content": if text.is_empty() { Value::Null } else { json!(text) }, "refusal": null, "annotations": []});
        if !thought.is_empty() {
            message["reasoning_content"] = json!(thought);
        }
        let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        json!({
            "id": format!("chatcmpl-{}", self.id), "object": "chat.completion", "created": 1_700_000_000 + self.id.len(), "model": "gpt-x",
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
            "usage": self.chat_usage(), "service_tier": "default", "system_fingerprint": format!("fp_{}", self.id)
        })
    }

    // Responses

    fn responses_usage(&self) -> Value {
        json!({
            "input_tokens": self.input, "input_tokens_details": {"cached_tokens": 7}, "output_tokens": self.output,
            "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": self.input + self.output
        })
    }

    fn response(&self, status: &str, output: Vec<Value>, usage: Value) -> Value {
        json!({
            "id": format!("resp_{}", self.id), "object": "response", "created_at": 1_700_000_000 + self.id.len(), "status": status,
            "error": null, "incomplete_details": null, "instructions": null, "model": "gpt-x", "output": output,
            "parallel_tool_calls": true, "previous_response_id": null, "temperature": 1.0, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "usage": usage, "metadata": {}
        })
    }

    fn response_item(&self, place: usize, item: &Item, done: bool) -> Value {
        let status = if done { "completed" } else { "in_progress" };
        match item {
            Item::Think(text) => json!({
                "id": format!("rs_{}_{place}", self.id), "type": "reasoning",
                "summary": if done { json!([{"type": "summary_text", "text": text}]) } else { json!([]) },
                "encrypted_content": format!("gAAAA{place}")
            }),
            Item::Say(text) => json!({
                "id": format!("msg_{}_{place}", self.id), "type": "message", "status": status, "role": "assistant",
                "content": if done { json!([{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]) } else { json!([]) }
            }),
            Item::Call(name, arguments) => json!({
                "id": format!("fc_{}_{place}", self.id), "type": "function_call", "status": status,
                "arguments": if done { arguments } else { "" }, "call_id": self.call_id(place), "name": name
            }),
        }
    }

    fn response_items(&self) -> Vec<Value> {
        self.items.iter().enumerate().map(|(place, item)| self.response_item(place, item, true)).collect()
    }

    fn responses_events(&self) -> Vec<(Option<&'static str>, Value)> {
        let mut out: Vec<(&'static str, Value)> = vec![
            ("response.created", json!({"response": self.response("in_progress", Vec::new(), Value::Null)})),
            ("response.in_progress", json!({"response": self.response("in_progress", Vec::new(), Value::Null)})),
        ];
        for (place, item) in self.items.iter().enumerate() {
            let started = self.response_item(place, item, false);
            let id = started["id"].clone();
            let at = |rest: Value| {
                let mut event = json!({"item_id": id, "output_index": place});
                event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
                event
            };
            out.push(("response.output_item.added", json!({"output_index": place, "item": started})));
            match item {
                Item::Think(text) => {
                    out.push((
                        "response.reasoning_summary_part.added",
                        at(json!({"summary_index": 0, "part": {"type": "summary_text", "text": ""}})),
                    ));
                    out.push(("response.reasoning_summary_text.delta", at(json!({"summary_index": 0, "delta": text}))));
                    out.push(("response.reasoning_summary_text.done", at(json!({"summary_index": 0, "text": text}))));
                    out.push((
                        "response.reasoning_summary_part.done",
                        at(json!({"summary_index": 0, "part": {"type": "summary_text", "text": text}})),
                    ));
                }
                Item::Say(text) => {
                    let part =
                        |text: &str| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
                    out.push(("response.content_part.added", at(json!({"content_index": 0, "part": part("")}))));
                    for piece in pieces(text) {
                        out.push((
                            "response.output_text.delta",
                            at(json!({"content_index": 0, "delta": piece, "logprobs": []})),
                        ));
                    }
                    out.push((
                        "response.output_text.done",
                        at(json!({"content_index": 0, "text": text, "logprobs": []})),
                    ));
                    out.push(("response.content_part.done", at(json!({"content_index": 0, "part": part(text)}))));
                }
                Item::Call(_, arguments) => {
                    for piece in pieces(arguments) {
                        out.push(("response.function_call_arguments.delta", at(json!({"delta": piece}))));
                    }
                    out.push(("response.function_call_arguments.done", at(json!({"arguments": arguments}))));
                }
            }
            out.push((
                "response.output_item.done",
                json!({"output_index": place, "item": self.response_item(place, item, true)}),
            ));
        }
        out.push((
            "response.completed",
            json!({"response": self.response("completed", self.response_items(), self.responses_usage())}),
        ));
        let numbered = out.into_iter().enumerate().map(|(number, (kind, rest))| {
            let mut event = json!({"type": kind, "sequence_number": number});
            event.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            (Some(kind), event)
        });
        numbered.collect()
    }

    // Anthropic

    fn anthropic_stop(&self) -> &'static str {
        if self.has_calls() { "tool_use" } else { "end_turn" }
    }

    fn anthropic_blocks(&self) -> Vec<Value> {
        let block = |(place, item): (usize, &Item)| match item {
            Item::Think(text) => json!({"type": "thinking", "thinking": text, "signature": format!("sig+{place}==")}),
            Item::Say(text) => json!({"type": "text", "text": text}),
            Item::Call(name, arguments) => json!({
                "type": "tool_use", "id": self.call_id(place), "name": name,
                "input": serde_json::from_str::<Value>(arguments).unwrap()
            }),
        };
        self.items.iter().enumerate().map(block).collect()
    }

    fn anthropic_events(&self) -> Vec<(Option<&'static str>, Value)> {
        let start = json!({
            "id": format!("msg_{}", self.id), "type": "message", "role": "assistant", "model": "claude-x", "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": self.input, "cache_read_input_tokens": 7, "output_tokens": 1}
        });
        let mut out = vec![(Some("message_start"), json!({"type": "message_start", "message": start}))];
        let delta = |index: usize, delta: Value| {
            (Some("content_block_delta"), json!({"type": "content_block_delta", "index": index, "delta": delta}))
        };
        for (index, item) in self.items.iter().enumerate() {
            let block = match item {
                Item::Think(_) => json!({"type": "thinking", "thinking": "", "signature": ""}),
                Item::Say(_) => json!({"type": "text", "text": ""}),
                Item::Call(name, _) => {
                    json!({"type": "tool_use", "id": self.call_id(index), "name": name, "input": {}})
                }
            };
            out.push((
                Some("content_block_start"),
                json!({"type": "content_block_start", "index": index, "content_block": block}),
            ));
            match item {
                Item::Think(text) => {
                    out.push(delta(index, json!({"type": "thinking_delta", "thinking": text})));
                    out.push(delta(index, json!({"type": "signature_delta", "signature": format!("sig+{index}==")})));
                }
                Item::Say(text) => {
                    out.extend(
                        pieces(text).iter().map(|piece| delta(index, json!({"type": "text_delta", "text": piece}))),
                    );
                }
                Item::Call(_, arguments) => {
                    out.push((Some("ping"), json!({"type": "ping"})));
                    out.extend(
                        pieces(arguments)
                            .iter()
                            .map(|piece| delta(index, json!({"type": "input_json_delta", "partial_json": piece}))),
                    );
                }
            }
            out.push((Some("content_block_stop"), json!({"type": "content_block_stop", "index": index})));
        }
        out.push((
            Some("message_delta"),
            json!({"type": "message_delta", "delta": {"stop_reason": self.anthropic_stop(), "stop_sequence": null},
                "usage": {"input_tokens": self.input, "cache_read_input_tokens": 7, "output_tokens": self.output}}),
        ));
        out.push((Some("message_stop"), json!({"type": "message_stop"})));
        out
    }

    // Gemini

    fn gemini_part(&self, item: &Item) -> Vec<Value> {
        match item {
            Item::Think(text) => vec![json!({"text": text, "thought": true})],
            Item::Say(text) => pieces(text).iter().map(|piece| json!({"text": piece})).collect(),
            Item::Call(name, arguments) => vec![json!({
                "functionCall": {"name": name, "args": serde_json::from_str::<Value>(arguments).unwrap()},
                "thoughtSignature": "c2lnbmF0dXJl"
            })],
        }
    }

    fn gemini_chunk(&self, parts: Vec<Value>, last: bool) -> Value {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}});
        if last {
            candidate["finishReason"] = json!("STOP");
        }
        candidate["index"] = json!(0);
        json!({
            "candidates": [candidate],
            "usageMetadata": {"promptTokenCount": self.input, "candidatesTokenCount": self.output, "totalTokenCount": self.input + self.output,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": self.input}]},
            "modelVersion": "gemini-x", "responseId": format!("g{}", self.id)
        })
    }

    /// Neighbouring calls share a chunk, and the last part comes with the finish reason, as Gemini sends them.
    fn gemini_chunks(&self) -> Vec<Value> {
        let mut chunks: Vec<Vec<Value>> = Vec::new();
        let mut after_call = false;
        for item in &self.items {
            let is_call = matches!(item, Item::Call(..));
            for part in self.gemini_part(item) {
                match chunks.last_mut() {
                    Some(last) if is_call && after_call => last.push(part),
                    _ => chunks.push(vec![part]),
                }
            }
            after_call = is_call;
        }
        let count = chunks.len();
        chunks.into_iter().enumerate().map(|(place, parts)| self.gemini_chunk(parts, place + 1 == count)).collect()
    }

    // Ollama

    fn ollama_calls(&self) -> Vec<Value> {
        let mut index = 0;
        let mut calls = Vec::new();
        for item in &self.items {
            if let Item::Call(name, arguments) = item {
                calls.push(json!({"function": {"index": index, "name": name, "arguments": serde_json::from_str::<Value>(arguments).unwrap()}}));
                index += 1;
            }
        }
        calls
    }

    fn ollama_line(&self, message: Value) -> Value {
        json!({"model": "llama-x", "created_at": "2026-11-23T00:00:00Z", "message": message, "done": false})
    }

    fn ollama_last(&self, text: &str, calls: Vec<Value>) -> Value {
        let mut line = self.ollama_line(json!({"role": "assistant", "content": text}));
        if !calls.is_empty() {
            line["message"]["tool_calls"] = json!(calls);
        }
        line["done"] = json!(true);
        let counts = json!({"done_reason": "stop", "total_duration": 900, "load_duration": 1, "prompt_eval_count": self.input,
            "prompt_eval_duration": 300, "eval_count": self.output, "eval_duration": 500});
        line.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        line
    }

    fn ollama_lines(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        let mut calls = self.ollama_calls().into_iter();
        for item in &self.items {
            match item {
                Item::Think(text) => {
                    lines.push(self.ollama_line(json!({"role": "assistant", "content": "", "thinking": text})))
                }
                Item::Say(text) => {
                    lines.extend(
                        pieces(text)
                            .iter()
                            .map(|piece| self.ollama_line(json!({"role": "assistant", "content": piece}))),
                    );
                }
                Item::Call(..) => {
                    let call: Vec<Value> = calls.next().into_iter().collect();
                    lines.push(self.ollama_line(json!({"role": "assistant", "content": "", "tool_calls": call})));
                }
            }
        }
        lines.push(self.ollama_last("", Vec::new()));
        lines
    }
}

/// A text in up to three pieces, cut between letters.
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(letters.len().div_ceil(3).max(1)).map(|piece| piece.iter().collect()).collect()
}

fn round_robin<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut out = Vec::new();
    loop {
        let before = out.len();
        out.extend(lists.iter_mut().filter_map(Iterator::next));
        if out.len() == before {
            return out;
        }
    }
}

fn sse(events: &[(Option<&'static str>, Value)], line: &str, last: Option<&str>) -> Bytes {
    let mut out = String::new();
    for (event, data) in events {
        if let Some(event) = event {
            out.push_str(&format!("event: {event}{line}"));
        }
        out.push_str(&format!("data: {data}{line}{line}"));
    }
    if let Some(last) = last {
        out.push_str(&format!("data: {last}{line}{line}"));
    }
    Bytes::from(out)
}

/// What came out of one response under the knife.
#[derive(Debug, Default)]
pub struct Driven {
    pub out: Vec<Bytes>,
    pub judged: Vec<ToolCall>,
    pub dropped: Vec<ToolCall>,
    pub follow_ups: usize,
    pub ended: bool,
}

impl Driven {
    pub fn bytes(&self) -> Vec<u8> {
        self.out.concat()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

/// Drives a surgeon over a response and its follow-ups as a proxy would: calls are judged as soon as they are offered; where a
/// follow-up is wanted and none is left, the response is ended with a note.
pub fn drive(
    dialect: Dialect,
    framing: Framing,
    streams: &[Bytes],
    cuts: &[usize],
    holds: fn(&str) -> bool,
    drops: &dyn Fn(&ToolCall) -> bool,
) -> Driven {
    let mut surgeon = StreamSurgeon::new(dialect, framing, Box::new(holds));
    let mut driven = Driven::default();
    for (leg, stream) in streams.iter().enumerate() {
        if leg > 0 {
            assert!(
                surgeon.wants_continuation(),
                "a follow-up that nobody wants after {}",
                String::from_utf8_lossy(&driven.bytes())
            );
            surgeon.continue_with();
            driven.follow_ups += 1;
        }
        let mut framer = Framer::new(framing);
        let mut frames: Vec<Frame> = Vec::new();
        for chunk in chunked(stream, cuts) {
            frames.extend(framer.push(chunk));
        }
        frames.extend(framer.finish());
        for frame in frames {
            let cut = surgeon.push(frame);
            driven.out.extend(cut.out);
            for call in cut.judge {
                let out = if drops(&call) { surgeon.drop_call(call.index) } else { surgeon.keep(call.index) };
                driven.judged.push(call);
                driven.out.extend(out);
            }
        }
        driven.out.extend(surgeon.finish());
    }
    driven.out.extend(surgeon.abandon("[blocked by rule r1]"));
    driven.dropped = surgeon.dropped().to_vec();
    driven.ended = surgeon.has_ended();
    driven
}

/// The bytes in pieces whose sizes repeat `cuts`; none: in one.
pub fn chunked(stream: &Bytes, cuts: &[usize]) -> Vec<Bytes> {
    let mut rest = stream.clone();
    let mut sizes = cuts.iter().copied().cycle();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(rest.len()).clamp(1, rest.len());
        out.push(rest.split_to(size));
    }
    out
}

/// What wire's own decoder reads from an agent's side of a stream.
pub fn decoded(dialect: Dialect, framing: Framing, bytes: &[u8]) -> Answer {
    let mut framer = Framer::new(framing);
    let mut decoder = Decoder::new(dialect, framing);
    let mut frames = framer.push(Bytes::copy_from_slice(bytes));
    frames.extend(framer.finish());
    frames.iter().for_each(|frame| {
        decoder.push(frame);
    });
    decoder.into_answer()
}

pub fn frames_of(framing: Framing, bytes: &Bytes) -> Vec<Frame> {
    let mut framer = Framer::new(framing);
    let mut frames = framer.push(bytes.clone());
    frames.extend(framer.finish());
    frames
}
