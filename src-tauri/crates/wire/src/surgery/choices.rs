//! Choices of an unstreamed answer beside the first: an agent may take any, so that their calls count, too.

use crate::facts::facts;
use crate::json;
use bytes::Bytes;
use domain::{Dialect, ToolCall};

/// The calls of every choice but the first, counted on from those of the first as `cut_whole` counts them.
pub fn calls_of_other_choices(dialect: Dialect, body: &Bytes) -> Vec<ToolCall> {
    let (list, message) = match dialect {
        Dialect::OpenaiChat => ("choices", "message"),
        Dialect::Gemini => ("candidates", "content"),
        Dialect::OpenaiResponses | Dialect::Anthropic | Dialect::Ollama => return Vec::new(),
    };
    let all = json::root(body).and_then(|root| json::find(body, root, &[list])).and_then(|at| json::elements(body, at));
    let all = all.filter(|all| all.len() > 1).unwrap_or_default();
    let mut calls: Vec<ToolCall> = Vec::new();
    let mut first = 0;
    for (place, choice) in all.into_iter().enumerate() {
        let Some(said) = json::member(body, choice, message) else { continue };
        let own = facts(dialect, &body[said], place as u32).calls;
        if place == 0 {
            first = own.len();
            continue;
        }
        for call in own {
            calls.push(ToolCall { index: (first + calls.len()) as u32, ..call });
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cut_whole;

    #[test]
    fn calls_of_other_choices_are_counted_as_they_are_cut() {
        let call = |name: &str| {
            format!(r#"{{"id":"{name}","type":"function","function":{{"name":"{name}","arguments":"{{}}"}}}}"#)
        };
        let choice = |calls: &str| {
            format!(r#"{{"message":{{"role":"assistant","tool_calls":[{calls}]}},"finish_reason":"tool_calls"}}"#)
        };
        let body =
            format!(r#"{{"choices":[{},{}]}}"#, choice(&call("a")), choice(&format!("{},{}", call("b"), call("c"))));
        let body = Bytes::from(body);
        let others = calls_of_other_choices(Dialect::OpenaiChat, &body);
        assert_eq!(others.iter().map(|call| (&*call.name, call.index)).collect::<Vec<_>>(), [("b", 1), ("c", 2)]);
        let cut = cut_whole(Dialect::OpenaiChat, &body, &[2]);
        let text = String::from_utf8(cut.to_vec()).unwrap();
        assert!(text.contains(r#""a""#) && text.contains(r#""b""#) && !text.contains(r#""c""#), "{text}");
        assert!(calls_of_other_choices(Dialect::Anthropic, &body).is_empty());
    }
}
