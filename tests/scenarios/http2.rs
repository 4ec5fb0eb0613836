//! A provider behind TLS that speaks HTTP/2 only: requests and streams pass as over HTTP/1.1, and a broken stream is one. Needs `node` and
//! `openssl`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};
use switchtower_tests::{
    Answer, Dialect, Options, Runtime,
    http::{Client, Ended},
};

struct Server(Child, u16);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// With a certificate of its own making in `folder`.
fn serve(folder: &Path) -> Option<Server> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http2.mjs");
    let mut child = Command::new("node").arg(script).arg(&cert).arg(&key).stdout(Stdio::piped()).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    Some(Server(child, line.trim().parse().ok()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_speaks_http_2_is_reached_and_heard_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = serve(folder.path()) else {
        println!("skipped: no openssl or no node here");
        return;
    };
    let mut options = Options::to(&format!("https://localhost:{}", server.1));
    let trusted = folder.path().join("cert.pem").display().to_string();
    options.environment = vec![("SSL_CERT_FILE".into(), trusted)];
    let runtime = Runtime::start(&options);
    for accept in [Some("*/*"), None] {
        let body = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "x": 1.5,
            "messages": [{"role": "user", "content": "Hi ✓"}]})
        .to_string();
        let mut request = Dialect::Chat.request(true, "sk-x", body.clone()).header("anthropic-beta", "a,b");
        request.target += "?x=%2F";
        request.headers.extend(accept.map(|accept| ("accept".to_owned(), accept.to_owned())));
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert_eq!((response.status, response.ended), (200, Ended::Complete), "{}", response.text());
        let answer = Answer::read(Dialect::Chat, true, &response.body).unwrap();
        let asked: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(asked["path"], "/v1/chat/completions?x=%2F");
        assert_eq!((&asked["body"], &asked["beta"]), (&json!(body), &json!("a,b")));
        let twice: Vec<_> =
            response.head.headers.iter().filter(|(name, _)| name == "x-twice").map(|(_, v)| v).collect();
        assert_eq!(twice, ["b", "a"]);
    }
    let body =
        json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "break off"}]}).to_string();
    let response = Client::once(&runtime.proxy, &Dialect::Chat.request(true, "sk-x", body)).await.unwrap();
    assert_ne!(response.ended, Ended::Complete, "{}", response.text());
}
