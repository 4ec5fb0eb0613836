//! What was ordered, applied to one request: messages as rewrite edges, so that they stand in every later request too; the model, limits
//! and tools on the request itself.

use super::orders::{Due, Rollback};
use crate::{address, exchange::Exchange, passage::Incoming};
use bytes::Bytes;
use domain::*;
use wire::Request;

/// The edges that are due at this request.
pub(crate) fn edges(exchange: &Exchange, due: &Due) -> Vec<ContextEdit> {
    let dialect = exchange.request.dialect;
    let mut edges = Vec::new();
    for injection in &due.injections {
        exchange.intervened(injection.intervention);
        let message = wire::text_message(dialect, injection.role, &injection.text);
        edges.push(edge(exchange, injection.intervention, exchange.reading.end(), 0, message));
    }
    if let Some(rollback) = &due.rollback {
        edges.extend(rolled_back(exchange, rollback));
    }
    for edge in &edges {
        exchange.note([Record::Rewritten(edge.clone())]);
    }
    edges
}

/// From the point that was chosen: what the agent did since is replaced by a word to the model.
fn rolled_back(exchange: &Exchange, rollback: &Rollback) -> Option<ContextEdit> {
    let chains = &exchange.reading.chains;
    let Some(place) = chains.iter().position(|chain| *chain == rollback.to) else {
        let why = "the agent's history no longer holds the point to go back to";
        exchange
            .event(EventKind::RewriteLost, serde_json::json!({ "intervention": rollback.intervention, "why": why }));
        return None;
    };
    exchange.intervened(rollback.intervention);
    let message = wire::text_message(exchange.request.dialect, InjectRole::User, &rollback.text);
    let replaces = chains.len() - (place + 1);
    Some(edge(exchange, rollback.intervention, rollback.to, replaces as u32, message))
}

fn edge(exchange: &Exchange, intervention: InterventionId, from: Hash, replaces: u32, message: Bytes) -> ContextEdit {
    ContextEdit {
        session: exchange.session.id,
        intervention,
        from,
        anchor: exchange.reading.end(),
        at: exchange.request.messages.len().max(1) as u32,
        replaces,
        messages: vec![message],
        results: Vec::new(),
    }
}

/// The body and address with what was ordered: model, limits, withheld tools; `None` where nothing is.
pub(crate) fn changed(exchange: &Exchange, due: &Due, request: &Request, url: &str) -> Option<(Bytes, String)> {
    let mut body = request.body.clone();
    let mut url = url.to_owned();
    let read = |body: &Bytes| wire::parse(&exchange.route, body.clone());
    if !due.withheld.is_empty() {
        body = wire::withhold_tools(request, &due.withheld);
    }
    if let Some(model) = &due.model {
        exchange.intervened(model.intervention);
        if let Ok(request) = read(&body) {
            body = wire::reroute(&request, &model.model).body;
        }
        if exchange.request.dialect == Dialect::Gemini {
            let (path, query) = url.split_once('?').map_or((url.as_str(), None), |(path, query)| (path, Some(query)));
            let path = wire::set_model_in_path(path, &model.model);
            url = query.map_or(path.clone(), |query| format!("{path}?{query}"));
        }
    }
    // After the model: what it can be asked for depends on it.
    for limit in &due.limits {
        let Ok(mut request) = read(&body) else { break };
        if let Some(model) = &due.model {
            request.model.clone_from(&model.model);
        }
        let limited = wire::limit(&request, &limit.limits);
        if !limited.changes.is_empty() {
            exchange.intervened(limit.intervention);
            body = limited.body;
        }
    }
    (body != request.body || due.model.is_some()).then_some((body, url))
}

/// Where an ordered model lives: another provider, and the address there. Its key is one that the runtime holds; never the caller's.
pub(crate) fn elsewhere(exchange: &Exchange, incoming: &Incoming, due: &Due) -> Option<(Provider, String)> {
    let name = due.model.as_ref()?.provider.as_ref().filter(|name| **name != exchange.provider.name)?;
    let provider = exchange.core.config.providers.iter().find(|provider| provider.name == *name)?;
    if exchange.core.held_key(name).is_none() || provider.dialect != exchange.request.dialect.family() {
        let why = "that provider is gone from switchtower.toml, or the runtime holds no key for it";
        exchange.event(EventKind::ParameterDropped, serde_json::json!({ "provider": name, "why": why }));
        return None;
    }
    let url = address::redirected(&incoming.address, incoming.arrival.query.as_deref(), provider);
    Some((provider.clone(), url))
}

/// The edge that keeps an edited request's messages in every later one: from the first message that differs to the last.
pub(crate) fn edge_of_edit(exchange: &Exchange, intervention: InterventionId, edited: &Request) -> Option<ContextEdit> {
    let own: Vec<&[u8]> = (0..exchange.request.messages.len()).map(|place| exchange.request.message(place)).collect();
    let new: Vec<Bytes> = edited.messages.iter().map(|span| edited.body.slice(span.clone())).collect();
    let before = own.iter().zip(&new).take_while(|(own, new)| **own == &new[..]).count();
    let room = own.len().min(new.len()) - before;
    let after = own.iter().rev().zip(new.iter().rev()).take(room).take_while(|(own, new)| **own == &new[..]).count();
    if before + after == own.len() && own.len() == new.len() {
        return None;
    }
    let chains = &exchange.reading.chains;
    let prefix = |count: usize| count.checked_sub(1).map_or(Some(Hash::default()), |last| chains.get(last).copied());
    let end = own.len() - after;
    Some(ContextEdit {
        session: exchange.session.id,
        intervention,
        from: prefix(before)?,
        anchor: prefix(end)?,
        at: end as u32,
        replaces: (end - before) as u32,
        messages: new[before..new.len() - after].to_vec(),
        results: Vec::new(),
    })
}
