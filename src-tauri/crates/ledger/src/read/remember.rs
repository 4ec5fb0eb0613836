//! What the runtime needs to know of earlier lives after a restart. Read over a connection of its own, once, when it starts.

use crate::{Ledger, LedgerError, codec, edit, layout::*, pack, retrieve};
use domain::{
    ContextEdit, Escalation, ExchangeId, ForcedBreaker, Hash, HeldResponse, InterventionId, KeptAccount, Memory,
    RecordedExchange, RememberedSession, Rewinding, RuleHistory, SessionId, SessionRow, Timestamp, ToolCall,
};
use futures::future::BoxFuture;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, params};

/// Anchors and open calls are looked for in so many of a session's latest rows.
const ROWS: i64 = 256;

impl Memory for Ledger {
    fn recent_sessions(&self, since: Timestamp, limit: u32) -> Vec<RememberedSession> {
        let latest = "SELECT n, id FROM session WHERE last_at > ?1 ORDER BY last_at DESC LIMIT ?2";
        self.remember(latest, params![since.0, limit]).unwrap_or_else(|error| {
            tracing::error!(%error, "earlier sessions cannot be read; their next requests start new ones");
            Vec::new()
        })
    }

    fn waiting_sessions(&self) -> Vec<RememberedSession> {
        let found = self.remember(
            &format!("SELECT n, id FROM session WHERE n IN (SELECT session FROM escalation e WHERE {WAITS}) ORDER BY last_at DESC"),
            [],
        );
        found.unwrap_or_else(|error| {
            tracing::error!(%error, "what waits for a person cannot be read; it is answered when its client comes back");
            Vec::new()
        })
    }

    fn recorded(&self, exchange: ExchangeId) -> BoxFuture<'static, Option<RecordedExchange>> {
        let ledger = self.clone();
        Box::pin(async move {
            ledger.recorded_exchange(exchange).await.unwrap_or_else(|error| {
                tracing::error!(%error, %exchange, "a recorded exchange cannot be read; the model is asked");
                None
            })
        })
    }

    fn rewinding(&self, session: SessionId) -> BoxFuture<'static, Option<Rewinding>> {
        let ledger = self.clone();
        Box::pin(async move {
            ledger.rewind_under_way(session).await.unwrap_or_else(|error| {
                tracing::error!(%error, %session, "a rewind cannot be taken up again; the model is asked");
                None
            })
        })
    }

    fn forced_breakers(&self) -> Vec<(ForcedBreaker, Timestamp)> {
        self.forced().unwrap_or_else(|error| {
            tracing::error!(%error, "which breakers a person holds cannot be read; they begin closed");
            Vec::new()
        })
    }

    fn accounts(&self, since: Timestamp) -> Vec<KeptAccount> {
        Ledger::accounts(self, since).unwrap_or_else(|error| {
            tracing::error!(%error, "what was spent of budgets cannot be read; days and agents begin with nothing spent");
            Vec::new()
        })
    }

    fn held_response(&self, request_digest: &str) -> Option<HeldResponse> {
        self.held(request_digest).unwrap_or_else(|error| {
            tracing::error!(%error, "a held response cannot be read; the model is asked again");
            None
        })
    }
}

/// An escalation that still matters: its answer counts, or was not carried out yet, and its client may still come for it.
const WAITS: &str = "e.state IN (0, 5) OR (e.used IS NULL AND (e.expires_at > (SELECT max(last_at) FROM session) - 86400000000 \
     OR EXISTS (SELECT 1 FROM held h WHERE h.request_digest = e.request_digest)))";

impl Ledger {
    pub(crate) fn plain(&self) -> Result<Connection, LedgerError> {
        let db = Connection::open_with_flags(
            &self.shared.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        Ok(db)
    }

    fn held(&self, request_digest: &str) -> Result<Option<HeldResponse>, LedgerError> {
        type Row = (i64, i64, i64, u16, i64, Vec<u8>);
        let db = self.plain()?;
        let found: Option<Row> = db
            .query_row(
                "SELECT s.id, h.exchange, h.at, h.status, h.base, h.data FROM held h JOIN session s ON s.n = h.session \
                 WHERE h.request_digest = ?1",
                [request_digest],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
            )
            .optional()?;
        let Some((session, exchange, at, status, base, data)) = found else { return Ok(None) };
        let (headers, body) = pack::read_held(codec::restore(base, data, &[])?)?;
        Ok(Some(HeldResponse {
            request_digest: request_digest.to_owned(),
            session: SessionId(session),
            exchange: ExchangeId(exchange),
            at: Timestamp(at),
            status,
            headers,
            body,
        }))
    }

    /// A person's newest word on each breaker, where it still holds.
    fn forced(&self) -> Result<Vec<(ForcedBreaker, Timestamp)>, LedgerError> {
        let db = self.plain()?;
        let mut statement =
            db.prepare("SELECT at, payload FROM event WHERE session IS NULL AND kind = 'breaker_forced' ORDER BY seq")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?)))?;
        let mut forced: Vec<(ForcedBreaker, Timestamp)> = Vec::new();
        for row in rows {
            let (at, payload) = row?;
            let told =
                payload.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()).unwrap_or_default();
            let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
            let Ok(state) = serde_json::from_value(told["to"].clone()) else { continue };
            let word = ForcedBreaker { breaker: text("breaker"), key: text("key"), state };
            forced.retain(|(known, _)| (&known.breaker, &known.key) != (&word.breaker, &word.key));
            forced.push((word, Timestamp(at)));
        }
        forced.retain(|(word, _)| word.state.is_forced());
        Ok(forced)
    }

    /// The sessions whose (number, id) a query gives.
    fn remember(&self, sql: &str, params: impl Params) -> Result<Vec<RememberedSession>, LedgerError> {
        let db = self.plain()?;
        let mut statement = db.prepare(sql)?;
        let found = statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut sessions = Vec::new();
        for row in found {
            let (n, id) = row?;
            sessions.push(RememberedSession {
                row: session(&db, n)?,
                anchors: anchors(&db, n)?,
                edits: edits(&db, n, SessionId(id))?,
                open_calls: open_calls(&db, n)?,
                fires: fires(&db, n)?,
                taints: taints(&db, n)?,
                escalations: escalations(&db, n, WAITS)?,
                orders: orders(&db, n)?,
            });
        }
        Ok(sessions)
    }
}

/// A session's escalations that a condition on `e` picks, oldest first.
pub(crate) fn escalations(db: &Connection, session: i64, which: &str) -> Result<Vec<Escalation>, LedgerError> {
    let sql = format!("SELECT e.base, e.data FROM escalation e WHERE e.session = ?1 AND ({which}) ORDER BY e.n");
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map([session], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut all = Vec::new();
    for row in found {
        let (base, data) = row?;
        all.push(super::escalation(base, data)?);
    }
    Ok(all)
}

fn orders(db: &Connection, session: i64) -> Result<Option<String>, LedgerError> {
    Ok(db
        .prepare_cached("SELECT orders FROM standing WHERE session = ?1")?
        .query_row([session], |row| row.get(0))
        .optional()?)
}

pub(crate) fn session(db: &Connection, n: i64) -> Result<SessionRow, LedgerError> {
    let row = db.query_row(
        "SELECT id, agent, title, state, label, client_id, parent, basis, process, models, steps, input_tokens, cached_tokens, \
         output_tokens, cost_usd, estimated, context_used, tool_errors, interventions, started_at, last_at FROM session WHERE n = ?1",
        [n],
        |row| {
            Ok(SessionRow {
                id: SessionId(row.get(0)?),
                agent: row.get(1)?,
                title: row.get(2)?,
                state: session_state::value(row.get(3)?),
                label: row.get(4)?,
                client_id: row.get(5)?,
                parent: row.get::<_, Option<i64>>(6)?.map(SessionId),
                basis: basis::value(row.get(7)?),
                process: row.get::<_, Option<String>>(8)?.and_then(|json| serde_json::from_str(&json).ok()),
                models: serde_json::from_str(&row.get::<_, String>(9)?).unwrap_or_default(),
                steps: row.get(10)?,
                input_tokens: row.get::<_, i64>(11)? as u64,
                cached_tokens: row.get::<_, i64>(12)? as u64,
                output_tokens: row.get::<_, i64>(13)? as u64,
                cost_usd: row.get(14)?,
                estimated: row.get(15)?,
                context_used: row.get(16)?,
                tool_errors: row.get(17)?,
                interventions: row.get(18)?,
                started_at: Timestamp(row.get(19)?),
                last_at: Timestamp(row.get(20)?),
            })
        },
    )?;
    Ok(row)
}

/// Oldest first, so that the newest stands last.
fn anchors(db: &Connection, session: i64) -> Result<Vec<Hash>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT e.anchor FROM timeline t JOIN exchange e ON e.n = t.exchange \
         WHERE t.key >= ?1 AND t.key < ?2 AND t.kind = 0 AND e.anchor IS NOT NULL ORDER BY t.key DESC LIMIT ?3",
    )?;
    let found = statement
        .query_map(params![session << ROW_BITS, (session + 1) << ROW_BITS, ROWS], |row| row.get::<_, Vec<u8>>(0))?;
    let mut anchors = found.map(|bytes| bytes.map(|bytes| hash(&bytes))).collect::<Result<Vec<Hash>, _>>()?;
    anchors.reverse();
    Ok(anchors)
}

pub(crate) fn edits(db: &Connection, session: i64, id: SessionId) -> Result<Vec<ContextEdit>, LedgerError> {
    type Row = (i64, Vec<u8>, Vec<u8>, u32, u32, i64);
    let mut statement = db.prepare_cached(
        "SELECT intervention, start, anchor, at, replaces, body FROM rewrite WHERE session = ?1 ORDER BY n",
    )?;
    let found = statement.query_map([session], |row| -> rusqlite::Result<Row> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    let mut edits = Vec::new();
    for row in found {
        let (intervention, start, anchor, at, replaces, body) = row?;
        let (messages, results) = edit::read(&retrieve::blob(db, body)?)?;
        edits.push(ContextEdit {
            session: id,
            intervention: InterventionId(intervention),
            from: hash(&start),
            anchor: hash(&anchor),
            at,
            replaces,
            messages,
            results,
        });
    }
    Ok(edits)
}

fn open_calls(db: &Connection, session: i64) -> Result<Vec<(ExchangeId, ToolCall)>, LedgerError> {
    type Row = (i64, String, String, u32, i64);
    let mut statement = db.prepare_cached(
        "SELECT e.id, c.id, w.text, c.place, c.arguments FROM \
         (SELECT key, call, exchange FROM timeline WHERE key >= ?1 AND key < ?2 AND kind = 1 ORDER BY key DESC LIMIT ?3) t \
         JOIN tool_call c ON c.key = t.call JOIN exchange e ON e.n = t.exchange JOIN word w ON w.n = c.name \
         WHERE c.returned_by IS NULL AND NOT c.blocked ORDER BY t.key",
    )?;
    let found = statement
        .query_map(params![session << ROW_BITS, (session + 1) << ROW_BITS, ROWS], |row| -> rusqlite::Result<Row> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
    let mut calls = Vec::new();
    for row in found {
        let (exchange, id, name, index, arguments) = row?;
        let arguments = String::from_utf8_lossy(&retrieve::blob(db, arguments)?).into_owned();
        calls.push((ExchangeId(exchange), ToolCall { id, name, arguments, index }));
    }
    Ok(calls)
}

/// How often each rule fired, however much it did each time, and how often it would have.
fn fires(db: &Connection, session: i64) -> Result<Vec<(String, u32)>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT p.text || '/' || w.text, i.mode, count(DISTINCT i.at) FROM intervention i JOIN word w ON w.n = i.rule \
         JOIN word p ON p.n = i.policy WHERE i.session = ?1 AND i.mode < 2 GROUP BY i.policy, i.rule, i.mode",
    )?;
    let found = statement.query_map([session], |row| {
        let (rule, is_shadow): (String, bool) = (row.get(0)?, row.get(1)?);
        Ok((if is_shadow { RuleHistory::of_shadow(&rule) } else { rule }, row.get(2)?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn taints(db: &Connection, session: i64) -> Result<Vec<String>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT i.after FROM intervention i JOIN word w ON w.n = i.action WHERE i.session = ?1 AND i.mode = 0 AND w.text = 'taint' ORDER BY i.n",
    )?;
    let found = statement.query_map([session], |row| row.get::<_, i64>(0))?;
    let mut taints: Vec<String> = Vec::new();
    for blob in found {
        let taint = String::from_utf8_lossy(&retrieve::blob(db, blob?)?).into_owned();
        if !taint.is_empty() && !taints.contains(&taint) {
            taints.push(taint);
        }
    }
    Ok(taints)
}
