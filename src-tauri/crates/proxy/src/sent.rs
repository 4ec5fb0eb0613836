//! What goes upstream for one exchange: the agent's bytes, or those with earlier rewrites and a person's orders put in.

use crate::{
    exchange::Exchange,
    hand::{due, orders::Due},
    passage::{self, Incoming},
    record,
    session::HeldAnswer,
};
use bytes::Bytes;
use domain::*;
use wire::Request;

/// What went upstream.
pub(crate) struct Sent {
    pub request: Request,
    pub outgoing: UpstreamRequest,
    /// The name of the provider that it goes to.
    pub provider: String,
    /// `include_usage` was added; its chunk comes out again.
    pub without_usage: bool,
    /// Its body is not the agent's.
    pub changed: bool,
}

impl Sent {
    /// The same call with another body.
    pub fn with_body(self, request: Request) -> Sent {
        let mut outgoing = self.outgoing;
        outgoing.headers.remove(http::header::CONTENT_ENCODING);
        outgoing.body = request.body.clone();
        Sent { request, outgoing, changed: true, ..self }
    }
}

/// What goes upstream: the agent's bytes, or those with this context's rewrites; and the record of it where it differs.
pub(crate) fn prepare(
    exchange: &Exchange,
    incoming: &Incoming,
    request: Request,
    edits: &[ContextEdit],
    held: Option<HeldAnswer>,
    due: &Due,
) -> Sent {
    let (provider, mut outgoing) = addressed(exchange, incoming, due);
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
    if let Some(edited) = body.as_ref() {
        sent = reparsed(exchange, sent, edited);
    }
    if let Some((ordered, url)) = due::changed(exchange, due, &sent, &outgoing.url) {
        outgoing.url = url;
        body = Some(ordered);
    }
    let words = due.vault.to_model();
    if !words.is_empty() {
        if let Some(edited) = body.as_ref() {
            sent = reparsed(exchange, sent, edited);
        }
        body = wire::substitute_request(&sent, &words).or(body);
    }
    let mut without_usage = false;
    if exchange.core.config.include_usage {
        if let Some(edited) = body.as_ref() {
            sent = reparsed(exchange, sent, edited);
        }
        if let Some(asking) = wire::add_include_usage(&sent) {
            without_usage = true;
            body = Some(asking);
        }
    }
    let sent = Sent { request: sent, outgoing, provider, without_usage, changed: false };
    match body {
        Some(body) => {
            let request = reparsed(exchange, sent.request.clone(), &body);
            sent.with_body(request)
        }
        None => sent,
    }
}

/// To which provider, its address and headers, with the agent's own body.
fn addressed(exchange: &Exchange, incoming: &Incoming, due: &Due) -> (String, UpstreamRequest) {
    let (core, arrival) = (&exchange.core, &incoming.arrival);
    match due::elsewhere(exchange, incoming, due) {
        Some((provider, url)) => (provider.name.clone(), passage::redirected(core, arrival, &provider, url)),
        None => {
            let own = passage::outgoing(core, arrival, &exchange.provider, incoming.url.clone());
            (exchange.provider.name.clone(), own)
        }
    }
}

/// The same call to the model that a rule chose since.
pub(crate) fn elsewhere(exchange: &Exchange, incoming: &Incoming, sent: Sent) -> Sent {
    let due = Due { model: exchange.due().model, ..Due::default() };
    let (provider, mut outgoing) = addressed(exchange, incoming, &due);
    let body = match due::changed(exchange, &due, &sent.request, &outgoing.url) {
        Some((body, url)) => {
            outgoing.url = url;
            body
        }
        None => sent.request.body.clone(),
    };
    let request = reparsed(exchange, sent.request.clone(), &body);
    Sent { outgoing, provider, ..sent }.with_body(request)
}

/// Records what goes upstream, where that is not what the agent sent.
pub(crate) fn tell(exchange: &Exchange, sent: &Sent) {
    if sent.without_usage {
        exchange.event(EventKind::UsageRequested, serde_json::json!({ "added": "stream_options.include_usage" }));
    }
    if sent.changed {
        record::sent(exchange, &sent.request, &sent.outgoing);
    }
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
        Ok(request) if held.real.as_ref() != Some(&held.given) => {
            wire::set_previous_response(&request, held.real.as_deref())
        }
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
