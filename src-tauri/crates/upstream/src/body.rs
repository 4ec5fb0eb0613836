//! A response's body, watched for silence.

use crate::failure;
use bytes::Bytes;
use domain::UpstreamFailure;
use futures::Stream;
use http_body::Body;
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Yields the body's bytes as they come; ends with a failure after `limit` without any. Dropping it closes the connection.
pub(crate) struct Watched<B> {
    body: Option<B>,
    watch: Option<Watch>,
    target: String,
}

/// One timer that is re-armed only when it fires: a chunk costs a clock reading, not a timer operation.
struct Watch {
    limit: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<B> Watched<B> {
    pub(crate) fn new(body: B, limit: Option<Duration>, target: String) -> Self {
        let watch = limit.map(|limit| {
            let heard = Instant::now();
            Watch { limit, heard, timer: Box::pin(tokio::time::sleep_until(heard + limit)) }
        });
        Watched { body: Some(body), watch, target }
    }
}

impl Watch {
    /// Ready once nothing was heard for the limit.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let due = self.heard + self.limit;
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl<B> Stream for Watched<B>
where
    B: Body<Data = Bytes, Error: Error + 'static> + Unpin,
{
    type Item = Result<Bytes, UpstreamFailure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        loop {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(watch) = &mut this.watch {
                        watch.heard = Instant::now();
                    }
                    // Trailers carry nothing that an agent reads; empty pieces carry nothing at all.
                    match frame.into_data() {
                        Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                        _ => {}
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(failure::of_body(&error, &this.target))));
                }
                Poll::Ready(None) => {
                    this.body = None;
                    return Poll::Ready(None);
                }
                Poll::Pending => break,
            }
        }
        match this.watch.as_mut().map(|watch| (watch.poll_silence(cx), watch.limit)) {
            Some((Poll::Ready(()), limit)) => {
                this.body = None;
                Poll::Ready(Some(Err(failure::idle(&this.target, limit))))
            }
            _ => Poll::Pending,
        }
    }
}
