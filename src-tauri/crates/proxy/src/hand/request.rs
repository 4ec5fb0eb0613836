//! A request that waits: at the session's gate, at a breakpoint, or for the answer to a rule's question; and what becomes of it.

use super::{
    call::Unsettled,
    desk::{Release, Released},
    due,
    orders::{Gate, Killed},
    wait::{self, Asked, Subject, Waited, Waiting},
};
use crate::{answer, exchange::Exchange, outlet::Outlet, relay, sent::Sent, session::SessionEdit};
use act::{Act, Order, Step};
use bytes::Bytes;
use domain::*;
use wire::Saying;

/// Why a moment waits.
pub(crate) struct Reasons {
    pub asks: Vec<Act>,
    pub pauses: bool,
    pub stop: Option<HoldCause>,
    /// A rule keeps words of it from the agent.
    pub rewords: bool,
    /// A rule's text in the response's place.
    pub says: Option<String>,
    /// The last words of an answer that a rule cuts here.
    pub shortens: Option<String>,
    /// A rule ends the session here.
    pub ends: Option<Released>,
}

impl Reasons {
    /// Takes what holds out of what rules and the gate came to.
    pub fn of(acts: &mut Vec<Act>, stop: Option<HoldCause>) -> Reasons {
        let pauses = acts.iter().any(|act| matches!(act.step, Step::Pause));
        let ends = acts.iter().find_map(|act| match &act.step {
            Step::Order(Order::End { text, as_error }) => {
                let intervention = act.intervention.id;
                let killed = Killed { text: text.clone(), as_error: *as_error, intervention };
                Some(Released { release: Release::End(killed), intervention: Some(intervention) })
            }
            _ => None,
        });
        let rewords = acts.iter().any(|act| matches!(act.step, Step::Redact(_)));
        let says = acts.iter().find_map(|act| match &act.step {
            Step::Say(text) => Some(text.clone()),
            _ => None,
        });
        let shortens = acts.iter().find_map(|act| match &act.step {
            Step::End(note) => Some(note.clone()),
            _ => None,
        });
        let mut asks: Vec<Act> = acts.extract_if(.., |act| matches!(act.step, Step::Escalate { .. })).collect();
        if acts.iter().any(|act| matches!(act.step, Step::Say(_)) && act.intervention.action == "block") {
            // What is blocked is no question any more.
            asks.clear();
        }
        Reasons { asks, pauses, stop, rewords, says, shortens, ends }
    }

    pub fn is_empty(&self) -> bool {
        self.asks.is_empty() && !self.pauses && self.stop.is_none()
    }

    /// Where the exchange waits for the gate or a breakpoint; a rule's pause closes the gate first.
    pub async fn stops(&self, exchange: &Exchange) -> Option<HoldCause> {
        if self.pauses {
            let ordered = exchange.session.with(|session| {
                session.desk.orders.gate = Gate::Paused;
                session.ordered()
            });
            exchange.note(ordered.await);
        }
        self.stop.clone().or_else(|| self.pauses.then_some(HoldCause::Paused))
    }
}

/// Holds a request for each of its reasons. `None`: the exchange ended here.
pub(crate) async fn hold(
    exchange: &Exchange,
    mut sent: Sent,
    reasons: Reasons,
    mut outlet: Outlet,
) -> Option<(Sent, Outlet)> {
    for act in &reasons.asks {
        let asked = wait::ask(exchange, act, subject(exchange, &sent)).await?;
        (sent, outlet) = carry_on(exchange, sent, asked, outlet).await?;
    }
    if let Some(cause) = reasons.stops(exchange).await {
        let waiting = wait::stop(exchange, cause, subject(exchange, &sent)).await?;
        (sent, outlet) = carry_on(exchange, sent, Asked::Waiting(waiting), outlet).await?;
    }
    Some((sent, outlet))
}

async fn carry_on(exchange: &Exchange, sent: Sent, asked: Asked, mut outlet: Outlet) -> Option<(Sent, Outlet)> {
    let released = match asked {
        Asked::Answered(released) => released,
        Asked::Waiting(waiting) => match waited(exchange, waiting, &mut outlet).await {
            Ok(released) => released,
            Err(unsettled) => {
                relay::give_up(exchange, outlet, unsettled).await;
                return None;
            }
        },
    };
    let intervention = released.intervention.unwrap_or(InterventionId(0));
    match released.release {
        Release::Go | Release::Response(_) => Some((sent, outlet)),
        Release::Request(body) => Some((edited(exchange, sent, body, intervention).await, outlet)),
        Release::Edit(text) => {
            let body = reworded(exchange, &sent, &text);
            Some((edited(exchange, sent, body, intervention).await, outlet))
        }
        Release::Answer(text) => {
            reply(exchange, &text, false, outlet).await;
            None
        }
        Release::Deny(text) => {
            reply(exchange, &text, true, outlet).await;
            None
        }
        Release::End(killed) => {
            end(exchange, &killed, outlet).await;
            None
        }
    }
}

async fn waited(exchange: &Exchange, waiting: Waiting, outlet: &mut Outlet) -> Result<Released, Unsettled> {
    let (_, framing) = wire::form(&exchange.request);
    match wait::wait(exchange, outlet, framing, waiting).await {
        Waited::Released(released) => Ok(released),
        Waited::TakenOver => Err(Unsettled::TakenOver),
        Waited::AgentLeft => Err(Unsettled::AgentLeft),
        Waited::RuntimeHalts => Err(Unsettled::RuntimeHalts),
    }
}

fn subject(exchange: &Exchange, sent: &Sent) -> Subject {
    let route = exchange.route.clone();
    Subject {
        point: Point::ModelRequest,
        call: None,
        before: String::from_utf8_lossy(&sent.request.body).into_owned(),
        shown: exchange.reading.newest_user_text().to_owned(),
        intent: String::new(),
        head_sent: false,
        check: Box::new(move |release| match release {
            Release::Request(body) => {
                serde_json::from_slice::<serde::de::IgnoredAny>(body)
                    .map_err(|error| format!("the request is not JSON: {error}"))?;
                wire::parse(&route, body.clone()).map(|_| ()).map_err(|error| format!("the request: {error}"))
            }
            Release::Edit(text) if text.trim().is_empty() => Err("the new message is empty".to_owned()),
            _ => Ok(()),
        }),
    }
}

/// The request as a person wants it; its messages stay so in every later request.
async fn edited(exchange: &Exchange, sent: Sent, body: Bytes, intervention: InterventionId) -> Sent {
    let Ok(request) = wire::parse(&exchange.route, body) else { return sent };
    if let Some(edge) = due::edge_of_edit(exchange, intervention, &request) {
        exchange.note([Record::Rewritten(edge.clone())]);
        exchange.session.with(move |session| session.edits.push(SessionEdit::new(edge))).await;
    }
    sent.with_body(request)
}

/// The request with another newest message of the user's.
fn reworded(exchange: &Exchange, sent: &Sent, text: &str) -> Bytes {
    with_newest(&sent.request, exchange.reading.ends_with_user_text(), text)
}

/// A request with another newest message of the user's; after what came last, where that was no word of the user's.
pub(crate) fn newest_message(request: &wire::Request, text: &str) -> Bytes {
    let last = request.messages.len().checked_sub(1);
    let facts = last.map(|last| wire::facts(request.dialect, request.message(last), last as u32));
    let users = facts.is_some_and(|facts| facts.role == Role::User && facts.results.is_empty());
    with_newest(request, users, text)
}

fn with_newest(request: &wire::Request, last_is_users: bool, text: &str) -> Bytes {
    let message = wire::text_message(request.dialect, InjectRole::User, text);
    let at = request.messages.len() as u32;
    let edit = ContextEdit {
        session: SessionId(0),
        intervention: InterventionId(0),
        from: Hash::default(),
        anchor: Hash::default(),
        at,
        replaces: u32::from(last_is_users && at > 0),
        messages: vec![message],
        results: Vec::new(),
    };
    wire::apply(request, &[&edit])
}

/// A person's words in the model's place.
pub(crate) async fn reply(exchange: &Exchange, text: &str, refuses: bool, outlet: Outlet) {
    let saying = Saying { text, refuses, ..Saying::default() };
    let seconds = exchange.core.now().0 / 1_000_000;
    let made = wire::answer(&exchange.request, saying, &exchange.id.to_string(), seconds);
    answer::refuse(exchange, made, outlet).await;
}

/// The session was ended: its message, in the form that was chosen.
pub(crate) async fn end(exchange: &Exchange, killed: &Killed, outlet: Outlet) {
    exchange.intervened(killed.intervention);
    if !killed.as_error {
        return reply(exchange, &killed.text, true, outlet).await;
    }
    let dialect = exchange.request.dialect;
    let made = wire::error(Some(&exchange.request), dialect, exchange.error_status, &killed.text, "session_ended");
    answer::refuse(exchange, made, outlet).await;
}
