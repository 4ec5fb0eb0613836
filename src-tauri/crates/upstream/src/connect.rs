//! Connections: TCP, TLS with the system's trust, and the user's proxy for https targets that are not on this machine.

use crate::Options;
use futures::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    error::Error,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;
use tower_service::Service;

type Failure = Box<dyn Error + Send + Sync>;
type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

#[derive(Clone)]
pub(crate) struct Connector {
    plain: HttpConnector,
    tls: Arc<ClientConfig>,
    direct: HttpsConnector<HttpConnector>,
    proxies: Option<Arc<Matcher>>,
    timeout: Duration,
}

/// Took longer than the connect time-out.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", .0.as_secs_f32())]
pub(crate) struct TooSlow(Duration);

/// A proxy that this client cannot speak to.
#[derive(Debug, thiserror::Error)]
#[error("the proxy from the environment is {0}; only http:// proxies work")]
struct OtherProxy(String);

impl Connector {
    pub(crate) fn new(options: &Options) -> Self {
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_keepalive(Some(Duration::from_secs(60)));
        plain.set_connect_timeout(Some(options.connect_timeout));
        let tls = Arc::new(trust());
        let direct = secured(&tls, plain.clone());
        let proxies = options.proxy_from_environment.then(|| Arc::new(Matcher::from_env()));
        Connector { plain, tls, direct, proxies, timeout: options.connect_timeout }
    }

    /// Whether the user's proxy stands between here and there.
    pub(crate) fn proxied(&self, target: &Uri) -> bool {
        self.proxy_for(target).is_some()
    }

    fn proxy_for(&self, target: &Uri) -> Option<Intercept> {
        if target.scheme_str() != Some("https") || target.host().is_none_or(is_loopback) {
            return None;
        }
        self.proxies.as_ref()?.intercept(target)
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Connection, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let timeout = self.timeout;
        let connecting: Self::Future = match self.proxy_for(&target) {
            None => Box::pin(self.direct.call(target)),
            Some(proxy) if proxy.uri().scheme_str() == Some("http") => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.plain.clone());
                if let Some(credential) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credential.clone());
                }
                Box::pin(secured(&self.tls, tunnel).call(target))
            }
            Some(proxy) => {
                let scheme = proxy.uri().scheme_str().unwrap_or("unknown").to_owned();
                Box::pin(async move { Err(OtherProxy(scheme).into()) })
            }
        };
        Box::pin(async move { tokio::time::timeout(timeout, connecting).await.map_err(|_| TooSlow(timeout))? })
    }
}

fn secured<C>(tls: &ClientConfig, transport: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(transport)
}

/// The system's certificates. On a machine without any, loopback providers must still work: then every certificate is
/// refused, and the log says why.
pub(crate) fn trust() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = || ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    match versions().and_then(|builder| builder.with_platform_verifier()) {
        Ok(builder) => builder.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no certificates to trust were found; https providers will fail: install ca-certificates");
            ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(rustls::DEFAULT_VERSIONS)
                .map(|builder| builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
                .unwrap_or_else(|_| {
                    ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
                })
        }
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
