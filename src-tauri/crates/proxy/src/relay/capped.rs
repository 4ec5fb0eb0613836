//! Answers that end at the cap that a budget set: its rule says so behind their last words, where it ends answers.

use super::{EndNow, Lookout, Relay, Stopped};
use crate::{budgets, exchange::Exchange, stream::Passed};
use wire::Answer;

impl Relay {
    /// The end of the answer is held no more. True: a rule put its word there, and the answer is complete.
    pub(super) async fn end_at_cap(&mut self) -> Result<bool, Stopped> {
        if !self.answer.end_is_held() {
            return Ok(false);
        }
        // Calls are the agent's to run, and none of them is behind the stop.
        let plain = self.answer.calling().is_none() && self.pending.is_empty() && self.removals.is_empty();
        if let Some(words) = self.answer.last_words().filter(|_| plain) {
            let answer = self.answer.answer().clone();
            if let Some(mut end) = at_cap(&self.exchange, self.status, answer, &mut self.lookout).await {
                if !words.is_empty() {
                    end.note = format!("{words}\n\n{}", end.note);
                }
                self.end_early(end).await?;
                return Ok(true);
            }
        }
        let mut passed = Passed::default();
        self.answer.release_end(&mut passed);
        self.pass_on(passed).await?;
        Ok(false)
    }
}

/// What rules on the stream make of an answer that its model cut where a budget had capped it: for them it is not ended yet.
pub(crate) async fn at_cap(
    exchange: &Exchange,
    status: u16,
    mut answer: Answer,
    lookout: &mut Lookout,
) -> Option<EndNow> {
    let cut = answer.finish.as_deref().is_some_and(wire::is_length_stop) && answer.calls.is_empty();
    if !cut || !budgets::is_at_cap(exchange) {
        return None;
    }
    (answer.finish, answer.complete) = (None, false);
    lookout.look(exchange, status, &answer, None).await
}
