//! What shadow rules would have done: counted by rule and action, with the first times.

use super::time;
use crate::{Ledger, LedgerError, layout::*};
use domain::{ExchangeId, Mode, SessionId, Timestamp};
use sqlx::QueryBuilder;

/// One action of one shadow rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Flips {
    pub policy: String,
    pub rule: String,
    pub action: String,
    /// Moments at which it would have been carried out.
    pub times: u64,
    pub sessions: u64,
    /// The earliest, oldest first.
    pub first: Vec<Flip>,
}

/// One moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub at: Timestamp,
    pub summary: String,
}

#[derive(sqlx::FromRow)]
struct Sum {
    policy: String,
    rule: String,
    action: String,
    times: i64,
    sessions: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    session: i64,
    exchange: i64,
    at: i64,
    summary: String,
}

/// What could not have been carried out is no flip.
const WHERE: &str = " FROM intervention i JOIN word p ON p.n = i.policy JOIN word r ON r.n = i.rule JOIN word a ON a.n = i.action \
     WHERE i.summary NOT LIKE 'Would have: Could not %' AND i.mode = ";

impl Ledger {
    /// The most frequent first; `policy`: of it alone. `first`: how many moments to give of each.
    pub async fn flips(&self, policy: Option<&str>, first: u32) -> Result<Vec<Flips>, LedgerError> {
        let mut sql = QueryBuilder::new(
            "SELECT p.text AS policy, r.text AS rule, a.text AS action, count(DISTINCT i.at) AS times, \
             count(DISTINCT i.session) AS sessions",
        );
        sql.push(WHERE).push_bind(mode::code(Mode::Shadow));
        if let Some(policy) = policy {
            sql.push(" AND p.text = ").push_bind(policy);
        }
        sql.push(" GROUP BY i.policy, i.rule, i.action ORDER BY times DESC, policy, rule, action");
        let sums: Vec<Sum> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        let mut flips = Vec::with_capacity(sums.len());
        for Sum { policy, rule, action, times, sessions } in sums {
            let first = self.first_flips(&policy, &rule, &action, first).await?;
            flips.push(Flips { policy, rule, action, times: times as u64, sessions: sessions as u64, first });
        }
        Ok(flips)
    }

    async fn first_flips(&self, policy: &str, rule: &str, action: &str, most: u32) -> Result<Vec<Flip>, LedgerError> {
        let mut sql = QueryBuilder::new(
            "SELECT (SELECT id FROM session WHERE n = i.session) AS session, (SELECT id FROM exchange WHERE n = i.exchange) AS exchange, \
             i.at, i.summary",
        );
        sql.push(WHERE).push_bind(mode::code(Mode::Shadow));
        sql.push(" AND p.text = ").push_bind(policy).push(" AND r.text = ").push_bind(rule);
        sql.push(" AND a.text = ").push_bind(action).push(" ORDER BY i.n LIMIT ").push_bind(most);
        let rows: Vec<Row> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        let flip = |row: Row| Flip {
            session: SessionId(row.session),
            exchange: ExchangeId(row.exchange),
            at: time(row.at),
            summary: row.summary,
        };
        Ok(rows.into_iter().map(flip).collect())
    }
}
