//! What requests look like at HTTP's edges: methods, paths, queries, framings, encodings. All of it passes as it came.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may panic; clippy only knows its `#[test]` functions

use serde_json::json;
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Reply, Runtime, Turn,
    agent::Outcome,
    http::{Client, Ended, Request},
    provider::{Pieces, encode},
    render,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

async fn echoing() -> (Provider, Runtime) {
    let provider = Provider::start(|request| match Dialect::of(request.target()) {
        Some(_) if request.method() == "POST" && !request.body.is_empty() => {
            render::answer(request, &Turn::text("Hello."))
        }
        _ => Reply::with(207, "text/x-odd", Pieces::Whole("what was asked".into())).header("x-seen", "1"),
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    (provider, runtime)
}

fn chat(text: &str) -> String {
    json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}).to_string()
}

/// What came back for exact bytes, until the other side closed.
async fn raw(base: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A provider that gives exact bytes for each request, once its head is there.
async fn raw_provider(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    #[allow(clippy::disallowed_methods)] // ends with the test's runtime
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = Vec::new();
            while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut part = [0; 4096];
                let read = stream.read(&mut part).await.unwrap_or(0);
                if read == 0 {
                    break;
                }
                seen.extend_from_slice(&part[..read]);
            }
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_passes_on_any_path() {
    let (provider, runtime) = echoing().await;
    for path in ["/v1/models", "/v1/chat/completions", "/v1/messages", "/v1beta/models/g:generateContent", "/api/chat"]
    {
        for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH"] {
            let mut request = Request::new(method, path).header("accept", "*/*");
            if matches!(method, "PUT" | "PATCH") {
                request.body = "{\"a\":1}".into();
            }
            let what = format!("{method} {path}");
            let response = Client::once(&runtime.proxy, &request).await.unwrap();
            let direct = Client::once(&provider.base, &request).await.unwrap();
            assert_eq!((response.status, &response.body), (direct.status, &direct.body), "{what}");
            assert_eq!(response.header("content-length"), direct.header("content-length"), "{what}");
            assert_eq!((response.ended, response.header("x-seen")), (Ended::Complete, Some("1")), "{what}");
            let received = &provider.received()[provider.received().len() - 2];
            assert_eq!((received.method(), &received.body), (method, &request.body), "{what}");
        }
    }
    assert!(runtime.sessions().await.is_empty(), "none of these is a model call");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_a_model_calls_path_is_known_and_reaches_its_vendor() {
    let (provider, runtime) = echoing().await;
    let (gemini, sse) = ("gemini-2.5-flash:generateContent", "gemini-2.5-flash:streamGenerateContent?alt=sse");
    let cases = [
        ("/v1/chat/completions".to_owned(), "/v1/chat/completions".to_owned(), Dialect::Chat),
        ("/chat/completions".into(), "/v1/chat/completions".into(), Dialect::Chat),
        ("/v1/v1/chat/completions".into(), "/v1/chat/completions".into(), Dialect::Chat),
        ("/@me/v1/chat/completions".into(), "/v1/chat/completions".into(), Dialect::Chat),
        ("/@me~one%20run/v1/chat/completions".into(), "/v1/chat/completions".into(), Dialect::Chat),
        ("/p/scripted/v1/chat/completions".into(), "/v1/chat/completions".into(), Dialect::Chat),
        ("/@me/p/scripted/x/y/chat/completions".into(), "/x/y/chat/completions".into(), Dialect::Chat),
        ("/v1/responses".into(), "/v1/responses".into(), Dialect::Responses),
        ("/responses".into(), "/v1/responses".into(), Dialect::Responses),
        ("/v1/messages".into(), "/v1/messages".into(), Dialect::Anthropic),
        ("/v1/v1/messages".into(), "/v1/messages".into(), Dialect::Anthropic),
        ("/messages".into(), "/v1/messages".into(), Dialect::Anthropic),
        ("/v1/messages?beta=true".into(), "/v1/messages?beta=true".into(), Dialect::Anthropic),
        (format!("/v1beta/models/{gemini}"), format!("/v1beta/models/{gemini}"), Dialect::Gemini),
        (format!("/v1/models/{gemini}"), format!("/v1/models/{gemini}"), Dialect::Gemini),
        (format!("/models/{gemini}"), format!("/v1beta/models/{gemini}"), Dialect::Gemini),
        (format!("/models/{sse}"), format!("/v1beta/models/{sse}"), Dialect::Gemini),
        (format!("/v1beta/v1beta/models/{sse}"), format!("/v1beta/models/{sse}"), Dialect::Gemini),
        (format!("/v1beta/v1/models/{gemini}"), format!("/v1/models/{gemini}"), Dialect::Gemini),
        ("/api/chat".into(), "/api/chat".into(), Dialect::Ollama),
        ("/@me/api/chat".into(), "/api/chat".into(), Dialect::Ollama),
    ];
    for (path, reaches, dialect) in cases {
        let mut agent = Agent::new(&runtime.proxy, dialect, path.contains("stream"));
        agent.say(&format!("By {path}"));
        let request = Request { target: path.clone(), ..agent.request() };
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        assert_eq!(provider.last().target(), reaches, "{path}");
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap_or_default()).await;
        assert_eq!((&exchange["dialect"], &exchange["state"]), (&json!(dialect.name()), &json!("complete")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_queries_pass_as_they_are_spelled() {
    let (provider, runtime) = echoing().await;
    for target in [
        "/v1/files/a%2Fb%20c?x=%2F&y=a+b&z=%20&empty&eq=&twice=1&twice=2",
        "/v1/models?",
        "/v1/models?a=[1]&b={x}&c=|&d=%zz&e=%e2%9c%93",
        "/v1/a//b/./c/../d;v=1",
        "/v1/files/%7Etilde/~tilde",
        "/v1beta/models/x%2Fy?key=abc%2Bdef",
    ] {
        let response = Client::once(&runtime.proxy, &Request::new("GET", target)).await.unwrap();
        assert_eq!(response.status, 207, "{target}: {}", response.text());
        assert_eq!(provider.last().target(), target);
    }
    let request = Dialect::Chat.request(false, "sk-x", chat("Hi"));
    let target = "/v1/chat/completions?api-version=2024-10-21&x=%2F&&y".to_owned();
    let response = Client::once(&runtime.proxy, &Request { target: target.clone(), ..request }).await.unwrap();
    assert_eq!((response.status, provider.last().target()), (200, target.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_odd_headers_pass_in_their_order() {
    let provider = Provider::start(|request| {
        render::answer(request, &Turn::text("Hi"))
            .header("x-twice", "b")
            .header("x-twice", "a")
            .header("x-odd", "caf\u{e9} \u{2713}")
            .header("warning", "")
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let request = Dialect::Chat
        .request(false, "sk-x", chat("Hi"))
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .header("x-twice", "1")
        .header("X-Odd", "caf\u{e9} \u{2713}")
        .header("X-Empty", "")
        .header("X-Long", &"v".repeat(20_000));
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    let all = |headers: &[(String, String)], wanted: &str| -> Vec<String> {
        headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone()).collect()
    };
    let received = provider.last().head.headers;
    assert_eq!(all(&received, "x-twice"), ["1", "2", "1"]);
    assert_eq!(all(&received, "x-odd"), ["caf\u{e9} \u{2713}"]);
    assert_eq!(all(&received, "x-empty"), [""]);
    assert_eq!(all(&received, "x-long")[0].len(), 20_000);
    assert_eq!(all(&response.head.headers, "x-twice"), ["b", "a"]);
    assert_eq!(all(&response.head.headers, "x-odd"), ["caf\u{e9} \u{2713}"]);
    assert_eq!(all(&response.head.headers, "warning"), [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_100_continue_gets_it() {
    let (provider, runtime) = echoing().await;
    let body = chat("After the nod");
    let mut stream = TcpStream::connect(runtime.proxy.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut nod = [0; 25];
    stream.read_exact(&mut nod).await.unwrap();
    assert_eq!(&nod, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(provider.last().body, body.as_bytes());
    assert_eq!(provider.last().header("expect"), None, "this hop has answered it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_large_is_refused_before_it_is_asked_for() {
    let (_provider, runtime) = echoing().await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\
                Content-Length: 99999999999\r\n\r\n";
    let answer = raw(&runtime.proxy, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_and_unreadable_bodies_reach_the_provider_as_they_are() {
    let provider = Provider::start(|_| Reply::json(400, r#"{"error":{"message":"no body"}}"#)).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    for dialect in Dialect::FIVE {
        for body in ["", " ", "null", "[1,2]", "{\"model\":", "\u{feff}{}", "{} trailing", "\0\u{1}"] {
            let request = dialect.request(false, "sk-x", body);
            let response = Client::once(&runtime.proxy, &request).await.unwrap();
            assert_eq!((response.status, response.text().contains("no body")), (400, true), "{dialect:?} {body:?}");
            assert_eq!(provider.last().body, body.as_bytes(), "{dialect:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_requests_pass_as_they_are_and_are_read() {
    let (provider, runtime) = echoing().await;
    let plain = chat(&"Compressed words. ".repeat(50));
    let mut cases: Vec<(String, Vec<u8>)> = ["gzip", "deflate", "br", "zstd"]
        .map(|encoding| (encoding.to_owned(), encode(encoding, plain.as_bytes()).to_vec()))
        .to_vec();
    let (first, second) = plain.as_bytes().split_at(100);
    cases.push(("gzip".into(), [encode("gzip", first), encode("gzip", second)].concat()));
    cases.push(("zstd".into(), [encode("zstd", first), encode("zstd", second)].concat()));
    cases.push(("gzip, br".into(), encode("br", &encode("gzip", plain.as_bytes())).to_vec()));
    cases.push(("identity".into(), plain.clone().into_bytes()));
    for (encoding, packed) in cases {
        let request = Dialect::Chat.request(false, "sk-x", packed.clone()).header("Content-Encoding", &encoding);
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert_eq!(provider.last().body, packed, "{encoding}");
        assert_eq!(provider.last().header("content-encoding"), Some(encoding.as_str()));
        let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
        assert_eq!(String::from_utf8(runtime.body(&exchange["agent_request"]).await).unwrap(), plain, "{encoding}");
        assert_eq!(exchange["request_changed"], false, "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_that_cannot_be_undone_passes_and_says_so() {
    let (provider, runtime) = echoing().await;
    let half = encode("gzip", chat("Half of it").as_bytes()).slice(..20);
    for (encoding, body) in [("gzip", half.to_vec()), ("snappy", b"whatever".to_vec()), ("zstd", b"no zstd".to_vec())] {
        let request = Dialect::Chat.request(false, "sk-x", body.clone()).header("Content-Encoding", encoding);
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert_eq!(response.status, 200, "{encoding}: {}", response.text());
        assert_eq!(provider.last().body, body, "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_compressed_request_goes_out_readable() {
    let provider = Provider::turns([Turn::call("search", json!({"path": "a"}))]).await;
    let policy = "version = 1\nname = \"errors\"\nmax_tool_errors = 0\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("errors", policy));
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, false).labelled(&format!("packed~{encoding}"));
        agent.say("Find it");
        let (answer, _) = agent.turn().await;
        agent.give(&[(answer.calls[0].clone(), Outcome::bad("Error: no such thing"))]);
        let plain = agent.request();
        let packed = encode(encoding, &plain.body);
        let request = Request { body: packed, ..plain }.header("Content-Encoding", encoding);
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert!(response.header("x-switchtower-intervention").is_some(), "{encoding}");
        let received = provider.last();
        assert_eq!(received.header("content-encoding"), None, "{encoding}");
        let messages = received.json()["messages"].as_array().unwrap().len();
        assert_eq!(messages, agent.history.len() + 2, "{encoding}: system, history, the recovery prompt");
        assert_eq!(received.header("content-length"), Some(received.body.len().to_string().as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_loopback_works_on_both_sides() {
    let provider = Provider::start_at("[::1]:0", |request| render::answer(request, &Turn::text("Six."))).await;
    let mut options = Options::to(&provider.base);
    options.listen = Some("[::1]:0".into());
    let runtime = Runtime::start(&options);
    assert!(runtime.proxy.starts_with("http://[::1]:"), "{}", runtime.proxy);
    for dialect in Dialect::FIVE {
        let mut agent = Agent::new(&runtime.proxy, dialect, true);
        agent.say("Hi");
        let (answer, _) = agent.turn().await;
        assert_eq!(answer.text, "Six.", "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn early_hints_and_trailers_of_a_provider_do_no_harm() {
    let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\
        content-type: application/json\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
        10;note=1\r\n{\"choices\":[{\"in\r\n9\r\ndex\":0}]}\r\n0\r\nx-sum: 1\r\n\r\n";
    let runtime = Runtime::start(&Options::to(&raw_provider(answer).await));
    let response = Client::once(&runtime.proxy, &Dialect::Chat.request(false, "sk-x", chat("Hi"))).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (200, "{\"choices\":[{\"index\":0}]}"));
    assert_eq!(response.ended, Ended::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_chunks_with_trailers_or_in_one_go_are_all_read() {
    let (provider, runtime) = echoing().await;
    let body = chat("In pieces");
    let (first, second) = body.split_at(11);
    let chunked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\
         Connection: close\r\n\r\n{:x}\r\n{first}\r\n{:X};ext=1\r\n{second}\r\n0\r\nx-t: 1\r\n\r\n",
        first.len(),
        second.len()
    );
    let answer = raw(&runtime.proxy, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(provider.last().body, body.as_bytes());
    let one = format!(
        "POST http://127.0.0.1/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let answers = raw(&runtime.proxy, format!("{one}{last}").as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "two requests written at once: {answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_1_0_client_gets_its_answer_unchunked() {
    let (_provider, runtime) = echoing().await;
    let body = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "Old"}]}).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(&runtime.proxy, request.as_bytes()).await;
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
    assert!(rest.starts_with("data: {") && rest.ends_with("data: [DONE]\n\n"), "{rest}");
}
