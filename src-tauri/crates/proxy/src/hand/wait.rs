//! How an exchange waits for a person: placed on its session's desk, kept alive towards its agent in the dialect's own way, and let go once.
//! Must not know what a release means for the bytes under way.

use super::desk::{Check, Opened, Release, Released, answer_of};
use crate::{exchange::Exchange, headers, outlet::Outlet};
use act::{Act, Step};
use domain::*;
use http::{HeaderMap, StatusCode, header};
use std::time::Duration;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};
use wire::{Framing, Said};

/// What is in question.
pub(crate) struct Subject {
    pub point: Point,
    pub call: Option<ToolCall>,
    /// As a person's record shows it before an edit.
    pub before: String,
    /// The message in question, as a question shows it.
    pub shown: String,
    /// What the model said it wants.
    pub intent: String,
    /// The head of the answer has gone out.
    pub head_sent: bool,
    pub check: Check,
}

/// What asking came to.
pub(crate) enum Asked {
    /// It was answered before.
    Answered(Released),
    Waiting(Waiting),
}

/// One place on the desk.
pub(crate) struct Waiting {
    since: Timestamp,
    point: Point,
    released: oneshot::Receiver<Released>,
}

/// How waiting ended.
pub(crate) enum Waited {
    Released(Released),
    /// A retry of the same request waits in its place.
    TakenOver,
    AgentLeft,
    RuntimeHalts,
}

/// Holds at the session's gate or a breakpoint.
pub(crate) async fn stop(exchange: &Exchange, cause: HoldCause, subject: Subject) -> Option<Waiting> {
    place(exchange, cause, subject).await
}

/// Puts a rule's question to a person; the same question of the same request is asked once.
pub(crate) async fn ask(exchange: &Exchange, act: &Act, subject: Subject) -> Option<Asked> {
    let Step::Escalate { question, values } = &act.step else { return None };
    let wish = escalation(exchange, act, question.clone(), values.clone(), &subject);
    let (request_digest, session) = (wish.request_digest.clone(), exchange.session.id);
    let opened = exchange.session.with(move |session| session.desk.ask(wish)).await?;
    match opened {
        Opened::Asking(known) => {
            exchange.core.held_requests.lock().insert(request_digest, session);
            let cause = HoldCause::Escalation { id: known.id, rule: known.rule.clone() };
            let waiting = place(exchange, cause, subject).await?;
            // On disk before anybody can see it, and so answer it.
            let mut records = exchange.take_records();
            records.push(Record::Escalated(known));
            exchange.core.ports.sink.commit(records).await;
            Some(Asked::Waiting(waiting))
        }
        Opened::Answered(known) => Some(Asked::Answered(adopt(exchange, &known).await)),
    }
}

/// Takes up a question that an earlier exchange asked about this very call of this very request: its verdict is frozen.
pub(crate) async fn take_up(exchange: &Exchange, digest: &str, subject: Subject) -> Option<Asked> {
    let (request, digest) = (exchange.request_digest().to_owned(), digest.to_owned());
    let id = exchange.id;
    let known = exchange.session.with(move |session| {
        let known = session.desk.of_request(&request).find(|known| known.digest == digest).cloned()?;
        Some(match known.state.is_open() {
            true => session.desk.ask(Escalation { exchange: id, ..known }),
            false => Opened::Answered(Box::new(known)),
        })
    });
    match known.await?? {
        Opened::Answered(known) => Some(Asked::Answered(adopt(exchange, &known).await)),
        Opened::Asking(known) => {
            exchange.event(EventKind::TakenOver, serde_json::json!({ "escalation": known.id }));
            exchange.note([Record::Escalated(known.clone())]);
            exchange.flush();
            let cause = HoldCause::Escalation { id: known.id, rule: known.rule.clone() };
            Some(Asked::Waiting(place(exchange, cause, subject).await?))
        }
    }
}

async fn adopt(exchange: &Exchange, known: &Escalation) -> Released {
    let (id, mine) = (known.id, exchange.id);
    exchange.session.with(move |session| session.desk.adopt(id, mine)).await;
    exchange.event(EventKind::TakenOver, serde_json::json!({ "escalation": known.id, "state": known.state.name() }));
    Released { release: answer_of(known), intervention: None }
}

fn escalation(
    exchange: &Exchange,
    act: &Act,
    question: Question,
    values: serde_json::Map<String, serde_json::Value>,
    subject: &Subject,
) -> Escalation {
    let at = exchange.core.now();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Escalation {
        id: EscalationId(exchange.core.ports.clock.next_id()),
        session: exchange.session.id,
        exchange: exchange.id,
        state: EscalationState::Pending,
        point: subject.point,
        rule: text(&act.intervention.rule),
        policy: text(&act.intervention.policy),
        version: text(&act.intervention.version),
        digest: digest_of(exchange, subject),
        request_digest: exchange.request_digest().to_owned(),
        values,
        opened_at: at,
        expires_at: Timestamp(
            at.0.saturating_add(i64::try_from(question.timeout_ms).unwrap_or(i64::MAX / 2_000) * 1_000),
        ),
        question,
        tool: subject.call.as_ref().map(|call| call.name.clone()),
        arguments: subject.call.as_ref().map_or_else(|| subject.shown.clone(), |call| call.arguments.clone()),
        intent: subject.intent.clone(),
        decided_at: None,
        reason: None,
        edit: None,
        used_by: None,
    }
}

/// The digest of the exact action in question.
fn digest_of(exchange: &Exchange, subject: &Subject) -> String {
    match &subject.call {
        Some(call) => act::call_digest(call),
        None => act::digest(&serde_json::json!({
            "point": subject.point.name(), "request": exchange.request_digest(), "message": subject.shown,
        })),
    }
}

async fn place(exchange: &Exchange, cause: HoldCause, subject: Subject) -> Option<Waiting> {
    let since = exchange.core.now();
    let point = subject.point;
    let payload = serde_json::json!({ "point": point.name(), "cause": cause });
    exchange.event(EventKind::Held, payload);
    let patience = Patience::of(exchange.family);
    let call = HeldCall {
        exchange: exchange.id,
        session: exchange.session.id,
        point,
        cause,
        since,
        call: subject.call,
        response: (point == Point::ModelResponse).then(|| subject.before.clone()),
        client: exchange.family.map(str::to_owned),
        patience_ms: patience.waits_ms(subject.head_sent, point == Point::ToolCall),
        heartbeat: subject.head_sent,
        afterwards: patience.afterwards.to_owned(),
    };
    let released = exchange.session.with(move |session| {
        let released = session.desk.hold(call, subject.before, subject.check);
        session.stand(since);
        (released, session.state.row())
    });
    let (released, row) = released.await?;
    exchange.note([Record::Session(Box::new(row))]);
    exchange.flush();
    Some(Waiting { since, point, released })
}

/// Waits, keeping the agent: before the head as long as every known client waits for one, then with a no-op every so often.
pub(crate) async fn wait(exchange: &Exchange, outlet: &mut Outlet, framing: Framing, waiting: Waiting) -> Waited {
    let Waiting { since, point, mut released } = waiting;
    let config = &exchange.core.config;
    let begun = Instant::now();
    let mut beat = begun + if outlet.is_open() { config.heartbeat } else { config.hold_before_head };
    let waited = loop {
        let halt = &exchange.core.halt;
        tokio::select! {
            biased;
            answer = &mut released => break answer.map_or(Waited::TakenOver, Waited::Released),
            () = outlet.closed() => break Waited::AgentLeft,
            () = halt.cancelled() => break Waited::RuntimeHalts,
            () = sleep_until(beat) => {
                if keep_alive(exchange, outlet, framing).await.is_err() {
                    break Waited::AgentLeft;
                }
                beat = Instant::now() + config.heartbeat;
            }
        }
    };
    let now = exchange.core.now();
    let held_ms = now.ms_since(since);
    let outcome = match &waited {
        Waited::Released(released) => match &released.release {
            Release::Go => "let go",
            Release::Deny(_) => "denied",
            Release::End(_) => "ended",
            Release::Request(_) | Release::Edit(_) | Release::Response(_) => "edited",
            Release::Answer(_) => "answered",
        },
        Waited::TakenOver => "taken over by a retry",
        Waited::AgentLeft => "the agent left",
        Waited::RuntimeHalts => "the runtime stops",
    };
    let payload = serde_json::json!({ "point": point.name(), "outcome": outcome, "held_ms": held_ms.round() });
    exchange.event(EventKind::Released, payload);
    if let Waited::Released(Released { intervention: Some(id), .. }) = &waited {
        exchange.intervened(*id);
    }
    let id = exchange.id;
    let released = matches!(waited, Waited::Released(_));
    let after = exchange.session.with(move |session| {
        session.state.held(id, held_ms as u64);
        if !released {
            session.desk.unplace(id);
        }
        session.stand(now);
        (session.state.row(), session.desk.orders.gate)
    });
    if let Some((row, gate)) = after.await {
        // A step that let it go may want to see what comes next.
        exchange.saw_gate(gate);
        exchange.note([Record::Session(Box::new(row))]);
    }
    if matches!(waited, Waited::AgentLeft) {
        orphan(exchange).await;
    }
    exchange.flush();
    waited
}

/// The agent has left: its questions are nobody's until it comes back.
pub(crate) async fn orphan(exchange: &Exchange) {
    let (id, at) = (exchange.id, exchange.core.now());
    let left = exchange.session.with(move |session| {
        let orphaned = session.desk.left(id);
        session.stand(at);
        (orphaned, session.state.row())
    });
    if let Some((orphaned, row)) = left.await {
        exchange.note(orphaned.into_iter().map(|known| Record::Escalated(Box::new(known))));
        exchange.note([Record::Session(Box::new(row))]);
    }
}

/// One no-op; the first one brings the head, after which the status is decided.
pub(crate) async fn keep_alive(exchange: &Exchange, outlet: &mut Outlet, framing: Framing) -> Result<(), ()> {
    if !outlet.is_open() {
        let mut head = HeaderMap::new();
        headers::put(&mut head, header::CONTENT_TYPE, wire::form(&exchange.request).0);
        exchange.label(&mut head);
        outlet.open(StatusCode::OK, head).map_err(|_| ())?;
        let id = exchange.id;
        exchange.session.with(move |session| session.desk.heartbeat(id)).await;
    }
    let said = if outlet.has_begun() { Said::Frames } else { Said::Nothing };
    let noop = wire::keepalive(exchange.request.dialect, framing, said, exchange.family);
    outlet.keep(noop).await.map_err(|_| ())
}

/// How soon a streamed answer that is being held back needs its next no-op.
pub(crate) fn beat(exchange: &Exchange, last: Instant) -> Instant {
    last + exchange.core.config.heartbeat.max(Duration::from_millis(1))
}
