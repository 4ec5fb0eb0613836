//! Ollama: a line with the text and a final one, for `/api/chat` and `/api/generate`; Ollama streams unless told not to.

use super::{Answer, Made, whole};
use crate::json::{self, quote};
use bytes::Bytes;
use domain::{Timestamp, ToolCall};

const COUNTS: &str = r#""total_duration":0,"load_duration":0,"prompt_eval_count":0,"prompt_eval_duration":0,"eval_count":0,"eval_duration":0"#;

pub(super) fn message(answer: &Answer) -> Made {
    let body = &answer.request.body;
    let chats = json::root(body).is_some_and(|root| json::member(body, root, "messages").is_some());
    let calls: Vec<String> = answer.calls.iter().map(spelled).collect();
    let calls = if calls.is_empty() { String::new() } else { format!(r#","tool_calls":[{}]"#, calls.join(",")) };
    let said = |text: &str, calls: &str| match chats {
        true => format!(r#""message":{{"role":"assistant","content":{}{calls}}}"#, quote(text)),
        false => format!(r#""response":{}"#, quote(text)),
    };
    let model = quote(&answer.request.model);
    let at = quote(&Timestamp(answer.created_at.saturating_mul(1_000_000)).rfc3339());
    let head = format!(r#""model":{model},"created_at":{at}"#);
    let stop = if answer.early { "length" } else { "stop" };
    let last = |text: &str, calls: &str| {
        format!(r#"{{{head},{},"done":true,"done_reason":"{stop}",{COUNTS}}}"#, said(text, calls))
    };
    if !answer.request.stream {
        return whole(last(answer.text, &calls));
    }
    Made {
        status: 200,
        content_type: "application/x-ndjson",
        frames: vec![
            Bytes::from(format!("{{{head},{},\"done\":false}}\n", said(answer.text, &calls))),
            Bytes::from(format!("{}\n", last("", ""))),
        ],
    }
}

fn spelled(call: &ToolCall) -> String {
    format!(
        r#"{{"id":{},"function":{{"name":{},"arguments":{}}}}}"#,
        quote(&call.id),
        quote(&call.name),
        call.arguments
    )
}
