//! Names of stored bytes that a reader can fetch in pieces.

use domain::ExchangeId;
use std::{fmt, str::FromStr};

/// Whose response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Provider,
    Agent,
}

/// What `get_blob` fetches. As text: `blob:42`, `exc_…:provider`, `exc_…:agent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobRef {
    /// A stored message, system prompt, tool list, envelope, tool-call argument, or an intervention's before or after.
    Stored(i64),
    /// A response body.
    Response(ExchangeId, Side),
}

impl fmt::Display for BlobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BlobRef::Stored(n) => write!(f, "blob:{n}"),
            BlobRef::Response(exchange, Side::Provider) => write!(f, "{exchange}:provider"),
            BlobRef::Response(exchange, Side::Agent) => write!(f, "{exchange}:agent"),
        }
    }
}

impl FromStr for BlobRef {
    type Err = crate::LedgerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let missing = || crate::LedgerError::missing("blob", text);
        let (left, right) = text.split_once(':').ok_or_else(missing)?;
        match (left, right) {
            ("blob", n) => n.parse().map(BlobRef::Stored).map_err(|_| missing()),
            (id, "provider") => id.parse().map(|id| BlobRef::Response(id, Side::Provider)).map_err(|_| missing()),
            (id, "agent") => id.parse().map(|id| BlobRef::Response(id, Side::Agent)).map_err(|_| missing()),
            _ => Err(missing()),
        }
    }
}
