//! What all exchanges share: configuration, ports, the policies in force, the session finder and the session tasks.

use crate::{
    attempts::Tries,
    breakers::Breakers,
    budgets::{self, Budgets},
    config::*,
    door::Door,
    good::GoodResults,
    hand::{breakpoints::Breakpoints, desk::Desk},
    known::KnownNodes,
    mask::Masks,
    rewind::Rewinds,
    session::SessionHandle,
    sessions::Sessions,
};
use domain::*;
use observe::{Estimator, Finder, Reader, SessionState};
use parking_lot::{Mutex, RwLock};
use reason::PolicySet;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::sync::OnceCell;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What the finder may keep of sessions, and the reader of messages, in bytes.
const FINDER_BYTES: usize = 16 << 20;
const READER_BYTES: usize = 32 << 20;

pub(crate) struct Core {
    pub config: Config,
    pub ports: Ports,
    pub door: Door,
    /// An immutable snapshot, swapped whole; an exchange ends under the one it began with.
    policies: RwLock<Arc<PolicySet>>,
    /// Held for microseconds at a time, never across an await.
    pub finder: Mutex<Finder>,
    pub reader: Reader,
    pub masks: Masks,
    pub estimator: Estimator,
    /// The price table, loaded beside the runtime's threads by the first exchange that used tokens.
    prices: OnceCell<()>,
    sessions: Mutex<Sessions>,
    /// Held while one request is taken apart for storage.
    pub known: Mutex<KnownNodes>,
    pub breakpoints: Breakpoints,
    /// Requests with questions whose answer was not used yet, by digest: a retry finds its session by them.
    pub held_requests: Mutex<HashMap<String, SessionId>>,
    pub rewinds: Rewinds,
    pub tries: Tries,
    pub breakers: Breakers,
    pub good: GoodResults,
    pub budgets: Budgets,
    pub tasks: TaskTracker,
    /// Cancelled when open exchanges have had their time after a stop.
    pub halt: CancellationToken,
    pub counts: Counts,
}

/// Counted since start.
#[derive(Default)]
pub(crate) struct Counts {
    pub exchanges: AtomicU64,
    pub open: AtomicU64,
    pub passed_through: AtomicU64,
    pub refused_at_door: AtomicU64,
    pub recorded_late: AtomicU64,
}

impl Core {
    pub fn new(config: Config, ports: Ports, policies: PolicySet) -> Arc<Core> {
        let door = Door { allowed_hosts: config.allowed_hosts.clone() };
        let core = Arc::new(Core {
            config,
            ports,
            door,
            policies: RwLock::new(Arc::new(policies)),
            finder: Mutex::new(Finder::new(FINDER_BYTES)),
            reader: Reader::new(READER_BYTES),
            masks: Masks::default(),
            estimator: Estimator::default(),
            prices: OnceCell::new(),
            sessions: Mutex::default(),
            known: Mutex::default(),
            breakpoints: Breakpoints::default(),
            held_requests: Mutex::default(),
            rewinds: Rewinds::default(),
            tries: Tries::default(),
            breakers: Breakers::default(),
            good: GoodResults::default(),
            budgets: Budgets::default(),
            tasks: TaskTracker::new(),
            halt: CancellationToken::new(),
            counts: Counts::default(),
        });
        core.wake_remembered();
        core.breakers.remember(core.ports.memory.forced_breakers());
        budgets::take_up(&core);
        core
    }

    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// What tokens cost; nothing where none were used.
    pub async fn cost(&self, provider: &str, model: &str, usage: &Usage, at: Timestamp) -> Option<f64> {
        if *usage == Usage::default() {
            return None;
        }
        let load = || async {
            // Parsing the table takes milliseconds in which a thread of the runtime could relay nothing.
            let loaded = tokio::task::spawn_blocking(move || observe::cost("openai", "gpt-4o", &Usage::default(), at));
            if let Err(error) = loaded.await {
                tracing::warn!(%error, "cannot load prices");
            }
        };
        self.prices.get_or_init(load).await;
        observe::cost(provider, model, usage, at)
    }

    pub fn policies(&self) -> Arc<PolicySet> {
        self.policies.read().clone()
    }

    pub fn swap_policies(&self, policies: PolicySet) {
        *self.policies.write() = Arc::new(policies);
    }

    /// The session's task; starts one where none runs. `passing`: it has no name by which it must be known again.
    pub fn session_or_start(
        self: &Arc<Self>,
        id: SessionId,
        passing: bool,
        start: impl FnOnce() -> SessionState,
    ) -> SessionHandle {
        let mut sessions = self.sessions.lock();
        if let Some(running) = sessions.again(id) {
            return running;
        }
        let handle = SessionHandle::start(self, start(), Vec::new(), Desk::default());
        sessions.add(handle.clone(), passing);
        let gone = sessions.make_room();
        drop(sessions);
        if !gone.is_empty() {
            let mut finder = self.finder.lock();
            gone.into_iter().for_each(|id| finder.forget(id));
        }
        handle
    }

    /// One that somebody asks for by its id is no passing one.
    pub fn session(&self, id: SessionId) -> Option<SessionHandle> {
        self.sessions.lock().again(id)
    }

    /// Something was done in it that a later request must still meet.
    pub fn stays(&self, id: SessionId) {
        self.sessions.lock().again(id);
    }

    pub fn live_sessions(&self) -> Vec<SessionHandle> {
        self.sessions.lock().all().cloned().collect()
    }

    pub fn forget_session(&self, id: SessionId) {
        self.sessions.lock().remove(id);
        self.finder.lock().forget(id);
        self.rewinds.forget(id);
    }

    /// Every key that the runtime holds: whichever provider a rule may send a request to, none of them gets into the record.
    pub fn held_keys(&self) -> impl Iterator<Item = String> + '_ {
        self.config.held_keys.iter().map(|(_, key)| key.clone())
    }

    pub fn held_key(&self, provider: &str) -> Option<&str> {
        self.config.held_keys.iter().find(|(name, _)| name == provider).map(|(_, key)| key.as_str())
    }

    /// Sessions of an earlier life go on where they were: found by their prefixes, their rewrites applied again.
    fn wake_remembered(self: &Arc<Self>) {
        const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
        let since = Timestamp(self.now().0 - DAY_MICROS);
        let recent = self.ports.memory.recent_sessions(since, 256);
        for remembered in recent.into_iter().chain(self.ports.memory.waiting_sessions()) {
            let id = remembered.row.id;
            if self.sessions.lock().has(id) {
                continue;
            }
            let questions = remembered.escalations.clone();
            self.held_requests.lock().extend(questions.iter().map(|known| (known.request_digest.clone(), id)));
            let desk = Desk::remembered(questions, remembered.orders.as_deref());
            let edits = remembered.edits.clone();
            let mut state = SessionState::remembered(&remembered);
            state.set_risk(desk.orders.risk);
            self.finder.lock().remember(&remembered);
            self.sessions.lock().add(SessionHandle::start(self, state, edits, desk), false);
        }
    }
}
