//! One exchange's way: read, found its session, judged, rewritten, sent, relayed, recorded.

mod opened;

use opened::Open;
pub(crate) use opened::Standing;

use crate::{
    answer, attempts,
    breakers::Asked,
    budgets::{self, Purse},
    core::Core,
    hand::{
        due,
        orders::{Due, Gate},
        request::{self as held_request, Reasons},
    },
    headers,
    late::{self, Late},
    mask::Mask,
    outlet::Outlet,
    passage::Incoming,
    pipeline::{self, Intervened, Moment},
    record,
    relay::{self, Whence},
    results,
    rewind::{self, Tape, Why},
    rewrites, sent,
    session::{Session, SessionEdit, SessionHandle},
    summary,
};
use act::{Act, Step};
use domain::*;
use observe::{Reading, Returned};
use parking_lot::Mutex;
use reason::PolicySet;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use wire::{Made, Request, Route, WireError};

/// What an exchange carries along its way.
pub(crate) struct Exchange {
    pub core: Arc<Core>,
    pub id: ExchangeId,
    pub session: SessionHandle,
    /// When the request was there.
    pub at: Timestamp,
    /// The policies in force when it began, and the agent that they are matched against.
    pub policies: Arc<PolicySet>,
    pub agent: String,
    pub route: Route,
    pub provider: Provider,
    /// The agent's request as it may be recorded: own credentials masked.
    pub request: Arc<Request>,
    pub reading: Arc<Reading>,
    pub mask: Mask,
    pub error_status: u16,
    /// The client's family, where its requests tell it.
    pub family: Option<&'static str>,
    pub side_call: bool,
    /// A branch of a session (a sub-agent); like a side call no part of its main line.
    pub branch: bool,
    /// The budgets that it falls under; none where its policies declare none.
    pub purse: OnceLock<Purse>,
    /// Its run is being rewound.
    pub tape: Option<Arc<Tape>>,
    /// Records on their way to the next flush.
    pending: Mutex<Vec<Record>>,
    interventions: Mutex<Vec<InterventionId>>,
    /// Attempts that came to nothing and were not the last.
    tried: Mutex<Vec<Attempt>>,
    /// How often its client says that it sent this request before.
    pub client_retries: u32,
    /// Whom it asks, for the breakers.
    pub asked: Asked,
    /// Set: no model was asked.
    pub whence: OnceLock<Whence>,
    request_digest: OnceLock<String>,
    /// What its caller calls itself and its conversation, where it does.
    caller: Option<String>,
    /// What was ordered for this exchange, by a person or by rules on its way.
    due: Mutex<Due>,
    requests_before: u32,
    /// The session's gate when this exchange was last looked at.
    gate: Mutex<Gate>,
    /// The response was judged before it went out.
    response_judged: AtomicBool,
    /// Moments that shadow rules judge once it has ended.
    pub late: Mutex<Vec<Late>>,
}

impl Exchange {
    /// Microseconds since the request was there.
    pub fn elapsed(&self) -> u32 {
        u32::try_from(self.core.now().micros_since(self.at)).unwrap_or(u32::MAX)
    }

    /// What a retry of this request is known by.
    pub fn request_digest(&self) -> &str {
        self.request_digest.get_or_init(|| act::request_digest(&self.request.body, self.caller.as_deref()))
    }

    pub fn due(&self) -> Due {
        self.due.lock().clone()
    }

    pub fn set_due(&self, due: Due) {
        *self.due.lock() = due;
    }

    pub fn saw_gate(&self, gate: Gate) {
        *self.gate.lock() = gate;
    }

    pub fn gate(&self) -> Gate {
        *self.gate.lock()
    }

    pub fn response_was_judged(&self) {
        self.response_judged.store(true, Ordering::Relaxed);
    }

    pub fn is_response_judged(&self) -> bool {
        self.response_judged.load(Ordering::Relaxed)
    }

    pub fn note(&self, records: impl IntoIterator<Item = Record>) {
        self.pending.lock().extend(records);
    }

    pub fn take_records(&self) -> Vec<Record> {
        std::mem::take(&mut *self.pending.lock())
    }

    pub fn flush(&self) {
        self.core.ports.sink.record(self.take_records());
    }

    pub fn event(&self, kind: EventKind, payload: serde_json::Value) {
        let event =
            Event { session: Some(self.session.id), exchange: Some(self.id), at: self.core.now(), kind, payload };
        self.note([Record::Event(event)]);
    }

    pub fn tried(&self, attempt: Attempt) {
        self.tried.lock().push(attempt);
    }

    pub fn take_tried(&self) -> Vec<Attempt> {
        std::mem::take(&mut *self.tried.lock())
    }

    /// Which attempt is under way, from 1.
    pub fn attempt(&self) -> u32 {
        self.tried.lock().len() as u32 + 1
    }

    pub fn intervened(&self, id: InterventionId) {
        self.interventions.lock().push(id);
    }

    pub fn interventions(&self) -> Vec<InterventionId> {
        self.interventions.lock().clone()
    }

    pub fn scene<'a>(&'a self, call: Option<&'a ToolCall>) -> act::Scene<'a> {
        act::Scene {
            session: self.session.id,
            exchange: self.id,
            at: self.core.now(),
            clock: &*self.core.ports.clock,
            request: Some(&self.request),
            tip: self.reading.end(),
            call,
            error_status: self.error_status,
            result: None,
            answer: None,
            spots: None,
            failed: None,
            good: None,
            read_only: false,
            vault: self.due().vault,
            history: act::History { facts: &self.reading.facts, chains: &self.reading.chains },
            context: act::Context::default(),
            known: act::Known::default(),
            destination: self.destination(),
            requests_before: self.requests_before,
        }
    }

    /// What the agent gets in the place of what the model says.
    pub fn words_to_agent(&self) -> wire::Substitutions {
        self.due.lock().vault.to_agent()
    }

    /// A call as its agent gets it: with the values of redacted tokens.
    pub fn as_agent_gets(&self, call: &ToolCall) -> ToolCall {
        let arguments = self.words_to_agent().apply_to_arguments(&call.arguments);
        ToolCall { arguments: arguments.unwrap_or_else(|| call.arguments.clone()), ..call.clone() }
    }

    pub fn destination(&self) -> act::Destination<'_> {
        let due = self.due.lock();
        let ordered = due.model.as_ref();
        act::Destination {
            provider: &self.provider.name,
            model: ordered.map_or_else(|| self.request.model.clone(), |model| model.model.clone()),
            chosen: ordered.is_some_and(|model| !model.by_rule),
            providers: &self.core.config.providers,
        }
    }

    /// Ours on every response: who it belongs to, and what changed it before its head went out.
    pub fn label(&self, to: &mut http::HeaderMap) {
        headers::put(to, headers::SESSION, &self.session.id.to_string());
        headers::put(to, headers::EXCHANGE, &self.id.to_string());
        for id in self.interventions() {
            headers::put(to, headers::INTERVENTION, &id.to_string());
        }
    }
}

pub(crate) async fn run(core: Arc<Core>, incoming: Incoming, reply: crate::listener::Reply) {
    let open = Open::new(&core);
    let outlet = Outlet::Fresh(reply);
    let encoding = headers::text(&incoming.arrival.headers, "content-encoding");
    let clear = wire::decode_body(encoding, &incoming.arrival.body);
    let (request, unreadable) = match clear.and_then(|clear| wire::parse(&incoming.route, clear)) {
        Ok(request) => (request, None),
        Err(error) => match incoming.opaque() {
            Some(request) => (request, Some(error)),
            None => return,
        },
    };
    // Before its session is looked for: a rewind's first request begins the session that was promised.
    let tape = rewind::tape_of(&core, incoming.session_label()).await;
    let Some((exchange, returned)) = record::open(&core, &incoming, &request, tape).await else { return };
    let exchange = Arc::new(exchange);
    serve(exchange.clone(), &incoming, request, unreadable, returned, outlet).await;
    let late = std::mem::take(&mut *exchange.late.lock());
    if !late.is_empty() {
        drop(open);
        late::tell(&exchange, late).await;
    }
}

/// Judges an opened exchange's request, and sends it on its way.
async fn serve(
    exchange: Arc<Exchange>,
    incoming: &Incoming,
    request: Request,
    unreadable: Option<WireError>,
    returned: Vec<Returned>,
    outlet: Outlet,
) {
    if let Some(error) = &unreadable {
        exchange.event(EventKind::Unreadable, serde_json::json!({ "why": error.to_string() }));
    }
    if let Some(killed) = &exchange.due().killed {
        return held_request::end(&exchange, killed, outlet).await;
    }
    let mut ready = relay::waiting_response(&exchange).await;
    if ready.is_none() {
        ready = rewind::ask(&exchange, &exchange.due()).await;
    }
    let whence = ready.as_ref().map(|ready| ready.whence);
    let mut outlet = outlet;
    if whence.is_none()
        && let Err(unsettled) = budgets::reserve(&exchange, &mut outlet).await
    {
        return relay::give_up(&exchange, outlet, unsettled).await;
    }
    let mut judged = match whence {
        // A retry of a request whose answer waits for a person: it was judged already.
        Some(Whence::Held) => Intervened::default(),
        Some(_) | None => judge_request(&exchange, returned).await,
    };
    if ready.is_none() && judged.acts.iter().any(|act| matches!(act.step, Step::Again)) {
        ready = exchange.answer_again();
    }
    summary::write(&exchange, incoming, &mut judged.acts, ready.is_none()).await;
    let reasons = Reasons::of(&mut judged.acts, judged.stop);
    let rewritten = results::edges(&exchange, &judged.acts);
    let (refusal, mut edits) = sort(judged.acts);
    edits.extend(rewritten);
    // With what rules ordered just now.
    let due = exchange.due();
    edits.extend(due::edges(&exchange, &due));
    let placed = exchange.session.with({
        let reading = exchange.reading.clone();
        let main_line = !exchange.side_call && !exchange.branch;
        let goes_on_from = exchange.request.previous_response.clone();
        move |session| {
            let held = session.held.iter().find(|held| Some(&held.given) == goes_on_from.as_ref()).cloned();
            (place(session, edits, &reading, main_line), held)
        }
    });
    let Some((placed, held)) = placed.await else { return };
    for lost in placed.lost {
        let payload = serde_json::json!({ "intervention": lost.intervention, "why": "the agent's history no longer holds its place" });
        exchange.event(EventKind::RewriteLost, payload);
    }
    if let Some(made) = refusal {
        return answer::refuse(&exchange, made, outlet).await;
    }
    if let Some(killed) = &due.killed {
        return held_request::end(&exchange, killed, outlet).await;
    }
    if let Some(answer) = &due.answer {
        exchange.intervened(answer.intervention);
        return held_request::reply(&exchange, &answer.text, false, outlet).await;
    }
    let edits = if unreadable.is_none() { placed.edits } else { Vec::new() };
    let sent = sent::prepare(&exchange, incoming, request, &edits, held, &due);
    let (sent, outlet) = match reasons.is_empty() {
        true => (sent, outlet),
        false => {
            let before = sent.request.body.clone();
            let Some(on) = held_request::hold(&exchange, sent, reasons, outlet).await else { return };
            if matches!(whence, Some(Whence::Record(_))) && on.0.request.body != before {
                // The record has no answer to what a person wants asked instead.
                rewind::depart(&exchange, Why::Ordered).await;
                ready = None;
            }
            on
        }
    };
    let (sent, outlet) = match ready {
        Some(_) => (sent, outlet),
        None => {
            let Some(on) = budgets::admit(&exchange, sent, outlet).await else { return };
            on
        }
    };
    let whence = ready.as_ref().map(|ready| ready.whence);
    if !matches!(whence, Some(Whence::Record(_) | Whence::Cached(_))) {
        sent::tell(&exchange, &sent);
    }
    exchange.flush();
    attempts::make(exchange, incoming, sent, outlet, ready).await;
}

async fn judge_request(exchange: &Exchange, returned: Vec<Returned>) -> Intervened {
    let mut acts = Vec::new();
    for result in returned {
        acts.extend(pipeline::intervene(exchange, Moment::Result(result)).await.acts);
    }
    let at_request = pipeline::intervene(exchange, Moment::Request).await;
    acts.extend(at_request.acts);
    Intervened { acts, stop: at_request.stop }
}

/// The first refusal decides; edits are kept all the same, for the next request.
fn sort(acts: Vec<Act>) -> (Option<Made>, Vec<ContextEdit>) {
    let mut refusal = None;
    let mut edits = Vec::new();
    for act in acts {
        match act.step {
            Step::Refuse(made) => refusal = refusal.or(Some(made)),
            Step::Edit(edit) => edits.push(edit),
            // Done by now, at another point, or by whoever holds the exchange.
            Step::Result { .. }
            | Step::Redact(_)
            | Step::Say(_)
            | Step::End(_)
            | Step::Summarise(_)
            | Step::Extract(_)
            | Step::Order(_)
            | Step::Alert { .. }
            | Step::Retry { .. }
            | Step::Again
            | Step::Taint(_)
            | Step::Nothing => {}
            Step::Remove { .. } | Step::Escalate { .. } | Step::Pause => {}
        }
    }
    (refusal, edits)
}

fn place(session: &mut Session, edits: Vec<ContextEdit>, reading: &Reading, main_line: bool) -> rewrites::Placed {
    session.edits.extend(edits.into_iter().map(SessionEdit::new));
    rewrites::place(&mut session.edits, &reading.chains, main_line)
}
