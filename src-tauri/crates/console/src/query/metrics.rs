//! Figures.

use super::moment;
use crate::{Console, Metrics, RpcError, policies::mode, view::*};

impl Console {
    pub async fn metrics(&self, args: Metrics) -> Result<MetricsView, RpcError> {
        let from = args.from.as_deref().map(moment).transpose()?;
        let to = args.to.as_deref().map(moment).transpose()?;
        let sums = self.ledger.metrics(from, to).await?;
        Ok(MetricsView {
            sessions: sums.sessions,
            running: sums.running,
            exchanges: sums.exchanges,
            failed: sums.failed,
            tool_calls: sums.tool_calls,
            tool_errors: sums.tool_errors,
            input_tokens: sums.input_tokens,
            cached_tokens: sums.cached_tokens,
            output_tokens: sums.output_tokens,
            cost_usd: sums.cost_usd,
            estimated: sums.estimated,
            interventions: sums.interventions.into_iter().map(intervention).collect(),
            tools: sums.tools.into_iter().map(tool).collect(),
            models: sums.models.into_iter().map(model).collect(),
            days: sums.days.into_iter().map(day).collect(),
            errors: sums.errors.into_iter().map(|sum| ErrorCount { class: sum.class, count: sum.count }).collect(),
        })
    }
}

fn intervention(sum: ledger::InterventionCount) -> InterventionCount {
    InterventionCount {
        rule: sum.rule,
        action: sum.action,
        mode: mode(sum.mode),
        count: sum.count,
        tokens: sum.tokens,
        usd: sum.usd,
        ms: sum.ms,
    }
}

fn tool(sum: ledger::ToolSum) -> ToolCount {
    let mean = (sum.calls > 0).then(|| sum.total_ms / sum.calls as f64);
    ToolCount { name: sum.name, calls: sum.calls, errors: sum.errors, mean_ms: mean, longest_ms: sum.longest_ms }
}

fn model(sum: ledger::ModelSum) -> ModelCount {
    ModelCount {
        model: sum.model,
        exchanges: sum.exchanges,
        failed: sum.failed,
        input_tokens: sum.input_tokens,
        cached_tokens: sum.cached_tokens,
        output_tokens: sum.output_tokens,
        cost_usd: sum.cost_usd,
    }
}

fn day(sum: ledger::DaySpend) -> DaySpend {
    DaySpend {
        day: sum.day.rfc3339(),
        exchanges: sum.exchanges,
        input_tokens: sum.input_tokens,
        cached_tokens: sum.cached_tokens,
        output_tokens: sum.output_tokens,
        cost_usd: sum.cost_usd,
    }
}
