//! `retry`: the same call again after a wait. It never multiplies with the client's own retries, nor outlasts the client's patience.

use crate::{Act, Scene, Step};
use domain::*;

/// No wait is longer, however patient the client.
const LONGEST_WAIT_MS: u64 = 120_000;

/// An attempt that came to nothing, as far as deciding what to do next needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    pub fault: Fault,
    pub status: Option<u16>,
    /// What the provider, or the connection, said; masked.
    pub said: String,
    /// Attempts of this very request that failed before this one, those of its client's own retries among them.
    pub before: u32,
    /// What the provider says of asking again (`x-should-retry`), where it says anything: it knows its own faults best.
    pub advice: Option<bool>,
    /// How long the provider asks to wait.
    pub retry_after_ms: Option<u64>,
    /// How long the client is known to wait from here on; none: no limit was found.
    pub patience_ms: Option<u64>,
    /// From 0 to just below 1.
    pub chance: f64,
}

impl Failed {
    /// For a person: `503: Overloaded`.
    pub fn told(&self) -> String {
        match (self.status, self.said.is_empty()) {
            (Some(status), true) => format!("{status} ({})", self.fault.name()),
            (Some(status), false) => format!("{status}: {}", self.said),
            (None, _) => self.said.clone(),
        }
    }
}

pub(crate) fn carry_out(decision: &Decision, backoff: Backoff, scene: &Scene<'_>) -> Act {
    let Some(failed) = scene.failed else { return scene.cannot(decision, "retry", "nothing failed") };
    match wait(backoff, failed) {
        Ok(wait_ms) => {
            let summary = format!("Tried again after {} ms: {}", wait_ms, failed.told());
            let after = format!("retry {} of {}, after {wait_ms} ms", failed.before + 1, backoff.times);
            let mut intervention = scene.intervention(decision, summary, failed.told(), after);
            intervention.effect = Effect { tokens: 0, usd: 0.0, ms: wait_ms as f64, basis: EffectBasis::Estimated };
            Act { step: Step::Retry { wait_ms }, intervention }
        }
        Err(why) => scene.cannot(decision, "retry", &why),
    }
}

/// How long to wait, or why another attempt is none to make.
fn wait(backoff: Backoff, failed: &Failed) -> Result<u64, String> {
    if failed.advice == Some(false) {
        return Err(format!("the provider says not to ask again ({})", failed.told()));
    }
    if !failed.advice.unwrap_or(failed.fault.may_pass()) {
        return Err(format!("the same call would fail again ({})", failed.told()));
    }
    if failed.before >= backoff.times {
        let times = failed.before;
        return Err(format!("this request was tried {} times already, the client's own retries counted", times + 1));
    }
    let longest = backoff.base_ms.saturating_mul(1 << failed.before.min(16)).min(backoff.max_ms);
    let jitter = (longest as f64 * failed.chance) as u64;
    // Clients that were told the same moment must not come back in the same moment.
    let wait_ms = failed.retry_after_ms.map_or(jitter, |asked| asked.saturating_add(jitter.min(backoff.base_ms)));
    // Half of what is left is for the answer.
    let most = failed.patience_ms.map_or(LONGEST_WAIT_MS, |patience| (patience / 2).min(LONGEST_WAIT_MS));
    if wait_ms > most {
        let whose = if failed.retry_after_ms.is_some() { "the provider asks to wait" } else { "the wait would be" };
        return Err(format!("{whose} {} s, and the client may not stay that long", wait_ms.div_ceil(1000)));
    }
    Ok(wait_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { times: 2, base_ms: 500, max_ms: 1_500 };

    fn failed(fault: Fault) -> Failed {
        Failed {
            fault,
            status: Some(503),
            said: "busy".into(),
            before: 0,
            advice: None,
            retry_after_ms: None,
            patience_ms: Some(60_000),
            chance: 0.5,
        }
    }

    #[test]
    fn waits_double_up_to_the_most_and_chance_takes_a_part() {
        let after =
            |before, chance| wait(Backoff { times: 5, ..BACKOFF }, &Failed { before, chance, ..failed(Fault::Server) });
        assert_eq!([after(0, 0.5), after(1, 0.5), after(2, 0.5), after(4, 0.5)], [250, 500, 750, 750].map(Ok));
        assert_eq!(after(0, 0.0), Ok(0));
    }

    #[test]
    fn the_providers_wait_is_kept_and_never_the_clients_patience_outlasted() {
        let asked = |ms| wait(BACKOFF, &Failed { retry_after_ms: Some(ms), ..failed(Fault::RateLimit) });
        assert_eq!(asked(2_000), Ok(2_250));
        assert!(asked(40_000).unwrap_err().contains("the client may not stay"));
        assert!(asked(u64::MAX).is_err(), "however long");
        let patient = Failed { retry_after_ms: Some(90_000), patience_ms: None, ..failed(Fault::RateLimit) };
        assert_eq!(wait(BACKOFF, &patient), Ok(90_250));
    }

    #[test]
    fn the_provider_s_own_word_on_asking_again_stands_above_the_kind_of_failure() {
        let advised = |fault, advice| wait(BACKOFF, &Failed { advice: Some(advice), ..failed(fault) });
        assert!(advised(Fault::Server, false).unwrap_err().contains("says not to ask again"));
        assert_eq!(advised(Fault::Caller, true), Ok(250));
        assert!(wait(BACKOFF, &Failed { before: 2, advice: Some(true), ..failed(Fault::Caller) }).is_err());
    }

    #[test]
    fn what_was_tried_often_enough_or_cannot_pass_is_left() {
        assert!(wait(BACKOFF, &Failed { before: 2, ..failed(Fault::Server) }).is_err());
        assert!(wait(BACKOFF, &failed(Fault::Caller)).unwrap_err().contains("would fail again"));
    }
}
