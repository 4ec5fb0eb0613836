//! What a session has spent so far: where a budget that begins in its middle starts from, and what its next call can expect.

use super::SessionState;
use domain::{ExchangeId, RunId};

/// Tokens and money of one span.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// Input that the provider's cache did not serve, plus output.
    pub new_tokens: u64,
    pub all_tokens: u64,
    pub usd: f64,
}

/// How a session stands to the budgets of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The exchange's run.
    pub run: RunId,
    pub this_run: Sums,
    pub session: Sums,
    /// Tokens of the newest context, by the provider's count.
    pub context_tokens: u64,
    /// How much of the newest context the provider's cache served; its next one begins with the same.
    pub served_by_cache: u64,
    /// The model that did.
    pub model: String,
}

impl SessionState {
    pub fn standing(&self, exchange: ExchangeId) -> Standing {
        let underway = self.exchanges.get(&exchange);
        let run = underway.map_or(RunId(exchange.0), |underway| underway.run);
        let current = Some(run) == self.run.id;
        let of_run = Sums { new_tokens: self.run.tokens, all_tokens: self.run.all_tokens, usd: self.run.cost_usd };
        Standing {
            run,
            this_run: if current { of_run } else { Sums::default() },
            session: Sums {
                new_tokens: self.tokens,
                all_tokens: self.row.input_tokens + self.row.output_tokens,
                usd: self.row.cost_usd,
            },
            context_tokens: self.context_tokens,
            served_by_cache: self.served_by_cache,
            model: self.window.as_ref().map(|window| window.model.clone()).unwrap_or_default(),
        }
    }
}
