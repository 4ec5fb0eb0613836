//! Routes: which dialect and operation a path means. Paths are matched by suffix, since clients put all kinds of prefixes and
//! doubled versions before it. It must not know providers or labels: those are cut off before.

use domain::Dialect;
use http::HeaderMap;

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An answer of a model: what is observed, reasoned about and acted on.
    Generate,
    CountTokens,
    Embed,
    Models,
    Other,
}

/// What a path says before the body is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub dialect: Dialect,
    pub operation: Operation,
    /// Gemini: from the path.
    pub model: Option<String>,
    /// Gemini: from the path.
    pub stream: Option<bool>,
    /// Gemini: a JSON array, no SSE.
    pub array: bool,
}

/// The route of a path without its query; `None`: no model API that we know, to be passed through.
pub fn route(path: &str, query: Option<&str>, headers: &HeaderMap) -> Option<Route> {
    let path = path.trim_end_matches('/');
    let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = before.rsplit('/').next().unwrap_or_default();
    let plain = |dialect, operation| Some(Route { dialect, operation, model: None, stream: None, array: false });
    match (parent, last) {
        ("chat", "completions") => plain(Dialect::OpenaiChat, Operation::Generate),
        (_, "responses") => plain(Dialect::OpenaiResponses, Operation::Generate),
        ("responses", "input_tokens") => plain(Dialect::OpenaiResponses, Operation::CountTokens),
        ("responses", "compact") => plain(Dialect::OpenaiResponses, Operation::Other),
        // OpenAI's assistants have messages too.
        (_, "messages") if !before.contains("/threads/") => plain(Dialect::Anthropic, Operation::Generate),
        ("messages", "count_tokens") => plain(Dialect::Anthropic, Operation::CountTokens),
        ("messages", "batches") => plain(Dialect::Anthropic, Operation::Other),
        ("api", "chat" | "generate") => plain(Dialect::Ollama, Operation::Generate),
        ("api", "embed" | "embeddings") => plain(Dialect::Ollama, Operation::Embed),
        ("api", "tags" | "show" | "ps" | "version") => plain(Dialect::Ollama, Operation::Models),
        (_, "embeddings") => plain(Dialect::OpenaiChat, Operation::Embed),
        (_, "models") => plain(models_dialect(before, headers), Operation::Models),
        _ => gemini(last, query).or_else(|| match parent {
            "models" => plain(models_dialect(before, headers), Operation::Models),
            _ => None,
        }),
    }
}

fn models_dialect(before: &str, headers: &HeaderMap) -> Dialect {
    if headers.contains_key("anthropic-version") {
        Dialect::Anthropic
    } else if before.contains("/v1beta") || headers.contains_key("x-goog-api-key") {
        Dialect::Gemini
    } else {
        Dialect::OpenaiChat
    }
}

/// `…/models/NAME:METHOD`, wherever it hangs.
fn gemini(last: &str, query: Option<&str>) -> Option<Route> {
    let last = if last.contains('%') { last.replace("%3A", ":").replace("%3a", ":") } else { last.to_owned() };
    let (model, method) = last.rsplit_once(':')?;
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    let (operation, stream) = match method {
        "generateContent" => (Operation::Generate, false),
        "streamGenerateContent" => (Operation::Generate, true),
        "countTokens" => (Operation::CountTokens, false),
        "embedContent" | "batchEmbedContents" => (Operation::Embed, false),
        _ => return None,
    };
    Some(Route {
        dialect: Dialect::Gemini,
        operation,
        model: Some(model.to_owned()),
        stream: Some(stream),
        array: stream && !sse,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::*;
    use Operation::*;

    fn at(path: &str) -> Option<(Dialect, Operation)> {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        route(path, query, &HeaderMap::new()).map(|route| (route.dialect, route.operation))
    }

    #[test]
    fn paths_are_known_by_their_suffix() {
        for (path, expected) in [
            ("/v1/chat/completions", Some((OpenaiChat, Generate))),
            ("/chat/completions", Some((OpenaiChat, Generate))),
            ("/api/v1/chat/completions", Some((OpenaiChat, Generate))),
            ("/openai/deployments/x/chat/completions?api-version=1", Some((OpenaiChat, Generate))),
            ("/v1beta/openai/chat/completions", Some((OpenaiChat, Generate))),
            ("/responses", Some((OpenaiResponses, Generate))),
            ("/v1/responses/", Some((OpenaiResponses, Generate))),
            ("/v1/responses/input_tokens", Some((OpenaiResponses, CountTokens))),
            ("/messages", Some((Anthropic, Generate))),
            ("/v1/v1/messages?beta=true", Some((Anthropic, Generate))),
            ("/v1/messages/count_tokens", Some((Anthropic, CountTokens))),
            ("/v1/threads/t_1/messages", None),
            ("/models/g:generateContent", Some((Gemini, Generate))),
            ("/v1beta/v1beta/models/g:streamGenerateContent?alt=sse", Some((Gemini, Generate))),
            ("/v1/projects/p/locations/l/publishers/google/models/g%3AgenerateContent", Some((Gemini, Generate))),
            ("/v1beta/models/g:countTokens", Some((Gemini, CountTokens))),
            ("/v1beta/models", Some((Gemini, Models))),
            ("/v1/models/gpt-5", Some((OpenaiChat, Models))),
            ("/api/chat", Some((Ollama, Generate))),
            ("/api/generate", Some((Ollama, Generate))),
            ("/api/embeddings", Some((Ollama, Embed))),
            ("/v1/embeddings", Some((OpenaiChat, Embed))),
            ("/model/us.amazon.nova-lite-v1%3A0/converse", None),
            ("/model/anthropic.claude-3-haiku-20240307-v1:0/invoke", None),
            ("/mcp", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(at(path), expected, "{path}");
        }
    }

    #[test]
    fn gemini_names_model_and_stream_in_the_path() {
        let headers = HeaderMap::new();
        let array = route("/v1beta/models/gemini-2.5-pro:streamGenerateContent", None, &headers).unwrap();
        assert_eq!((array.model.as_deref(), array.stream, array.array), (Some("gemini-2.5-pro"), Some(true), true));
        let sse = route("/v1beta/models/g:streamGenerateContent", Some("key=k&alt=sse"), &headers).unwrap();
        assert!(!sse.array);
        let whole = route("/v1beta/models/g:generateContent", Some("alt=sse"), &headers).unwrap();
        assert_eq!((whole.stream, whole.array), (Some(false), false));
    }
}
