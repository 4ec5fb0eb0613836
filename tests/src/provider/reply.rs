//! What a scripted provider answers: head, body in pieces, and the fault that spoils it.

use bytes::Bytes;
use std::{io::Write, time::Duration};

/// How the body is cut into writes, each flushed on its own.
#[derive(Debug, Clone)]
pub enum Pieces {
    /// With `Content-Length`.
    Whole(Bytes),
    /// Chunked, one write a piece.
    Chunked(Vec<Bytes>),
    /// Neither length nor chunks: the end of the connection ends the body.
    UntilClose(Vec<Bytes>),
}

/// What goes wrong. Counts are bytes of the body that go out before it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes without the framing's end.
    Cut(usize),
    /// The connection is reset.
    Reset(usize),
    /// The body ends properly, too early.
    CleanEnd(usize),
    /// Nothing more comes, and nothing closes.
    Silence(usize),
    /// Bytes that belong to no dialect, then a proper end.
    Garbage(usize),
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Pieces,
    pub fault: Option<Fault>,
    /// Before the head.
    pub delay: Duration,
    /// Between pieces.
    pub pace: Duration,
    /// True: echo the request's credential into the body in place of `{credential}`.
    pub echo: bool,
}

impl Reply {
    pub fn json(status: u16, body: impl Into<Bytes>) -> Reply {
        Reply::with(status, "application/json", Pieces::Whole(body.into()))
    }

    /// A stream, one piece a frame.
    pub fn stream(content_type: &str, frames: Vec<Bytes>) -> Reply {
        Reply::with(200, content_type, Pieces::Chunked(frames))
    }

    pub fn with(status: u16, content_type: &str, body: Pieces) -> Reply {
        Reply {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body,
            fault: None,
            delay: Duration::ZERO,
            pace: Duration::ZERO,
            echo: false,
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Reply {
        self.fault = Some(fault);
        self
    }

    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Reply {
        self.delay = delay;
        self
    }

    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Reply {
        self.pace = pace;
        self
    }

    #[must_use]
    pub fn echo_credential(mut self) -> Reply {
        self.echo = true;
        self
    }

    /// The same body compressed, with `Content-Encoding`; pieces are cut anew.
    #[must_use]
    pub fn encoded(mut self, encoding: &str) -> Reply {
        let plain = self.bytes();
        let packed = encode(encoding, &plain);
        self.headers.push(("content-encoding".into(), encoding.into()));
        self.body = match self.body {
            Pieces::Whole(_) => Pieces::Whole(packed),
            Pieces::Chunked(_) => Pieces::Chunked(split(&packed, 97)),
            Pieces::UntilClose(_) => Pieces::UntilClose(split(&packed, 97)),
        };
        self
    }

    /// The same body cut into pieces of the given sizes, taken in turn.
    #[must_use]
    pub fn cut_into(mut self, sizes: impl Iterator<Item = usize>) -> Reply {
        let mut rest = self.bytes();
        let mut pieces = Vec::new();
        for size in sizes {
            if rest.is_empty() {
                break;
            }
            pieces.push(rest.split_to(size.clamp(1, rest.len())));
        }
        pieces.extend((!rest.is_empty()).then_some(rest));
        self.body = Pieces::Chunked(pieces);
        self
    }

    /// The whole body.
    pub fn bytes(&self) -> Bytes {
        match &self.body {
            Pieces::Whole(bytes) => bytes.clone(),
            Pieces::Chunked(pieces) | Pieces::UntilClose(pieces) => pieces.concat().into(),
        }
    }
}

fn split(bytes: &Bytes, size: usize) -> Vec<Bytes> {
    bytes.chunks(size).map(Bytes::copy_from_slice).collect()
}

/// Compresses as the named `Content-Encoding` says.
pub fn encode(encoding: &str, plain: &[u8]) -> Bytes {
    let packed = match encoding {
        "gzip" => {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            to.write_all(plain).and_then(|()| to.finish())
        }
        "deflate" => {
            let mut to = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            to.write_all(plain).and_then(|()| to.finish())
        }
        "br" => {
            let mut packed = Vec::new();
            let written = brotli::CompressorWriter::new(&mut packed, 4096, 5, 22).write_all(plain);
            written.map(|()| packed)
        }
        "zstd" => zstd::encode_all(plain, 3),
        other => panic!("no encoding {other}"),
    };
    packed.expect("memory takes every byte").into()
}
