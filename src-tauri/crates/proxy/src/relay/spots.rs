//! Frames that wait because something in them matches: rules look, and the answer goes on.

use super::{Relay, Stopped};
use crate::{stream::Passed, window};

impl Relay {
    /// Forwards what may go, judges calls and matches, and so on until nothing waits for a match.
    pub(super) async fn pass_on(&mut self, mut passed: Passed) -> Result<(), Stopped> {
        loop {
            self.forward(passed.out).await?;
            self.judge(passed.judge, passed.calls).await?;
            let asked = self.answer.asked().to_vec();
            if asked.is_empty() {
                return Ok(());
            }
            let decided = window::decide(&self.exchange, self.status, self.answer.answer(), &asked).await;
            passed = self.answer.decide(decided);
        }
    }
}
