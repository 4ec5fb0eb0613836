//! A question of the runtime's own, in a dialect: one instruction, one text, no tools, unstreamed.

use crate::json::quote;
use crate::{Request, Route, parse};
use bytes::Bytes;
use domain::{Dialect, Limits, Scope};

/// The request, capped at so many tokens.
pub fn question(route: &Route, model: &str, instruction: &str, text: &str, output_tokens: u64) -> Option<Request> {
    let (said_model, instruction, text) = (quote(model), quote(instruction), quote(text));
    let body = match route.dialect {
        Dialect::OpenaiChat => format!(
            r#"{{"model":{said_model},"messages":[{{"role":"system","content":{instruction}}},{{"role":"user","content":{text}}}]}}"#
        ),
        Dialect::OpenaiResponses => format!(
            r#"{{"model":{said_model},"instructions":{instruction},"input":[{{"role":"user","content":[{{"type":"input_text","text":{text}}}]}}],"store":false}}"#
        ),
        Dialect::Anthropic => format!(
            r#"{{"model":{said_model},"max_tokens":{output_tokens},"system":{instruction},"messages":[{{"role":"user","content":{text}}}]}}"#
        ),
        Dialect::Gemini => format!(
            r#"{{"systemInstruction":{{"parts":[{{"text":{instruction}}}]}},"contents":[{{"role":"user","parts":[{{"text":{text}}}]}}]}}"#
        ),
        Dialect::Ollama => format!(
            r#"{{"model":{said_model},"stream":false,"messages":[{{"role":"system","content":{instruction}}},{{"role":"user","content":{text}}}]}}"#
        ),
    };
    let gemini = route.dialect == Dialect::Gemini;
    let model = gemini.then(|| model.to_owned());
    let route = Route { model, stream: gemini.then_some(false), array: false, ..route.clone() };
    let request = parse(&route, Bytes::from(body)).ok()?;
    let limits = Limits {
        output_tokens: Some(output_tokens),
        reasoning: None,
        tools: None,
        without: Vec::new(),
        scope: Scope::Call,
    };
    parse(&route, super::limit(&request, &limits).body).ok()
}

/// The address of an unstreamed answer of that model, from the address of the caller's own request; only Gemini's says either.
pub fn question_address(dialect: Dialect, url: &str, model: &str) -> String {
    if dialect != Dialect::Gemini {
        return url.to_owned();
    }
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = super::set_model_in_path(path, model).replace(":streamGenerateContent", ":generateContent");
    let rest: Vec<&str> = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("alt=")).collect();
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;

    #[test]
    fn a_question_reads_as_one_and_is_capped() {
        for dialect in Dialect::ALL {
            let model = (dialect == Dialect::Gemini).then(|| "big".to_owned());
            let stream = (dialect == Dialect::Gemini).then_some(true);
            let route = Route { dialect, operation: Operation::Generate, model, stream, array: true };
            let request = question(&route, "small", "Be brief.", "Long \"talk\".", 700).unwrap();
            assert_eq!(
                (request.model.as_str(), request.stream, request.max_output_tokens),
                ("small", false, Some(700))
            );
            let body = String::from_utf8(request.body.to_vec()).unwrap();
            assert!(body.contains("Be brief.") && body.contains(r#"Long \"talk\"."#), "{body}");
        }
    }

    #[test]
    fn the_address_is_that_of_an_unstreamed_answer() {
        let url = "https://x/v1beta/models/big:streamGenerateContent?alt=sse&key=k";
        let small = "https://x/v1beta/models/small:generateContent?key=k";
        assert_eq!(question_address(Dialect::Gemini, url, "small"), small);
        assert_eq!(question_address(Dialect::Anthropic, "https://x/v1/messages", "m"), "https://x/v1/messages");
    }
}
