//! Sorts arrivals: a model call becomes an exchange, anything else passes through unrecorded but counted.

use crate::{
    address::{self, Address},
    body::{Cut, ReplyBody},
    core::Core,
    headers,
    listener::{Arrival, Reply, plain_error},
    mask,
};
use domain::{KeySource, Provider, UpstreamRequest};
use futures::StreamExt;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use std::sync::{Arc, atomic::Ordering};
use tokio::sync::mpsc;
use wire::{Operation, Route};

/// A model call with its destination known.
pub(crate) struct Incoming {
    pub arrival: Arrival,
    pub address: Address,
    pub route: Route,
    pub provider: Provider,
    pub url: String,
    /// Rules that are not asked in its session, by id or `policy/rule`.
    pub muted: Vec<String>,
}

impl Incoming {
    /// A body that is no JSON of its dialect: forwarded and kept as it is, with no message that a rule could read. The provider may say so
    /// itself.
    pub fn opaque(&self) -> Option<wire::Request> {
        let nothing = wire::parse(&self.route, bytes::Bytes::from_static(b"{}")).ok()?;
        Some(wire::Request { body: self.arrival.body.clone(), ..nothing })
    }

    pub fn agent_label(&self) -> Option<&str> {
        self.address.agent.as_deref().or_else(|| headers::text(&self.arrival.headers, "x-switchtower-agent"))
    }

    pub fn session_label(&self) -> Option<&str> {
        self.address.session.as_deref().or_else(|| headers::text(&self.arrival.headers, "x-switchtower-session"))
    }
}

pub(crate) enum Caught {
    Exchange(Box<Incoming>),
    Passage(Box<UpstreamRequest>),
    Refused(Box<Response<ReplyBody>>),
}

pub(crate) fn sort(core: &Core, arrival: Arrival) -> Caught {
    let refused = |status, code, message: &str| Caught::Refused(Box::new(plain_error(status, code, message)));
    let address = address::parse(&arrival.path);
    let query = arrival.query.as_deref();
    let route = wire::route(&address.path, query, &arrival.headers);
    let resolved = address::resolve(&address, route.as_ref(), query, &arrival.headers, &core.config.providers);
    let Some((provider, url)) = resolved else {
        let name = address.provider.as_deref().unwrap_or("the default one");
        let message = format!("There is no provider “{name}”. Known are: {}. Add it to switchtower.toml.", names(core));
        return refused(StatusCode::NOT_FOUND, "unknown_provider", &message);
    };
    let provider = provider.clone();
    if provider.api_key != KeySource::Passthrough && !shows_token(core, &arrival) {
        let message = format!(
            "Switchtower holds the key of “{}”: show the console's token as x-switchtower-token or as the API key.",
            provider.name
        );
        return refused(StatusCode::UNAUTHORIZED, "token_required", &message);
    }
    match route {
        Some(route) if route.operation == Operation::Generate && arrival.method == http::Method::POST => {
            Caught::Exchange(Box::new(Incoming { arrival, address, route, provider, url, muted: Vec::new() }))
        }
        _ => Caught::Passage(Box::new(outgoing(core, &arrival, &provider, url))),
    }
}

fn names(core: &Core) -> String {
    core.config.providers.iter().map(|provider| provider.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The request as it goes out: the written list of headers dropped, a held key put in.
pub(crate) fn outgoing(core: &Core, arrival: &Arrival, provider: &Provider, url: String) -> UpstreamRequest {
    let mut to = headers::to_provider(&arrival.headers);
    if let Some(key) = core.held_key(&provider.name) {
        hold_key(&mut to, provider, key);
    }
    UpstreamRequest { method: arrival.method.clone(), url, headers: to, body: arrival.body.clone() }
}

/// The request as it goes to another provider than the caller's own: nothing of the caller's credentials, the held key put in.
pub(crate) fn redirected(core: &Core, arrival: &Arrival, provider: &Provider, url: String) -> UpstreamRequest {
    let mut to = mask::without_credential_headers(&headers::to_provider(&arrival.headers));
    if let Some(key) = core.held_key(&provider.name) {
        hold_key(&mut to, provider, key);
    }
    UpstreamRequest { method: arrival.method.clone(), url, headers: to, body: arrival.body.clone() }
}

fn hold_key(to: &mut http::HeaderMap, provider: &Provider, key: &str) {
    for name in ["authorization", "x-api-key", "x-goog-api-key", "api-key"] {
        to.remove(name);
    }
    let (name, value) = match provider.dialect {
        domain::Family::Anthropic => (HeaderName::from_static("x-api-key"), key.to_owned()),
        domain::Family::Gemini => (HeaderName::from_static("x-goog-api-key"), key.to_owned()),
        domain::Family::Openai | domain::Family::Ollama => (header::AUTHORIZATION, format!("Bearer {key}")),
    };
    if let Ok(mut value) = HeaderValue::from_str(&value) {
        value.set_sensitive(true);
        to.insert(name, value);
    }
}

fn shows_token(core: &Core, arrival: &Arrival) -> bool {
    let token = core.config.token.as_bytes();
    let shown = ["x-switchtower-token", "authorization", "x-api-key", "x-goog-api-key"];
    !token.is_empty()
        && shown.iter().filter_map(|name| headers::text(&arrival.headers, name)).any(|value| {
            let value = value.strip_prefix("Bearer ").unwrap_or(value).as_bytes();
            // Every byte is compared, so that the time taken tells nothing of how far a guess was right.
            value.len() == token.len() && value.iter().zip(token).fold(0, |unlike, (a, b)| unlike | (a ^ b)) == 0
        })
}

/// Carries bytes both ways and keeps nothing.
pub(crate) async fn pass(core: Arc<Core>, request: UpstreamRequest, mut reply: Reply) {
    core.counts.passed_through.fetch_add(1, Ordering::Relaxed);
    let response = tokio::select! {
        () = reply.closed() => return,
        () = core.halt.cancelled() => return,
        response = core.ports.upstream.send(request) => response,
    };
    let mut response = match response {
        Ok(response) => response,
        Err(failure) => {
            // The agent may be gone; there is nobody else to tell.
            let _ = reply.send(plain_error(StatusCode::BAD_GATEWAY, "provider_unreachable", &failure.message));
            return;
        }
    };
    let (pieces, stream) = mpsc::channel(16);
    let mut head = Response::new(ReplyBody::Stream(stream));
    *head.status_mut() = response.status;
    *head.headers_mut() = headers::to_agent(&response.headers, true);
    if reply.send(head).is_err() {
        return;
    }
    loop {
        let chunk = tokio::select! {
            () = pieces.closed() => return,
            () = core.halt.cancelled() => return,
            chunk = response.body.next() => chunk,
        };
        let piece = match chunk {
            None => return,
            Some(chunk) => chunk.map_err(|failure| Cut(failure.message)),
        };
        let cut = piece.is_err();
        if pieces.send(piece).await.is_err() || cut {
            return;
        }
    }
}
