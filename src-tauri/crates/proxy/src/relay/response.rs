//! A whole streamed response that waits for a person before any of it goes out.

use super::{Relay, Stopped, Whence};
use crate::hand::answer::{self, Replacement};

impl Relay {
    pub(super) async fn hold_response(&mut self) -> Result<(), Stopped> {
        let framing = self.answer.framing();
        let answer = self.answer.answer().clone();
        let held = answer::Held { status: self.status, answer: &answer, framing, raw: &self.whole() };
        let reasons = answer::judge(&self.exchange, &held).await;
        if !reasons.asks.is_empty() && self.whence != Some(Whence::Held) && self.rounds.is_empty() {
            self.keep_response().await;
        }
        let settled = answer::settle(&self.exchange, &mut self.outlet, &held, reasons).await?;
        self.holding = false;
        self.beat = None;
        match settled {
            Replacement::None => {
                let kept = std::mem::take(&mut self.kept);
                self.forward(kept).await
            }
            Replacement::Reworded { bytes } => {
                self.kept.clear();
                self.answer.take_tail();
                (self.replaced, self.reworded) = (Some(bytes), true);
                Ok(())
            }
            Replacement::With { bytes } => {
                self.kept.clear();
                self.answer.take_tail();
                self.replaced = Some(bytes);
                Ok(())
            }
        }
    }

    /// What would go out: what was kept, and the completing part.
    fn whole(&self) -> Vec<u8> {
        let mut whole = self.kept.concat();
        for piece in self.answer.tail() {
            whole.extend_from_slice(piece);
        }
        whole
    }
}
