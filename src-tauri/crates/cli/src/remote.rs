//! A live runtime's console as a client: commands and events over HTTP.

use crate::folder::{self, Running};
use bytes::Bytes;
use console::{ErrorCode, RpcError};
use domain::{Upstream, UpstreamRequest, UpstreamResponse};
use futures::{Stream, StreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use std::path::Path;
use upstream::{HttpUpstream, Options};

#[derive(Clone)]
pub struct Remote {
    http: HttpUpstream,
    running: Running,
    token: String,
}

impl Remote {
    /// The runtime that lives in a data folder.
    pub fn find(data: &Path) -> Option<Remote> {
        let (running, token) = folder::live(data)?;
        Some(Remote { http: HttpUpstream::new(Options::default()), running, token })
    }

    pub fn running(&self) -> &Running {
        &self.running
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub async fn call(&self, name: &str, args: &Value) -> Result<Value, RpcError> {
        let body = Bytes::from(serde_json::to_vec(args).unwrap_or_default());
        let response = self.send(Method::POST, &format!("/rpc/{name}"), body).await?;
        let status = response.status;
        let text = collect(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&text).map_err(|error| self.unreachable(&error.to_string()));
        }
        Err(serde_json::from_slice(&text).unwrap_or_else(|_| self.unreachable(&format!("it answered {status}"))))
    }

    /// Changes as they are told; ends when the runtime does.
    pub async fn changes(&self) -> Result<BoxStream<'static, Value>, RpcError> {
        let response = self.send(Method::GET, "/events", Bytes::new()).await?;
        if !response.status.is_success() {
            return Err(self.unreachable(&format!("it answered {}", response.status)));
        }
        Ok(lines(response)
            .filter_map(async |line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok())
            .boxed())
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<UpstreamResponse, RpcError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token));
        headers.insert(header::AUTHORIZATION, bearer.map_err(|_| self.unreachable("its token is malformed"))?);
        let url = format!("{}{path}", self.running.console);
        let sent = self.http.send(UpstreamRequest { method, url, headers, body }).await;
        sent.map_err(|failure| self.unreachable(&failure.message))
    }

    fn unreachable(&self, why: &str) -> RpcError {
        let Running { console, pid, .. } = &self.running;
        RpcError::new(ErrorCode::Unreachable, format!("the runtime at {console} does not answer as it should: {why}"))
            .with_hint(format!("is process {pid} well? Stop it and start `switchtower serve` again"))
    }
}

async fn collect(mut response: UpstreamResponse) -> Result<Vec<u8>, RpcError> {
    let mut all = Vec::new();
    while let Some(piece) = response.body.next().await {
        let piece = piece.map_err(|failure| RpcError::new(ErrorCode::Unreachable, failure.message))?;
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

fn lines(response: UpstreamResponse) -> impl Stream<Item = String> + Send {
    let state = (response.body, Vec::new());
    futures::stream::unfold(state, async |(mut body, mut rest): (BoxStream<'static, _>, Vec<u8>)| {
        loop {
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                return Some((String::from_utf8_lossy(&line).trim_end().to_owned(), (body, rest)));
            }
            match body.next().await {
                Some(Ok::<Bytes, domain::UpstreamFailure>(piece)) => rest.extend_from_slice(&piece),
                _ => return None,
            }
        }
    })
}
