//! What waits for a person: escalations, held responses, standing orders.

use super::pen::{Pen, Written};
use crate::{ChangeKind, codec, layout::*, pack};
use domain::{Escalation, HeldResponse, SessionId, Timestamp};
use rusqlite::params;

/// A held response outlives its last deadline by that much: a client that retries late still gets the answer.
const AFTERWARDS: i64 = 86_400_000_000;

impl Pen<'_> {
    pub fn escalated(&mut self, escalation: &Escalation) -> Written {
        let session = self.session_number(escalation.session)?;
        let (policy, rule) = (self.word(&escalation.policy)?, self.word(&escalation.rule)?);
        let (base, data) = codec::alone(&serde_json::to_vec(escalation).unwrap_or_default());
        self.db
            .prepare_cached(
                "INSERT INTO escalation(id, session, exchange, state, policy, rule, request_digest, opened_at, expires_at, decided_at, \
                 used, base, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                 ON CONFLICT(id) DO UPDATE SET exchange = excluded.exchange, state = excluded.state, expires_at = excluded.expires_at, \
                 decided_at = excluded.decided_at, used = excluded.used, base = excluded.base, data = excluded.data",
            )?
            .execute(params![
                escalation.id.0,
                session,
                escalation.exchange.0,
                escalation_state::code(escalation.state),
                policy,
                rule,
                escalation.request_digest,
                escalation.opened_at.0,
                escalation.expires_at.0,
                escalation.decided_at.map(|at| at.0),
                escalation.used_by.map(|exchange| exchange.0),
                base,
                data,
            ])?;
        if !escalation.state.is_open() && escalation.used_by.is_some() {
            self.let_go(&escalation.request_digest)?;
        }
        self.tell(ChangeKind::Escalation, Some(escalation.session), Some(escalation.exchange));
        Ok(())
    }

    pub fn held(&mut self, held: &HeldResponse) -> Written {
        let session = self.session_number(held.session)?;
        let (base, data) = codec::alone(&pack::held_bytes(&held.headers, &held.body));
        self.db
            .prepare_cached(
                "INSERT INTO held(request_digest, session, exchange, at, status, base, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                 ON CONFLICT(request_digest) DO UPDATE SET session = excluded.session, exchange = excluded.exchange, at = excluded.at, \
                 status = excluded.status, base = excluded.base, data = excluded.data",
            )?
            .execute(params![held.request_digest, session, held.exchange.0, held.at.0, held.status, base, data])?;
        forget_held(self.db, held.at)
    }

    pub fn unheld(&mut self, request_digest: &str) -> Written {
        self.db.prepare_cached("DELETE FROM held WHERE request_digest = ?1")?.execute([request_digest])?;
        Ok(())
    }

    pub fn ordered(&mut self, session: SessionId, orders: &str) -> Written {
        let n = self.session_number(session)?;
        if orders.is_empty() {
            self.db.prepare_cached("DELETE FROM standing WHERE session = ?1")?.execute([n])?;
        } else {
            self.db
                .prepare_cached(
                    "INSERT INTO standing(session, orders) VALUES (?1, ?2) ON CONFLICT(session) DO UPDATE SET orders = excluded.orders",
                )?
                .execute(params![n, orders])?;
        }
        self.tell(ChangeKind::Session, Some(session), None);
        Ok(())
    }

    /// The response goes once every question about it is answered and its answer was carried out.
    fn let_go(&mut self, request_digest: &str) -> Written {
        self.db
            .prepare_cached(
                "DELETE FROM held WHERE request_digest = ?1 AND NOT EXISTS \
                 (SELECT 1 FROM escalation e WHERE e.request_digest = ?1 AND (e.state IN (0, 5) OR e.used IS NULL))",
            )?
            .execute([request_digest])?;
        Ok(())
    }
}

/// Deletes held responses that nobody came back for, a day after the last of their deadlines.
pub fn forget_held(db: &rusqlite::Connection, now: Timestamp) -> Written {
    db.prepare_cached(
        "DELETE FROM held WHERE at < ?1 AND NOT EXISTS \
         (SELECT 1 FROM escalation e WHERE e.request_digest = held.request_digest AND e.expires_at >= ?1)",
    )?
    .execute([now.0 - AFTERWARDS])?;
    Ok(())
}
