//! Sums per hour: spend by model, tool latencies, error classes; gathered over a transaction, added at its end.

use super::pen::{Pen, Written};
use domain::{ExchangeFinished, ExchangeState, Timestamp};
use rusqlite::params;
use std::collections::HashMap;

const HOUR: i64 = 3_600_000_000;

#[derive(Default)]
pub struct Sums {
    spend: HashMap<(i64, i64), Spend>,
    tools: HashMap<(i64, i64), Calls>,
    errors: HashMap<(i64, i64), i64>,
}

#[derive(Default)]
struct Spend {
    exchanges: i64,
    failed: i64,
    input: i64,
    cached: i64,
    output: i64,
    cost_usd: f64,
}

#[derive(Default)]
struct Calls {
    calls: i64,
    errors: i64,
    total_us: i64,
    longest_us: i64,
}

impl Sums {
    pub fn add_call(&mut self, at: Timestamp, tool: i64, error: bool, took_us: i64) {
        let sum = self.tools.entry((at.0.div_euclid(HOUR), tool)).or_default();
        sum.calls += 1;
        sum.errors += i64::from(error);
        sum.total_us += took_us.max(0);
        sum.longest_us = sum.longest_us.max(took_us);
    }
}

impl Pen<'_> {
    /// Counts an exchange once: when it stops being open.
    pub fn add_spend(&mut self, finished: &ExchangeFinished) -> Written {
        let Some(memory) = self.memory.exchanges.get(&finished.id.0).filter(|memory| memory.open) else {
            return Ok(());
        };
        let hour = finished.at.0.div_euclid(HOUR);
        let sum = self.memory.sums.spend.entry((hour, memory.model)).or_default();
        let class = error_class(finished);
        sum.exchanges += 1;
        sum.failed += i64::from(class.is_some());
        sum.input += finished.usage.input as i64;
        sum.cached += finished.usage.cached as i64;
        sum.output += finished.usage.output as i64;
        sum.cost_usd += finished.cost_usd.unwrap_or(0.0);
        if let Some(class) = class {
            let class = self.word(&class)?;
            *self.memory.sums.errors.entry((hour, class)).or_default() += 1;
        }
        Ok(())
    }

    pub fn flush_sums(&mut self) -> Written {
        for ((hour, model), sum) in self.memory.sums.spend.drain() {
            self.db
                .prepare_cached(
                    "INSERT INTO spend(hour, model, exchanges, failed, input_tokens, cached_tokens, output_tokens, cost_usd) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(hour, model) DO UPDATE SET \
                     exchanges = exchanges + excluded.exchanges, failed = failed + excluded.failed, \
                     input_tokens = input_tokens + excluded.input_tokens, cached_tokens = cached_tokens + excluded.cached_tokens, \
                     output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd",
                )?
                .execute(params![
                    hour,
                    model,
                    sum.exchanges,
                    sum.failed,
                    sum.input,
                    sum.cached,
                    sum.output,
                    sum.cost_usd
                ])?;
        }
        for ((hour, tool), sum) in self.memory.sums.tools.drain() {
            self.db
                .prepare_cached(
                    "INSERT INTO tool_sum(hour, tool, calls, errors, total_us, longest_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                     ON CONFLICT(hour, tool) DO UPDATE SET calls = calls + excluded.calls, errors = errors + excluded.errors, \
                     total_us = total_us + excluded.total_us, longest_us = max(longest_us, excluded.longest_us)",
                )?
                .execute(params![hour, tool, sum.calls, sum.errors, sum.total_us, sum.longest_us])?;
        }
        for ((hour, class), count) in self.memory.sums.errors.drain() {
            self.db
                .prepare_cached(
                    "INSERT INTO error_sum(hour, class, count) VALUES (?1, ?2, ?3) \
                     ON CONFLICT(hour, class) DO UPDATE SET count = count + excluded.count",
                )?
                .execute(params![hour, class, count])?;
        }
        Ok(())
    }
}

/// A name under which failures of one kind add up, the provider's status or how the exchange ended: each failed exchange has one, and
/// no other.
fn error_class(finished: &ExchangeFinished) -> Option<String> {
    let status = finished.attempts.last().and_then(|attempt| attempt.status).filter(|status| *status >= 400);
    match (status, finished.state) {
        (_, ExchangeState::Interrupted) => Some("interrupted".into()),
        (Some(status), ExchangeState::Failed) => Some(format!("status {status}")),
        (None, ExchangeState::Failed) => {
            let error = finished.error.as_deref().unwrap_or_default();
            let start: String = error.chars().take_while(|c| *c != ':' && !c.is_ascii_digit()).take(48).collect();
            Some(Some(start.trim()).filter(|start| !start.is_empty()).unwrap_or("failed").to_owned())
        }
        _ => None,
    }
}
