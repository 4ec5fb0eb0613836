//! A scripted provider: answers as its script says, with faults, and keeps exactly what it received.

mod reply;
mod serve;

pub use reply::{Fault, Pieces, Reply, encode};

use crate::http::Head;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A request exactly as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub head: Head,
    pub body: Bytes,
    pub at: Instant,
    /// Which connection it came on, from 0.
    pub connection: usize,
    /// When the other side was seen to be gone before its answer was whole.
    pub gone: Option<Instant>,
    /// When the last byte of the answer was written.
    pub answered: Option<Instant>,
}

impl Received {
    pub fn method(&self) -> &str {
        self.head.word(0)
    }

    pub fn target(&self) -> &str {
        self.head.word(1)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

pub(crate) type Script = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

/// A provider on a free port of its own; ends when dropped.
pub struct Provider {
    pub base: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Provider {
    /// Answers each request with what `script` makes of it.
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Provider {
        Provider::start_at("127.0.0.1:0", script).await
    }

    pub async fn start_at(address: &str, script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Provider {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(serve::serve(listener, Arc::new(script), received.clone()));
        Provider { base, received, task }
    }

    /// Answers the requests in order with `replies`; the last one is repeated.
    pub async fn replies(replies: impl IntoIterator<Item = Reply>) -> Provider {
        let queue = Mutex::new(replies.into_iter().collect::<VecDeque<_>>());
        Provider::start(move |_| {
            let mut queue = queue.lock().expect("no holder panics");
            if queue.len() > 1 { queue.pop_front().expect("more than one") } else { queue[0].clone() }
        })
        .await
    }

    /// Answers in the request's own dialect, streamed if asked so, with `turns` in order; the last one is repeated.
    pub async fn turns(turns: impl IntoIterator<Item = crate::Turn>) -> Provider {
        let queue = Mutex::new(turns.into_iter().collect::<VecDeque<_>>());
        Provider::start(move |request| {
            let mut queue = queue.lock().expect("no holder panics");
            let turn = if queue.len() > 1 { queue.pop_front().expect("more than one") } else { queue[0].clone() };
            crate::render::answer(request, &turn)
        })
        .await
    }

    /// Everything received so far, in order of arrival.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no holder panics").clone()
    }

    pub fn forget(&self) {
        self.received.lock().expect("no holder panics").clear();
    }

    pub fn last(&self) -> Received {
        self.received().pop().expect("a request came")
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}
