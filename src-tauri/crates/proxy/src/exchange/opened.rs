//! An exchange as it begins: put together from what opening it found out, and counted for as long as it lives.

use super::Exchange;
use crate::{breakers::Asked, core::Core, mask::Mask, passage::Incoming, rewind::Tape, session::SessionHandle};
use domain::*;
use observe::Reading;
use parking_lot::Mutex;
use reason::PolicySet;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use wire::Request;

/// Counts an open exchange for as long as it lives, whichever way it ends.
pub(super) struct Open(Arc<Core>);

impl Open {
    pub fn new(core: &Arc<Core>) -> Open {
        core.counts.exchanges.fetch_add(1, Ordering::Relaxed);
        core.counts.open.fetch_add(1, Ordering::Relaxed);
        Open(core.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counts.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Exchange {
    #[expect(clippy::too_many_arguments, reason = "one constructor, called once, with what record::open found out")]
    pub fn new(
        core: Arc<Core>,
        id: ExchangeId,
        session: SessionHandle,
        incoming: &Incoming,
        policies: Arc<PolicySet>,
        request: Arc<Request>,
        reading: Arc<Reading>,
        mask: Mask,
        standing: Standing,
        agent: String,
        tape: Option<Arc<Tape>>,
    ) -> Exchange {
        Exchange {
            policies,
            core,
            id,
            session,
            at: incoming.arrival.at,
            agent,
            route: incoming.route.clone(),
            provider: incoming.provider.clone(),
            request,
            reading,
            mask,
            error_status: standing.error_status,
            family: standing.family,
            side_call: standing.side_call,
            branch: standing.branch,
            purse: OnceLock::new(),
            tape,
            pending: Mutex::default(),
            interventions: Mutex::default(),
            tried: Mutex::default(),
            client_retries: standing.client_retries,
            asked: Asked::default(),
            whence: OnceLock::new(),
            request_digest: OnceLock::new(),
            caller: standing.caller,
            due: Mutex::default(),
            requests_before: standing.requests_before,
            gate: Mutex::default(),
            response_judged: AtomicBool::new(false),
            late: Mutex::default(),
        }
    }
}

/// How an exchange stands to its session and client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub error_status: u16,
    pub family: Option<&'static str>,
    pub side_call: bool,
    pub branch: bool,
    pub client_retries: u32,
    pub caller: Option<String>,
    /// Requests of the session's main line before it.
    pub requests_before: u32,
}
