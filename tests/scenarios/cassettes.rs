//! Recorded exchanges with real providers go through byte-identical, both ways, streams split anyhow; usage is read
//! from each that carries it. Data: `wire/cassettes.dev` of the shared folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::sync::Arc;
use switchtower_tests::{
    Options, Provider, Reply, Runtime,
    http::{Client, Request},
    provider::Pieces,
    shared,
};
use tokio::task::JoinSet;

/// The provider that takes a recorded wire, and the dialect that `get_exchange` must name.
fn provider_of(wire: &str) -> (&'static str, Option<&'static str>) {
    match wire {
        "anthropic-messages" => ("anthropic", Some("anthropic")),
        "gemini" | "gemini-stream" => ("gemini", Some("gemini")),
        "ollama" => ("ollama", Some("ollama")),
        "openai-chat" => ("scripted", Some("openai-chat")),
        "openai-responses" => ("scripted", Some("openai-responses")),
        _ => ("scripted", None),
    }
}

fn reply(cassette: &Value, split: &str) -> Reply {
    let body = cassette["response_body"].as_str().unwrap_or_default().to_owned();
    let status = cassette["status"].as_u64().unwrap_or(200) as u16;
    let mut reply = Reply::with(status, "application/json", Pieces::Whole(body.clone().into()));
    reply.headers.clear();
    for (name, value) in cassette["response_headers"].as_object().into_iter().flatten() {
        // Bodies were recorded decoded and whole.
        if !["content-length", "transfer-encoding", "content-encoding"].contains(&name.as_str()) {
            reply = reply.header(name, value.as_str().unwrap_or_default());
        }
    }
    if split == "whole" {
        return reply;
    }
    let mut random = StdRng::seed_from_u64(body.len() as u64);
    let most = if split == "bytes" { 1 } else { 64 };
    reply.cut_into(std::iter::repeat_with(move || random.random_range(1..=most)))
}

/// JSON objects of a body: itself, its events, its lines or its array.
fn objects(body: &str) -> Vec<Value> {
    if let Ok(whole) = serde_json::from_str::<Value>(body) {
        return whole.as_array().cloned().unwrap_or_else(|| vec![whole]);
    }
    body.lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data:").unwrap_or(line).trim()).ok())
        .collect()
}

/// Input, cached and output tokens as the provider states them.
fn stated(wire: &str, body: &str) -> Option<[u64; 3]> {
    let objects = objects(body);
    let count = |value: &Value, key: &str| value[key].as_u64().unwrap_or(0);
    match provider_of(wire).1? {
        "openai-chat" => {
            let usage = objects.iter().map(|object| &object["usage"]).rfind(|usage| usage["prompt_tokens"].is_u64())?;
            let cached = count(&usage["prompt_tokens_details"], "cached_tokens");
            Some([count(usage, "prompt_tokens"), cached, count(usage, "completion_tokens")])
        }
        "openai-responses" => {
            let of = |object: &Value| [object["usage"].clone(), object["response"]["usage"].clone()];
            let usage = objects.iter().flat_map(of).rfind(|usage| usage["input_tokens"].is_u64())?;
            let cached = count(&usage["input_tokens_details"], "cached_tokens");
            Some([count(&usage, "input_tokens"), cached, count(&usage, "output_tokens")])
        }
        "anthropic" => {
            let mut merged = json!({});
            for object in &objects {
                for usage in [&object["usage"], &object["message"]["usage"]] {
                    for (key, value) in usage.as_object().into_iter().flatten().filter(|(_, value)| value.is_u64()) {
                        merged[key] = value.clone();
                    }
                }
            }
            merged["output_tokens"].as_u64()?;
            let cached = count(&merged, "cache_read_input_tokens");
            let input = count(&merged, "input_tokens") + cached + count(&merged, "cache_creation_input_tokens");
            Some([input, cached, count(&merged, "output_tokens")])
        }
        "gemini" => {
            let usage = objects
                .iter()
                .map(|object| &object["usageMetadata"])
                .rfind(|usage| usage["promptTokenCount"].is_u64())?;
            let output = count(usage, "candidatesTokenCount") + count(usage, "thoughtsTokenCount");
            let input = count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount");
            Some([input, count(usage, "cachedContentTokenCount"), output])
        }
        _ => {
            let usage = objects.iter().rfind(|object| object["eval_count"].is_u64())?;
            Some([count(usage, "prompt_eval_count"), 0, count(usage, "eval_count")])
        }
    }
}

/// Names under which any provider of the five dialects counts tokens, in any place.
const COUNTS: [&str; 10] = [
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "input_tokens",
    "output_tokens",
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "prompt_eval_count",
    "eval_count",
];

/// Whether a body counts tokens somewhere, whatever the place and spelling: then usage must not be a guess.
fn counts_tokens(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            COUNTS.contains(&name.as_str()) && value.as_u64().is_some_and(|count| count > 0) || counts_tokens(value)
        }),
        Value::Array(items) => items.iter().any(counts_tokens),
        _ => false,
    }
}

fn without_usage_chunk(body: &str) -> String {
    let is_usage = |event: &&str| event.contains("\"choices\":[]") && event.contains("\"usage\":{");
    body.split_inclusive("\n\n").filter(|event| !is_usage(event)).collect()
}

async fn replay(runtime: &Runtime, provider: &str, cassettes: &[Value], place: usize, split: &str) -> Vec<String> {
    let cassette = &cassettes[place];
    let wire = cassette["wire"].as_str().unwrap();
    let (name, dialect) = provider_of(wire);
    let path = cassette["path"].as_str().unwrap();
    let sent = cassette["request_body"].as_str().unwrap_or_default().to_owned();
    let mut request = Request { body: sent.clone().into(), ..Request::new("POST", &format!("/p/{name}{path}")) };
    for (key, value) in cassette["request_headers"].as_object().into_iter().flatten() {
        if !["content-length", "transfer-encoding", "content-encoding", "host", "connection"]
            .contains(&key.to_ascii_lowercase().as_str())
        {
            request = request.header(key, value.as_str().unwrap_or_default());
        }
    }
    let request = request.header("x-cassette", &place.to_string()).header("x-split", split);
    let what = format!("{place} {wire} {split} {path}");
    let mut wrong = Vec::new();
    let response = match Client::once(&runtime.proxy, &request).await {
        Ok(response) => response,
        Err(broken) => return vec![format!("{what}: no answer: {broken:?}")],
    };
    if response.ended != switchtower_tests::http::Ended::Complete {
        wrong.push(format!("{what}: ended {:?}", response.ended));
    }
    let expected = cassette["response_body"].as_str().unwrap_or_default();
    // The provider tells what it received, so that nothing is compared by order of arrival.
    let received = Client::once(provider, &Request::new("GET", &format!("/received/{place}/{split}"))).await.unwrap();
    let asked_usage = received.text().contains("include_usage") && !sent.contains("include_usage");
    // Where usage was asked for on the client's behalf, its chunk is taken out, a vendor's unasked one too.
    let without = if asked_usage { without_usage_chunk(expected) } else { expected.to_owned() };
    if response.text() != without && response.text() != expected {
        let at = response.text().bytes().zip(expected.bytes()).position(|(a, b)| a != b);
        wrong.push(format!("{what}: response differs at {at:?} ({} of {} bytes)", response.body.len(), expected.len()));
    }
    if u64::from(response.status) != cassette["status"].as_u64().unwrap_or(200) {
        wrong.push(format!("{what}: status {}", response.status));
    }
    for (key, value) in reply(cassette, "whole").headers {
        if !response
            .head
            .headers
            .iter()
            .any(|(name, have)| name.eq_ignore_ascii_case(&key) && have.trim() == value.trim())
        {
            wrong.push(format!("{what}: response header {key} is lost"));
        }
    }
    if received.text() != sent && !asked_usage {
        wrong.push(format!("{what}: request differs"));
    }
    if let (Some(dialect), Some(id)) = (dialect, response.header("x-switchtower-exchange")) {
        let exchange = runtime.settled(id).await;
        if exchange["dialect"] != dialect {
            wrong.push(format!("{what}: dialect {}", exchange["dialect"]));
        }
        let usage = &exchange["usage"];
        let read_any = ["input_tokens", "output_tokens"].iter().any(|key| usage[*key].as_u64().unwrap_or(0) > 0);
        if response.status == 200
            && objects(expected).iter().any(counts_tokens)
            && (!read_any || usage["estimated"] == json!(true))
        {
            wrong.push(format!("{what}: it counts tokens, and usage is {usage}"));
        }
        if let Some(stated) = stated(wire, expected) {
            let read = ["input_tokens", "cached_tokens", "output_tokens"].map(|key| usage[key].as_u64().unwrap_or(0));
            if read != stated || usage["estimated"] == json!(true) {
                wrong.push(format!("{what}: usage {read:?}, stated {stated:?}"));
            }
        }
    } else if dialect.is_some() && response.status == 200 {
        wrong.push(format!("{what}: not recorded"));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_recorded_exchange_goes_through_unchanged() {
    let Some(cassettes) = shared::lines("wire/cassettes.dev.jsonl.gz") else { return };
    let cassettes = Arc::new(cassettes);
    let seen: Arc<std::sync::Mutex<std::collections::HashMap<String, bytes::Bytes>>> = Arc::default();
    let provider = {
        let (cassettes, seen) = (cassettes.clone(), seen.clone());
        Provider::start(move |request| {
            if let Some(key) = request.target().strip_prefix("/received/") {
                return Reply::with(
                    200,
                    "text/plain",
                    Pieces::Whole(seen.lock().unwrap().remove(key).unwrap_or_default()),
                );
            }
            let (place, split) = (request.header("x-cassette").unwrap(), request.header("x-split").unwrap());
            seen.lock().unwrap().insert(format!("{place}/{split}"), request.body.clone());
            reply(&cassettes[place.parse::<usize>().unwrap()], split)
        })
        .await
    };
    let runtime = Arc::new(Runtime::start(&Options::to(&provider.base)));
    let mut jobs: Vec<(usize, &'static str)> = (0..cassettes.len()).map(|place| (place, "whole")).collect();
    for (place, cassette) in cassettes.iter().enumerate().filter(|(_, cassette)| cassette["stream"] == json!(true)) {
        jobs.push((place, "random"));
        if cassette["response_body"].as_str().is_some_and(|body| body.len() < 6_000) {
            jobs.push((place, "bytes"));
        }
    }
    let jobs = Arc::new(std::sync::Mutex::new(jobs));
    let count = jobs.lock().unwrap().len();
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (jobs, runtime, cassettes, base) =
            (jobs.clone(), runtime.clone(), cassettes.clone(), provider.base.clone());
        clients.spawn(async move {
            let mut wrong = Vec::new();
            loop {
                let Some((place, split)) = jobs.lock().unwrap().pop() else { return wrong };
                wrong.extend(replay(&runtime, &base, &cassettes, place, split).await);
            }
        });
    }
    let mut wrong = clients.join_all().await.concat();
    wrong.sort();
    println!("{count} replays of {} recorded exchanges, {} faults", cassettes.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
