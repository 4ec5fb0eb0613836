//! Fork: one recorded request, changed as a person wants it, asked in a session of its own. It goes the way of any exchange, so that
//! rules, ledger and masking apply, and is paid with a key that the runtime itself holds: an agent's own key is never kept.

use crate::{
    Runtime, address, body::ReplyBody, core::Core, exchange, hand::request::newest_message, headers, listener::Arrival,
    passage::Incoming, peer::Peer,
};
use bytes::Bytes;
use domain::*;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::oneshot;
use wire::{Operation, Request, Route};

/// What is asked again, and how it differs from the record.
#[derive(Debug, Clone)]
pub struct Fork {
    pub from: ExchangeId,
    pub agent: String,
    /// As they went upstream: path and query, headers, body.
    pub path: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// The provider that answered then.
    pub provider: String,
    /// Another provider of the same dialect to ask.
    pub ask: Option<String>,
    pub model: Option<String>,
    /// Rules that it is judged without, by id or `policy/rule`.
    pub without: Vec<String>,
    /// In the place of the newest message of the user's, or after the tool results that came last.
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forked {
    pub session: SessionId,
    pub exchange: ExchangeId,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    #[error("{0}")]
    Unreadable(String),
    #[error(
        "the provider holds the history of this exchange, and only its agent's key reaches it: it cannot be forked"
    )]
    HeldHistory,
    #[error(
        "a fork is paid with a key of your own, and no provider of this dialect ({dialect}) has one: agents' keys pass through and are not kept"
    )]
    NoKey { dialect: &'static str },
    #[error("provider “{0}” has no key of your own: its agents' keys pass through and are not kept")]
    PassedThrough(String),
    #[error("there is no provider “{0}” of this dialect")]
    NoProvider(String),
    #[error("the runtime is stopping")]
    Stopping,
}

/// What of an agent's headers says how to read its request, and nothing of who it is.
const KEPT: [&str; 5] = ["accept", "anthropic-version", "anthropic-beta", "openai-beta", "user-agent"];

impl Runtime {
    /// Asks, and waits for the whole answer; what it came to stands in the record.
    pub async fn fork(&self, fork: Fork) -> Result<Forked, ForkError> {
        let core = self.core().clone();
        let (incoming, payload) = incoming(&core, fork)?;
        let (reply, answer) = oneshot::channel();
        let running = core.tasks.spawn(Box::pin(exchange::run(core.clone(), incoming, reply)));
        let response = answer.await.map_err(|_| ForkError::Stopping)?;
        let forked = read(&response).ok_or(ForkError::Stopping)?;
        let event = Event {
            session: Some(forked.session),
            exchange: Some(forked.exchange),
            at: core.now(),
            kind: EventKind::Forked,
            payload,
        };
        // A body that breaks off is in the record as such.
        let _ = response.into_body().collect().await;
        let _ = running.await;
        core.ports.sink.commit(vec![Record::Event(event)]).await;
        Ok(forked)
    }
}

fn incoming(core: &Core, fork: Fork) -> Result<(Incoming, serde_json::Value), ForkError> {
    let unreadable = |what: &str| ForkError::Unreadable(format!("the recorded request cannot be asked again: {what}"));
    let recorded = headers::read(&fork.headers);
    let (path, query) =
        fork.path.split_once('?').map_or((fork.path.as_str(), None), |(path, query)| (path, Some(query)));
    let mut address = address::parse(path);
    let query = query.map(without_key).filter(|query| !query.is_empty());
    let route = wire::route(&address.path, query.as_deref(), &recorded)
        .filter(|route| route.operation == Operation::Generate)
        .ok_or_else(|| unreadable("its path is no model call's"))?;
    let request =
        wire::parse(&route, Bytes::from(fork.body.clone())).map_err(|error| unreadable(&error.to_string()))?;
    if request.previous_response.is_some() {
        return Err(ForkError::HeldHistory);
    }
    if let Some(model) = fork.model.as_deref().filter(|_| route.dialect == Dialect::Gemini) {
        address.path = wire::set_model_in_path(&address.path, model);
    }
    let provider = payer(core, &fork, &route)?;
    let body = changed(&request, &route, &fork)?;
    let url = address::resolve_to(&provider, &address, &fork.provider, query.as_deref());
    let payload = serde_json::json!({
        "from": fork.from, "model": fork.model, "message": fork.message, "provider": provider.name,
        "without": fork.without,
    });
    address.agent = Some(fork.agent);
    address.session = Some(format!("fork-{}", ExchangeId(core.ports.clock.next_id())));
    let mut to = HeaderMap::new();
    to.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for name in KEPT.map(HeaderName::from_static) {
        if let Some(value) = recorded.get(&name) {
            to.insert(name, value.clone());
        }
    }
    let arrival = Arrival {
        method: Method::POST,
        path: path.to_owned(),
        query,
        headers: to,
        body,
        at: core.now(),
        peer: Arc::new(Peer::nobody()),
    };
    let route = wire::route(&address.path, arrival.query.as_deref(), &recorded).unwrap_or(route);
    Ok((Incoming { arrival, address, route, provider, url, muted: fork.without }, payload))
}

/// Who answers: the provider that is named, else the one of then, else any of its dialect; only one whose key the runtime holds.
fn payer(core: &Core, fork: &Fork, route: &Route) -> Result<Provider, ForkError> {
    let family = route.dialect.family();
    let holds = |provider: &&Provider| core.held_key(&provider.name).is_some();
    let mut fitting = core.config.providers.iter().filter(|provider| provider.dialect == family);
    if let Some(name) = &fork.ask {
        let named = fitting.find(|provider| provider.name == *name);
        let named = named.ok_or_else(|| ForkError::NoProvider(name.clone()))?;
        return if holds(&named) { Ok(named.clone()) } else { Err(ForkError::PassedThrough(name.clone())) };
    }
    let mut holding: Vec<&Provider> = fitting.filter(holds).collect();
    holding.sort_by_key(|provider| provider.name != fork.provider);
    let dialect = route.dialect.name();
    holding.first().map(|provider| (*provider).clone()).ok_or(ForkError::NoKey { dialect })
}

fn changed(request: &Request, route: &Route, fork: &Fork) -> Result<Bytes, ForkError> {
    let mut request = request.clone();
    let again = |body: Bytes| wire::parse(route, body).map_err(|error| ForkError::Unreadable(error.to_string()));
    if let Some(message) = &fork.message {
        request = again(newest_message(&request, message))?;
    }
    match fork.model.as_deref().filter(|_| request.dialect != Dialect::Gemini) {
        Some(model) => Ok(wire::set_model(&request, model)),
        None => Ok(request.body),
    }
}

/// Gemini's clients may show their key in the query; what is recorded of it is a mask.
fn without_key(query: &str) -> String {
    query.split('&').filter(|pair| !pair.starts_with("key=")).collect::<Vec<_>>().join("&")
}

fn read(response: &Response<ReplyBody>) -> Option<Forked> {
    let id = |name: HeaderName| headers::text(response.headers(), name.as_str());
    Some(Forked { session: id(headers::SESSION)?.parse().ok()?, exchange: id(headers::EXCHANGE)?.parse().ok()? })
}
