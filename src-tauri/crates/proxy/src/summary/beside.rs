//! The record of a call that the runtime makes beside a turn: an exchange of its own, marked as a side call, its cost the session's.

use super::Came;
use crate::{estimate, exchange::Exchange, record};
use domain::*;
use wire::Request;

/// Gives what it used and cost.
pub(super) async fn tell(
    exchange: &Exchange,
    what: &str,
    (id, asked): (ExchangeId, &Request),
    came: &Result<Came, String>,
    at: Timestamp,
    ms: f64,
) -> (Usage, Option<f64>) {
    let core = &exchange.core;
    let usage = match came {
        Ok(came) => came.answer.usage.unwrap_or_else(|| estimate::rough(asked, &came.answer)),
        Err(_) => Usage::default(),
    };
    let cost_usd = core.cost(&exchange.provider.name, &asked.model, &usage, at).await;
    let beside = exchange.session.with(move |session| {
        let (run, step) = session.state.asked_beside(id, &usage, cost_usd);
        (run, step, session.state.row())
    });
    let Some((run, step, row)) = beside.await else { return (usage, cost_usd) };
    let started = ExchangeStarted {
        id,
        session: exchange.session.id,
        run,
        step,
        at,
        dialect: asked.dialect,
        provider: exchange.provider.name.clone(),
        model: asked.model.clone(),
        stream: false,
        side_call: true,
        method: "POST".to_owned(),
        path: format!("{what} for {}", exchange.id),
        headers: Vec::new(),
        image: record::image_of(exchange, asked),
        search_text: Vec::new(),
        preview: format!("Side call: {what}"),
    };
    let finished = ExchangeFinished { id, usage, cost_usd, ..ended(exchange, what, asked, came, ms) };
    // Before what belongs to the exchange that it stands beside.
    let later = exchange.take_records();
    exchange.note([
        Record::ExchangeStarted(Box::new(started)),
        Record::ExchangeFinished(Box::new(finished)),
        Record::Session(Box::new(row)),
    ]);
    exchange.note(later);
    (usage, cost_usd)
}

fn ended(exchange: &Exchange, what: &str, asked: &Request, came: &Result<Came, String>, ms: f64) -> ExchangeFinished {
    let good = came.as_ref().ok();
    let error = came.as_ref().err().cloned();
    let text = good.map(|came| exchange.mask.masked(&came.answer.text)).unwrap_or_default();
    let attempt = Attempt {
        model: asked.model.clone(),
        provider: exchange.provider.name.clone(),
        status: good.map(|came| came.status),
        error: error.clone(),
        duration_ms: ms,
        why: Some(format!("{what} for {}", exchange.id)),
    };
    ExchangeFinished {
        id: exchange.id,
        session: exchange.session.id,
        at: exchange.core.now(),
        state: if good.is_some() { ExchangeState::Complete } else { ExchangeState::Failed },
        origin: good.is_none().then_some(Origin::Provider),
        served_model: good.and_then(|came| came.answer.model.clone()),
        finish: good.and_then(|came| came.answer.finish.clone()),
        attempts: vec![attempt],
        error,
        usage: Usage::default(),
        cost_usd: None,
        timing: Timing { first_token_ms: None, duration_ms: ms, added_ms: 0.0, commit_ms: 0.0 },
        provider_response: good.map(|came| ResponseImage {
            status: came.status,
            headers: exchange.mask.headers(came.headers.clone()),
            body: exchange.mask.bytes(&came.body),
            frames: Vec::new(),
        }),
        agent_response: None,
        preview: text.chars().take(160).collect(),
        answer_text: text,
        anchor: None,
    }
}
