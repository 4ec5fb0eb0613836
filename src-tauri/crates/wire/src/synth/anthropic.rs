//! Anthropic Messages: a text block, a block for each call, and the stop that fits.

use super::{Answer, Made, sse, streamed, whole};
use crate::json::quote;

pub(super) fn message(answer: &Answer) -> Made {
    let (id, model) = (quote(&format!("msg_{}", answer.id)), quote(&answer.request.model));
    let message = |content: &str, stop: &str| {
        let usage = r#"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"service_tier":"standard"}"#;
        format!(
            r#"{{"id":{id},"type":"message","role":"assistant","model":{model},"content":[{content}],"stop_reason":{stop},"stop_sequence":null,"usage":{usage}}}"#
        )
    };
    let stop = match (answer.early, answer.calls.is_empty()) {
        (true, _) => "max_tokens",
        (false, true) => "end_turn",
        (false, false) => "tool_use",
    };
    if !answer.request.stream {
        let blocks: Vec<String> = blocks(answer).iter().map(Block::whole).collect();
        return whole(message(&blocks.join(","), &quote(stop)));
    }
    let event = |kind: &str, rest: &str| sse(Some(kind), &format!(r#"{{"type":"{kind}"{rest}}}"#));
    let mut frames = vec![event("message_start", &format!(r#","message":{}"#, message("", "null")))];
    for (index, block) in blocks(answer).iter().enumerate() {
        let at = format!(r#","index":{index}"#);
        frames.push(event("content_block_start", &format!(r#"{at},"content_block":{}"#, block.opening())));
        frames.push(event("content_block_delta", &format!(r#"{at},"delta":{}"#, block.delta())));
        frames.push(event("content_block_stop", &at));
    }
    let delta = format!(r#","delta":{{"stop_reason":"{stop}","stop_sequence":null}},"usage":{{"output_tokens":0}}"#);
    frames.extend([event("message_delta", &delta), event("message_stop", "")]);
    streamed(frames)
}

enum Block {
    Text(String),
    /// Id and name in JSON, arguments as they are.
    Call(String, String, String),
}

fn blocks(answer: &Answer) -> Vec<Block> {
    let text = answer.has_text().then(|| Block::Text(quote(answer.text)));
    let calls = answer.calls.iter().map(|call| Block::Call(quote(&call.id), quote(&call.name), call.arguments.clone()));
    text.into_iter().chain(calls).collect()
}

impl Block {
    fn whole(&self) -> String {
        match self {
            Block::Text(text) => format!(r#"{{"type":"text","text":{text}}}"#),
            Block::Call(id, name, input) => format!(r#"{{"type":"tool_use","id":{id},"name":{name},"input":{input}}}"#),
        }
    }

    fn opening(&self) -> String {
        match self {
            Block::Text(_) => Block::Text(quote("")).whole(),
            Block::Call(id, name, _) => Block::Call(id.clone(), name.clone(), "{}".to_owned()).whole(),
        }
    }

    fn delta(&self) -> String {
        match self {
            Block::Text(text) => format!(r#"{{"type":"text_delta","text":{text}}}"#),
            Block::Call(_, _, input) => format!(r#"{{"type":"input_json_delta","partial_json":{}}}"#, quote(input)),
        }
    }
}
