//! One session's state: the fold that its task owns. Requests, answers and time go in; rows, results and observations come out.
//! It must not know the wire's spelling, nor what is decided on what it tells.

mod answers;
mod arrivals;
mod calls;
mod history;
mod observing;
mod spending;

pub use answers::Ended;
pub use arrivals::Arrived;
pub use calls::Returned;
pub use observing::Focus;
pub use spending::{Standing, Sums};

use crate::{Caller, Found, agent_name};
use calls::OpenCalls;
use domain::{
    Dialect, ExchangeId, IdentityBasis, Process, RememberedSession, RequestFacts, RunId, SessionId, SessionRow,
    Timestamp, Usage,
};
use history::{Course, Fired};
use std::collections::{BTreeMap, VecDeque};

/// How many of a run's tool errors are kept to be named.
const ERRORS_KEPT: usize = 8;

pub struct SessionState {
    row: SessionRow,
    run: Run,
    /// Model turns of the main loop that began so far.
    steps: u32,
    context_tokens: u64,
    /// Of the newest context, by the provider's cache.
    served_by_cache: u64,
    /// The window of the model that served last.
    window: Option<Window>,
    tool_errors_in_row: u32,
    taints: Vec<String>,
    tools_seen: Vec<String>,
    calls: OpenCalls,
    /// Exchanges under way, and the latest one that ended.
    exchanges: BTreeMap<ExchangeId, Underway>,
    fired: BTreeMap<String, Fired>,
    course: Course,
    /// What rules added to it; half of it is left at each new run.
    risk: f64,
    tokens: u64,
    /// The newest text of a user, as far as conditions can read it.
    user_text: String,
    /// Milliseconds in which a person held it; no budget counts them.
    held_ms: u64,
}

/// From one user message to the answer that ends it.
#[derive(Debug, Clone, Default)]
struct Run {
    /// That of the exchange that began it.
    id: Option<RunId>,
    started_at: Timestamp,
    held_ms: u64,
    steps: u32,
    tokens: u64,
    all_tokens: u64,
    cost_usd: f64,
    tool_errors: u32,
    errors_in_row: u32,
    errors: VecDeque<String>,
    number: u32,
    /// When its tool loop began, and how long a person had held the run by then.
    looped: Option<(Timestamp, u64)>,
}

/// A model's context window, looked up once per model.
#[derive(Debug, Clone)]
struct Window {
    provider: String,
    model: String,
    tokens: Option<u64>,
}

/// What is kept of an exchange while it is under way.
#[derive(Debug, Clone)]
struct Underway {
    started_at: Timestamp,
    step: u32,
    run: RunId,
    request: RequestFacts,
    held_ms: u64,
    ended: bool,
}

impl SessionState {
    pub fn new(id: SessionId, found: &Found, caller: &Caller, dialect: Dialect) -> Self {
        let row = SessionRow {
            id,
            agent: agent_name(caller.agent_label, &found.client, caller.peer, dialect),
            title: String::new(),
            state: domain::SessionState::Running,
            label: caller.session_label.map(str::to_owned),
            client_id: found.client.key(),
            parent: found.parent,
            basis: if found.session.is_some() { found.basis } else { basis(caller, found) },
            process: caller.peer.cloned(),
            models: Vec::new(),
            steps: 0,
            input_tokens: 0,
            cached_tokens: 0,
            output_tokens: 0,
            cost_usd: 0.0,
            estimated: false,
            context_used: None,
            tool_errors: 0,
            interventions: 0,
            started_at: caller.at,
            last_at: caller.at,
        };
        SessionState {
            run: Run { started_at: caller.at, ..Run::default() },
            steps: 0,
            context_tokens: 0,
            served_by_cache: 0,
            window: None,
            tool_errors_in_row: 0,
            taints: Vec::new(),
            tools_seen: Vec::new(),
            calls: OpenCalls::default(),
            exchanges: BTreeMap::new(),
            fired: BTreeMap::new(),
            course: Course::default(),
            risk: 0.0,
            tokens: 0,
            user_text: String::new(),
            held_ms: 0,
            row,
        }
    }

    /// A session of an earlier life of this runtime, as far as the ledger remembers it. Its run begins anew.
    pub fn remembered(remembered: &RememberedSession) -> Self {
        let row = remembered.row.clone();
        let usage =
            Usage { input: row.input_tokens, cached: row.cached_tokens, output: row.output_tokens, ..Usage::default() };
        let mut calls = OpenCalls::default();
        for (exchange, call) in &remembered.open_calls {
            calls.opened(*exchange, call, row.last_at);
        }
        let fired =
            remembered.fires.iter().map(|(rule, times)| (rule.clone(), Fired::earlier(*times, row.last_at))).collect();
        SessionState {
            run: Run { started_at: row.last_at, ..Run::default() },
            steps: row.steps,
            context_tokens: 0,
            served_by_cache: 0,
            window: None,
            tool_errors_in_row: 0,
            taints: remembered.taints.clone(),
            tools_seen: Vec::new(),
            calls,
            exchanges: BTreeMap::new(),
            fired,
            course: Course::default(),
            risk: 0.0,
            tokens: usage.budgeted(),
            user_text: String::new(),
            held_ms: 0,
            row,
        }
    }

    pub fn id(&self) -> SessionId {
        self.row.id
    }

    /// The run under way.
    pub fn run(&self) -> Option<RunId> {
        self.run.id
    }

    pub fn agent(&self) -> &str {
        &self.row.agent
    }

    /// The row as it stands, for the ledger.
    pub fn row(&self) -> SessionRow {
        self.row.clone()
    }

    /// When its agent or its model last did something.
    pub fn last_at(&self) -> Timestamp {
        self.row.last_at
    }

    /// A model is being asked, or its answer on the way.
    pub fn is_answering(&self) -> bool {
        self.exchanges.values().any(|underway| !underway.ended)
    }

    pub fn set_state(&mut self, state: domain::SessionState, at: Timestamp) {
        self.row.state = state;
        self.row.last_at = self.row.last_at.max(at);
    }

    /// The newest exchange: what an observation between exchanges stands beside.
    pub fn latest_exchange(&self) -> Option<ExchangeId> {
        self.exchanges.keys().next_back().copied()
    }

    /// Adds a mark; true if it is new.
    pub fn taint(&mut self, taint: &str) -> bool {
        let new = !self.taints.iter().any(|known| known == taint);
        if new {
            self.taints.push(taint.to_owned());
        }
        new
    }

    pub fn risk(&self) -> f64 {
        self.risk
    }

    pub fn set_risk(&mut self, risk: f64) {
        self.risk = risk;
    }

    /// An action was carried out in this session.
    pub fn intervened(&mut self) {
        self.row.interventions += 1;
    }

    /// The exchange waited this long for a person or a breakpoint: no time of the agent's.
    pub fn held(&mut self, exchange: ExchangeId, ms: u64) {
        self.held_ms += ms;
        self.run.held_ms += ms;
        if let Some(underway) = self.exchanges.get_mut(&exchange) {
            underway.held_ms += ms;
        }
    }

    /// Learned after the session began: the process is looked up off the hot path.
    pub fn set_process(&mut self, process: Process, labelled: bool, found: &Found, dialect: Dialect) {
        let label = labelled.then_some(self.row.agent.as_str());
        self.row.agent = agent_name(label, &found.client, Some(&process), dialect);
        self.row.process = Some(process);
    }
}

/// How a session that begins here will be known again.
fn basis(caller: &Caller, found: &Found) -> IdentityBasis {
    match () {
        () if caller.session_label.is_some() => IdentityBasis::Label,
        () if found.client.session.is_some() => IdentityBasis::ClientId,
        () => IdentityBasis::New,
    }
}

#[cfg(test)]
mod tests;
