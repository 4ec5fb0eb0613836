//! Sessions: one, or a page of those that a query matches.

use super::{cut, filter};
use crate::{Ledger, LedgerError, layout::*};
use domain::{SessionId, SessionRow, Timestamp};
use sqlx::QueryBuilder;

#[derive(Debug, Clone, PartialEq)]
pub struct SessionPage {
    /// Newest activity first.
    pub sessions: Vec<SessionRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The columns as they stand.
#[derive(sqlx::FromRow)]
pub(super) struct Columns {
    pub n: i64,
    id: i64,
    agent: String,
    title: String,
    state: i64,
    label: Option<String>,
    client_id: Option<String>,
    parent: Option<i64>,
    basis: i64,
    process: Option<String>,
    models: String,
    steps: i64,
    input_tokens: i64,
    cached_tokens: i64,
    output_tokens: i64,
    cost_usd: f64,
    estimated: i64,
    context_used: Option<f64>,
    tool_errors: i64,
    interventions: i64,
    started_at: i64,
    last_at: i64,
}

impl From<Columns> for SessionRow {
    fn from(row: Columns) -> SessionRow {
        SessionRow {
            id: SessionId(row.id),
            agent: row.agent,
            title: row.title,
            state: session_state::value(row.state),
            label: row.label,
            client_id: row.client_id,
            parent: row.parent.map(SessionId),
            basis: basis::value(row.basis),
            process: row.process.and_then(|json| serde_json::from_str(&json).ok()),
            models: serde_json::from_str(&row.models).unwrap_or_default(),
            steps: row.steps as u32,
            input_tokens: row.input_tokens as u64,
            cached_tokens: row.cached_tokens as u64,
            output_tokens: row.output_tokens as u64,
            cost_usd: row.cost_usd,
            estimated: row.estimated != 0,
            context_used: row.context_used,
            tool_errors: row.tool_errors as u32,
            interventions: row.interventions as u32,
            started_at: Timestamp(row.started_at),
            last_at: Timestamp(row.last_at),
        }
    }
}

impl Ledger {
    /// A page of at most `limit` sessions that `query` matches (see QUERY_FIELDS).
    pub async fn list_sessions(
        &self,
        query: &str,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<SessionPage, LedgerError> {
        let terms = filter::terms(query)?;
        let mut sql = QueryBuilder::new(
            "SELECT n, id, agent, title, state, label, client_id, parent, basis, process, models, steps, input_tokens, cached_tokens, \
             output_tokens, cost_usd, estimated, context_used, tool_errors, interventions, started_at, last_at \
             FROM session s WHERE 1",
        );
        filter::sessions(&mut sql, &terms)?;
        if let Some(cursor) = cursor {
            let (last, n) = place(cursor)?;
            sql.push(" AND (s.last_at, s.n) < (").push_bind(last).push(", ").push_bind(n).push(")");
        }
        sql.push(" ORDER BY s.last_at DESC, s.n DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<Columns> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        let more = cut(&mut rows, limit as usize);
        let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.last_at, row.n));
        Ok(SessionPage { sessions: rows.into_iter().map(SessionRow::from).collect(), next })
    }

    pub async fn get_session(&self, id: SessionId) -> Result<SessionRow, LedgerError> {
        Ok(self.session_columns(id).await?.into())
    }

    pub(super) async fn session_columns(&self, id: SessionId) -> Result<Columns, LedgerError> {
        sqlx::query_as!(
            Columns,
            "SELECT n, id, agent, title, state, label, client_id, parent, basis, process, models, steps, input_tokens, cached_tokens, \
             output_tokens, cost_usd, estimated, context_used, tool_errors, interventions, started_at, last_at \
             FROM session WHERE id = ?1",
            id.0
        )
        .fetch_optional(self.pool().await?)
        .await?
        .ok_or_else(|| LedgerError::missing("session", id))
    }
}

fn place(cursor: &str) -> Result<(i64, i64), LedgerError> {
    cursor
        .split_once('.')
        .and_then(|(last, n)| Some((last.parse().ok()?, n.parse().ok()?)))
        .ok_or_else(|| LedgerError::missing("page", cursor))
}
