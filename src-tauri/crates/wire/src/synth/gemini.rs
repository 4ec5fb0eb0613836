//! Gemini: one chunk with text, calls and `STOP`; in SSE, in a JSON array, or as the whole body.

use super::{Answer, JSON, Made, sse, streamed, whole};
use crate::json::quote;
use bytes::Bytes;

pub(super) fn message(answer: &Answer) -> Made {
    let (id, model) = (quote(answer.id), quote(&answer.request.model));
    let text = answer.has_text().then(|| format!(r#"{{"text":{}}}"#, quote(answer.text)));
    let calls = answer.calls.iter().map(|call| {
        let (id, name) = (quote(&call.id), quote(&call.name));
        format!(r#"{{"functionCall":{{"id":{id},"name":{name},"args":{}}}}}"#, call.arguments)
    });
    let parts: Vec<String> = text.into_iter().chain(calls).collect();
    let stop = if answer.early { "MAX_TOKENS" } else { "STOP" };
    let candidate =
        format!(r#"{{"content":{{"parts":[{}],"role":"model"}},"finishReason":"{stop}","index":0}}"#, parts.join(","));
    let usage = r#"{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}"#;
    let chunk =
        format!(r#"{{"candidates":[{candidate}],"usageMetadata":{usage},"modelVersion":{model},"responseId":{id}}}"#);
    match (answer.request.stream, answer.request.array) {
        (false, _) => whole(chunk),
        (true, false) => streamed(vec![sse(None, &chunk)]),
        (true, true) => Made {
            status: 200,
            content_type: JSON,
            frames: vec![Bytes::from(format!("[{chunk}")), Bytes::from_static(b"]")],
        },
    }
}
