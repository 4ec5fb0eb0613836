//! How a session stood when it was last looked at by reasoning.

use super::exchange::StoredObservation;
use crate::{Ledger, LedgerError, layout::*};
use domain::{ExchangeId, SessionId};

/// Rows from the end in which an observation is looked for: every exchange that rules could see has one.
const FROM_END: i64 = 400;

impl Ledger {
    /// The session's newest observation; none where the record has none, as for sessions that no policy looked at.
    pub async fn latest_observation(&self, session: SessionId) -> Result<Option<StoredObservation>, LedgerError> {
        let pool = self.pool().await?;
        let head = sqlx::query!("SELECT n, rows FROM session WHERE id = ?1", session.0)
            .fetch_optional(pool)
            .await?
            .ok_or_else(|| LedgerError::missing("session", session))?;
        let (from, end) = (head.n << ROW_BITS | (head.rows - FROM_END).max(0), (head.n + 1) << ROW_BITS);
        let exchange = sqlx::query_scalar!(
            r#"SELECT e.id AS "id!: i64" FROM timeline t JOIN exchange e ON e.n = t.exchange
               WHERE t.key >= ?1 AND t.key < ?2
                 AND EXISTS (SELECT 1 FROM observation o WHERE o.key >= (e.n << 10) AND o.key < ((e.n + 1) << 10))
               ORDER BY t.key DESC LIMIT 1"#,
            from,
            end
        )
        .fetch_optional(pool)
        .await?;
        match exchange {
            Some(exchange) => Ok(self.observations(ExchangeId(exchange)).await?.pop()),
            None => Ok(None),
        }
    }
}
