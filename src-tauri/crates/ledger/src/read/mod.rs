//! Reading: windowed queries over a small read-only pool, checked against the schema when compiled. Lists never touch blobs.

mod blobs;
mod budgets;
mod escalations;
mod exchange;
mod filter;
mod find;
mod flips;
mod interventions;
mod metrics;
mod parts;
mod recording;
mod remember;
mod scene;
mod sessions;
mod standing;
mod strip;
mod timeline;

pub use blobs::BlobPiece;
pub(crate) use escalations::read as escalation;
pub use escalations::{EscalationFigures, EscalationPage};
pub use exchange::{ExchangeRecord, Frame, FramePage, StoredCall, StoredObservation, StoredRequest};
pub use filter::FIELDS as QUERY_FIELDS;
pub use find::{SearchHit, SearchPage};
pub use flips::{Flip, Flips};
pub use interventions::{InterventionPage, InterventionRow};
pub use metrics::{DaySpend, ErrorCount, InterventionCount, Metrics, ModelSum, ToolSum};
pub use recording::Told;
pub(crate) use remember::{edits, escalations, session};
pub use scene::Scene;
pub use sessions::SessionPage;
pub use strip::{Strip, StripBin, StripLane};
pub use timeline::{RowCall, RowIntervention, RowKind, TimelinePage, TimelineRow};

use crate::{Ledger, LedgerError};
use domain::{PolicyVersion, Timestamp};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::time::Duration;

impl Ledger {
    /// The pool, opened on first use: three connections, closed when idle.
    pub(crate) async fn pool(&self) -> Result<&SqlitePool, LedgerError> {
        let open = || async {
            let options = SqliteConnectOptions::new()
                .filename(&self.shared.path)
                .read_only(true)
                .busy_timeout(Duration::from_secs(5))
                .statement_cache_capacity(64)
                .pragma("cache_size", "-2048")
                .pragma("temp_store", "MEMORY");
            SqlitePoolOptions::new()
                .max_connections(3)
                .idle_timeout(Duration::from_secs(60))
                .connect_with(options)
                .await
        };
        Ok(self.shared.pool.get_or_try_init(open).await?)
    }

    /// The stored versions of a policy, or of all, newest first where known.
    pub async fn policy_versions(&self, name: Option<&str>) -> Result<Vec<PolicyVersion>, LedgerError> {
        Ok(sqlx::query_as!(
            PolicyVersion,
            "SELECT version, name, source FROM policy_version WHERE ?1 IS NULL OR name = ?1 ORDER BY at DESC, name",
            name
        )
        .fetch_all(self.pool().await?)
        .await?)
    }
}

/// The rest of a page: `limit + 1` were asked for, so that the last tells whether there is more.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: usize) -> bool {
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp(micros)
}

pub(crate) fn ms(micros: i64) -> f64 {
    micros as f64 / 1000.0
}
