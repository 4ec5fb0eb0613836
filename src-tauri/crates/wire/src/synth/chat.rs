//! OpenAI Chat Completions: role, text, calls and stop as chunks, then usage where the request includes it, then `[DONE]`.

use super::{Answer, Made, sse, streamed, whole};
use crate::json::quote;
use domain::ToolCall;

const USAGE: &str = r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;

pub(super) fn message(answer: &Answer) -> Made {
    let request = answer.request;
    let text = quote(answer.text);
    let (content, refusal) = match (answer.as_refusal, answer.has_text()) {
        (true, _) => ("null", text.as_str()),
        (false, true) => (text.as_str(), "null"),
        (false, false) => ("null", "null"),
    };
    let stop = match (answer.early, answer.calls.is_empty()) {
        (true, _) => r#""length""#,
        (false, true) => r#""stop""#,
        (false, false) => r#""tool_calls""#,
    };
    let head = |kind: &str| {
        let (id, created, model) =
            (quote(&format!("chatcmpl-{}", answer.id)), answer.created_at, quote(&request.model));
        format!(r#""id":{id},"object":"{kind}","created":{created},"model":{model}"#)
    };
    if !request.stream {
        let message = format!(
            r#"{{"role":"assistant","content":{content},"refusal":{refusal},"annotations":[]{}}}"#,
            whole_calls(answer)
        );
        let choice = format!(r#"{{"index":0,"message":{message},"logprobs":null,"finish_reason":{stop}}}"#);
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
    let opening = if answer.as_refusal || !answer.has_text() { "null" } else { r#""""# };
    let mut frames = vec![chunk(&format!(r#"{{"role":"assistant","content":{opening},"refusal":null}}"#), "null")];
    if answer.has_text() {
        let key = if answer.as_refusal { "refusal" } else { "content" };
        frames.push(chunk(&format!(r#"{{"{key}":{text}}}"#), "null"));
    }
    for (index, call) in answer.calls.iter().enumerate() {
        frames
            .push(chunk(&format!(r#"{{"tool_calls":[{}]}}"#, spelled(call, &format!(r#""index":{index},"#))), "null"));
    }
    frames.push(chunk("{}", stop));
    if counted {
        frames.push(sse(None, &format!(r#"{{{head},"choices":[],"usage":{USAGE}}}"#)));
    }
    frames.push(sse(None, "[DONE]"));
    streamed(frames)
}

/// A finished message's calls, as its last member; nothing where there are none.
fn whole_calls(answer: &Answer) -> String {
    if answer.calls.is_empty() {
        return String::new();
    }
    let calls: Vec<String> = answer.calls.iter().map(|call| spelled(call, "")).collect();
    format!(r#","tool_calls":[{}]"#, calls.join(","))
}

fn spelled(call: &ToolCall, index: &str) -> String {
    let (id, name, arguments) = (quote(&call.id), quote(&call.name), quote(&call.arguments));
    format!(r#"{{{index}"id":{id},"type":"function","function":{{"name":{name},"arguments":{arguments}}}}}"#)
}
