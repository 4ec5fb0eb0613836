//! What one call may come to: its input as counted here, the output that it may have, and what both cost.

use super::{
    book::{Claim, Output},
    purse::Purse,
};
use crate::exchange::Exchange;
use domain::*;
use observe::{Reading, Standing};
use std::{sync::Arc, time::Duration};
use wire::Request;

/// A vocabulary may have to be loaded first; after that bytes are counted.
const PATIENCE: Duration = Duration::from_secs(1);
/// Three bytes a token are fewer than any text has.
const BYTES_A_TOKEN: u64 = 3;

/// What is to be counted.
pub(super) struct Call {
    pub request: Arc<Request>,
    pub reading: Arc<Reading>,
    /// Where it goes.
    pub provider: String,
    pub model: String,
    /// It is the runtime's own, beside a turn: no cache serves any of it.
    pub beside: bool,
}

/// What one call asks of its budgets.
pub(super) struct Asked {
    pub claims: Vec<Claim>,
    pub output: Output,
    /// Nobody knows what it costs, though money is limited.
    pub unpriced: bool,
}

/// The claims of one call upon its budgets. Its tokens are counted where that can matter; while budgets are not half full, its bytes are.
pub(super) async fn asked(exchange: &Exchange, call: &Call, purse: &Purse) -> Asked {
    let known = exchange.core.estimator.known(&call.request, &call.reading);
    if known.is_none() {
        let rough = claims(exchange, call, purse, call.request.body.len() as u64 / BYTES_A_TOKEN).await;
        if rough.claims.iter().all(|claim| purse.book().is_ample(exchange.id, claim, rough.output)) {
            return rough;
        }
    }
    let counted = match known {
        Some(counted) => counted,
        None => {
            let (core, request, reading) = (exchange.core.clone(), call.request.clone(), call.reading.clone());
            let counting = tokio::task::spawn_blocking(move || core.estimator.request(&request, &reading));
            match tokio::time::timeout(PATIENCE, counting).await {
                Ok(Ok(counted)) => counted,
                _ => call.request.body.len() as u64 / BYTES_A_TOKEN,
            }
        }
    };
    claims(exchange, call, purse, counted).await
}

async fn claims(exchange: &Exchange, call: &Call, purse: &Purse, counted: u64) -> Asked {
    let output = Output { named: call.request.max_output_tokens, ceiling: wire::most_output(&call.model) };
    let input = input(exchange, call, &purse.standing, counted);
    let price = match purse.entries.iter().any(|entry| entry.budget.limit_usd.is_some()) {
        true => price(exchange, call, &input).await,
        false => Price::default(),
    };
    let claims = purse.entries.iter().filter(|entry| entry.budget.counts_spending()).map(|entry| Claim {
        account: entry.account.clone(),
        budget: entry.budget.clone(),
        seed: entry.seed,
        input: Spending { tokens: entry.budget.counted.tokens(&input), usd: price.input },
        usd_per_output: price.per_output,
        choices: call.request.choices,
        watches: entry.mode != Mode::Enforce,
    });
    Asked { claims: claims.collect(), output, unpriced: price.unknown }
}

/// As far as it can be known beforehand: what the cache served of the newest context, it is expected to serve again.
fn input(exchange: &Exchange, call: &Call, standing: &Standing, counted: u64) -> Usage {
    // A history that the provider holds is read again with every request.
    let held = if call.request.previous_response.is_some() { standing.context_tokens } else { 0 };
    let input = counted + held;
    let main_line = !exchange.side_call && !exchange.branch && !call.beside;
    let cached = if main_line && is_same(&standing.model, &call.model) { standing.served_by_cache } else { 0 };
    Usage { input, cached: cached.min(input), estimated: true, ..Usage::default() }
}

/// Whether the model that served is the one that is asked for: providers say which day's it was.
fn is_same(served: &str, asked: &str) -> bool {
    served.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with("-20"))
}

#[derive(Default)]
struct Price {
    input: f64,
    per_output: f64,
    /// Nobody knows what it costs.
    unknown: bool,
}

async fn price(exchange: &Exchange, call: &Call, input: &Usage) -> Price {
    const SAMPLE: u64 = 1_000;
    let core = &exchange.core;
    let read = core.cost(&call.provider, &call.model, input, exchange.at).await;
    let answered = Usage { output: SAMPLE, ..*input };
    let whole = core.cost(&call.provider, &call.model, &answered, exchange.at).await;
    match whole {
        Some(whole) => {
            let input = read.unwrap_or_default();
            Price { input, per_output: (whole - input).max(0.0) / SAMPLE as f64, unknown: false }
        }
        // What runs on one's own machine has no price.
        None => Price { unknown: call.provider != "ollama", ..Price::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn a_model_is_known_by_its_name_with_a_day_or_without() {
        assert!(
            is_same("gpt-4o-mini-2024-07-18", "gpt-4o-mini")
                && is_same("claude-sonnet-4-5-20250929", "claude-sonnet-4-5")
        );
        assert!(is_same("gemini-2.5-flash", "gemini-2.5-flash"));
        assert!(!is_same("gpt-4o-mini-2024-07-18", "gpt-4o") && !is_same("", "gpt-4o"));
    }
}
