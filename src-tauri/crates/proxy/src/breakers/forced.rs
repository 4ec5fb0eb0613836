//! A person's hand on breakers: what a console lists and forces. What was forced is an event, and by it known after a restart.

use super::{BreakerStatus, Changed};
use crate::runtime::Runtime;
use domain::*;

impl Runtime {
    /// Every breaker that the policies in force declare and that has seen a call.
    pub fn breakers(&self) -> Vec<BreakerStatus> {
        let core = self.core();
        core.breakers.list(&core.policies(), core.now())
    }

    /// Holds a breaker in a state, or with `closed` gives it back to what it sees. None: no policy in force declares it for that key,
    /// or the key is nobody's.
    pub fn force_breaker(&self, forced: &ForcedBreaker) -> Option<BreakerStatus> {
        let core = self.core();
        let (policies, at) = (core.policies(), core.now());
        let declared = policies.breakers().find(|declared| declared.key == forced.breaker)?;
        let of = |provider: &str| core.config.providers.iter().any(|known| known.name == provider);
        let known = match declared.per {
            BreakerPer::Provider => of(&forced.key),
            BreakerPer::Model => forced.key.split_once('/').is_some_and(|(provider, _)| of(provider)),
            BreakerPer::Tool => !forced.key.is_empty(),
        };
        if !known {
            return None;
        }
        let changed: Changed = core.breakers.force(&policies, forced, at)?;
        let kind = EventKind::BreakerForced;
        core.ports.sink.record(vec![Record::Event(Event {
            session: None,
            exchange: None,
            at,
            kind,
            payload: changed.payload(),
        })]);
        let is_meant = |status: &BreakerStatus| {
            format!("{}/{}", status.policy, status.name) == forced.breaker && status.key == forced.key
        };
        core.breakers.list(&policies, at).into_iter().find(is_meant)
    }
}
