//! What an act costs or saves, as far as that can be told before it has happened: estimates, and marked so.

use crate::exchange::Exchange;
use act::{Act, Order, Step};
use domain::*;

pub(crate) async fn estimate(exchange: &Exchange, observation: &Observation, acts: &mut [Act]) {
    for act in acts {
        match &act.step {
            Step::Order(Order::Model { model, provider, .. }) => {
                let to = provider.as_ref().unwrap_or(&exchange.provider.name);
                act.intervention.effect = reroute(exchange, observation, to, model).await;
            }
            Step::Edit(_) | Step::Summarise(_) if act.intervention.action == "compact" => {
                act.intervention.effect.usd = compact(exchange, observation, act.intervention.effect.tokens).await;
            }
            _ => {}
        }
    }
}

/// The next request against what it would have been: shorter, but read anew where the provider's cache would have served it.
async fn compact(exchange: &Exchange, observation: &Observation, tokens: i64) -> f64 {
    let before = observation.session.context_tokens;
    let after = before.saturating_add_signed(tokens);
    let (provider, model) = (&exchange.provider.name, &observation.request.model);
    let cached = if observation.session.cached_tokens > 0 { before } else { 0 };
    let was = Usage { input: before, cached, ..Usage::default() };
    let is = Usage { input: after, ..Usage::default() };
    let core = &exchange.core;
    let (was, is) =
        (core.cost(provider, model, &was, exchange.at).await, core.cost(provider, model, &is, exchange.at).await);
    was.zip(is).map_or(0.0, |(was, is)| is - was)
}

/// The next call's context, priced at both models; its answer is not known yet.
async fn reroute(exchange: &Exchange, observation: &Observation, provider: &str, model: &str) -> Effect {
    let tokens = match observation.session.context_tokens {
        0 => observation.request.bytes / 4,
        tokens => tokens,
    };
    let usage = Usage { input: tokens, ..Usage::default() };
    let core = &exchange.core;
    let now = core.cost(provider, model, &usage, exchange.at).await;
    let before = core.cost(&exchange.provider.name, &observation.request.model, &usage, exchange.at).await;
    let usd = match (now, before) {
        (Some(now), Some(before)) => now - before,
        _ => 0.0,
    };
    Effect { tokens: 0, usd, ms: 0.0, basis: EffectBasis::Estimated }
}
