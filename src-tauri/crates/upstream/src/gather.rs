//! Bursts: pieces of a body that come right behind one another go on together, so that a burst costs few wake-ups and writes. A piece
//! that comes by itself goes on at once.

use bytes::{Bytes, BytesMut};
use domain::UpstreamFailure;
use futures::{
    StreamExt,
    future::poll_fn,
    stream::{self, BoxStream, Stream},
};
use std::{task::Poll, time::Duration};
use tokio::time::Instant;

type Piece = Result<Bytes, UpstreamFailure>;

/// What comes this soon after the piece before is part of a burst. Models are far slower; caches, replays and slow readers are not.
const CLOSE: Duration = Duration::from_micros(200);
/// Larger pieces need no company.
const MOST: usize = 16 << 10;

struct Gathering<B> {
    body: B,
    latest: Option<Instant>,
    /// What ended the latest gathering: a failure, or the end.
    behind: Option<Option<Piece>>,
}

pub(crate) fn gathered(body: impl Stream<Item = Piece> + Send + Unpin + 'static) -> BoxStream<'static, Piece> {
    let gathering = Gathering { body, latest: None, behind: None };
    stream::unfold(gathering, |mut gathering| async move {
        let piece = gathering.next().await?;
        Some((piece, gathering))
    })
    .boxed()
}

impl<B: Stream<Item = Piece> + Unpin> Gathering<B> {
    async fn next(&mut self) -> Option<Piece> {
        if let Some(behind) = self.behind.take() {
            return behind;
        }
        let first = match self.body.next().await? {
            Ok(first) => first,
            failed => return Some(failed),
        };
        let now = Instant::now();
        let close = self.latest.replace(now).is_some_and(|latest| now - latest < CLOSE);
        if !close || first.len() >= MOST {
            return Some(Ok(first));
        }
        let mut alone = Some(first);
        let mut together = BytesMut::new();
        while together.len() < MOST {
            // The connection's task reads on meanwhile.
            tokio::task::yield_now().await;
            match poll_fn(|context| Poll::Ready(self.body.poll_next_unpin(context))).await {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(more))) => {
                    if let Some(first) = alone.take() {
                        together.reserve(MOST + more.len());
                        together.extend_from_slice(&first);
                    }
                    together.extend_from_slice(&more);
                }
                Poll::Ready(ending) => {
                    self.behind = Some(ending);
                    break;
                }
            }
        }
        self.latest = Some(Instant::now());
        Some(Ok(alone.unwrap_or_else(|| together.freeze())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FailureClass;

    fn failure() -> UpstreamFailure {
        UpstreamFailure { class: FailureClass::Cut, message: "cut".into(), retryable: false }
    }

    async fn collected(pieces: Vec<Piece>) -> (Vec<Bytes>, bool) {
        let mut body = gathered(stream::iter(pieces));
        let mut out = Vec::new();
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => out.push(piece),
                Err(_) => return (out, true),
            }
        }
        (out, false)
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_on_together_and_loses_nothing() {
        let pieces: Vec<Piece> = (0..100).map(|n| Ok(Bytes::from(format!("piece {n};")))).collect();
        let whole: Vec<u8> = pieces.iter().flatten().flat_map(|piece| piece.to_vec()).collect();
        let (out, failed) = collected(pieces).await;
        assert!(!failed && out.len() == 2, "the first goes at once, the rest together: {}", out.len());
        assert_eq!(out.concat(), whole);
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_before_a_failure_goes_on_before_it() {
        let pieces = vec![Ok(Bytes::from_static(b"a")), Ok(Bytes::from_static(b"b")), Err(failure())];
        let (out, failed) = collected(pieces).await;
        assert!(failed);
        assert_eq!(out.concat(), b"ab");
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_that_come_one_by_one_go_on_one_by_one() {
        let paced = stream::iter(0..5).then(|n| async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok(Bytes::from(n.to_string()))
        });
        assert_eq!(gathered(Box::pin(paced)).count().await, 5);
    }
}
