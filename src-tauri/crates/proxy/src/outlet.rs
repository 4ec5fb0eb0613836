//! The way back to one agent: first a head that may still be chosen, then only pieces. Whoever holds an exchange keeps the agent waiting
//! through it; whoever answers need not know whether the head has gone out already.

use crate::{
    body::{Cut, Piece, ReplyBody},
    listener::Reply,
};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tokio::sync::mpsc;

/// Pieces under way to one agent: enough that a burst is not held up by the writer's turn, few enough to push back.
const PIECES: usize = 32;

/// The agent is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// What goes out behind the head.
pub(crate) struct Pieces {
    way: mpsc::Sender<Piece>,
    /// Something of the answer has gone out: more than no-ops.
    begun: bool,
}

pub(crate) enum Outlet {
    /// Nothing was said yet.
    Fresh(Reply),
    /// The head has gone out: status and headers are decided.
    Open(Pieces),
    /// Everything was said.
    Ended,
}

impl Outlet {
    pub fn is_open(&self) -> bool {
        matches!(self, Outlet::Open(_))
    }

    /// Whether the agent has got anything of the answer itself.
    pub fn has_begun(&self) -> bool {
        matches!(self, Outlet::Open(Pieces { begun: true, .. }))
    }

    /// Resolves when the agent has gone.
    pub async fn closed(&mut self) {
        match self {
            Outlet::Fresh(reply) => reply.closed().await,
            Outlet::Open(pieces) => pieces.way.closed().await,
            Outlet::Ended => std::future::pending().await,
        }
    }

    /// Sends the head, if it has not gone out.
    pub fn open(&mut self, status: StatusCode, headers: HeaderMap) -> Result<(), Gone> {
        match std::mem::replace(self, Outlet::Ended) {
            Outlet::Ended => Err(Gone),
            Outlet::Open(pieces) => {
                *self = Outlet::Open(pieces);
                Ok(())
            }
            Outlet::Fresh(reply) => {
                let (way, receiver) = mpsc::channel(PIECES);
                let mut response = Response::new(ReplyBody::Stream(receiver));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                reply.send(response).map_err(|_| Gone)?;
                *self = Outlet::Open(Pieces { way, begun: false });
                Ok(())
            }
        }
    }

    /// A piece of the answer to an agent that has its head.
    pub async fn say(&mut self, bytes: Bytes) -> Result<(), Gone> {
        if let Outlet::Open(pieces) = self {
            pieces.begun = true;
        }
        self.keep(bytes).await
    }

    /// A no-op to an agent that has its head.
    pub async fn keep(&self, noop: Bytes) -> Result<(), Gone> {
        match self {
            Outlet::Open(pieces) => pieces.way.send(Ok(noop)).await.map_err(|_| Gone),
            Outlet::Fresh(_) | Outlet::Ended => Err(Gone),
        }
    }

    /// The whole answer, and its end. Where the head has gone out only the body counts.
    pub async fn give(self, status: StatusCode, headers: HeaderMap, body: Bytes) -> Result<(), Gone> {
        match self {
            Outlet::Ended => Err(Gone),
            Outlet::Open(pieces) => pieces.way.send(Ok(body)).await.map_err(|_| Gone),
            Outlet::Fresh(reply) => {
                let mut response = Response::new(ReplyBody::whole(body));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                reply.send(response).map_err(|_| Gone)
            }
        }
    }

    /// Breaks the connection, so that nobody takes what was sent for a whole answer. Before the head there is nothing to break.
    pub async fn cut(self, why: String) {
        if let Outlet::Open(pieces) = self {
            // An agent that is gone needs no break.
            let _ = pieces.way.send(Err(Cut(why))).await;
        }
    }
}
