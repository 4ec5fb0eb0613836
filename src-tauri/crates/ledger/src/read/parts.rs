//! Bytes back from the record over the pool: blobs with what they are told apart from, contexts as their messages.

use crate::{Ledger, LedgerError, codec};
use bytes::Bytes;
use std::collections::HashMap;

/// One position of a context.
pub(super) struct Position {
    pub blob: Option<i64>,
    /// None: the ledger never got it.
    pub body: Option<Bytes>,
}

impl Ledger {
    /// The bytes of blob `n`.
    pub(super) async fn bytes(&self, n: i64) -> Result<Vec<u8>, LedgerError> {
        let row = sqlx::query!(
            r#"SELECT b.base, b.data, r.base AS "reference_base?", r.data AS "reference_data?"
               FROM blob b LEFT JOIN blob r ON r.n = b.base AND b.base >= 2 WHERE b.n = ?1"#,
            n
        )
        .fetch_optional(self.pool().await?)
        .await?
        .ok_or_else(|| LedgerError::missing("blob", n))?;
        let reference = match (row.reference_base, row.reference_data) {
            (Some(base), Some(data)) => codec::restore(base, data, &[])?,
            _ => Vec::new(),
        };
        codec::restore(row.base, row.data, &reference)
    }

    pub(super) async fn bytes_of(&self, n: Option<i64>) -> Result<Option<Vec<u8>>, LedgerError> {
        match n {
            Some(n) => self.bytes(n).await.map(Some),
            None => Ok(None),
        }
    }

    /// The messages from the root to `leaf`.
    pub(super) async fn context(&self, leaf: i64) -> Result<Vec<Position>, LedgerError> {
        let pool = self.pool().await?;
        let rows = sqlx::query!(
            r#"WITH RECURSIVE path(node, parent, message, depth) AS (
                 SELECT node, parent, message, 0 FROM context WHERE node = ?1
                 UNION ALL SELECT c.node, c.parent, c.message, depth + 1 FROM path p JOIN context c ON c.node = p.parent)
               SELECT p.message AS "message: i64", b.base AS "base: i64", b.data AS "data: Vec<u8>"
               FROM path p LEFT JOIN blob b ON b.n = p.message ORDER BY p.depth DESC"#,
            leaf
        )
        .fetch_all(pool)
        .await?;
        let mut references: HashMap<i64, Vec<u8>> = HashMap::new();
        let mut positions = Vec::with_capacity(rows.len());
        for row in rows {
            let body = match (row.base, row.data) {
                (Some(base), Some(data)) if base >= codec::FIRST_BLOB => {
                    if let std::collections::hash_map::Entry::Vacant(missing) = references.entry(base) {
                        missing.insert(self.bytes(base).await?);
                    }
                    let reference = references.get(&base).map_or(&[][..], Vec::as_slice);
                    Some(Bytes::from(codec::restore(base, data, reference)?))
                }
                (Some(base), Some(data)) => Some(Bytes::from(codec::restore(base, data, &[])?)),
                _ => None,
            };
            positions.push(Position { blob: row.message, body });
        }
        Ok(positions)
    }
}
