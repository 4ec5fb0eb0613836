//! What reading costs: `cargo test --release -p switchtower-wire --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

extern crate switchtower_wire as wire;

use bytes::Bytes;
use domain::Dialect;
use std::time::Instant;
use wire::{Decoder, Framer, Framing, Operation, Route};

fn micros<T>(name: &str, times: u32, mut work: impl FnMut() -> T) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..times {
            std::hint::black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(times));
    }
    println!("{name:<48} {best:>10.2} µs");
}

fn body(turns: usize) -> Bytes {
    let code = "fn main() {\\n    println!(\\\"hello, {}\\\", name);\\n}\\n".repeat(36);
    let turn = |n: usize| {
        format!(
            r#"{{"role":"assistant","content":"I read file {n}.","tool_calls":[{{"id":"call_{n}","type":"function","function":{{"name":"read","arguments":"{{\"path\":\"src/{n}.rs\"}}"}}}}]}},{{"role":"tool","tool_call_id":"call_{n}","content":"{code}"}}"#
        )
    };
    let turns: Vec<_> = (0..turns).map(turn).collect();
    let tool = r#"{"type":"function","function":{"name":"read","description":"Reads a file","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}"#;
    let tools = vec![tool; 30].join(",");
    Bytes::from(format!(
        r#"{{"model":"m","stream":true,"tools":[{tools}],"messages":[{{"role":"user","content":"go"}},{}]}}"#,
        turns.join(",")
    ))
}

#[test]
#[ignore = "a measurement"]
fn reading_costs() {
    let route =
        Route { dialect: Dialect::OpenaiChat, operation: Operation::Generate, model: None, stream: None, array: false };
    let small = Bytes::from_static(
        br#"{"model":"m","stream":true,"messages":[{"role":"system","content":"You are a helpful assistant who answers briefly."},{"role":"user","content":"What is the weather in Paris today?"}]}"#,
    );
    let large = body(190);
    println!("small {} B, large {} B", small.len(), large.len());
    micros("parse small", 10_000, || wire::parse(&route, small.clone()));
    micros("parse large", 200, || wire::parse(&route, large.clone()));
    let request = wire::parse(&route, large.clone()).unwrap();
    micros("image large, all new", 100, || wire::image(&request, &[], &mut |_| false));
    micros("image large, all known", 100, || wire::image(&request, &[], &mut |_| true));
    micros("facts of all messages of large", 20, || {
        (0..request.messages.len())
            .map(|at| wire::facts(request.dialect, request.message(at), at as u32).atoms.len())
            .sum::<usize>()
    });
    let request = wire::parse(&route, small.clone()).unwrap();
    micros("image small", 10_000, || wire::image(&request, &[], &mut |_| false));
    micros("facts of two small messages", 10_000, || {
        (0..2).map(|at| wire::facts(request.dialect, request.message(at), at as u32).atoms.len()).sum::<usize>()
    });

    let chat = Bytes::from_static(b"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1795384037,\"model\":\"gpt-5.1\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n");
    let responses = Bytes::from_static(b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":7,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" word\",\"logprobs\":[]}\n\n");
    let anthropic = Bytes::from_static(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n");
    let gemini = Bytes::from_static(b"data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \" word\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 10,\"candidatesTokenCount\": 5,\"totalTokenCount\": 15},\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"x\"}\r\n\r\n");
    let ollama = Bytes::from_static(b"{\"model\":\"m\",\"created_at\":\"2026-11-22T22:01:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\" word\"},\"done\":false}\n");
    for (dialect, framing, chunk) in [
        (Dialect::OpenaiChat, Framing::Sse, chat),
        (Dialect::OpenaiResponses, Framing::Sse, responses),
        (Dialect::Anthropic, Framing::Sse, anthropic),
        (Dialect::Gemini, Framing::Sse, gemini),
        (Dialect::Ollama, Framing::Ndjson, ollama),
    ] {
        let (mut framer, mut decoder) = (Framer::new(framing), Decoder::new(dialect, framing));
        micros(&format!("frame and decode a {} chunk", dialect.name()), 20_000, || {
            framer.push(chunk.clone()).iter().for_each(|frame| {
                decoder.push(frame);
            });
        });
    }
}
