//! A session's timeline, a window at a time: model exchanges and their tool calls in the order in which they happened. A range
//! of one key, so a window costs its own length however long the session is.

use super::{ms, time};
use crate::{Ledger, LedgerError, layout::*};
use domain::{
    ErrorEvidence, ExchangeId, ExchangeState, InterventionId, Mode, RunId, SessionId, Timestamp, Usage,
    is_earlier_result,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    Model,
    Tool,
    Mcp,
    Person,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TimelineRow {
    /// Its place among the session's rows, from 0; never changes.
    pub index: u64,
    pub kind: RowKind,
    pub step: u32,
    pub run: RunId,
    /// The model (as served, where known) or the tool.
    pub name: String,
    pub preview: String,
    /// Of the exchange; for a tool call of the one that proposed it.
    pub state: ExchangeState,
    /// A model row's, where it failed.
    pub error: Option<String>,
    pub exchange: ExchangeId,
    pub started_at: Timestamp,
    /// A tool call's: until the request that brought its result came.
    pub duration_ms: Option<f64>,
    pub first_token_ms: Option<f64>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
    pub side_call: bool,
    /// Some body of its request is missing.
    pub incomplete: bool,
    pub imported: bool,
    /// Served from the record of an earlier run.
    pub replayed: bool,
    /// A model row's calls; a tool row's own.
    pub tool_calls: Vec<RowCall>,
    /// On model rows.
    pub interventions: Vec<RowIntervention>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RowCall {
    pub id: String,
    pub name: String,
    pub error: Option<ErrorEvidence>,
    pub returned: bool,
    pub blocked: bool,
    /// Blocked, and answered with an earlier result.
    pub from_cache: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RowIntervention {
    pub id: InterventionId,
    pub action: String,
    pub mode: Mode,
    pub summary: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TimelinePage {
    pub rows: Vec<TimelineRow>,
    /// All rows of the session.
    pub total: u64,
}

impl Ledger {
    /// Rows `from..from + count`.
    pub async fn list_timeline(&self, session: SessionId, from: u64, count: u32) -> Result<TimelinePage, LedgerError> {
        let pool = self.pool().await?;
        let head = sqlx::query!("SELECT n, rows FROM session WHERE id = ?1", session.0)
            .fetch_optional(pool)
            .await?
            .ok_or_else(|| LedgerError::missing("session", session))?;
        let first = head.n << ROW_BITS | (from as i64).min((1 << ROW_BITS) - 1);
        let end = (first + i64::from(count)).min((head.n + 1) << ROW_BITS);
        let found = sqlx::query!(
            r#"SELECT t.key AS "key!", t.kind AS "kind!", t.exchange AS "n!", t.call,
                 e.id AS "exchange!", e.step AS "step!", e.run AS "run!", e.at AS "at!", e.state AS "state!", e.flags AS "flags!",
                 coalesce(s.text, m.text) AS "model!: String", coalesce(a.text, q.text) AS "preview: String",
                 e.input_tokens AS "input!", e.cached_tokens AS "cached!", e.cache_write_tokens AS "cache_write!",
                 e.output_tokens AS "output!", e.reasoning_tokens AS "reasoning!",
                 e.error AS "error: String", e.cost_usd AS "cost_usd: f64", e.first_token_us AS "first_token_us: i64", e.duration_us AS "duration_us: i64"
               FROM timeline t
               JOIN exchange e ON e.n = t.exchange
               JOIN word m ON m.n = e.model
               LEFT JOIN word s ON s.n = e.served_model
               LEFT JOIN preview q ON q.n = e.request_preview
               LEFT JOIN preview a ON a.n = e.answer_preview
               WHERE t.key >= ?1 AND t.key < ?2 ORDER BY t.key"#,
            first,
            end
        )
        .fetch_all(pool)
        .await?;
        let mut numbers: Vec<i64> = found.iter().map(|row| row.n).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let numbers = serde_json::to_string(&numbers).unwrap_or_default();
        let calls = sqlx::query!(
            r#"SELECT c.key AS "key!", c.id AS "id!: String", w.text AS "name!: String", c.after AS "after!: i64",
                 c.blocked AS "blocked!: bool", c.returned_after AS "returned_after: i64", c.error AS "error: i64", p.text AS "preview: String"
               FROM json_each(?1) j
               CROSS JOIN tool_call c ON c.key >= (j.value << 10) AND c.key < ((j.value + 1) << 10)
               JOIN word w ON w.n = c.name LEFT JOIN preview p ON p.n = c.preview ORDER BY c.key"#,
            numbers
        )
        .fetch_all(pool)
        .await?;
        let done = sqlx::query!(
            r#"SELECT i.exchange AS "n!: i64", i.id AS "id!: i64", w.text AS "action!: String", i.mode AS "mode!: i64",
                 i.summary AS "summary!: String"
               FROM json_each(?1) j CROSS JOIN intervention i ON i.exchange = j.value JOIN word w ON w.n = i.action ORDER BY i.n"#,
            numbers
        )
        .fetch_all(pool)
        .await?;
        let calls_of = |n: i64| {
            let from = calls.partition_point(|call| call.key < n << PLACE_BITS);
            calls[from..].iter().take_while(move |call| call.key >> PLACE_BITS == n)
        };
        let rows = found.into_iter().map(|row| {
            let call = row.call.and_then(|key| calls_of(row.n).find(|call| call.key == key));
            let kind = match row.kind {
                ROW_TOOL => RowKind::Tool,
                ROW_MCP => RowKind::Mcp,
                ROW_PERSON => RowKind::Person,
                _ => RowKind::Model,
            };
            let is_model = kind == RowKind::Model;
            let after = call.map_or(0, |call| call.after);
            let mine = calls_of(row.n).filter(|other| is_model || call.is_some_and(|call| call.key == other.key));
            TimelineRow {
                index: (row.key & ((1 << ROW_BITS) - 1)) as u64,
                kind,
                step: row.step as u32,
                run: RunId(row.run),
                name: call.map_or(row.model, |call| call.name.clone()),
                preview: call.map_or(row.preview, |call| call.preview.clone()).unwrap_or_default(),
                state: exchange_state::value(row.state),
                error: row.error.filter(|_| is_model),
                exchange: ExchangeId(row.exchange),
                started_at: time(row.at + after),
                duration_ms: match call {
                    Some(call) => call.returned_after.map(|returned| ms((returned - after).max(0))),
                    None => row.duration_us.map(ms),
                },
                first_token_ms: row.first_token_us.filter(|_| is_model).map(ms),
                usage: if is_model {
                    Usage {
                        input: row.input as u64,
                        cached: row.cached as u64,
                        cache_write: row.cache_write as u64,
                        output: row.output as u64,
                        reasoning: row.reasoning as u64,
                        estimated: row.flags & FLAG_ESTIMATED != 0,
                    }
                } else {
                    Usage::default()
                },
                cost_usd: row.cost_usd.filter(|_| is_model),
                side_call: row.flags & FLAG_SIDE_CALL != 0,
                incomplete: row.flags & FLAG_INCOMPLETE != 0,
                imported: row.flags & FLAG_IMPORTED != 0,
                replayed: row.flags & FLAG_REPLAYED != 0,
                tool_calls: mine
                    .map(|call| RowCall {
                        id: call.id.clone(),
                        name: call.name.clone(),
                        error: call.error.filter(|code| *code > 0).map(|code| evidence::value(code - 1)),
                        returned: call.returned_after.is_some(),
                        blocked: call.blocked,
                        from_cache: call.blocked && call.preview.as_deref().is_some_and(is_earlier_result),
                    })
                    .collect(),
                interventions: done
                    .iter()
                    .filter(|done| is_model && done.n == row.n)
                    .map(|done| RowIntervention {
                        id: InterventionId(done.id),
                        action: done.action.clone(),
                        mode: mode::value(done.mode),
                        summary: done.summary.clone(),
                    })
                    .collect(),
            }
        });
        Ok(TimelinePage { rows: rows.collect(), total: head.rows as u64 })
    }

    /// The index of an exchange's row in its session's timeline: model rows stand in the order of their exchanges, so this is a
    /// search by halves.
    pub async fn timeline_index(&self, exchange: ExchangeId) -> Result<Option<u64>, LedgerError> {
        let pool = self.pool().await?;
        let found = sqlx::query!(
            r#"SELECT e.n AS "n!", s.n AS "session!", s.rows AS "rows!" FROM exchange e JOIN session s ON s.n = e.session WHERE e.id = ?1"#,
            exchange.0
        )
        .fetch_optional(pool)
        .await?
        .ok_or_else(|| LedgerError::missing("exchange", exchange))?;
        let first = found.session << ROW_BITS;
        let (mut low, mut high) = (first, first + found.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = sqlx::query!(
                "SELECT key, exchange FROM timeline WHERE key >= ?1 AND key <= ?2 AND kind = 0 ORDER BY key DESC LIMIT 1",
                first,
                middle
            )
            .fetch_optional(pool)
            .await?;
            match row {
                Some(row) if row.exchange == found.n => return Ok(Some((row.key - first) as u64)),
                Some(row) if row.exchange > found.n => high = row.key,
                _ => low = middle + 1,
            }
        }
        Ok(None)
    }
}
