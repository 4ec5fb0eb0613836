//! Bytes out, bytes back: the HTTP client behind the `Upstream` port.
//!
//! Owns connections to providers (pooled, HTTP/1.1 and 2), the user's proxy settings, the idle time-out and the classes
//! of failure. No redirects, no retries of a request that was sent, no decompression, no total time-out, no header of its
//! own but `host` and framing. It must not know dialects or policies.
//!
//! reqwest carries every request that it carries unchanged. It adds `accept: */*` where there is none, and its URL parser rewrites
//! some paths; such requests, and those through the user's proxy, go by hyper's pooled client (`plain`) instead: fidelity first.

mod alarm;
mod body;
mod classifier;
mod connect;
mod failure;
mod gather;
mod plain;

pub use alarm::Alarms;
pub use classifier::Classifiers;

use bytes::Bytes;
use domain::{Upstream, UpstreamFailure, UpstreamRequest, UpstreamResponse};
use futures::future::BoxFuture;
use http::{HeaderValue, Uri, header};
use http_body_util::Full;
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
    client: Option<reqwest::Client>,
    plain: plain::Client,
    idle_timeout: Option<Duration>,
}

/// Below the 60 to 75 s after which common servers close, so that a request rarely meets a dying connection.
const POOLED_FOR: Duration = Duration::from_secs(50);

impl HttpUpstream {
    pub fn new(options: Options) -> Self {
        HttpUpstream { client: client(&options), plain: plain::client(&options), idle_timeout: options.idle_timeout }
    }
}

/// reqwest without anything of its own: no redirects, retries, proxies, referer or total time-out. Decompression is not compiled in.
fn client(options: &Options) -> Option<reqwest::Client> {
    let mut trust = connect::trust();
    trust.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let built = reqwest::Client::builder()
        .tls_backend_preconfigured(trust)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(POOLED_FOR)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_timeout(Duration::from_secs(20))
        .build();
    built.map_err(|error| tracing::warn!(%error, "every request goes by the plain client")).ok()
}

impl Default for HttpUpstream {
    fn default() -> Self {
        HttpUpstream::new(Options::default())
    }
}

impl Upstream for HttpUpstream {
    fn send(&self, request: UpstreamRequest) -> BoxFuture<'static, Result<UpstreamResponse, UpstreamFailure>> {
        let (client, plain, idle) = (self.client.clone(), self.plain.clone(), self.idle_timeout);
        Box::pin(async move {
            let given = request.url.clone();
            let request = prepare(request)?;
            let target = failure::target(request.uri());
            match (client, unchanged(&given, &request, &plain)) {
                (Some(client), Some(url)) => by_reqwest(client, url, request, idle, target).await,
                _ => by_plain(plain, request, idle, target).await,
            }
        })
    }
}

/// The URL as reqwest takes it, where reqwest changes neither it nor the headers.
fn unchanged(given: &str, request: &http::Request<Full<Bytes>>, plain: &plain::Client) -> Option<reqwest::Url> {
    if !request.headers().contains_key(header::ACCEPT) || plain.proxied(request.uri()) {
        return None;
    }
    reqwest::Url::parse(given).ok().filter(|url| url.as_str() == given)
}

async fn by_reqwest(
    client: reqwest::Client,
    url: reqwest::Url,
    request: http::Request<Full<Bytes>>,
    idle: Option<Duration>,
    target: String,
) -> Result<UpstreamResponse, UpstreamFailure> {
    let (head, body) = request.into_parts();
    let mut out = reqwest::Request::new(head.method, url);
    *out.headers_mut() = head.headers;
    *out.body_mut() = Some(reqwest::Body::wrap(body));
    let response = heard(client.execute(out), idle, &target).await?;
    let response = response.map_err(|error| {
        let connecting = error.is_connect();
        // Without the URL: it may hold a credential.
        failure::of_request(&error.without_url(), connecting, &target)
    });
    let (head, body) = http::Response::from(response?).into_parts();
    let body = gather::gathered(body::Watched::new(body, idle, target));
    Ok(UpstreamResponse { status: head.status, headers: head.headers, body })
}

async fn by_plain(
    client: plain::Client,
    request: http::Request<Full<Bytes>>,
    idle: Option<Duration>,
    target: String,
) -> Result<UpstreamResponse, UpstreamFailure> {
    let response = heard(client.request(request), idle, &target).await?;
    let response = response.map_err(|error| failure::of_request(&error, error.is_connect(), &target));
    let (head, body) = response?.into_parts();
    let body = gather::gathered(body::Watched::new(body, idle, target));
    Ok(UpstreamResponse { status: head.status, headers: head.headers, body })
}

/// Waits for a head, at most for the idle time-out.
async fn heard<T>(head: impl Future<Output = T>, idle: Option<Duration>, target: &str) -> Result<T, UpstreamFailure> {
    match idle {
        None => Ok(head.await),
        Some(limit) => tokio::time::timeout(limit, head).await.map_err(|_| failure::idle(target, limit)),
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
