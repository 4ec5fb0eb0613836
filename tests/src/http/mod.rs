//! HTTP/1.1 by hand, because here every byte counts: heads in raw case and order, bodies by their framing.

mod client;
mod framing;
mod head;

pub use client::{Client, Ended, Request, Response, Streaming, post};
pub use framing::{Body, Broken, Framing};
pub use head::Head;
