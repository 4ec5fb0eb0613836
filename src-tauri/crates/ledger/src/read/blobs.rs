//! Stored bytes in pieces.

use crate::{BlobRef, Ledger, LedgerError};
use bytes::Bytes;

#[derive(Debug, Clone, PartialEq)]
pub struct BlobPiece {
    pub bytes: Bytes,
    /// Length of the whole.
    pub total: u64,
}

impl Ledger {
    /// `length` bytes from `offset`; fewer at the end.
    pub async fn get_blob(&self, reference: BlobRef, offset: u64, length: u64) -> Result<BlobPiece, LedgerError> {
        let whole = match reference {
            BlobRef::Stored(n) => Bytes::from(self.bytes(n).await?),
            BlobRef::Response(exchange, side) => {
                let image = self.response(exchange, side).await?;
                image.ok_or_else(|| LedgerError::missing("response of", exchange))?.body
            }
        };
        let start = (offset as usize).min(whole.len());
        let end = start.saturating_add(length as usize).min(whole.len());
        Ok(BlobPiece { total: whole.len() as u64, bytes: whole.slice(start..end) })
    }
}
