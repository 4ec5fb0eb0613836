//! What relaying needs of an exchange's way so far.

use super::{Lookout, Whence, watch::Watch};
use crate::{exchange::Exchange, sent::Sent};
use domain::Attempt;
use wire::{Framing, Shapes};

pub(super) fn attempt(sent: &Sent, whence: Option<Whence>) -> Attempt {
    Attempt {
        model: sent.request.model.clone(),
        provider: sent.provider.clone(),
        status: None,
        error: None,
        duration_ms: 0.0,
        why: whence.map(Whence::told),
    }
}

/// What relaying needs of the way so far.
pub(crate) struct Way {
    pub exchange: Exchange,
    pub sent: Sent,
    pub attempt: Attempt,
    /// Microseconds since the request when it went upstream.
    pub sent_at: u32,
    pub framing: Framing,
    /// Set: this exchange asked no model.
    pub whence: Option<Whence>,
    pub watch: Watch,
    /// What is looked for in the text before it goes out.
    pub shapes: Shapes,
    pub lookout: Lookout,
}
