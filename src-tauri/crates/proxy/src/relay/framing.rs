//! How an answer is cut into frames: by its label, and by its first bytes where the label says too little or lies. A rule on tool calls
//! must see those of a stream that its provider calls JSON.

use crate::headers;
use bytes::Bytes;
use domain::{UpstreamFailure, UpstreamResponse};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use wire::{Decoding, Framing, Request, Sniffed};

/// Bytes to look at before the label is believed after all.
const LOOK: usize = 4096;

/// The framing of a response to `request`; what was read ahead of its body stands in its place again.
pub(crate) async fn framing(request: &Request, response: &mut UpstreamResponse) -> Framing {
    if !response.status.is_success() {
        return Framing::Whole;
    }
    let kind = headers::text(&response.headers, "content-type");
    let labelled = wire::framing(request.dialect, kind, request);
    if wire::is_certain(request.dialect, kind, request) {
        return labelled;
    }
    let Some(mut decoding) = Decoding::new(headers::text(&response.headers, "content-encoding")) else {
        return labelled;
    };
    let mut body = taken(response);
    let mut ahead: Vec<Result<Bytes, UpstreamFailure>> = Vec::new();
    let mut clear = Vec::new();
    let found = loop {
        let Some(chunk) = body.next().await else { break None };
        let decoded = chunk.as_ref().ok().and_then(|chunk| decoding.push(chunk).ok());
        ahead.push(chunk);
        let Some(decoded) = decoded else { break None };
        clear.extend_from_slice(&decoded);
        match wire::sniff(request, &clear) {
            Sniffed::Framing(framing) => break Some(framing),
            Sniffed::Unsure if clear.len() < LOOK => {}
            Sniffed::Unsure | Sniffed::Unknown => break None,
        }
    };
    put_back(response, ahead, body);
    found.unwrap_or(labelled)
}

pub(crate) type Body = BoxStream<'static, Result<Bytes, UpstreamFailure>>;

/// The body, to be read ahead: it may be asked again after its end.
pub(crate) fn taken(response: &mut UpstreamResponse) -> Body {
    std::mem::replace(&mut response.body, stream::empty().boxed()).fuse().boxed()
}

/// What was read ahead stands before the rest again.
pub(crate) fn put_back(response: &mut UpstreamResponse, ahead: Vec<Result<Bytes, UpstreamFailure>>, rest: Body) {
    response.body = stream::iter(ahead).chain(rest).boxed();
}
