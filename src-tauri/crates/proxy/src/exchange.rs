//! One exchange's way: read, found its session, judged, rewritten, sent, relayed, recorded.

use crate::{
    answer::{self, Ending},
    core::Core,
    headers,
    listener::Reply,
    mask::Mask,
    passage::{self, Incoming},
    pipeline::{self, Moment},
    record, relay, rewrites,
    session::{HeldAnswer, Session, SessionEdit, SessionHandle},
};
use act::{Act, Step};
use bytes::Bytes;
use domain::*;
use observe::{Reading, Returned};
use parking_lot::Mutex;
use reason::PolicySet;
use std::sync::{Arc, atomic::Ordering};
use wire::{Made, Request, Route};

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
    pub side_call: bool,
    /// A branch of a session (a sub-agent); like a side call no part of its main line.
    pub branch: bool,
    /// Records on their way to the next flush.
    pending: Mutex<Vec<Record>>,
    interventions: Mutex<Vec<InterventionId>>,
}

/// What went upstream.
pub(crate) struct Sent {
    pub request: Request,
    pub outgoing: UpstreamRequest,
    /// `include_usage` was added; its chunk comes out again.
    pub without_usage: bool,
}

impl Exchange {
    /// Microseconds since the request was there.
    pub fn elapsed(&self) -> u32 {
        u32::try_from(self.core.now().micros_since(self.at)).unwrap_or(u32::MAX)
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

/// Counts an open exchange for as long as it lives, whichever way it ends.
struct Open(Arc<Core>);

impl Open {
    fn new(core: &Arc<Core>) -> Open {
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

pub(crate) async fn run(core: Arc<Core>, incoming: Incoming, reply: Reply) {
    let _open = Open::new(&core);
    let encoding = headers::text(&incoming.arrival.headers, "content-encoding");
    let clear = wire::decode_body(encoding, &incoming.arrival.body);
    let (request, unreadable) = match clear.and_then(|clear| wire::parse(&incoming.route, clear)) {
        Ok(request) => (request, None),
        Err(error) => match opaque(&incoming) {
            Some(request) => (request, Some(error)),
            None => return,
        },
    };
    let Some((exchange, returned)) = record::open(&core, &incoming, &request).await else { return };
    if let Some(error) = &unreadable {
        exchange.event(EventKind::Unreadable, serde_json::json!({ "why": error.to_string() }));
    }
    let acts = judge_request(&exchange, returned).await;
    let (refusal, edits) = sort(acts);
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
        return answer::refuse(&exchange, made, reply).await;
    }
    let edits = if unreadable.is_none() { placed.edits } else { Vec::new() };
    let sent = prepare(&exchange, &incoming, request, &edits, held);
    exchange.flush();
    relay::send(exchange, sent, reply).await;
}

/// A body that is no JSON of its dialect: forwarded and kept as it is, with no message that a rule could read. The provider may say so
/// itself.
fn opaque(incoming: &Incoming) -> Option<Request> {
    let nothing = wire::parse(&incoming.route, Bytes::from_static(b"{}")).ok()?;
    Some(Request { body: incoming.arrival.body.clone(), ..nothing })
}

async fn judge_request(exchange: &Exchange, returned: Vec<Returned>) -> Vec<Act> {
    let mut acts = Vec::new();
    for result in returned {
        acts.extend(pipeline::intervene(exchange, Moment::Result(result)).await);
    }
    acts.extend(pipeline::intervene(exchange, Moment::Request).await);
    acts
}

/// The first refusal decides; edits are kept all the same, for the next request.
fn sort(acts: Vec<Act>) -> (Option<Made>, Vec<ContextEdit>) {
    let mut refusal = None;
    let mut edits = Vec::new();
    for act in acts {
        match act.step {
            Step::Refuse(made) => refusal = refusal.or(Some(made)),
            Step::Edit(edit) => edits.push(edit),
            Step::Remove { .. } | Step::Taint(_) | Step::Nothing => {}
        }
    }
    (refusal, edits)
}

fn place(session: &mut Session, edits: Vec<ContextEdit>, reading: &Reading, main_line: bool) -> rewrites::Placed {
    session.edits.extend(edits.into_iter().map(SessionEdit::new));
    rewrites::place(&mut session.edits, &reading.chains, main_line)
}

/// What goes upstream: the agent's bytes, or those with this context's rewrites; and the record of it where it differs.
fn prepare(
    exchange: &Exchange,
    incoming: &Incoming,
    request: Request,
    edits: &[ContextEdit],
    held: Option<HeldAnswer>,
) -> Sent {
    let mut outgoing = passage::outgoing(&exchange.core, &incoming.arrival, &exchange.provider, incoming.url.clone());
    let mut sent = request;
    let mut body: Option<Bytes> = None;
    if !edits.is_empty() {
        body = Some(wire::apply(&sent, &edits.iter().collect::<Vec<_>>()));
    }
    if let Some(held) = held {
        if let Some(edited) = body.as_ref() {
            sent = reparsed(exchange, sent, edited);
        }
        body = Some(go_on_from(exchange, &sent, &held));
    }
    let mut without_usage = false;
    if exchange.core.config.include_usage {
        if let Some(edited) = body.as_ref() {
            sent = reparsed(exchange, sent, edited);
        }
        if let Some(asking) = wire::add_include_usage(&sent) {
            exchange.event(EventKind::UsageRequested, serde_json::json!({ "added": "stream_options.include_usage" }));
            without_usage = true;
            body = Some(asking);
        }
    }
    if let Some(body) = body {
        outgoing.headers.remove(http::header::CONTENT_ENCODING);
        outgoing.body = body.clone();
        sent = reparsed(exchange, sent, &body);
        record::sent(exchange, &sent, &outgoing);
    }
    Sent { request: sent, outgoing, without_usage }
}

/// Where the provider holds the history: from the answer that it knows, with the results of calls that were taken out.
fn go_on_from(exchange: &Exchange, request: &Request, held: &HeldAnswer) -> Bytes {
    let edit = ContextEdit {
        session: exchange.session.id,
        intervention: InterventionId(0),
        from: Hash::default(),
        anchor: Hash::default(),
        at: 0,
        replaces: 0,
        messages: held.results.clone(),
        results: Vec::new(),
    };
    let body = if held.results.is_empty() { request.body.clone() } else { wire::apply(request, &[&edit]) };
    match wire::parse(&exchange.route, body.clone()) {
        Ok(request) if held.real != held.given => wire::set_previous_response(&request, &held.real),
        _ => body,
    }
}

/// Our own edits leave a readable body; were it not so, the spans of the old one must not be used on the new.
fn reparsed(exchange: &Exchange, request: Request, body: &Bytes) -> Request {
    match wire::parse(&exchange.route, body.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::error!(%error, exchange = %exchange.id, "an edited request cannot be read again");
            request
        }
    }
}

/// Ends an exchange that never got to a provider's answer.
pub(crate) async fn fail(exchange: &Exchange, attempt: Attempt, failure: &UpstreamFailure, reply: Reply) {
    let message = exchange.mask.masked(&failure.message);
    let made = wire::error(Some(&exchange.request), exchange.request.dialect, 502, &message, "provider_unreachable");
    let ending = Ending {
        state: ExchangeState::Failed,
        origin: Some(Origin::Provider),
        error: Some(message),
        attempts: vec![attempt],
        ..Ending::default()
    };
    answer::give(exchange, made, ending, reply).await;
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
            side_call: standing.side_call,
            branch: standing.branch,
            pending: Mutex::default(),
            interventions: Mutex::default(),
        }
    }
}

/// How an exchange stands to its session and client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub error_status: u16,
    pub side_call: bool,
    pub branch: bool,
}
