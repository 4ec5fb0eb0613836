//! hyper's pooled client, for what reqwest would change on its way.

use crate::{Options, POOLED_FOR, connect::Connector};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{self, ResponseFuture},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct Client {
    client: legacy::Client<Connector, Full<Bytes>>,
    connector: Connector,
}

pub(crate) fn client(options: &Options) -> Client {
    let connector = Connector::new(options);
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(POOLED_FOR)
        .http1_max_headers(256)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_timeout(Duration::from_secs(20));
    Client { client: builder.build(connector.clone()), connector }
}

impl Client {
    pub fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        self.client.request(request)
    }

    /// Whether the user's proxy stands between here and there.
    pub fn proxied(&self, uri: &Uri) -> bool {
        self.connector.proxied(uri)
    }
}
