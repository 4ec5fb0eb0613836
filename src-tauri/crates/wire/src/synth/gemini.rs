//! Gemini: one chunk with text and `STOP`; in SSE, in a JSON array, or as the whole body.

use super::{Answer, JSON, Made, sse, streamed, whole};
use crate::json::quote;
use bytes::Bytes;

pub(super) fn refusal(answer: &Answer) -> Made {
    let (id, model, text) = (quote(answer.id), quote(&answer.request.model), quote(answer.text));
    let candidate =
        format!(r#"{{"content":{{"parts":[{{"text":{text}}}],"role":"model"}},"finishReason":"STOP","index":0}}"#);
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
