//! Anthropic Messages: one text block that ends its turn.

use super::{Answer, Made, sse, streamed, whole};
use crate::json::quote;

pub(super) fn refusal(answer: &Answer) -> Made {
    let (id, model, text) = (quote(&format!("msg_{}", answer.id)), quote(&answer.request.model), quote(answer.text));
    let message = |content: &str, stop: &str| {
        let usage = r#"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"service_tier":"standard"}"#;
        format!(
            r#"{{"id":{id},"type":"message","role":"assistant","model":{model},"content":[{content}],"stop_reason":{stop},"stop_sequence":null,"usage":{usage}}}"#
        )
    };
    if !answer.request.stream {
        return whole(message(&format!(r#"{{"type":"text","text":{text}}}"#), r#""end_turn""#));
    }
    let event = |kind: &str, rest: &str| sse(Some(kind), &format!(r#"{{"type":"{kind}"{rest}}}"#));
    streamed(vec![
        event("message_start", &format!(r#","message":{}"#, message("", "null"))),
        event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
        event("content_block_delta", &format!(r#","index":0,"delta":{{"type":"text_delta","text":{text}}}"#)),
        event("content_block_stop", r#","index":0"#),
        event(
            "message_delta",
            r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":0}"#,
        ),
        event("message_stop", ""),
    ])
}
