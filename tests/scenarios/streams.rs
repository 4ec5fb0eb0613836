//! Generated streams, spelled and cut in every legal way: line ends, comments, data over several lines, a byte-order mark, half characters,
//! compression in one or several members. What nobody changes passes byte for byte and is read right; what a rule changes reads right too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a test may panic and print; clippy only knows its `#[test]` functions

use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use switchtower_tests::{
    Agent, Answer, Dialect, Options, Provider, Reply, Runtime, Turn, Usage, answer,
    http::{Ended, Response},
    provider::encode,
    render,
};

const BLOCK: &str = "version = 1\nname = \"block\"\nagents = [\"block-*\"]\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"No.\" } }]\n";

fn one_of<'a>(random: &mut StdRng, of: &[&'a str]) -> &'a str {
    of[random.random_range(0..of.len())]
}

fn text(random: &mut StdRng) -> String {
    let words = [
        "plain ",
        "ünïcode ✓ ",
        "😀🎉 ",
        "\"quoted\" ",
        "back\\slash ",
        "line\nbreak ",
        "\t",
        "data: x ",
        "[DONE] ",
        "\u{2028}",
    ];
    (0..random.random_range(1..12)).map(|_| one_of(random, &words)).collect()
}

fn turn(random: &mut StdRng, delete: bool) -> Turn {
    let mut turn = Turn::text(&text(random));
    for _ in 0..random.random_range(if delete { 1..4 } else { 0..4 }) {
        let arguments =
            if random.random_bool(0.2) { json!({}) } else { json!({"path": text(random), "n": [1, {"deep": true}]}) };
        turn = turn.and_call(one_of(random, &["search", "read_file"]), arguments);
    }
    if delete {
        let place = random.random_range(0..=turn.calls.len());
        let call = Turn::call("delete_file", json!({"path": text(random)})).calls.remove(0);
        turn.calls.insert(place, call);
    }
    // Ids by place, as providers give them.
    for (place, call) in turn.calls.iter_mut().enumerate() {
        call.id = format!("call_{place}_{}", call.name);
    }
    if random.random_bool(0.4) {
        turn = turn.thinking(&text(random), "c2lnbmF0dXJl");
    }
    if random.random_bool(0.5) {
        turn = turn.interleaved();
    }
    let (cached, reasoning) = (random.random_range(0..50), random.random_range(0..9));
    let (input, output) = (cached + random.random_range(1..900), reasoning + random.random_range(1..900));
    turn.with_usage(Usage { input, cached, cache_write: 0, output, reasoning })
}

/// JSON text over several lines: broken where white space may stand.
fn broken(random: &mut StdRng, json: &str) -> Vec<String> {
    let (mut lines, mut line, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for letter in json.chars() {
        line.push(letter);
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' | ':' | '{' if !quoted && random.random_bool(0.15) => lines.push(std::mem::take(&mut line)),
            _ => {}
        }
    }
    lines.push(line);
    lines
}

fn events(random: &mut StdRng, plain: &str) -> String {
    let end = one_of(random, &["\n", "\r\n", "\r"]);
    let mut out = String::new();
    if random.random_bool(0.2) {
        out.push('\u{feff}');
    }
    for event in answer::events(plain).unwrap() {
        for extra in [": keepalive", ":", "retry: 3000"] {
            if random.random_bool(0.1) {
                out += extra;
                out += if random.random_bool(0.5) { end } else { "" };
                out += end;
            }
        }
        let mut lines: Vec<String> = event.name.map(|name| format!("event: {name}")).into_iter().collect();
        let spelled = if random.random_bool(0.3) { broken(random, &event.data) } else { vec![event.data] };
        let colon = one_of(random, &["data: ", "data:"]);
        lines.extend(spelled.into_iter().map(|line| format!("{colon}{line}")));
        if random.random_bool(0.2) {
            lines.insert(random.random_range(0..=lines.len()), "id: 7".into());
        }
        for line in lines {
            out += &line;
            out += end;
        }
        out += end;
    }
    out
}

fn lines(random: &mut StdRng, plain: &str) -> String {
    let end = one_of(random, &["\n", "\r\n"]);
    let mut out = String::new();
    for line in plain.lines() {
        out += line;
        out += end;
        out += if random.random_bool(0.1) { end } else { "" };
    }
    if random.random_bool(0.3) { out.trim_end().to_owned() } else { out }
}

fn array(random: &mut StdRng, plain: &str) -> String {
    let items: Vec<Value> = serde_json::from_str(plain).unwrap();
    let between = one_of(random, &[",", ",\r\n", " ,\n  ", "\n,\n"]);
    let items: Vec<String> =
        items.iter().map(|item| if random.random_bool(0.5) { item.to_string() } else { format!("{item:#}") }).collect();
    format!("{}{}{}", one_of(random, &["[", "[\n", " [ "]), items.join(between), one_of(random, &["]", "\n]\n", " ]"]))
}

fn packed(random: &mut StdRng, plain: &[u8]) -> (Option<&'static str>, Bytes) {
    let middle = random.random_range(0..=plain.len());
    let (first, second) = plain.split_at(middle);
    let members = |name: &str| Bytes::from([encode(name, first), encode(name, second)].concat());
    match random.random_range(0..9) {
        0 => (Some("gzip"), encode("gzip", plain)),
        1 => (Some("gzip"), members("gzip")),
        2 => (Some("deflate"), encode("deflate", plain)),
        3 => (Some("br"), encode("br", plain)),
        4 => (Some("zstd"), encode("zstd", plain)),
        5 => (Some("zstd"), members("zstd")),
        _ => (None, Bytes::copy_from_slice(plain)),
    }
}

/// A stream as a provider might send it: its clear text, and its reply.
fn stream(random: &mut StdRng, dialect: Dialect, turn: &Turn) -> (String, Reply) {
    let reply = render::render(dialect, true, true, turn);
    let plain = String::from_utf8(reply.bytes().to_vec()).unwrap();
    let spelled = match dialect {
        Dialect::Ollama | Dialect::OllamaGenerate => lines(random, &plain),
        Dialect::GeminiArray => array(random, &plain),
        _ => events(random, &plain),
    };
    let (encoding, bytes) = packed(random, spelled.as_bytes());
    let most = [1, 2, 7, 64, 1500][random.random_range(0..5)];
    let mut sizes = StdRng::seed_from_u64(random.random());
    let kind = reply.headers[0].1.clone();
    let reply =
        Reply::stream(&kind, vec![bytes]).cut_into(std::iter::repeat_with(move || sizes.random_range(1..=most)));
    (
        spelled,
        match encoding {
            Some(encoding) => reply.header("content-encoding", encoding),
            None => reply,
        },
    )
}

/// The same events as plainly as the harness's readers take them.
fn plainly(dialect: Dialect, body: &str) -> String {
    if matches!(dialect, Dialect::Ollama | Dialect::OllamaGenerate | Dialect::GeminiArray) {
        return body.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect();
    }
    let body = body.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (mut out, mut name, mut data): (String, String, Vec<&str>) = Default::default();
    for line in body.split('\n') {
        if let Some(value) = line.strip_prefix("data:") {
            data.push(value.strip_prefix(' ').unwrap_or(value));
        } else if let Some(value) = line.strip_prefix("event:") {
            name = value.trim().to_owned();
        } else if line.is_empty() && !data.is_empty() {
            let name = std::mem::take(&mut name);
            out += &if name.is_empty() { String::new() } else { format!("event: {name}\n") };
            // White space between tokens; strings hold no line end.
            out += &format!("data: {}\n\n", std::mem::take(&mut data).concat());
        }
    }
    out
}

type Prepared = Arc<Mutex<HashMap<String, Reply>>>;

async fn ask(runtime: &Runtime, prepared: &Prepared, dialect: Dialect, label: &str, reply: Reply) -> Response {
    prepared.lock().unwrap().insert(label.to_owned(), reply);
    let mut agent = Agent::new(&runtime.proxy, dialect, true).labelled(label);
    if dialect == Dialect::Chat {
        agent.extra = json!({"stream_options": {"include_usage": true}});
    }
    agent.headers.push(("x-stream".into(), label.to_owned()));
    agent.say("Go on");
    let response = agent.send().await.unwrap();
    assert_eq!((response.status, response.ended), (200, Ended::Complete), "{label}: {}", response.text());
    response
}

async fn generating() -> (Provider, Runtime, Prepared) {
    let prepared = Prepared::default();
    let provider = {
        let prepared = prepared.clone();
        Provider::start(move |request| prepared.lock().unwrap().remove(request.header("x-stream").unwrap()).unwrap())
            .await
    };
    let runtime = Runtime::start(&Options::to(&provider.base).policy("block", BLOCK));
    (provider, runtime, prepared)
}

async fn assert_read(runtime: &Runtime, response: &Response, dialect: Dialect, turn: &Turn, what: &str) {
    let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
    let usage = &exchange["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"]),
        (&json!(turn.usage.input), &json!(turn.usage.output)),
        "{what}: {usage}"
    );
    assert_eq!(usage["estimated"], false, "{what}");
    if dialect != Dialect::OllamaGenerate {
        let calls: Vec<(&str, Value)> = exchange["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| {
                (call["name"].as_str().unwrap(), serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap())
            })
            .collect();
        let said: Vec<(&str, Value)> = turn
            .calls
            .iter()
            .map(|call| (call.name.as_str(), serde_json::from_str(&call.arguments).unwrap()))
            .collect();
        assert_eq!(calls, said, "{what}");
    }
    assert_eq!(exchange["state"], "complete", "{what}: {}", exchange["error"]);
}

fn rounds() -> u64 {
    std::env::var("SWITCHTOWER_STREAMS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(30)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_changes_passes_byte_for_byte_and_is_read() {
    let (_provider, runtime, prepared) = generating().await;
    for seed in 0..rounds() {
        for dialect in Dialect::ALL {
            let mut random = StdRng::seed_from_u64(seed * 31 + dialect as u64);
            let turn = turn(&mut random, false);
            let (clear, reply) = stream(&mut random, dialect, &turn);
            let what = format!("seed {seed} {dialect:?} {:?}\n{clear:?}", reply.headers);
            let sent = reply.bytes();
            let open = ask(&runtime, &prepared, dialect, &format!("open~{seed}-{dialect:?}"), reply.clone()).await;
            assert_eq!(open.body, sent, "{what}");
            assert_read(&runtime, &open, dialect, &turn, &what).await;
            // A rule looks at each call, and matches none.
            let judged = ask(&runtime, &prepared, dialect, &format!("block-x~{seed}-{dialect:?}"), reply).await;
            assert_eq!(judged.text(), clear, "judged, {what}");
            assert_read(&runtime, &judged, dialect, &turn, &what).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_loses_a_call_reads_right_however_it_was_spelled() {
    let (_provider, runtime, prepared) = generating().await;
    for seed in 0..rounds() {
        for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::OllamaGenerate) {
            let mut random = StdRng::seed_from_u64(seed * 37 + dialect as u64);
            let turn = turn(&mut random, true);
            let (clear, reply) = stream(&mut random, dialect, &turn);
            let what = format!("seed {seed} {dialect:?} {:?}\n{clear:?}", reply.headers);
            let response = ask(&runtime, &prepared, dialect, &format!("block-x~{seed}-{dialect:?}"), reply).await;
            let plain = plainly(dialect, &response.text());
            let answer = Answer::read(dialect, true, plain.as_bytes())
                .unwrap_or_else(|error| panic!("{error}: {what}\nbecame {:?}", response.text()));
            let names: Vec<&str> = answer.calls.iter().map(|call| call.name.as_str()).collect();
            let kept: Vec<&str> =
                turn.calls.iter().map(|call| call.name.as_str()).filter(|name| *name != "delete_file").collect();
            assert_eq!(names, kept, "{what}\nbecame {:?}", response.text());
            assert_eq!(answer.text, turn.text, "{what}\nbecame {:?}", response.text());
            for (call, kept) in answer.calls.iter().zip(turn.calls.iter().filter(|call| call.name != "delete_file")) {
                let [got, said] = [call, kept].map(|call| serde_json::from_str::<Value>(&call.arguments).unwrap());
                assert_eq!(got, said, "{what}");
            }
        }
    }
}
