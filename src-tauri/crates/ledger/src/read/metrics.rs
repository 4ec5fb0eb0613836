//! Figures over a span of time, from sums per hour: months cost as much as days. A span is widened to whole hours.

use crate::{Ledger, LedgerError, layout::mode};
use domain::{Mode, Timestamp};

const HOUR: i64 = 3_600_000_000;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// Sessions with activity in the span, and those of them that are not idle or ended.
    pub sessions: u64,
    pub running: u64,
    pub exchanges: u64,
    pub failed: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
    pub estimated: bool,
    pub tool_calls: u64,
    pub tool_errors: u64,
    /// Oldest first; UTC.
    pub days: Vec<DaySpend>,
    /// Dearest first.
    pub models: Vec<ModelSum>,
    /// Slowest in sum first.
    pub tools: Vec<ToolSum>,
    /// Most frequent first.
    pub errors: Vec<ErrorCount>,
    pub interventions: Vec<InterventionCount>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DaySpend {
    /// The day's first moment, UTC.
    pub day: Timestamp,
    pub exchanges: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ModelSum {
    pub model: String,
    pub exchanges: u64,
    pub failed: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ToolSum {
    pub name: String,
    /// Calls whose result came back.
    pub calls: u64,
    pub errors: u64,
    /// From the call to the request that brought its result.
    pub total_ms: f64,
    pub longest_ms: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ErrorCount {
    pub class: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct InterventionCount {
    pub rule: Option<String>,
    pub action: String,
    pub mode: Mode,
    pub count: u64,
    /// Sums of effects; negative is saved.
    pub tokens: i64,
    pub usd: f64,
    pub ms: f64,
}

impl Ledger {
    /// Everything from `from` to `to`; open ends where None.
    pub async fn metrics(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Metrics, LedgerError> {
        let pool = self.pool().await?;
        let (from, to) = (from.map_or(0, |at| at.0), to.map_or(i64::MAX - HOUR, |at| at.0));
        let (first, last) = (from.div_euclid(HOUR), to.div_euclid(HOUR));
        let mut metrics = Metrics::default();
        let sessions = sqlx::query!(
            r#"SELECT count(*) AS "count!: i64", coalesce(sum(state < 4), 0) AS "running!: i64", coalesce(max(estimated), 0) AS "estimated!: bool"
               FROM session WHERE last_at >= ?1 AND started_at <= ?2"#,
            from,
            to
        )
        .fetch_one(pool)
        .await?;
        metrics.sessions = sessions.count as u64;
        metrics.running = sessions.running as u64;
        metrics.estimated = sessions.estimated;
        let models = sqlx::query!(
            r#"SELECT w.text AS "model!: String", sum(exchanges) AS "exchanges!: i64", sum(failed) AS "failed!: i64",
                 sum(input_tokens) AS "input!: i64", sum(cached_tokens) AS "cached!: i64", sum(output_tokens) AS "output!: i64",
                 sum(cost_usd) AS "cost!: f64"
               FROM spend s JOIN word w ON w.n = s.model WHERE hour >= ?1 AND hour <= ?2 GROUP BY s.model ORDER BY 7 DESC, 2 DESC"#,
            first,
            last
        )
        .fetch_all(pool)
        .await?;
        for row in models {
            metrics.exchanges += row.exchanges as u64;
            metrics.failed += row.failed as u64;
            metrics.input_tokens += row.input as u64;
            metrics.cached_tokens += row.cached as u64;
            metrics.output_tokens += row.output as u64;
            metrics.cost_usd += row.cost;
            metrics.models.push(ModelSum {
                model: row.model,
                exchanges: row.exchanges as u64,
                failed: row.failed as u64,
                input_tokens: row.input as u64,
                cached_tokens: row.cached as u64,
                output_tokens: row.output as u64,
                cost_usd: row.cost,
            });
        }
        let days = sqlx::query!(
            r#"SELECT hour / 24 AS "day!: i64", sum(exchanges) AS "exchanges!: i64", sum(input_tokens) AS "input!: i64",
                 sum(cached_tokens) AS "cached!: i64", sum(output_tokens) AS "output!: i64", sum(cost_usd) AS "cost!: f64"
               FROM spend WHERE hour >= ?1 AND hour <= ?2 GROUP BY 1 ORDER BY 1"#,
            first,
            last
        )
        .fetch_all(pool)
        .await?;
        metrics.days = days
            .into_iter()
            .map(|row| DaySpend {
                day: Timestamp(row.day * 24 * HOUR),
                exchanges: row.exchanges as u64,
                input_tokens: row.input as u64,
                cached_tokens: row.cached as u64,
                output_tokens: row.output as u64,
                cost_usd: row.cost,
            })
            .collect();
        self.tool_figures(&mut metrics, first, last).await?;
        self.intervention_figures(&mut metrics, from, to).await?;
        Ok(metrics)
    }

    async fn tool_figures(&self, metrics: &mut Metrics, first: i64, last: i64) -> Result<(), LedgerError> {
        let pool = self.pool().await?;
        let tools = sqlx::query!(
            r#"SELECT w.text AS "name!: String", sum(calls) AS "calls!: i64", sum(errors) AS "errors!: i64", sum(total_us) AS "total!: i64",
                 max(longest_us) AS "longest!: i64"
               FROM tool_sum s JOIN word w ON w.n = s.tool WHERE hour >= ?1 AND hour <= ?2 GROUP BY s.tool ORDER BY 4 DESC"#,
            first,
            last
        )
        .fetch_all(pool)
        .await?;
        for row in tools {
            metrics.tool_calls += row.calls as u64;
            metrics.tool_errors += row.errors as u64;
            metrics.tools.push(ToolSum {
                name: row.name,
                calls: row.calls as u64,
                errors: row.errors as u64,
                total_ms: super::ms(row.total),
                longest_ms: super::ms(row.longest),
            });
        }
        let errors = sqlx::query!(
            r#"SELECT w.text AS "class!: String", sum(s.count) AS "count!: i64"
               FROM error_sum s JOIN word w ON w.n = s.class WHERE hour >= ?1 AND hour <= ?2 GROUP BY s.class ORDER BY 2 DESC"#,
            first,
            last
        )
        .fetch_all(pool)
        .await?;
        metrics.errors =
            errors.into_iter().map(|row| ErrorCount { class: row.class, count: row.count as u64 }).collect();
        Ok(())
    }

    async fn intervention_figures(&self, metrics: &mut Metrics, from: i64, to: i64) -> Result<(), LedgerError> {
        let rows = sqlx::query!(
            r#"SELECT r.text AS "rule?: String", a.text AS "action!: String", i.mode AS "mode!: i64", count(*) AS "count!: i64",
                 sum(i.tokens) AS "tokens!: i64", sum(i.usd) AS "usd!: f64", sum(i.ms) AS "ms!: f64"
               FROM intervention i JOIN word a ON a.n = i.action LEFT JOIN word r ON r.n = i.rule
               WHERE i.at >= ?1 AND i.at <= ?2 GROUP BY i.rule, i.action, i.mode ORDER BY 4 DESC"#,
            from,
            to
        )
        .fetch_all(self.pool().await?)
        .await?;
        metrics.interventions = rows
            .into_iter()
            .map(|row| InterventionCount {
                rule: row.rule,
                action: row.action,
                mode: mode::value(row.mode),
                count: row.count as u64,
                tokens: row.tokens,
                usd: row.usd,
                ms: row.ms,
            })
            .collect();
        Ok(())
    }
}
