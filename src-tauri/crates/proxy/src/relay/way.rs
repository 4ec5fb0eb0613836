//! What relaying needs of an exchange's way so far.

use super::{Lookout, Whence, watch::Watch};
use crate::{exchange::Exchange, sent::Sent};
use domain::Attempt;
use std::sync::Arc;
use wire::{Framing, Shapes};

/// An attempt that begins. `why`: none for the agent's own request.
pub(crate) fn attempt(sent: &Sent, why: Option<String>) -> Attempt {
    Attempt {
        model: sent.request.model.clone(),
        provider: sent.provider.clone(),
        status: None,
        error: None,
        duration_ms: 0.0,
        why,
    }
}

/// What relaying needs of the way so far.
pub(crate) struct Way {
    pub exchange: Arc<Exchange>,
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
