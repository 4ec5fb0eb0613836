//! What a person wants to see of an exchange before they answer for it: its last messages, the tools on offer, the orders in force.
//! A few rows whatever the conversation's length.

use crate::{Ledger, LedgerError};
use bytes::Bytes;
use domain::{ExchangeId, SessionId};

/// The end of what an agent sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// The last messages, oldest first, without marks; a body that the ledger never got is left out.
    pub messages: Vec<Bytes>,
    pub tools: Option<Bytes>,
}

impl Ledger {
    /// The last `count` messages of an exchange's request and its tools. Empty where the exchange is not known (any more).
    pub async fn scene(&self, exchange: ExchangeId, count: u32) -> Result<Scene, LedgerError> {
        let found = sqlx::query!("SELECT agent_context, tools FROM exchange WHERE id = ?1", exchange.0)
            .fetch_optional(self.pool().await?)
            .await?;
        let Some(row) = found else { return Ok(Scene::default()) };
        let mut messages = Vec::new();
        let mut next = row.agent_context;
        for _ in 0..count {
            let Some(node) = next else { break };
            let found = sqlx::query!("SELECT parent, message FROM context WHERE node = ?1", node)
                .fetch_optional(self.pool().await?)
                .await?;
            let Some(found) = found else { break };
            messages.extend(self.bytes_of(found.message).await?.map(Bytes::from));
            next = found.parent;
        }
        messages.reverse();
        Ok(Scene { messages, tools: self.bytes_of(row.tools).await?.map(Bytes::from) })
    }

    /// A person's standing orders for a session, in the runtime's own shape.
    pub async fn standing_orders(&self, session: SessionId) -> Result<Option<String>, LedgerError> {
        let found = sqlx::query_scalar!(
            "SELECT orders FROM standing WHERE session = (SELECT n FROM session WHERE id = ?1)",
            session.0
        );
        Ok(found.fetch_optional(self.pool().await?).await?)
    }
}
