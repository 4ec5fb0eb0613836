//! Cancellation, limits and upgrades: what happens at an exchange's edges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use std::time::{Duration, Instant};
use switchtower_tests::{
    Agent, Dialect, Fault, Options, Provider, Reply, Runtime, Turn,
    http::{Client, Request},
    render,
};

fn asking(runtime: &Runtime, dialect: Dialect, streamed: bool) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
    agent.say("Go on");
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_cancels_its_provider_within_100_ms() {
    for (dialect, streamed, at) in [
        (Dialect::Chat, true, 400),
        (Dialect::Anthropic, true, 400),
        (Dialect::Chat, false, 0),
        (Dialect::Ollama, true, 0),
    ] {
        let reply = render::render(dialect, streamed, true, &Turn::text("A text that is never finished."));
        let reply = if at == 0 { reply.delay(Duration::from_secs(60)) } else { reply.fault(Fault::Silence(at)) };
        let provider = Provider::replies([reply]).await;
        let runtime = Runtime::start(&Options::to(&provider.base));
        let agent = asking(&runtime, dialect, streamed);
        let mut client = Client::connect(&runtime.proxy).await.unwrap();
        client.write(&agent.request().encode("127.0.0.1")).await.unwrap();
        while provider.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let left = Instant::now();
        drop(client);
        while provider.last().gone.is_none() && left.elapsed() < Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let gone = provider.last().gone.map(|gone| gone.duration_since(left));
        let what = format!("{dialect:?} streamed={streamed} after {at} bytes");
        assert!(gone.is_some_and(|gone| gone < Duration::from_millis(100)), "{what}: provider saw it after {gone:?}");
        let sessions = runtime.sessions().await;
        let id = sessions[0]["id"].clone();
        let rows = runtime.rpc("list_timeline", serde_json::json!({"session": id, "from": 0, "count": 9})).await;
        let exchange = runtime.settled(rows["rows"][0]["exchange"].as_str().unwrap()).await;
        assert_eq!(exchange["state"], "cancelled", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_mib_is_refused_clearly_and_one_under_it_passes() {
    let provider = Provider::turns([Turn::text("Long.")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let body = |size: usize| {
        format!(
            "{{\"model\":\"gpt-4o-mini\",\"messages\":[{{\"role\":\"user\",\"content\":\"{}\"}}]}}",
            "x".repeat(size)
        )
    };
    let over = Dialect::Chat.request(false, "sk-x", body(65 << 20));
    let response = Client::once(&runtime.proxy, &over).await.unwrap();
    assert_eq!(response.status, 413, "{}", response.text());
    assert!(response.text().contains("64"), "says the limit: {}", response.text());
    let request = Dialect::Anthropic.request(false, "sk-x", body(65 << 20));
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    let error = response.json();
    assert_eq!(
        (response.status, &error["type"], &error["error"]["type"]),
        (413, &"error".into(), &"request_too_large".into())
    );
    assert!(provider.received().is_empty());
    let under = Dialect::Chat.request(false, "sk-x", body(60 << 20));
    assert_eq!(Client::once(&runtime.proxy, &under).await.unwrap().status, 200);
    assert_eq!(provider.last().body, under.body);
}

/// Resident memory of a process, in KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_refused_at_64_mib_and_not_kept() {
    let provider = Provider::turns([Turn::text("Long.")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let mut client = Client::connect(&runtime.proxy).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-x\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.write(head.as_bytes()).await.unwrap();
    let piece = [format!("{:x}\r\n", 1 << 20).as_bytes(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
    // 320 MiB, and no end: the answer must not wait for one.
    for _ in 0..320 {
        client.write(&piece).await.expect("what comes after the refusal is still taken");
    }
    let answer = tokio::time::timeout(Duration::from_secs(5), client.answer()).await;
    let response = answer.expect("the refusal is there before the body ends").unwrap();
    assert_eq!(response.status, 413, "{}", response.text());
    assert!(response.text().contains("64 MiB"), "{}", response.text());
    assert!(provider.received().is_empty());
    let kept = resident(runtime.pid());
    assert!(kept < 250 * 1024, "{kept} KiB resident after a refused body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_told_to_use_http() {
    let provider = Provider::turns([Turn::text("Hi")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let request = Request::new("GET", "/v1/responses")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    assert_eq!(response.status, 426);
    assert!(provider.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_errors_keep_status_and_body() {
    for dialect in Dialect::FIVE {
        for status in [400, 401, 404, 429, 500, 503, 529] {
            let reply = render::error(dialect, status, "overloaded").header("retry-after", "7");
            let provider = Provider::replies([reply.clone()]).await;
            let runtime = Runtime::start(&Options::to(&provider.base));
            let response = asking(&runtime, dialect, true).send().await.unwrap();
            assert_eq!((response.status, &response.body), (status, &reply.bytes()), "{dialect:?}");
            assert_eq!(response.header("retry-after"), Some("7"));
            assert_eq!(provider.received().len(), 1, "{dialect:?} {status}: the agent retries, not the runtime");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_provider_is_an_error_in_the_callers_shape() {
    let runtime = Runtime::start(&Options::to("http://127.0.0.1:9"));
    for dialect in Dialect::FIVE {
        let response = asking(&runtime, dialect, true).send().await.unwrap();
        assert!((500..600).contains(&response.status), "{dialect:?}: {}", response.status);
        assert!(!response.json()["error"].is_null(), "{dialect:?}: {}", response.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_go_out_as_they_come_in() {
    let reply = render::render(Dialect::Chat, true, true, &Turn::text(&"Word after word. ".repeat(12)));
    let frames = reply.bytes().windows(2).filter(|pair| pair == b"\n\n").count();
    let provider = Provider::replies([reply.pace(Duration::from_millis(20))]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let response = asking(&runtime, Dialect::Chat, true).send().await.unwrap();
    // The usage chunk may be taken out, and the last frames may come together.
    assert!(response.pieces.len() + 3 >= frames, "{} pieces of {frames} frames", response.pieces.len());
    let spread = response.pieces.last().unwrap().0 - response.pieces[0].0;
    assert!(spread > Duration::from_millis(20 * (frames as u64 - 6)), "spread over {spread:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_the_clients_to_follow() {
    let provider = Provider::replies([Reply::json(307, "{}").header("location", "http://127.0.0.1:9/elsewhere")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let response = asking(&runtime, Dialect::Chat, false).send().await.unwrap();
    assert_eq!((response.status, response.header("location")), (307, Some("http://127.0.0.1:9/elsewhere")));
}
