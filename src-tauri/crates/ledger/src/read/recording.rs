//! Earlier runs, to be served again: which exchanges a conversation had, what was asked and given in each, and what events tell of it.

use super::{remember::edits, time};
use crate::{Ledger, LedgerError, layout::*, pack::AnswerPack};
use domain::{
    ContextEdit, EventKind, ExchangeId, RecordedExchange, RecordedHead, Recording, Rewinding, SessionId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::collections::HashSet;

/// An event of a session, of the kind that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub exchange: Option<ExchangeId>,
    pub at: Timestamp,
    pub payload: Value,
}

impl Ledger {
    /// The conversation that an exchange belongs to, sub-agents included, up to that exchange.
    pub async fn recording(&self, until: ExchangeId) -> Result<Recording, LedgerError> {
        let db = parking_lot::Mutex::new(self.plain()?);
        let db = db.lock();
        let (session, agent, numbers) = conversation(&db, until)?;
        let mut exchanges = Vec::new();
        let mut kept = Vec::new();
        for (n, id) in numbers {
            exchanges.extend(heads(&db, n, SessionId(id), until)?);
            kept.extend(lasting_edits(&db, n, SessionId(id), until)?);
        }
        exchanges.sort_by_key(|head| head.id);
        Ok(Recording { until, session, agent, exchanges, edits: kept })
    }

    /// What an agent sent and got. None where a body of its request is missing.
    pub(crate) async fn recorded_exchange(&self, id: ExchangeId) -> Result<Option<RecordedExchange>, LedgerError> {
        let found = sqlx::query!(
            r#"SELECT s.id AS "session!", e.flags, e.agent_context, e.envelope, e.system, e.tools, e.head, e.answer
               FROM exchange e JOIN session s ON s.n = e.session WHERE e.id = ?1"#,
            id.0
        )
        .fetch_optional(self.pool().await?)
        .await?;
        let Some(row) = found.filter(|row| row.envelope.is_some()) else { return Ok(None) };
        let (head, request) = self.request(row.agent_context, row.envelope, row.system, row.tools, row.head).await?;
        if !request.missing.is_empty() {
            return Ok(None);
        }
        let answer = match self.bytes_of(row.answer).await? {
            Some(bytes) => AnswerPack::read(bytes)?,
            None => AnswerPack::default(),
        };
        Ok(Some(RecordedExchange {
            session: SessionId(row.session),
            side_call: row.flags & FLAG_SIDE_CALL != 0,
            path: head.path,
            headers: request.headers,
            envelope: request.envelope,
            system: request.system,
            tools: request.tools,
            messages: request.messages,
            marks: request.marks,
            response: answer.agent.or(answer.provider),
        }))
    }

    pub(crate) async fn rewind_under_way(&self, session: SessionId) -> Result<Option<Rewinding>, LedgerError> {
        let told = self.told(session, EventKind::Rewound).await?;
        let id = |told: &Told| told.payload["recorded"].as_str().and_then(|id| id.parse::<ExchangeId>().ok());
        let Some(until) = told.iter().find(|told| told.payload["is"] == "begun").and_then(id) else { return Ok(None) };
        Ok(Some(Rewinding {
            recording: self.recording(until).await?,
            served: told.iter().filter(|told| told.payload["is"] == "served").filter_map(id).collect(),
            live: told.iter().any(|told| told.payload["is"] == "live"),
        }))
    }

    /// A session's events of one kind, oldest first.
    pub async fn told(&self, session: SessionId, kind: EventKind) -> Result<Vec<Told>, LedgerError> {
        let kind = serde_json::json!(kind);
        let kind = kind.as_str();
        let rows = sqlx::query!(
            r#"SELECT e.id AS "exchange?: i64", v.at, v.payload AS "payload?: String" FROM session s JOIN event v ON v.session = s.n
               LEFT JOIN exchange e ON e.n = v.exchange WHERE s.id = ?1 AND v.kind = ?2 ORDER BY v.seq"#,
            session.0,
            kind
        )
        .fetch_all(self.pool().await?)
        .await?;
        let told = rows.into_iter().map(|row| Told {
            exchange: row.exchange.map(ExchangeId),
            at: time(row.at),
            payload: row.payload.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        });
        Ok(told.collect())
    }
}

/// The session at the top, its agent, and (number, id) of every session of the conversation.
type Conversation = (SessionId, String, Vec<(i64, i64)>);

fn conversation(db: &Connection, until: ExchangeId) -> Result<Conversation, LedgerError> {
    let found = db.query_row(
        "WITH RECURSIVE up(n, id, parent, depth) AS ( \
           SELECT s.n, s.id, s.parent, 0 FROM exchange e JOIN session s ON s.n = e.session WHERE e.id = ?1 \
           UNION ALL SELECT s.n, s.id, s.parent, depth + 1 FROM up JOIN session s ON s.id = up.parent WHERE depth < 16) \
         SELECT s.n, s.id, s.agent FROM up JOIN session s ON s.n = up.n ORDER BY depth DESC LIMIT 1",
        [until.0],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)),
    );
    let (_, top, agent) = found.optional()?.ok_or_else(|| LedgerError::missing("exchange", until))?;
    let mut below = db.prepare(
        "WITH RECURSIVE below(n, id, depth) AS ( \
           SELECT n, id, 0 FROM session WHERE id = ?1 \
           UNION ALL SELECT s.n, s.id, depth + 1 FROM below JOIN session s ON s.parent = below.id WHERE depth < 16) \
         SELECT n, id FROM below",
    )?;
    let all = below.query_map([top], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((SessionId(top), agent, all.collect::<Result<_, _>>()?))
}

fn heads(db: &Connection, n: i64, session: SessionId, until: ExchangeId) -> Result<Vec<RecordedHead>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT e.id, e.step, e.flags, e.state FROM timeline t JOIN exchange e ON e.n = t.exchange \
         WHERE t.key >= ?1 AND t.key < ?2 AND t.kind = ?3 AND e.id <= ?4 ORDER BY e.id",
    )?;
    let found = statement.query_map(params![n << ROW_BITS, (n + 1) << ROW_BITS, ROW_MODEL, until.0], |row| {
        let flags: i64 = row.get(2)?;
        Ok(RecordedHead {
            id: ExchangeId(row.get(0)?),
            session,
            step: row.get(1)?,
            side_call: flags & FLAG_SIDE_CALL != 0,
            state: exchange_state::value(row.get(3)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What a person did, and calls that were taken out of answers: the agent's record of them is all there is. What else a rule rewrote
/// it rewrites again, if it is still in force.
fn lasting_edits(
    db: &Connection,
    n: i64,
    session: SessionId,
    until: ExchangeId,
) -> Result<Vec<ContextEdit>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT i.id FROM intervention i JOIN word w ON w.n = i.action \
         WHERE i.session = ?1 AND (i.cause = ?2 OR w.text IN ('block', 'expire'))",
    )?;
    let lasting = statement.query_map([n, cause::code(domain::Cause::Person)], |row| row.get::<_, i64>(0))?;
    let lasting: HashSet<i64> = lasting.collect::<Result<_, _>>()?;
    let mut all = edits(db, n, session)?;
    // Ids are given in the order of time.
    all.retain(|edit| edit.intervention.0 < until.0 && lasting.contains(&edit.intervention.0));
    Ok(all)
}
