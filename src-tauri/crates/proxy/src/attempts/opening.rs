//! A response's opening: whether it is one. What comes before the first token waits for that token, so that a stream that breaks first can
//! still be mended; an unstreamed answer waits for its end. Only where rules mend failures.

use super::failing::{Failing, Left};
use crate::{exchange::Exchange, headers, relay, sent::Sent};
use bytes::Bytes;
use domain::*;
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wire::{Decoder, Decoding, Framer, Framing};

/// A stream that says nothing for so long after its head goes on as it is: its agent counts what comes.
const LOOK: Duration = Duration::from_secs(15);
/// So much is looked at, in bytes.
const READ: usize = 8 << 20;

pub(super) async fn look(
    exchange: &Exchange,
    sent: &Sent,
    mut response: UpstreamResponse,
) -> Result<UpstreamResponse, Failing> {
    let framing = relay::framing(&sent.request, &mut response).await;
    let until = Instant::now() + LOOK;
    let mut reader = Reader {
        decoding: Decoding::new(headers::text(&response.headers, "content-encoding")),
        framer: Framer::new(framing),
        decoder: Decoder::new(sent.request.dialect, framing).at(sent.request.messages.len() as u32),
        received: 0,
    };
    let mut rest = relay::taken(&mut response);
    let mut ahead = Vec::new();
    let seen = loop {
        let next = rest.next();
        let next = match framing {
            Framing::Whole => next.await,
            _ => match timeout_at(until, next).await {
                Ok(next) => next,
                Err(_) => break Seen::Good,
            },
        };
        let seen = reader.take(next.as_ref(), framing);
        let over = next.is_none();
        ahead.extend(next);
        match seen {
            Seen::Nothing if !over && reader.received < READ => {}
            Seen::Nothing => break Seen::Good,
            seen => break seen,
        }
    };
    relay::put_back(&mut response, ahead, rest);
    match seen {
        Seen::Failed { fault, said } => Err(Failing {
            fault,
            status: Some(response.status.as_u16()),
            said: exchange.mask.masked(&said),
            advice: None,
            retry_after_ms: None,
            left: Left::Response(response),
        }),
        Seen::Good | Seen::Nothing => Ok(response),
    }
}

/// What was seen of it so far.
enum Seen {
    Nothing,
    /// Its first token, or a proper end.
    Good,
    Failed {
        fault: Fault,
        said: String,
    },
}

struct Reader {
    decoding: Option<Decoding>,
    framer: Framer,
    decoder: Decoder,
    received: usize,
}

impl Reader {
    fn take(&mut self, chunk: Option<&Result<Bytes, UpstreamFailure>>, framing: Framing) -> Seen {
        match chunk {
            Some(Ok(chunk)) => {
                self.received += chunk.len();
                let clear = self.decoding.as_mut().and_then(|decoding| decoding.push(chunk).ok());
                // What cannot be read cannot be judged.
                let Some(clear) = clear else { return Seen::Good };
                for frame in self.framer.push(clear) {
                    if self.decoder.push(&frame).first_token {
                        return Seen::Good;
                    }
                }
                self.so_far()
            }
            Some(Err(failure)) => Seen::Failed { fault: Fault::of(failure.class), said: failure.message.clone() },
            None => {
                if let Some(frame) = self.framer.finish() {
                    self.decoder.push(&frame);
                }
                let answer = self.decoder.answer();
                let ended = answer.complete || answer.finish.is_some() || answer.error.is_some();
                if framing != Framing::Whole && self.received > 0 && !ended {
                    let said = "the provider ended its stream before the first token".to_owned();
                    return Seen::Failed { fault: Fault::Cut, said };
                }
                self.so_far()
            }
        }
    }

    fn so_far(&self) -> Seen {
        let answer = self.decoder.answer();
        match &answer.error {
            Some(said) => Seen::Failed { fault: Fault::of_stream(said), said: said.clone() },
            None if answer.complete => Seen::Good,
            None => Seen::Nothing,
        }
    }
}
