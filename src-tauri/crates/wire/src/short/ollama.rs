//! Ollama: a line with the note, and the final one with `length`.

use super::{EndEarly, Ended, behind};
use crate::Request;
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) fn end(request: &Request, documents: &[Value], ending: &EndEarly<'_>) -> Option<Ended> {
    let last = documents.iter().rev().find(|line| line["message"].is_object() || line["response"].is_string())?;
    let chats = last["message"].is_object();
    let text = |line: &Value| {
        let said = if chats { &line["message"]["content"] } else { &line["response"] };
        said.as_str().is_some_and(|text| !text.is_empty())
    };
    let note = behind(documents.iter().any(text), ending.note);
    let line = |text: &str| {
        let mut line = json!({ "model": request.model, "created_at": last["created_at"] });
        if let Some(model) = last.get("model") {
            line["model"] = model.clone();
        }
        match chats {
            true => line["message"] = json!({ "role": "assistant", "content": text }),
            false => line["response"] = text.into(),
        }
        line["done"] = false.into();
        line
    };
    let mut done = line("");
    done["done"] = true.into();
    done["done_reason"] = "length".into();
    for key in ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] {
        done[key] = 0.into();
    }
    done["prompt_eval_count"] = ending.usage.input.into();
    done["eval_count"] = ending.usage.output.into();
    let frames = vec![Bytes::from(format!("{}\n", line(&note))), Bytes::from(format!("{done}\n"))];
    Some(Ended { frames, unfinished: None })
}
