//! Tool results that rules rewrote: one rewrite edge for each message that brings some, so that the model gets the same in every later
//! request.

use crate::exchange::Exchange;
use act::{Act, Step};
use bytes::Bytes;
use domain::*;

/// The edges of what rules made of this request's new results.
pub(crate) fn edges(exchange: &Exchange, acts: &[Act]) -> Vec<ContextEdit> {
    let mut edges: Vec<ContextEdit> = Vec::new();
    let mut taken = Vec::new();
    for act in acts {
        let Step::Result { result, text } = &act.step else { continue };
        let Some((place, nth)) = find(exchange, result, &taken) else { continue };
        taken.push((place, nth));
        let at = place as u32 + 1;
        let known = edges.iter_mut().find(|edge| edge.at == at);
        let message = match &known {
            Some(edge) => edge.messages.first().cloned().unwrap_or_default(),
            None => Bytes::copy_from_slice(exchange.request.message(place)),
        };
        let Some(message) = wire::set_result(exchange.request.dialect, &message, nth, text) else { continue };
        match known {
            Some(edge) => edge.messages = vec![message],
            None => edges.push(ContextEdit {
                session: exchange.session.id,
                intervention: act.intervention.id,
                from: exchange.reading.prefix(place),
                anchor: exchange.reading.prefix(place + 1),
                at,
                replaces: 1,
                messages: vec![message],
                results: Vec::new(),
            }),
        }
    }
    exchange.note(edges.iter().map(|edge| Record::Rewritten(edge.clone())));
    edges
}

/// The newest message with that result, and the result's place in it. Some dialects give results no id: there the text tells which it is.
fn find(exchange: &Exchange, result: &ToolResult, taken: &[(usize, usize)]) -> Option<(usize, usize)> {
    let is_meant = |known: &ToolResult| known.call_id == result.call_id && known.text == result.text;
    exchange.reading.facts.iter().enumerate().rev().find_map(|(place, facts)| {
        let found = facts.results.iter().enumerate().filter(|(_, known)| is_meant(known)).map(|(nth, _)| (place, nth));
        found.into_iter().find(|found| !taken.contains(found))
    })
}
