//! An agent's side of HTTP: sends exact bytes, notes when each piece of the answer came and how it ended.

use super::{Body, Broken, Framing, Head};
use bytes::Bytes;
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// A request with its headers in the order and case given. `Host` and `Content-Length` are added where absent.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Request {
        Request { method: method.into(), target: target.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub fn post(target: &str, body: impl Into<Bytes>) -> Request {
        Request { body: body.into(), ..Request::new("POST", target) }.header("content-type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn encode(&self, authority: &str) -> Vec<u8> {
        let mut head =
            Head { first: format!("{} {} HTTP/1.1", self.method, self.target), headers: self.headers.clone() };
        if head.get("host").is_none() {
            head.headers.insert(0, ("Host".into(), authority.into()));
        }
        let framed = head.get("content-length").is_some() || head.get("transfer-encoding").is_some();
        if !framed && (!self.body.is_empty() || self.method == "POST") {
            head.headers.push(("Content-Length".into(), self.body.len().to_string()));
        }
        let mut bytes = head.encode();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Complete,
    Cut,
    Reset,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub head: Head,
    pub body: Bytes,
    pub ended: Ended,
    /// When the head came, and each piece of the body with its size, since the request was sent.
    pub head_after: Duration,
    pub pieces: Vec<(Duration, usize)>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }
}

/// A connection that is kept open between requests.
pub struct Client {
    authority: String,
    body: Body<TcpStream>,
}

impl Client {
    /// `base`: `http://127.0.0.1:4100` or the like; what follows the port is ignored.
    pub async fn connect(base: &str) -> std::io::Result<Client> {
        let authority = authority(base).to_owned();
        let stream = TcpStream::connect(&authority).await?;
        stream.set_nodelay(true)?;
        Ok(Client { authority, body: Body::new(stream) })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.body.io().write_all(bytes).await
    }

    /// Sends a request and waits for the head only.
    pub async fn begin(&mut self, request: &Request) -> Result<Streaming<'_>, Broken> {
        let sent = Instant::now();
        let bytes = request.encode(&self.authority);
        let written = self.write(&bytes).await;
        // A refusal may come before the whole body was taken: read it even so.
        self.heard(&request.method, sent, written.is_err()).await
    }

    /// The answer to what was written by hand, as to a POST.
    pub async fn answer(&mut self) -> Result<Response, Broken> {
        Ok(self.heard("POST", Instant::now(), false).await?.finish().await)
    }

    async fn heard(&mut self, method: &str, sent: Instant, unwritten: bool) -> Result<Streaming<'_>, Broken> {
        let head = loop {
            match self.body.head().await {
                Ok(Some(head)) if head.word(1) == "100" => {}
                Ok(Some(head)) => break head,
                Ok(None) => return Err(if unwritten { Broken::Reset } else { Broken::Cut }),
                Err(broken) => return Err(broken),
            }
        };
        self.body.begin(Framing::of_response(&head, method));
        Ok(Streaming { client: self, head_after: sent.elapsed(), sent, head })
    }

    pub async fn send(&mut self, request: &Request) -> Result<Response, Broken> {
        Ok(self.begin(request).await?.finish().await)
    }

    /// One request on a connection of its own.
    pub async fn once(base: &str, request: &Request) -> Result<Response, Broken> {
        Client::connect(base).await.map_err(|_| Broken::Reset)?.send(request).await
    }
}

/// An answer whose body is still coming. Dropping its client closes the connection.
pub struct Streaming<'a> {
    client: &'a mut Client,
    pub head: Head,
    pub sent: Instant,
    pub head_after: Duration,
}

impl Streaming<'_> {
    pub async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        self.client.body.next().await
    }

    pub fn status(&self) -> u16 {
        self.head.word(1).parse().unwrap_or(0)
    }

    pub async fn finish(mut self) -> Response {
        let mut pieces = Vec::new();
        let mut whole = Vec::new();
        let ended = loop {
            match self.next().await {
                Ok(Some(bytes)) => {
                    pieces.push((self.sent.elapsed(), bytes.len()));
                    whole.extend_from_slice(&bytes);
                }
                Ok(None) => break Ended::Complete,
                Err(Broken::Cut) => break Ended::Cut,
                Err(Broken::Reset) => break Ended::Reset,
            }
        };
        let status = self.status();
        Response { status, head: self.head, body: whole.into(), ended, head_after: self.head_after, pieces }
    }
}

/// `POST` of a body to a full address.
pub async fn post(address: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Result<Response, Broken> {
    let (base, target) = split(address);
    let mut request = Request::post(target, body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Client::once(base, &request).await
}

fn authority(base: &str) -> &str {
    let rest = base.trim_start_matches("http://");
    rest.split('/').next().unwrap_or(rest)
}

/// An address as base and target.
fn split(address: &str) -> (&str, &str) {
    let start = "http://".len();
    let slash = address[start..].find('/').map_or(address.len(), |at| at + start);
    let target = &address[slash..];
    (&address[..slash], if target.is_empty() { "/" } else { target })
}
