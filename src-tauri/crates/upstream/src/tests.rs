//! Against a server of a few lines that speaks bytes, so that every byte can be asserted.
#![allow(clippy::disallowed_methods, reason = "a test server lives as long as its test")]

use super::*;
use domain::FailureClass;
use futures::StreamExt;
use http::{HeaderMap, Method};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Accepts one connection, reads one request's head and body, then hands the socket to `answer`.
async fn server<F, Fut>(answer: F) -> (String, JoinHandle<Vec<u8>>)
where
    F: FnOnce(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let request = read_request(&mut socket).await.unwrap();
        answer(socket).await;
        request
    });
    (url, task)
}

async fn read_request(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if request.len() >= end + 4 + length {
                return Ok(request);
            }
        }
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(request);
        }
    }
}

/// With an `Accept`, so that reqwest carries it.
fn post(url: String, headers: &[(&'static str, &str)], body: &'static str) -> UpstreamRequest {
    let mut request = bare(url, headers, body);
    request.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// With the given headers alone: hyper's plain client carries it.
fn bare(url: String, headers: &[(&'static str, &str)], body: &'static str) -> UpstreamRequest {
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    UpstreamRequest {
        method: Method::POST,
        url,
        headers: HeaderMap::from_iter(headers),
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn with_idle(limit: Duration) -> HttpUpstream {
    HttpUpstream::new(Options { idle_timeout: Some(limit), ..Options::default() })
}

async fn failure_of(upstream: &HttpUpstream, request: UpstreamRequest) -> UpstreamFailure {
    match upstream.send(request).await {
        Err(failure) => failure,
        Ok(mut response) => loop {
            match response.body.next().await {
                Some(Ok(_)) => {}
                Some(Err(failure)) => return failure,
                None => panic!("the body ended cleanly"),
            }
        },
    }
}

#[tokio::test]
async fn a_request_goes_out_as_given_with_no_header_but_host_and_length_added() {
    // What reqwest would change (a path, a missing accept), and what it leaves as it is.
    for (target, accept) in [
        ("/v1//x/../y?q=%7e&k=~", None),
        ("/v1//x/../y?q=%7e&k=~", Some("*/*")),
        ("/v1/y?beta=true&q=%7e", None),
        ("/v1/y?beta=true&q=%7e", Some("text/event-stream")),
    ] {
        let (url, seen) = server(|mut socket| async move {
            socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        })
        .await;
        let host = url.strip_prefix("http://").unwrap().to_owned();
        let mut headers = vec![("host", "agent.example"), ("x-b", "2"), ("x-a", "1"), ("anthropic-beta", "one,two")];
        headers.extend(accept.map(|accept| ("accept", accept)));
        let request = bare(format!("{url}{target}"), &headers, "{ \"a\":1.0 }");
        HttpUpstream::default().send(request).await.unwrap();
        let accept = accept.map(|accept| format!("accept: {accept}\r\n")).unwrap_or_default();
        let expected = format!(
            "POST {target} HTTP/1.1\r\nhost: {host}\r\nx-b: 2\r\nx-a: 1\r\nanthropic-beta: one,two\r\n{accept}content-length: 11\r\n\r\n{{ \"a\":1.0 }}"
        );
        assert_eq!(String::from_utf8(seen.await.unwrap()).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_compressed_redirect_comes_back_as_it_is() {
    let (url, _seen) = server(|mut socket| async move {
        let head = b"HTTP/1.1 307 Elsewhere\r\nlocation: http://example.invalid/\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n";
        socket.write_all(head).await.unwrap();
        socket.write_all(b"\x1f\x8b!").await.unwrap();
    })
    .await;
    let mut response = HttpUpstream::default().send(post(url, &[], "")).await.unwrap();
    assert_eq!(response.status, 307);
    assert_eq!(response.headers["content-encoding"], "gzip");
    assert_eq!(response.body.next().await.unwrap().unwrap(), Bytes::from_static(b"\x1f\x8b!"));
    assert!(response.body.next().await.is_none());
}

#[tokio::test]
async fn each_chunk_arrives_before_the_next_is_sent() {
    let (more, mut wanted) = tokio::sync::mpsc::channel::<()>(1);
    let (url, _seen) = server(|mut socket| async move {
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        for _ in 0..3 {
            socket.write_all(b"4\r\nping\r\n").await.unwrap();
            wanted.recv().await.unwrap();
        }
        socket.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let mut response = HttpUpstream::default().send(post(url, &[], "")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(response.body.next().await.unwrap().unwrap(), "ping");
        more.send(()).await.unwrap();
    }
    assert!(response.body.next().await.is_none());
}

#[tokio::test]
async fn dropping_the_body_closes_the_connection_within_100_ms() {
    let (closed, seen_closed) = tokio::sync::oneshot::channel();
    let (url, _seen) = server(|mut socket| async move {
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n").await.unwrap();
        let ended = socket.read(&mut [0; 1]).await;
        let _ = closed.send(matches!(ended, Ok(0) | Err(_)));
    })
    .await;
    let mut response = HttpUpstream::default().send(post(url, &[], "")).await.unwrap();
    response.body.next().await.unwrap().unwrap();
    drop(response);
    let ended = tokio::time::timeout(Duration::from_millis(100), seen_closed).await;
    assert!(ended.expect("closed in time").unwrap());
}

#[tokio::test]
async fn dropping_the_request_closes_the_connection_before_the_head() {
    let (reached, seen_reached) = tokio::sync::oneshot::channel();
    let (closed, seen_closed) = tokio::sync::oneshot::channel();
    let (url, _seen) = server(|mut socket| async move {
        let _ = reached.send(());
        let ended = socket.read(&mut [0; 1]).await;
        let _ = closed.send(matches!(ended, Ok(0) | Err(_)));
    })
    .await;
    let pending = tokio::spawn(HttpUpstream::default().send(post(url, &[], "")));
    seen_reached.await.unwrap();
    pending.abort();
    let ended = tokio::time::timeout(Duration::from_millis(100), seen_closed).await;
    assert!(ended.expect("closed in time").unwrap());
}

#[tokio::test]
async fn a_cut_in_the_middle_is_no_clean_end() {
    let (url, _seen) = server(|mut socket| async move {
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n").await.unwrap();
    })
    .await;
    let failure = failure_of(&HttpUpstream::default(), post(url, &[], "")).await;
    assert_eq!(failure.class, FailureClass::Cut);
}

#[tokio::test]
async fn a_close_before_the_head_is_a_cut_that_a_retry_may_help() {
    let (url, _seen) = server(|socket| async move { drop(socket) }).await;
    let failure = failure_of(&HttpUpstream::default(), post(url, &[], "")).await;
    assert_eq!((failure.class, failure.retryable), (FailureClass::Cut, true));
}

#[tokio::test]
async fn silence_before_the_head_and_between_bytes_is_idle() {
    let (url, _held) = server(|socket| async move {
        let _kept = socket;
        std::future::pending::<()>().await;
    })
    .await;
    let upstream = with_idle(Duration::from_millis(50));
    assert_eq!(failure_of(&upstream, post(url, &[], "")).await.class, FailureClass::Idle);

    let (url, _held) = server(|mut socket| async move {
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(failure_of(&upstream, post(url, &[], "")).await.class, FailureClass::Idle);
}

#[tokio::test]
async fn what_is_not_http_says_so() {
    let (url, _seen) =
        server(|mut socket| async move { socket.write_all(b"SSH-2.0-hello\r\n\r\n").await.unwrap() }).await;
    let failure = failure_of(&HttpUpstream::default(), post(url, &[], "")).await;
    assert_eq!(failure.class, FailureClass::Protocol);
}

#[tokio::test]
async fn a_refused_connection_names_the_host_and_no_credential() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/v1beta/models?key=sk-very-secret");
    let failure = failure_of(&HttpUpstream::default(), post(url, &[], "")).await;
    assert_eq!((failure.class, failure.retryable), (FailureClass::Connect, true));
    assert!(failure.message.contains(&address.to_string()), "{}", failure.message);
    assert!(!failure.message.contains("secret"), "{}", failure.message);
}

#[tokio::test]
async fn tls_to_a_plain_port_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = socket.read(&mut [0; 1024]).await;
    });
    let failure = failure_of(&HttpUpstream::default(), post(format!("https://{address}/"), &[], "")).await;
    assert_eq!(failure.class, FailureClass::Tls, "{}", failure.message);
}

#[tokio::test]
async fn a_malformed_url_never_leaves() {
    let upstream = HttpUpstream::default();
    for url in ["", "not a url", "ftp://host/", "http://user:secret@host/"] {
        let failure = failure_of(&upstream, post(url.to_owned(), &[], "")).await;
        assert_eq!(failure.class, FailureClass::Request, "{url}");
        assert!(!failure.message.contains("secret"));
    }
}

#[tokio::test]
async fn a_connection_serves_the_next_request_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            read_request(&mut socket).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let upstream = HttpUpstream::default();
    for _ in 0..2 {
        let mut response = upstream.send(post(url.clone(), &[], "")).await.unwrap();
        assert_eq!(response.body.next().await.unwrap().unwrap(), "ok");
        assert!(response.body.next().await.is_none());
    }
    accepted.await.unwrap();
}
