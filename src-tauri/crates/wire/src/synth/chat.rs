//! OpenAI Chat Completions: role, text and stop as chunks, then usage where the request includes it, then `[DONE]`.

use super::{Answer, Made, sse, streamed, whole};
use crate::json::quote;

const USAGE: &str = r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

pub(super) fn refusal(answer: &Answer) -> Made {
    let request = answer.request;
    let text = quote(answer.text);
    let (content, refusal) = if request.json_schema { ("null", text.as_str()) } else { (text.as_str(), "null") };
    let head = |kind: &str| {
        let (id, created, model) =
            (quote(&format!("chatcmpl-{}", answer.id)), answer.created_at, quote(&request.model));
        format!(r#""id":{id},"object":"{kind}","created":{created},"model":{model}"#)
    };
    if !request.stream {
        let message = format!(r#"{{"role":"assistant","content":{content},"refusal":{refusal},"annotations":[]}}"#);
        let choice = format!(r#"{{"index":0,"message":{message},"logprobs":null,"finish_reason":"stop"}}"#);
        let head = head("chat.completion");
        return whole(format!(r#"{{{head},"choices":[{choice}],"usage":{USAGE},"system_fingerprint":null}}"#));
    }
    let counted = request.include_usage == Some(true);
    let head = head("chat.completion.chunk");
    let usage = if counted { r#","usage":null"# } else { "" };
    let chunk = |delta: &str, finish: &str| {
        let choice = format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#);
        sse(None, &format!(r#"{{{head},"choices":[{choice}]{usage}}}"#))
    };
    let said =
        if request.json_schema { format!(r#"{{"refusal":{text}}}"#) } else { format!(r#"{{"content":{text}}}"#) };
    let opening = if request.json_schema { "null" } else { r#""""# };
    let mut frames = vec![
        chunk(&format!(r#"{{"role":"assistant","content":{opening},"refusal":null}}"#), "null"),
        chunk(&said, "null"),
        chunk("{}", r#""stop""#),
    ];
    if counted {
        frames.push(sse(None, &format!(r#"{{{head},"choices":[],"usage":{USAGE}}}"#)));
    }
    frames.push(sse(None, "[DONE]"));
    streamed(frames)
}
