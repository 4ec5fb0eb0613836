//! What is checked of one exchange.

use super::data::Exchange;
use bytes::Bytes;
use domain::{Dialect, Hash, Usage};
use serde_json::Value;
use wire::{Answer, Decoder, Framer, Framing, Operation, Request};

pub fn parsed(exchange: &Exchange) -> Option<Request> {
    let route = exchange.route().filter(|route| route.operation == Operation::Generate)?;
    wire::parse(&route, Bytes::copy_from_slice(exchange.request.as_bytes())).ok()
}

/// The request's index agrees with a full parse, and its image gives the exact bytes back.
pub fn request(exchange: &Exchange) {
    if !exchange.route().is_some_and(|route| route.operation == Operation::Generate) || exchange.request.is_empty() {
        return;
    }
    let id = &exchange.id;
    let request = parsed(exchange)
        .unwrap_or_else(|| panic!("{id} is not read: {}", &exchange.request[..exchange.request.len().min(200)]));
    let image = wire::image(&request, &[], &mut |_| false);
    let messages: Vec<Bytes> = image.appended.iter().map(|(_, _, bytes)| bytes.clone()).collect();
    let again =
        wire::rebuild(&image.envelope, image.system.as_deref(), image.tools.as_deref(), &messages, &image.marks);
    assert_eq!(again.unwrap(), exchange.request.as_bytes(), "{id}");

    let dom: Value = serde_json::from_str(&exchange.request).unwrap();
    // A stored prompt of Responses is no message.
    let names =
        ["messages", "input", "contents", if request.dialect == Dialect::Ollama { "prompt" } else { "messages" }];
    let list = names.iter().map(|key| &dom[key]).find(|value| !value.is_null());
    let count = list.map_or(0, |list| list.as_array().map_or(1, Vec::len));
    assert_eq!(request.messages.len(), count, "{id}");
    if request.dialect != Dialect::Gemini {
        assert_eq!(request.model, dom["model"].as_str().unwrap_or_default(), "{id}");
    }
    for place in 0..count {
        wire::facts(request.dialect, request.message(place), place as u32);
    }
}

fn answer(exchange: &Exchange, sizes: &[usize]) -> Option<(Answer, Vec<u8>)> {
    let request = parsed(exchange)?;
    let framing = wire::framing(request.dialect, exchange.content_type.as_deref(), &request);
    let mut framer = Framer::new(framing);
    let mut decoder = Decoder::new(request.dialect, framing).at(request.messages.len() as u32);
    let (bytes, mut raw) = (exchange.response.as_bytes(), Vec::new());
    let (mut at, mut turn) = (0, 0);
    let take = |frames: Vec<wire::Frame>, decoder: &mut Decoder, raw: &mut Vec<u8>| {
        for frame in frames {
            raw.extend_from_slice(&frame.raw);
            decoder.push(&frame);
        }
    };
    while at < bytes.len() {
        let size = sizes[turn % sizes.len()].clamp(1, bytes.len() - at);
        let frames = framer.push(Bytes::copy_from_slice(&bytes[at..at + size]));
        take(frames, &mut decoder, &mut raw);
        (at, turn) = (at + size, turn + 1);
    }
    take(framer.finish().into_iter().collect(), &mut decoder, &mut raw);
    if framing != Framing::Whole && exchange.ended == "complete" && exchange.status == 200 {
        assert!(
            decoder.answer().text.len() + decoder.answer().reasoning.len() + decoder.answer().calls.len() + raw.len()
                > 0
        );
    }
    Some((decoder.into_answer(), raw))
}

pub fn chunkings(exchange: &Exchange) {
    let Some((whole, raw)) = answer(exchange, &[exchange.response.len()]) else { return };
    assert_eq!(raw, exchange.response.as_bytes(), "{}", exchange.id);
    if exchange.status == 200 && exchange.ended == "complete" {
        assert!(
            whole.complete || whole.error.is_some(),
            "{} {} is not complete: {whole:?}",
            exchange.folder,
            exchange.id
        );
    }
    for sizes in [&[1][..], &[7, 1, 2, 64, 3], &[1000, 1, 333]] {
        let (pieces, raw) = answer(exchange, sizes).unwrap();
        assert_eq!(raw, exchange.response.as_bytes(), "{}", exchange.id);
        assert_eq!(pieces, whole, "{}", exchange.id);
    }
}

/// Reads the usage in another way, from full parses of every document in the response, and compares.
pub fn usage(exchange: &Exchange) -> Option<Dialect> {
    let dialect = parsed(exchange)?.dialect;
    let (answer, _) = answer(exchange, &[exchange.response.len()])?;
    let mut documents: Vec<Value> = serde_json::from_str(&exchange.response).into_iter().collect();
    let lines = exchange.response.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
    documents.extend(
        lines.filter_map(|line| serde_json::from_str(line.trim()).ok()).filter(|line: &Value| line.is_object()),
    );
    let mut expected: Option<Value> = None;
    for document in
        documents.iter().flat_map(|document| document.as_array().cloned().unwrap_or_else(|| vec![document.clone()]))
    {
        merge(&mut expected, dialect, &document);
    }
    let expected = expected.map(|counts| meaning(dialect, &counts));
    assert_eq!(answer.usage, expected, "{} {}", exchange.folder, exchange.id);
    answer.usage.map(|_| dialect)
}

fn merge(found: &mut Option<Value>, dialect: Dialect, document: &Value) {
    let at = match dialect {
        Dialect::OpenaiChat => [&document["usage"], &document["x_groq"]["usage"], &document["choices"][0]["usage"]],
        Dialect::OpenaiResponses => [&document["usage"], &document["response"]["usage"], &Value::Null],
        Dialect::Anthropic => [&document["usage"], &document["message"]["usage"], &Value::Null],
        Dialect::Gemini => [&document["usageMetadata"], &Value::Null, &Value::Null],
        Dialect::Ollama if document["eval_count"].is_u64() => [document, &Value::Null, &Value::Null],
        Dialect::Ollama => return,
    };
    let counted = |counts: &&serde_json::Map<String, Value>| counts.values().any(Value::is_u64);
    for counts in at.into_iter().filter_map(Value::as_object).filter(counted) {
        match found {
            Some(Value::Object(all)) if dialect == Dialect::Anthropic => {
                all.extend(
                    counts
                        .iter()
                        .filter(|(_, count)| !count.is_null())
                        .map(|(key, count)| (key.clone(), count.clone())),
                );
            }
            _ => *found = Some(Value::Object(counts.clone())),
        }
    }
}

fn meaning(dialect: Dialect, counts: &Value) -> Usage {
    let at = |path: &str| counts.pointer(path).and_then(Value::as_f64).unwrap_or(0.0) as u64;
    let (input, cached, write, output, reasoning) = match dialect {
        Dialect::OpenaiChat => {
            let reasoning = at("/completion_tokens_details/reasoning_tokens").max(at("/reasoning_tokens"));
            let mut output = at("/completion_tokens");
            if reasoning > 0 && at("/total_tokens") == at("/prompt_tokens") + output + reasoning {
                output += reasoning;
            }
            let cached = at("/prompt_tokens_details/cached_tokens")
                .max(at("/prompt_cache_hit_tokens"))
                .max(at("/cached_tokens"));
            (at("/prompt_tokens"), cached, at("/prompt_tokens_details/cache_write_tokens"), output, reasoning)
        }
        Dialect::OpenaiResponses => (
            at("/input_tokens"),
            at("/input_tokens_details/cached_tokens"),
            at("/input_tokens_details/cache_write_tokens"),
            at("/output_tokens"),
            at("/output_tokens_details/reasoning_tokens"),
        ),
        Dialect::Anthropic => {
            let (read, write) = (at("/cache_read_input_tokens"), at("/cache_creation_input_tokens"));
            let thinking = at("/output_tokens_details/thinking_tokens");
            (at("/input_tokens") + read + write, read, write, at("/output_tokens"), thinking)
        }
        Dialect::Gemini => {
            let thoughts = at("/thoughtsTokenCount");
            let input = at("/promptTokenCount") + at("/toolUsePromptTokenCount");
            (input, at("/cachedContentTokenCount"), 0, at("/candidatesTokenCount") + thoughts, thoughts)
        }
        Dialect::Ollama => (at("/prompt_eval_count"), 0, 0, at("/eval_count"), 0),
    };
    Usage { input, cached, cache_write: write, output, reasoning, estimated: false }
}

/// The atoms of all messages of a request.
pub fn request_atoms(exchange: &Exchange) -> Option<Vec<Hash>> {
    let request = parsed(exchange)?;
    let each = (0..request.messages.len())
        .flat_map(|place| wire::facts(request.dialect, request.message(place), place as u32).atoms);
    Some(each.collect())
}

/// The atoms of a request and of its answer, where that was given completely.
pub fn turn(exchange: &Exchange) -> Option<(Vec<Hash>, Vec<Hash>)> {
    let (answer, _) = answer(exchange, &[exchange.response.len()])?;
    let ended = exchange.status == 200 && exchange.ended == "complete" && answer.complete && !answer.atoms.is_empty();
    ended.then_some((request_atoms(exchange)?, as_captured(parsed(exchange)?.dialect, answer)))
}

/// The captures' folders were renamed in requests and in whole strings, not across deltas: the answer's arguments catch up here.
fn as_captured(dialect: Dialect, answer: Answer) -> Vec<Hash> {
    let mut atoms = answer.atoms;
    let first = atoms.len() - answer.calls.len();
    for (place, call) in answer.calls.iter().enumerate() {
        let Some(middle) = call.arguments.find("/clients/home/dev/runs/") else { continue };
        let from = call.arguments[..middle].rfind('"').unwrap() + 1;
        let to = middle + call.arguments[middle..].find("/cwd").unwrap() + 4;
        let renamed = format!("{}/home/dev/demo{}", &call.arguments[..from], &call.arguments[to..]);
        let message = serde_json::json!({"role": "assistant", "tool_calls": [
            {"id": call.id, "function": {"name": call.name, "arguments": renamed}}]});
        let dialect = if dialect == Dialect::Gemini { Dialect::Ollama } else { Dialect::OpenaiChat };
        atoms[first + place] = wire::facts(dialect, message.to_string().as_bytes(), 0).atoms[0];
    }
    atoms
}

/// A title or name asked for beside the conversation: no tools, or a schema.
pub fn is_side_call(exchange: &Exchange) -> bool {
    parsed(exchange).is_some_and(|request| request.tool_names.is_empty() || request.json_schema)
}

/// The capture left out part of what the user said.
pub fn elides_user_text(exchange: &Exchange) -> bool {
    let Some(request) = parsed(exchange) else { return false };
    let mut messages = (0..request.messages.len()).map(|place| wire::facts(request.dialect, request.message(place), 0));
    messages.any(|said| said.role == domain::Role::User && said.text.contains("\u{2026}[elided: "))
}
