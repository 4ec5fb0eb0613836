//! Promise 7: nobody else gets in, no key gets out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use base64::{Engine, prelude::*};
use serde_json::json;
use std::{fs, path::Path, process::Command, time::Duration};
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Reply, Runtime, Turn,
    http::{Client, Request},
    render, runtime,
};

async fn status(base: &str, request: &Request) -> u16 {
    Client::once(base, request).await.map_or(0, |response| response.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_or_host_spends_no_keys() {
    let provider = Provider::turns([Turn::text("Hi")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let good = Dialect::Chat.request(false, "sk-door", r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#);
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", "http://127.0.0.1.evil.example"),
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.evil.example:4100"),
    ] {
        for base in [&runtime.proxy, &runtime.console] {
            let path = if *base == runtime.proxy { "/v1/chat/completions" } else { "/rpc/list_sessions" };
            let mut request = Request { target: path.into(), ..good.clone() }.header(name, value);
            if *base == runtime.console {
                request.headers.retain(|(name, _)| name != "Authorization");
                request = request.header("authorization", &format!("Bearer {}", runtime.token));
            }
            let status = status(base, &request).await;
            assert!((400..500).contains(&status), "{name}: {value} at {path} got {status}");
        }
    }
    assert!(provider.received().is_empty(), "nothing went out");
    assert_eq!(status(&runtime.proxy, &good).await, 200, "the agent itself still gets in");
    let local = good.header("Origin", "http://localhost:3000");
    let _ = status(&runtime.proxy, &local).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_answers_only_to_its_token() {
    let runtime = Runtime::start(&Options::to("http://127.0.0.1:9"));
    let ask = Request::post("/rpc/list_sessions", "{}");
    assert_eq!(status(&runtime.console, &ask).await, 401);
    assert_eq!(status(&runtime.console, &ask.clone().header("authorization", "Bearer wrong")).await, 401);
    assert_eq!(status(&runtime.console, &Request::new("GET", "/events")).await, 401);
    let good = ask.header("authorization", &format!("Bearer {}", runtime.token));
    assert_eq!(status(&runtime.console, &good).await, 200);
    assert_eq!(status(&runtime.console, &Request { target: "/rpc/no_such".into(), ..good.clone() }).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_origin_of_files_and_nobody_else_reads_them() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = Runtime::start(&Options::to("http://127.0.0.1:9"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&runtime.data), 0o700);
    for entry in fs::read_dir(&runtime.data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
    let known = fs::read_to_string(runtime.data.join("runtime.json")).unwrap();
    let known: serde_json::Value = serde_json::from_str(&known).unwrap();
    assert_eq!(known["proxy"], json!(runtime.proxy));
    assert_eq!(known["pid"], json!(runtime.pid()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_runtime_on_the_same_folder_says_who_runs() {
    let runtime = Runtime::start(&Options::to("http://127.0.0.1:9"));
    let second = Command::new(runtime::binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--data"])
        .arg(&runtime.data)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stdout.is_empty(), "stdout is for the one line");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(&runtime.pid().to_string()), "names the process: {said}");
}

/// Files below a folder that contain a text, as they are or within SQLite's pages.
fn containing(folder: &Path, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(containing(&path, needle));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_nowhere_in_the_record() {
    let secret = "sk-proj-VERYSECRET0123456789abcdefghijklmnop";
    let echo = |status: u16| {
        Reply::json(
            status,
            r#"{"error":{"message":"Incorrect API key provided: {credential}","code":"invalid_api_key"}}"#,
        )
        .echo_credential()
        .header("x-odd", "value")
    };
    let provider = Provider::start(move |request| {
        if request.target().contains("fail") || request.header("x-fail").is_some() {
            echo(401)
        } else {
            render::answer(request, &Turn::text(&format!("You sent me {secret}, did you?")))
        }
    })
    .await;
    let mut options = Options::to(&provider.base);
    options.arguments = vec!["--log".into(), "debug".into()];
    let mut runtime = Runtime::start(&options);
    let mut ids = Vec::new();
    for dialect in Dialect::ALL {
        for streamed in [false, true] {
            for failing in [false, true] {
                let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
                agent.key = secret.into();
                agent.say(&format!("My key is {secret}; keep it."));
                if failing {
                    agent.headers.push(("x-fail".into(), "1".into()));
                }
                let mut request = agent.request();
                if matches!(dialect, Dialect::Gemini | Dialect::GeminiArray) {
                    // Gemini's clients also put it into the query.
                    request.headers.retain(|(name, _)| name != "x-goog-api-key");
                    let mark = if request.target.contains('?') { '&' } else { '?' };
                    request.target = format!("{}{mark}key={secret}", request.target);
                }
                if matches!(dialect, Dialect::Ollama | Dialect::OllamaGenerate) {
                    request = request.header("Authorization", &format!("Bearer {secret}"));
                }
                let response = Client::once(&runtime.proxy, &request).await.unwrap();
                if !failing {
                    assert!(streamed || response.text().contains(secret), "the agent itself gets every byte");
                }
                ids.push(response.header("x-switchtower-session").unwrap_or_default().to_owned());
            }
        }
    }
    ids.sort();
    ids.dedup();
    let said = runtime.rpc("search", json!({"query": "VERYSECRET0123456789abcdefghijklmnop"})).await;
    assert_eq!(said["hits"], json!([]), "search finds no key");
    for id in ids.iter().filter(|id| !id.is_empty()) {
        let out = Command::new(runtime::binary())
            .args(["export", id, "--format", "jsonl", "--data"])
            .arg(&runtime.data)
            .output()
            .unwrap();
        assert!(out.status.success(), "export {id}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(!String::from_utf8_lossy(&out.stdout).contains("VERYSECRET"), "export of {id}");
    }
    assert_eq!(runtime.stop(Duration::from_secs(15)), Some(0), "SIGTERM ends it with 0");
    assert!(containing(runtime.folder(), "VERYSECRET").is_empty(), "{:?}", containing(runtime.folder(), "VERYSECRET"));
    assert!(blobs_containing(&runtime.data.join("traces.db"), "VERYSECRET").is_empty());
}

/// What would betray the key: its core, as it is and in Base64 wherever it falls.
fn traces(core: &str) -> Vec<String> {
    let base64 = (0..3).map(|before| {
        let text = BASE64_STANDARD.encode(["", "a", "ab"][before].to_owned() + core);
        text[4..text.len() - 4].to_owned()
    });
    base64.chain([core.to_owned()]).collect()
}

/// In whatever place and spelling a key comes, goes and comes back: it is in no file and no log at the finest level, before the log of
/// changes is folded in too, and in no export.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_any_place_and_spelling_is_nowhere_in_the_record() {
    let (core, key) = ("VERYSECRET0123456789abcdef", "sk-proj/VERYSECRET0123456789abcdef+~");
    let encoded = "sk-proj%2FVERYSECRET0123456789abcdef%2B~";
    let pair = BASE64_STANDARD.encode(format!("user:{key}"));
    let spelled = [
        key.to_owned(),
        encoded.to_owned(),
        encoded.to_lowercase().replace("verysecret", "VERYSECRET"),
        pair.clone(),
        BASE64_STANDARD.encode(format!("Bearer {key}, said twice")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("x{key}")),
    ];
    let provider = {
        let spelled = spelled.clone();
        Provider::start(move |request| {
            let said = spelled.join(" and ");
            let turn = Turn::call("search", json!({"path": said}))
                .and_call("delete_file", json!({"path": said}))
                .with_text(&said);
            let reply = match request.header("x-case") {
                Some("error") => {
                    Reply::json(401, json!({"error": {"message": format!("Bad key: {said}")}}).to_string())
                }
                Some("odd") => Reply::with(200, "text/plain", switchtower_tests::provider::Pieces::Whole(said.into())),
                _ => render::answer(request, &turn),
            };
            let reply =
                reply.header("x-echo", &spelled[0]).header("set-cookie", &format!("session={}; Path=/", spelled[0]));
            if request.header("x-case") == Some("split") { reply.cut_into(std::iter::repeat(5)) } else { reply }
        })
        .await
    };
    let block = "version = 1\nname = \"block\"\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
        when = \"call.raw.contains('sk-') || tool.name == 'delete_file'\"\ndo = [{ block = { text = \"Not {{call.raw}}\" } }]\n\
        [[rule]]\nid = \"look\"\non = \"model.stream\"\nwhen = \"response.text != ''\"\ndo = [{ taint = \"{{response.text}}\" }]\n";
    let mut options = Options::to(&provider.base).policy("block", block);
    options.arguments = vec!["--log".into(), "trace".into()];
    let mut runtime = Runtime::start(&options);
    let mut sessions = Vec::new();
    for dialect in Dialect::FIVE {
        for place in ["Authorization", "x-api-key", "api-key", "x-goog-api-key", "Cookie", "basic", "query", "bare"] {
            for case in ["whole", "split", "error", "odd"] {
                let mut agent = Agent::new(&runtime.proxy, dialect, case != "whole");
                agent.say(&format!("{place} {case}: {}", spelled.join(" or ")));
                let mut request = agent.request().header("x-case", case);
                request.headers.retain(|(name, _)| {
                    !["authorization", "x-api-key", "x-goog-api-key"].contains(&name.to_lowercase().as_str())
                });
                match place {
                    "Authorization" => request = request.header("Authorization", &format!("Bearer {key}")),
                    "bare" => request = request.header("Authorization", key),
                    "basic" => request = request.header("Authorization", &format!("Basic {pair}")),
                    "Cookie" => request = request.header("Cookie", &format!("a=1; session={key}; b=2")),
                    "query" => {
                        let mark = if request.target.contains('?') { '&' } else { '?' };
                        request.target = format!("{}{mark}key={encoded}", request.target);
                    }
                    name => request = request.header(name, key),
                }
                let response = Client::once(&runtime.proxy, &request).await.unwrap();
                sessions.push(response.header("x-switchtower-session").unwrap_or_default().to_owned());
            }
        }
    }
    sessions.sort();
    sessions.dedup();
    // As it stands while it runs, the log of changes beside it.
    let (known, folder) = (traces(core), runtime.folder().to_owned());
    for trace in &known {
        assert!(containing(&folder, trace).is_empty(), "{trace} in {:?}", containing(&folder, trace));
    }
    for id in sessions.iter().filter(|id| !id.is_empty()).step_by(7) {
        let page = runtime.rpc("export_session", json!({"session": id, "format": "jsonl"})).await.to_string();
        assert!(known.iter().all(|trace| !page.contains(trace)), "export of {id}");
    }
    assert_eq!(runtime.stop(Duration::from_secs(15)), Some(0));
    for trace in &known {
        assert!(containing(&folder, trace).is_empty(), "{trace} in {:?}", containing(&folder, trace));
        let found = blobs_containing(&folder.join("data/traces.db"), trace);
        assert!(found.is_empty(), "{trace} in {found:?}");
    }
}

/// Rows of any table whose zstd-packed column holds a text.
fn blobs_containing(database: &Path, needle: &str) -> Vec<String> {
    let db = rusqlite::Connection::open(database).unwrap();
    let columns: Vec<(String, String)> = db
        .prepare("SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .flatten()
        .collect();
    let mut found = Vec::new();
    for (table, column) in columns {
        let Ok(mut rows) =
            db.prepare(&format!("SELECT \"{column}\" FROM \"{table}\" WHERE typeof(\"{column}\") = 'blob'"))
        else {
            continue;
        };
        let Ok(values) = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)) else { continue };
        for value in values.flatten() {
            let plain =
                (0..value.len().min(16)).find_map(|skip| zstd::decode_all(&value[skip..]).ok()).unwrap_or(value);
            if plain.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}
