//! The door, over a real socket.

use super::*;
use ::console::{Place, Policies};
use ledger::{Ledger, LedgerOptions};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

struct Served {
    address: SocketAddr,
    _web: Web,
    _folder: tempfile::TempDir,
}

async fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("data"), LedgerOptions::default()).unwrap();
    let place = Place {
        version: "0".into(),
        data: folder.path().to_owned(),
        proxy: "http://127.0.0.1:4100".into(),
        console: None,
        started_at: String::new(),
    };
    let policies = Arc::new(Policies::open(folder.path().join("policies")));
    let console = Arc::new(Console::new(ledger, None, policies, place));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let web = Web::serve(listener, console, TOKEN, &["box.internal".to_owned()], None);
    Served { address, _web: web, _folder: folder }
}

impl Served {
    /// Status line, headers and body of one request.
    async fn send(&self, head: &str, body: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn rpc(&self, name: &str, headers: &str, body: &str) -> String {
        self.send(&format!("POST /rpc/{name} HTTP/1.1\r\n{headers}"), body).await
    }
}

#[tokio::test]
async fn a_command_needs_the_token() {
    let served = serve().await;
    let good = format!("host: 127.0.0.1\r\nauthorization: Bearer {TOKEN}");
    assert!(served.rpc("list_sessions", &good, "{}").await.starts_with("HTTP/1.1 200"));
    for wrong in ["", "x", &TOKEN[1..], &format!("{TOKEN}0")] {
        let headers = format!("host: 127.0.0.1\r\nauthorization: Bearer {wrong}");
        assert!(served.rpc("list_sessions", &headers, "{}").await.starts_with("HTTP/1.1 401"), "{wrong}");
    }
    let events = served.send("GET /events HTTP/1.1\r\nhost: localhost", "").await;
    assert!(events.starts_with("HTTP/1.1 401"), "{events}");
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused_even_with_the_token() {
    let served = serve().await;
    let with = |more: &str| format!("{more}\r\nauthorization: Bearer {TOKEN}");
    let own = [
        "host: 127.0.0.1:4101\r\norigin: http://127.0.0.1:4101",
        "host: [::1]:4101",
        "host: localhost:4101",
        "host: box.internal",
    ];
    for headers in own {
        assert!(served.rpc("health", &with(headers), "{}").await.starts_with("HTTP/1.1 200"), "{headers}");
    }
    let foreign = [
        "host: evil.example",
        "host: 127.0.0.1.evil.example",
        "host: 127.0.0.1\r\norigin: http://evil.example",
        "host: 127.0.0.1\r\norigin: null",
        "host: 127.0.0.1:4101\r\norigin: http://127.0.0.1:9999",
        "x-no-host: 1",
    ];
    for headers in foreign {
        let answer = served.rpc("health", &with(headers), "{}").await;
        assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"), "{headers}: {answer}");
        assert!(!answer.contains("\"ledger\""), "{headers}");
    }
}

#[tokio::test]
async fn errors_have_a_code_a_message_and_a_4xx() {
    let served = serve().await;
    let good = format!("host: 127.0.0.1\r\nauthorization: Bearer {TOKEN}");
    let expected = [
        ("no_such_command", "{}", "404", "unknown_command"),
        ("get_session", "{\"session\":\"ses_0000000000001\"}", "404", "not_found"),
        ("get_session", "{\"session\":\"nonsense\"}", "400", "bad_request"),
        ("list_sessions", "{\"limt\":3}", "400", "bad_request"),
        ("list_sessions", "{", "400", "bad_request"),
        ("backtest_policy", "{}", "400", "not_yet"),
        ("control_session", "{\"session\":\"s\",\"command\":\"puase\"}", "400", "bad_request"),
        ("control_session", "{\"session\":\"s\",\"command\":\"pause\",\"x\":1}", "400", "bad_request"),
        ("control_session", "{\"session\":\"ses_0000000000001\",\"command\":\"pause\"}", "400", "unreachable"),
        ("resolve_escalation", "{\"escalation\":\"esc_0000000000001\",\"decision\":\"maybe\"}", "400", "bad_request"),
    ];
    for (name, args, status, code) in expected {
        let answer = served.rpc(name, &good, args).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{name}: {answer}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_strict_content_policy() {
    let served = serve().await;
    for path in ["/", "/sessions", "/assets/none.js"] {
        let answer = served.send(&format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1"), "").await;
        assert!(answer.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_screens_address_may_hold_a_dot() {
    let served = serve().await;
    for (path, status) in [
        ("/policies/research.agent", 200),
        ("/policies/v1.2", 200),
        ("/sessions/x.y", 200),
        ("/assets/none.js", 404),
        ("/none.js", 404),
    ] {
        let answer = served.send(&format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1"), "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
}
