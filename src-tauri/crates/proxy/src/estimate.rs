//! Usage where the provider gave no count: tiktoken's, on a thread of its own, as it may have to load a vocabulary first.

use crate::exchange::Exchange;
use domain::Usage;
use wire::{Answer, Request};

/// Four bytes a token, where nobody counted and the figure is small.
pub(crate) fn rough(request: &Request, answer: &Answer) -> Usage {
    Usage {
        input: request.body.len() as u64 / 4,
        output: answer.text.len() as u64 / 4 * request.choices,
        estimated: true,
        ..Usage::default()
    }
}

/// What a provider would have counted for the exchange's request and this answer.
pub(crate) async fn usage(exchange: &Exchange, answer: &Answer) -> Usage {
    let (core, request, reading) = (exchange.core.clone(), exchange.request.clone(), exchange.reading.clone());
    let said = answer.clone();
    let counted = tokio::task::spawn_blocking(move || core.estimator.usage(&request, &reading, &said));
    match tokio::time::timeout(exchange.core.config.commit_patience, counted).await {
        // One of the choices was read; the others are taken to be as long.
        Ok(Ok(usage)) => Usage { output: usage.output.saturating_mul(exchange.request.choices), ..usage },
        // Still loading: four bytes a token until it is there.
        _ => rough(&exchange.request, answer),
    }
}

/// Of an answer that its provider did not end: what it counted so far, and an estimate of what it had no time to count.
pub(crate) async fn usage_so_far(exchange: &Exchange, answer: &Answer) -> Usage {
    let estimated = usage(exchange, answer).await;
    match answer.usage {
        Some(counted) if counted.input > 0 => {
            Usage { output: counted.output.max(estimated.output), estimated: true, ..counted }
        }
        _ => estimated,
    }
}
