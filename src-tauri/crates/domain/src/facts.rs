//! What conditions would read of a session at one moment, without the point: for people to look at. Conditions themselves read
//! observations.

use crate::{ExchangeId, Observation, RuleHistory, RunFacts, SessionFacts, Timestamp};
use std::collections::BTreeMap;

/// A session's facts as they stand, or stood, at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub at: Timestamp,
    /// A call to the model is open, or the result of a tool call is still to come: the run's clock goes on.
    pub under_way: bool,
    /// The exchange that they were observed for; none where they are the session's own.
    pub exchange: Option<ExchangeId>,
    pub session: SessionFacts,
    pub run: RunFacts,
    /// By `policy/rule`.
    pub history: BTreeMap<String, RuleHistory>,
}

impl From<Observation> for Facts {
    fn from(seen: Observation) -> Facts {
        Facts {
            at: seen.at,
            under_way: false,
            exchange: Some(seen.trace.exchange),
            session: seen.session,
            run: seen.run,
            history: seen.history,
        }
    }
}
