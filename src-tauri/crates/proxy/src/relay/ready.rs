//! Answers that are here already when a request comes: no model is asked and nothing is paid.

use crate::headers;
use bytes::Bytes;
use domain::*;
use futures::{StreamExt, stream};
use http::StatusCode;

pub(crate) struct Ready {
    pub response: UpstreamResponse,
    pub whence: Whence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whence {
    /// It was held for a person since an earlier exchange sent this very request.
    Held,
    /// An earlier run's exchange brought it.
    Record(ExchangeId),
    /// This very request got it before, in that exchange.
    Cached(ExchangeId),
}

impl Whence {
    /// Why the attempt on record asked nobody.
    pub fn told(self) -> String {
        match self {
            Whence::Held => "the answer that was held for a person".to_owned(),
            Whence::Cached(of) => format!("the answer that {of} got; no model was asked"),
            Whence::Record(of) => format!("the recorded answer of {of}; no model was asked"),
        }
    }
}

/// A response that came before, as if it came now. Its body was decompressed; what this runtime wrote into its head is written anew.
pub(crate) fn again(status: u16, written: &Headers, body: Bytes) -> UpstreamResponse {
    let anew = ["content-encoding", "content-length", "transfer-encoding"];
    let mut kept = written.clone();
    kept.retain(|(name, _)| !anew.contains(&name.as_str()) && !name.starts_with("x-switchtower-"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    UpstreamResponse { status, headers: headers::read(&kept), body: stream::iter([Ok(body)]).boxed() }
}
