//! Reads heads and bodies off a socket by their framing, and says how a body ended.

use super::Head;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How a body's end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

impl Framing {
    pub fn of_request(head: &Head) -> Framing {
        Self::stated(head).unwrap_or(Framing::None)
    }

    pub fn of_response(head: &Head, method: &str) -> Framing {
        let status = head.word(1);
        if method == "HEAD" || status == "204" || status == "304" || status.starts_with('1') {
            return Framing::None;
        }
        Self::stated(head).unwrap_or(Framing::UntilClose)
    }

    fn stated(head: &Head) -> Option<Framing> {
        if head.get("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            return Some(Framing::Chunked);
        }
        head.get("content-length").and_then(|value| value.parse().ok()).map(Framing::Length)
    }
}

/// A body that did not reach its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The other side closed before the framing's end.
    Cut,
    /// The connection was reset.
    Reset,
}

/// A socket's readable side with what was read ahead.
pub struct Body<R> {
    io: R,
    ahead: BytesMut,
    framing: Framing,
    left: u64,
    done: bool,
}

impl<R: AsyncRead + Unpin> Body<R> {
    pub fn new(io: R) -> Body<R> {
        Body { io, ahead: BytesMut::with_capacity(64 * 1024), framing: Framing::None, left: 0, done: true }
    }

    pub fn io(&mut self) -> &mut R {
        &mut self.io
    }

    pub fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    async fn fill(&mut self) -> Result<usize, Broken> {
        self.io.read_buf(&mut self.ahead).await.map_err(|_| Broken::Reset)
    }

    /// The next head, or `None` where the other side closed between messages.
    pub async fn head(&mut self) -> Result<Option<Head>, Broken> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                return Ok(Some(Head::parse(&self.ahead.split_to(end + 4))));
            }
            if self.fill().await? == 0 {
                return if self.ahead.is_empty() { Ok(None) } else { Err(Broken::Cut) };
            }
        }
    }

    pub fn begin(&mut self, framing: Framing) {
        self.framing = framing;
        self.left = if let Framing::Length(length) = framing { length } else { 0 };
        self.done = framing == Framing::None || framing == Framing::Length(0);
    }

    /// The next bytes of the body as they came; `None` at its proper end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        if self.done {
            return Ok(None);
        }
        match self.framing {
            Framing::None => Ok(None),
            Framing::Length(_) => {
                let bytes = self.some(self.left).await?;
                self.left -= bytes.len() as u64;
                self.done = self.left == 0;
                Ok(Some(bytes))
            }
            Framing::UntilClose => {
                if self.ahead.is_empty() && self.fill().await? == 0 {
                    self.done = true;
                    return Ok(None);
                }
                Ok(Some(self.ahead.split().freeze()))
            }
            Framing::Chunked => self.chunk().await,
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        if self.left == 0 {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            self.left = u64::from_str_radix(digits, 16).map_err(|_| Broken::Cut)?;
            if self.left == 0 {
                while !self.line().await?.is_empty() {}
                self.done = true;
                return Ok(None);
            }
        }
        let bytes = self.some(self.left).await?;
        self.left -= bytes.len() as u64;
        if self.left == 0 && !self.line().await?.is_empty() {
            return Err(Broken::Cut);
        }
        Ok(Some(bytes))
    }

    async fn some(&mut self, most: u64) -> Result<Bytes, Broken> {
        if self.ahead.is_empty() && self.fill().await? == 0 {
            return Err(Broken::Cut);
        }
        let take = self.ahead.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(self.ahead.split_to(take).freeze())
    }

    async fn line(&mut self) -> Result<String, Broken> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n") {
                let line = self.ahead.split_to(end + 2);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.fill().await? == 0 {
                return Err(Broken::Cut);
            }
        }
    }

    /// The rest of the body in one piece.
    pub async fn rest(&mut self) -> Result<Bytes, Broken> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
