//! Rules on the stream look on time too: while the provider is silent, before its first byte, and at answers that come whole.

use crate::{
    exchange::Exchange,
    pipeline::{self, Moment},
    window,
};
use act::{Act, Step};
use domain::{Decision, InterventionId};
use std::time::Duration;
use tokio::time::Instant;
use wire::Answer;

/// How often they look.
const EVERY: Duration = Duration::from_millis(250);
/// How often a look that came to nothing is recorded.
const TOLD_EVERY_US: u32 = 1_000_000;

/// A rule ends the answer here.
#[derive(Debug, Clone)]
pub(crate) struct EndNow {
    /// Its last words.
    pub note: String,
    pub intervention: InterventionId,
}

/// When the rules on an exchange's stream look next.
pub(crate) struct Lookout {
    /// None: no rule looks.
    next: Option<Instant>,
    /// `policy/rule`: each fires once in an exchange, however long its condition holds.
    fired: Vec<String>,
    told_us: Option<u32>,
}

impl Lookout {
    pub fn of(exchange: &Exchange) -> Lookout {
        let looks = exchange.policies.watches_streams();
        Lookout { next: looks.then(|| Instant::now() + EVERY), fired: Vec::new(), told_us: None }
    }

    /// Resolves when they are to look, whatever comes from the provider.
    pub async fn due(&self) {
        match self.next {
            Some(next) => tokio::time::sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    /// Whether they look at what has just come.
    pub fn is_due(&self, first_token: bool) -> bool {
        self.next.is_some_and(|next| first_token || Instant::now() >= next)
    }

    /// They look. `status` is 0 while there is none.
    pub async fn look(
        &mut self,
        exchange: &Exchange,
        status: u16,
        answer: &Answer,
        calling: Option<usize>,
    ) -> Option<EndNow> {
        self.next = Some(Instant::now() + EVERY);
        let at = exchange.elapsed();
        let tells = self.told_us.is_none_or(|told| at.saturating_sub(told) >= TOLD_EVERY_US);
        if tells {
            self.told_us = Some(at);
        }
        let moment = Moment::Stream { status, answer: answer.clone(), calling, spots: Vec::new() };
        self.judge(exchange, moment, tells).await.into_iter().find_map(|act| match act.step {
            Step::End(note) => Some(EndNow { note, intervention: act.intervention.id }),
            _ => None,
        })
    }

    /// A moment that leads to nothing is recorded where `tells` says so.
    async fn judge(&mut self, exchange: &Exchange, moment: Moment, tells: bool) -> Vec<Act> {
        let moment = moment.masked(&exchange.mask);
        let Some((moment, observation, _)) = pipeline::observe(exchange, moment).await else { return Vec::new() };
        let mut verdict = pipeline::reason(exchange, &observation);
        let rewording = window::rewording(&verdict, |_| true);
        verdict.decisions.retain(|decision| !rewording.contains(&window::rule(decision)));
        let key = |decision: &Decision| format!("{}/{}", decision.policy, decision.rule);
        verdict.decisions.retain(|decision| !self.fired.contains(&key(decision)));
        self.fired.extend(verdict.decisions.iter().map(key));
        if verdict.decisions.is_empty() && !tells {
            return Vec::new();
        }
        pipeline::act(exchange, &moment, observation, verdict).await
    }

    /// What comes, or a rule's end of an answer of which nothing has come before. Rules that act are not interrupted by what comes.
    pub async fn unless_ended<T>(
        &mut self,
        exchange: &Exchange,
        status: u16,
        coming: impl Future<Output = T>,
    ) -> Result<T, EndNow> {
        let mut coming = std::pin::pin!(coming);
        loop {
            tokio::select! {
                biased;
                came = &mut coming => return Ok(came),
                () = self.due() => {}
            }
            if let Some(end) = self.look(exchange, status, &Answer::default(), None).await {
                return Err(end);
            }
        }
    }
}
