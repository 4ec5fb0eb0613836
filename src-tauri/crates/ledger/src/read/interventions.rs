//! Interventions: what was done, by whom, why, with which effect.

use super::{cut, filter, time};
use crate::{BlobRef, Ledger, LedgerError, layout::*};
use domain::{Cause, Effect, ExchangeId, InterventionId, Mode, SessionId, Timestamp};
use sqlx::QueryBuilder;

const FIELDS: [&str; 6] = ["rule", "policy", "action", "mode", "cause", "exchange"];

/// An intervention without its texts: `before` and `after` are fetched by reference.
#[derive(Debug, Clone, PartialEq)]
pub struct InterventionRow {
    pub id: InterventionId,
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub at: Timestamp,
    pub cause: Cause,
    pub rule: Option<String>,
    pub policy: Option<String>,
    pub version: Option<String>,
    pub action: String,
    pub mode: Mode,
    pub summary: String,
    pub before: BlobRef,
    pub after: BlobRef,
    pub effect: Effect,
}

#[derive(Debug, Clone, PartialEq)]
pub struct InterventionPage {
    /// Newest first.
    pub interventions: Vec<InterventionRow>,
    pub next: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    n: i64,
    id: i64,
    session: i64,
    exchange: i64,
    at: i64,
    cause: i64,
    rule: Option<String>,
    policy: Option<String>,
    version: Option<String>,
    action: String,
    mode: i64,
    summary: String,
    before: i64,
    after: i64,
    tokens: i64,
    usd: f64,
    ms: f64,
    basis: i64,
}

const SELECT: &str = "SELECT i.n, i.id, s.id AS session, e.id AS exchange, i.at, i.cause, r.text AS rule, p.text AS policy, v.text AS version, \
     a.text AS action, i.mode, i.summary, i.before, i.after, i.tokens, i.usd, i.ms, i.basis \
     FROM intervention i JOIN session s ON s.n = i.session JOIN exchange e ON e.n = i.exchange JOIN word a ON a.n = i.action \
     LEFT JOIN word r ON r.n = i.rule LEFT JOIN word p ON p.n = i.policy LEFT JOIN word v ON v.n = i.version WHERE 1";

impl From<Columns> for InterventionRow {
    fn from(row: Columns) -> InterventionRow {
        InterventionRow {
            id: InterventionId(row.id),
            session: SessionId(row.session),
            exchange: ExchangeId(row.exchange),
            at: time(row.at),
            cause: cause::value(row.cause),
            rule: row.rule,
            policy: row.policy,
            version: row.version,
            action: row.action,
            mode: mode::value(row.mode),
            summary: row.summary,
            before: BlobRef::Stored(row.before),
            after: BlobRef::Stored(row.after),
            effect: Effect { tokens: row.tokens, usd: row.usd, ms: row.ms, basis: effect_basis::value(row.basis) },
        }
    }
}

impl Ledger {
    /// A page of interventions; `query`: `rule:… policy:… action:… mode:shadow cause:person exchange:…` and words of the summary.
    pub async fn list_interventions(
        &self,
        session: Option<SessionId>,
        query: &str,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<InterventionPage, LedgerError> {
        let mut sql = QueryBuilder::new(SELECT);
        if let Some(session) = session {
            sql.push(" AND i.session = (SELECT n FROM session WHERE id = ").push_bind(session.0).push(")");
        }
        for term in filter::terms(query)? {
            sql.push(if term.negated { " AND NOT (" } else { " AND (" });
            match term.field.as_deref() {
                None => filter::like(&mut sql, "i.summary", &format!("*{}*", term.value)),
                Some("rule") => filter::like(&mut sql, "coalesce(r.text, '')", &term.value),
                Some("policy") => filter::like(&mut sql, "coalesce(p.text, '')", &term.value),
                Some("action") => filter::like(&mut sql, "a.text", &term.value),
                Some("mode") => {
                    let all = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("off", Mode::Off)];
                    let found = all.into_iter().find(|(name, _)| *name == term.value);
                    let (_, mode) = found.ok_or_else(|| term.error("a mode is enforce, shadow or off".into()))?;
                    sql.push("i.mode = ").push_bind(mode::code(mode));
                }
                Some("cause") => {
                    let all = [("rule", Cause::Rule), ("person", Cause::Person)];
                    let found = all.into_iter().find(|(name, _)| *name == term.value);
                    let (_, cause) = found.ok_or_else(|| term.error("a cause is rule or person".into()))?;
                    sql.push("i.cause = ").push_bind(cause::code(cause));
                }
                Some("exchange") => {
                    let id: ExchangeId =
                        term.value.parse().map_err(|_| term.error("an exchange is named by its id".into()))?;
                    sql.push("i.exchange = (SELECT n FROM exchange WHERE id = ").push_bind(id.0).push(")");
                }
                Some(unknown) => return Err(filter::unknown_field(&term, unknown, &FIELDS)),
            }
            sql.push(")");
        }
        if let Some(cursor) = cursor {
            let n: i64 = cursor.parse().map_err(|_| LedgerError::missing("page", cursor))?;
            sql.push(" AND i.n < ").push_bind(n);
        }
        sql.push(" ORDER BY i.n DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let mut rows: Vec<Columns> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        let more = cut(&mut rows, limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.n.to_string());
        Ok(InterventionPage { interventions: rows.into_iter().map(InterventionRow::from).collect(), next })
    }

    /// An intervention's texts: what stood there, what stands there now.
    pub async fn before_and_after(&self, row: &InterventionRow) -> Result<(String, String), LedgerError> {
        let mut texts = [String::new(), String::new()];
        for (text, reference) in texts.iter_mut().zip([row.before, row.after]) {
            let piece = self.get_blob(reference, 0, u64::MAX).await?;
            *text = String::from_utf8_lossy(&piece.bytes).into_owned();
        }
        let [before, after] = texts;
        Ok((before, after))
    }

    pub(super) async fn interventions_of(&self, exchange: ExchangeId) -> Result<Vec<InterventionRow>, LedgerError> {
        let mut sql = QueryBuilder::new(SELECT);
        sql.push(" AND i.exchange = (SELECT n FROM exchange WHERE id = ").push_bind(exchange.0).push(") ORDER BY i.n");
        let rows: Vec<Columns> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        Ok(rows.into_iter().map(InterventionRow::from).collect())
    }
}
