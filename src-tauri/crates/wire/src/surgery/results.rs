//! Results for calls that were taken out: what a later request carries in the place of a tool's answer, so that the model knows.

use super::responses::is_call;
use crate::json::{self, quote};
use bytes::Bytes;
use domain::{Dialect, ToolCall, is_earlier_result};

/// Whether an id was made from the call's place, because the dialect gave none: then the dialect must not see it.
fn is_made(id: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let place = id.strip_prefix("call-").and_then(|rest| rest.split_once('-'));
    id.is_empty() || place.is_some_and(|(position, index)| digits(position) && digits(index))
}

/// One result message. Chat and Ollama: role `tool`; Responses: a `function_call_output`; Anthropic: a user message with a
/// `tool_result`; Gemini: a `functionResponse`. For Responses' other kinds of calls use `result_messages`.
pub fn result_message(dialect: Dialect, call: &ToolCall, text: &str) -> Bytes {
    match dialect {
        // Only the deprecated `function_call` has no id.
        Dialect::OpenaiChat if is_made(&call.id) => {
            let (name, text) = (quote(&call.name), quote(text));
            Bytes::from(format!(r#"{{"role":"function","name":{name},"content":{text}}}"#))
        }
        Dialect::OpenaiChat => {
            let (id, text) = (quote(&call.id), quote(text));
            Bytes::from(format!(r#"{{"role":"tool","tool_call_id":{id},"content":{text}}}"#))
        }
        Dialect::OpenaiResponses => output_item("function_call", call, text),
        Dialect::Anthropic | Dialect::Gemini => gathered(dialect, &[(call, text)]),
        Dialect::Ollama => {
            let id = if is_made(&call.id) { String::new() } else { format!(r#","tool_call_id":{}"#, quote(&call.id)) };
            let (name, text) = (quote(&call.name), quote(text));
            Bytes::from(format!(r#"{{"role":"tool","tool_name":{name}{id},"content":{text}}}"#))
        }
    }
}

/// The messages that answer several calls of `answer` (from `answer_as_messages`), as the dialect wants them: Anthropic and
/// Gemini all in one message, the others one each; Responses in the kind of output that the call's own kind asks for.
pub fn result_messages(dialect: Dialect, answer: &[Bytes], results: &[(&ToolCall, &str)]) -> Vec<Bytes> {
    match dialect {
        _ if results.is_empty() => Vec::new(),
        Dialect::Anthropic | Dialect::Gemini => vec![gathered(dialect, results)],
        Dialect::OpenaiResponses => {
            results.iter().map(|(call, text)| output_item(&kind_of(answer, &call.id), call, text)).collect()
        }
        Dialect::OpenaiChat | Dialect::Ollama => {
            results.iter().map(|(call, text)| result_message(dialect, call, text)).collect()
        }
    }
}

/// One result as it stands inside a message: Anthropic's block, Gemini's part.
pub(crate) fn result_part(dialect: Dialect, id: &str, name: &str, text: &str) -> Bytes {
    let good = is_earlier_result(text);
    let text = quote(text);
    Bytes::from(match dialect {
        Dialect::Gemini => {
            let id = if is_made(id) { String::new() } else { format!(r#""id":{},"#, quote(id)) };
            let key = if good { "output" } else { "error" };
            format!(r#"{{"functionResponse":{{{id}"name":{},"response":{{"{key}":{text}}}}}}}"#, quote(name))
        }
        _ if good => format!(r#"{{"type":"tool_result","tool_use_id":{},"content":{text}}}"#, quote(id)),
        _ => format!(r#"{{"type":"tool_result","tool_use_id":{},"is_error":true,"content":{text}}}"#, quote(id)),
    })
}

fn gathered(dialect: Dialect, results: &[(&ToolCall, &str)]) -> Bytes {
    let parts: Vec<Bytes> =
        results.iter().map(|(call, text)| result_part(dialect, &call.id, &call.name, text)).collect();
    let key = if dialect == Dialect::Gemini { "parts" } else { "content" };
    let parts = parts.join(&b","[..]);
    Bytes::from([format!(r#"{{"role":"user","{key}":["#).as_bytes(), &parts, b"]}"].concat())
}

/// The type of the item that made a call.
fn kind_of(answer: &[Bytes], id: &str) -> String {
    let kind = answer.iter().find_map(|item| {
        let root = json::root(item)?;
        let own = json::text(item, json::member(item, root.clone(), "call_id")?)?;
        let kind = json::text(item, json::member(item, root.clone(), "type")?)?;
        (own == id && is_call(item, &root)).then(|| kind.into_owned())
    });
    kind.unwrap_or_else(|| String::from("function_call"))
}

fn output_item(kind: &str, call: &ToolCall, text: &str) -> Bytes {
    let good = is_earlier_result(text);
    let (id, text) = (quote(&call.id), quote(text));
    Bytes::from(match kind {
        "shell_call" if good => format!(
            r#"{{"type":"shell_call_output","call_id":{id},"output":[{{"stdout":{text},"stderr":"","outcome":{{"type":"exit","exit_code":0}}}}]}}"#
        ),
        "shell_call" => format!(
            r#"{{"type":"shell_call_output","call_id":{id},"output":[{{"stdout":"","stderr":{text},"outcome":{{"type":"exit","exit_code":1}}}}]}}"#
        ),
        "local_shell_call" => format!(r#"{{"type":"local_shell_call_output","id":{id},"output":{text}}}"#),
        "apply_patch_call" => {
            format!(r#"{{"type":"apply_patch_call_output","call_id":{id},"status":"failed","output":{text}}}"#)
        }
        kind => format!(r#"{{"type":"{kind}_output","call_id":{id},"output":{text}}}"#),
    })
}
