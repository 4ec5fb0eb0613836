//! Migrations: forward only, each in one transaction; a database of a newer version is refused.

use crate::LedgerError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_hand.sql"),
    include_str!("../migrations/0003_budgets.sql"),
];

/// Brings the database to this version's schema; `user_version` counts the migrations applied.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    if found > known {
        return Err(LedgerError::Newer { path: path.to_owned(), found, known });
    }
    for (place, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", place as u32 + 1)?;
        step.commit()?;
    }
    Ok(())
}
