//! Bytes out, bytes back: the HTTP client behind the `Upstream` port.
//!
//! Owns connections to providers (pooled, HTTP/1.1 and 2), the user's proxy settings, the idle time-out and the classes
//! of failure. No redirects, no retries of a request that was sent, no decompression, no total time-out, no header of its
//! own but `host` and framing. It must not know dialects or policies.
//!
//! It sits on hyper's pooled client, not on reqwest, because reqwest adds `accept: */*` to every request without one and
//! rewrites paths: both would break byte fidelity.

mod body;
mod connect;
mod failure;

use bytes::Bytes;
use connect::Connector;
use domain::{Upstream, UpstreamFailure, UpstreamRequest, UpstreamResponse};
use futures::{StreamExt, future::BoxFuture};
use http::{HeaderValue, Uri, header};
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

/// How long to wait for what. There is no total time-out: an answer may take hours if bytes keep coming.
#[derive(Debug, Clone)]
pub struct Options {
    /// For a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest silence: to the response's head, then between any two of its bytes. `None` waits for ever.
    pub idle_timeout: Option<Duration>,
    /// Take the user's proxy for https targets from HTTPS_PROXY, ALL_PROXY and NO_PROXY. Loopback targets are always
    /// reached directly.
    pub proxy_from_environment: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect_timeout: Duration::from_secs(20),
            idle_timeout: Some(Duration::from_secs(15 * 60)),
            proxy_from_environment: true,
        }
    }
}

/// The client for every provider; cheap to clone, one pool behind all clones.
#[derive(Clone)]
pub struct HttpUpstream {
    client: Client<Connector, Full<Bytes>>,
    idle_timeout: Option<Duration>,
}

impl HttpUpstream {
    pub fn new(options: Options) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            // Below the 60 to 75 s after which common servers close, so that a request rarely meets a dying connection.
            .pool_idle_timeout(Duration::from_secs(50))
            .http1_max_headers(256)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(20));
        HttpUpstream { client: builder.build(Connector::new(&options)), idle_timeout: options.idle_timeout }
    }
}

impl Default for HttpUpstream {
    fn default() -> Self {
        HttpUpstream::new(Options::default())
    }
}

impl Upstream for HttpUpstream {
    fn send(&self, request: UpstreamRequest) -> BoxFuture<'static, Result<UpstreamResponse, UpstreamFailure>> {
        let client = self.client.clone();
        let idle = self.idle_timeout;
        Box::pin(async move {
            let request = prepare(request)?;
            let target = failure::target(request.uri());
            let head = client.request(request);
            let response = match idle {
                None => head.await,
                Some(limit) => match tokio::time::timeout(limit, head).await {
                    Ok(response) => response,
                    Err(_) => return Err(failure::idle(&target, limit)),
                },
            };
            let (head, body) = response.map_err(|error| failure::of_request(&error, &target))?.into_parts();
            let body = body::Watched::new(body, idle, target).boxed();
            Ok(UpstreamResponse { status: head.status, headers: head.headers, body })
        })
    }
}

/// The request as hyper takes it: the URL verbatim, `host` from the URL, everything else as given.
fn prepare(request: UpstreamRequest) -> Result<http::Request<Full<Bytes>>, UpstreamFailure> {
    let uri: Uri = request.url.parse().map_err(|_| failure::unsendable("the provider's URL is malformed"))?;
    let authority = uri.authority().ok_or_else(|| failure::unsendable("the provider's URL names no host"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(failure::unsendable("the provider's URL is neither http nor https"));
    }
    if authority.as_str().contains('@') {
        return Err(failure::unsendable("the provider's URL holds a user name; put the credential into api_key"));
    }
    let mut headers = request.headers;
    if uri.scheme_str() == Some("http") {
        // In place, so that the order stays. Plain HTTP is always HTTP/1.1.
        let host = HeaderValue::from_str(authority.as_str())
            .map_err(|_| failure::unsendable("the provider's host name cannot be sent"))?;
        headers.insert(header::HOST, host);
    } else {
        // HTTP/2 says `:authority` instead; for HTTP/1.1 the client adds it.
        headers.remove(header::HOST);
    }
    let mut out = http::Request::new(Full::new(request.body));
    *out.method_mut() = request.method;
    *out.uri_mut() = uri;
    *out.headers_mut() = headers;
    Ok(out)
}

#[cfg(test)]
mod tests;
