//! One session as JSON Lines, lossless: `switchtower-jsonl/1`.
//!
//! The first line is `{"format":"switchtower-jsonl/1","session":{…}}`. Then, in an order in which each line refers only to earlier ones:
//! `{"blob":N,"body":B}` bytes that others name by N · `{"node":N,"parent":N|null,"body":B|null}` one message of the context tree ·
//! `{"exchange":{…}}` with `context`, `envelope`, `system`, `tools` as such names · `{"calls":[…]}`, `{"observations":[…]}`,
//! `{"evaluations":[…]}` of the exchange before · at the end `{"intervention":{…}}`, `{"rewrite":{…}}`, `{"event":{…}}`,
//! `{"escalation":{…}}`.
//! A body B is a JSON string where it is UTF-8, else `{"base64":"…"}`. Times are microseconds since 1970.

use crate::{
    Ledger, LedgerError, StoredCall, edit,
    lines::{Answer, Body, Call, Exchange, Line, Request, Response, Seen},
    read::session,
    retrieve,
};
use domain::{ContextEdit, Event, EventKind, ExchangeId, Intervention, SessionId, Timestamp};
use rusqlite::{Connection, params};
use std::{collections::HashSet, io::Write};

/// What the first line of an export says.
pub const FORMAT: &str = "switchtower-jsonl/1";

/// What an export has named so far.
#[derive(Default)]
struct Named {
    blobs: HashSet<i64>,
    nodes: HashSet<i64>,
}

impl Ledger {
    /// Writes a session to `to`, line by line. Holds one exchange in memory at a time.
    pub async fn export(&self, id: SessionId, to: &mut (impl Write + Send)) -> Result<(), LedgerError> {
        let db = parking_lot::Mutex::new(self.plain()?);
        let (n, row) = {
            let db = db.lock();
            let n = number(&db, id)?;
            (n, session(&db, n)?)
        };
        write(to, &Line::Session { format: FORMAT.into(), session: Box::new(row) })?;
        let mut named = Named::default();
        let mut last = 0;
        loop {
            let next = next_exchange(&db.lock(), n, last)?;
            let Some((exchange, exchange_id)) = next else { break };
            last = exchange;
            self.export_exchange(&db, exchange, exchange_id, &mut named, to).await?;
        }
        let db = db.lock();
        for intervention in interventions(&db, n)? {
            write(to, &Line::Intervention { intervention: Box::new(intervention) })?;
        }
        for edit in crate::read::edits(&db, n, id)? {
            write(to, &rewrite_line(edit))?;
        }
        for event in events(&db, n, id)? {
            write(to, &Line::Event { event: Box::new(event) })?;
        }
        for escalation in crate::read::escalations(&db, n, "1")? {
            write(to, &Line::Escalation { escalation: Box::new(escalation) })?;
        }
        Ok(())
    }

    async fn export_exchange(
        &self,
        db: &parking_lot::Mutex<Connection>,
        n: i64,
        id: ExchangeId,
        named: &mut Named,
        to: &mut (impl Write + Send),
    ) -> Result<(), LedgerError> {
        let read = self.get_exchange(id).await?;
        let columns = ["", "sent_"].map(|prefix| {
            let context = if prefix.is_empty() { "agent_context" } else { "sent_context" };
            format!("SELECT {context}, {prefix}envelope, {prefix}system, {prefix}tools FROM exchange WHERE n = ?1")
        });
        let mut requests = Vec::new();
        let images = [Some(&read.agent_request), read.sent_request.as_ref()];
        for (sql, image) in columns.iter().zip(images) {
            let Some(image) = image else { continue };
            let db = db.lock();
            let (context, envelope, system, tools): (Option<i64>, Option<i64>, Option<i64>, Option<i64>) =
                db.query_row(sql, [n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            for blob in [envelope, system, tools].into_iter().flatten() {
                if named.blobs.insert(blob) {
                    write(to, &Line::Blob { blob, body: Body::of(&retrieve::blob(&db, blob)?) })?;
                }
            }
            if let Some(leaf) = context {
                export_path(&db, leaf, named, to)?;
            }
            requests.push(Request {
                context,
                envelope,
                system,
                tools,
                headers: image.headers.clone(),
                marks: image.marks.clone(),
            });
        }
        let mut requests = requests.into_iter();
        let answer = read.timing.map(|timing| Answer {
            state: read.state,
            origin: read.origin,
            error: read.error.clone(),
            served_model: read.served_model.clone(),
            finish: read.finish.clone(),
            attempts: read.attempts.clone(),
            usage: read.usage,
            cost_usd: read.cost_usd,
            timing,
            provider_response: read.provider_response.as_ref().map(Response::of),
            agent_response: read.agent_response.as_ref().map(Response::of),
            text: read.answer_text.clone(),
            preview: read.preview.clone(),
            anchor: read.anchor,
        });
        let exchange = Exchange {
            id,
            run: read.run,
            step: read.step,
            at: read.started_at,
            dialect: read.dialect,
            provider: read.provider,
            model: read.model,
            stream: read.stream,
            side_call: read.side_call,
            method: read.method,
            path: read.path,
            preview: read.preview,
            agent_request: requests.next().unwrap_or_default(),
            sent_request: requests.next(),
            answer,
        };
        write(to, &Line::Exchange { exchange: Box::new(exchange) })?;
        if !read.calls.is_empty() {
            write(to, &Line::Calls { exchange: id, calls: read.calls.into_iter().map(call_line).collect() })?;
        }
        let seen = self.observations(id).await?;
        if !seen.is_empty() {
            let observations =
                seen.into_iter().map(|seen| Seen { at: seen.at, observation: seen.observation }).collect();
            write(to, &Line::Observations { exchange: id, observations })?;
        }
        if !read.evaluations.is_empty() {
            write(to, &Line::Evaluations { exchange: id, evaluations: read.evaluations })?;
        }
        Ok(())
    }
}

fn write(to: &mut impl Write, line: &Line) -> Result<(), LedgerError> {
    serde_json::to_writer(&mut *to, line).map_err(|error| LedgerError::Export(error.into()))?;
    to.write_all(b"\n").map_err(LedgerError::Export)
}

fn number(db: &Connection, id: SessionId) -> Result<i64, LedgerError> {
    match db.query_row("SELECT n FROM session WHERE id = ?1", [id.0], |row| row.get(0)) {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(LedgerError::missing("session", id)),
        other => Ok(other?),
    }
}

/// The session's exchange after `last`, by number. Timeline rows of kind model stand in that order.
fn next_exchange(db: &Connection, session: i64, last: i64) -> Result<Option<(i64, ExchangeId)>, LedgerError> {
    use crate::layout::ROW_BITS;
    use rusqlite::OptionalExtension;
    Ok(db
        .prepare_cached(
            "SELECT e.n, e.id FROM timeline t JOIN exchange e ON e.n = t.exchange \
             WHERE t.key >= ?1 AND t.key < ?2 AND t.kind = 0 AND t.exchange > ?3 ORDER BY t.key LIMIT 1",
        )?
        .query_row(params![session << ROW_BITS, (session + 1) << ROW_BITS, last], |row| {
            Ok((row.get(0)?, ExchangeId(row.get(1)?)))
        })
        .optional()?)
}

/// The nodes of a path that no line named yet, root first.
fn export_path(db: &Connection, leaf: i64, named: &mut Named, to: &mut impl Write) -> Result<(), LedgerError> {
    let mut fresh = Vec::new();
    let mut node = Some(leaf);
    while let Some(n) = node {
        if !named.nodes.insert(n) {
            break;
        }
        let (parent, message): (Option<i64>, Option<i64>) = db
            .prepare_cached("SELECT parent, message FROM context WHERE node = ?1")?
            .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        fresh.push((n, parent, message));
        node = parent;
    }
    for (node, parent, message) in fresh.into_iter().rev() {
        let body = message.map(|message| retrieve::blob(db, message)).transpose()?.map(|bytes| Body::of(&bytes));
        write(to, &Line::Node { node, parent, body })?;
    }
    Ok(())
}

fn call_line(stored: StoredCall) -> Call {
    Call {
        call: stored.call,
        at: stored.at,
        blocked: stored.blocked,
        returned_by: stored.returned_by,
        returned_at: stored.returned_at,
        error: stored.error,
        preview: stored.preview,
    }
}

fn rewrite_line(edit: ContextEdit) -> Line {
    Line::Rewrite {
        from: edit.from,
        anchor: edit.anchor,
        at: edit.at,
        replaces: edit.replaces,
        intervention: edit.intervention,
        body: Body::of(&edit::bytes(&edit)),
    }
}

fn interventions(db: &Connection, session: i64) -> Result<Vec<Intervention>, LedgerError> {
    use crate::layout::*;
    let mut statement = db.prepare(
        "SELECT i.id, s.id, e.id, i.at, i.cause, r.text, p.text, v.text, a.text, i.mode, i.summary, i.before, i.after, i.tokens, i.usd, i.ms, i.basis \
         FROM intervention i JOIN session s ON s.n = i.session JOIN exchange e ON e.n = i.exchange JOIN word a ON a.n = i.action \
         LEFT JOIN word r ON r.n = i.rule LEFT JOIN word p ON p.n = i.policy LEFT JOIN word v ON v.n = i.version WHERE i.session = ?1 ORDER BY i.n",
    )?;
    let found = statement.query_map([session], |row| {
        let texts: (i64, i64) = (row.get(11)?, row.get(12)?);
        let intervention = Intervention {
            id: domain::InterventionId(row.get(0)?),
            session: SessionId(row.get(1)?),
            exchange: ExchangeId(row.get(2)?),
            at: Timestamp(row.get(3)?),
            cause: cause::value(row.get(4)?),
            rule: row.get(5)?,
            policy: row.get(6)?,
            version: row.get(7)?,
            action: row.get(8)?,
            mode: mode::value(row.get(9)?),
            summary: row.get(10)?,
            before: String::new(),
            after: String::new(),
            effect: domain::Effect {
                tokens: row.get(13)?,
                usd: row.get(14)?,
                ms: row.get(15)?,
                basis: effect_basis::value(row.get(16)?),
            },
        };
        Ok((intervention, texts))
    })?;
    let mut all = Vec::new();
    for row in found {
        let (mut intervention, (before, after)) = row?;
        intervention.before = String::from_utf8_lossy(&retrieve::blob(db, before)?).into_owned();
        intervention.after = String::from_utf8_lossy(&retrieve::blob(db, after)?).into_owned();
        all.push(intervention);
    }
    Ok(all)
}

fn events(db: &Connection, session: i64, id: SessionId) -> Result<Vec<crate::lines::EventLine>, LedgerError> {
    let mut statement = db.prepare(
        "SELECT e.id, v.at, v.kind, v.payload FROM event v LEFT JOIN exchange e ON e.n = v.exchange WHERE v.session = ?1 ORDER BY v.seq",
    )?;
    let found = statement.query_map([session], |row| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, Option<String>>(3)?))
    })?;
    let mut all = Vec::new();
    for row in found {
        let (exchange, at, kind, payload) = row?;
        // A kind of a later version is kept out rather than guessed.
        let Ok(kind) = serde_json::from_value::<EventKind>(kind.into()) else { continue };
        let payload = payload.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let event = Event { session: Some(id), exchange: exchange.map(ExchangeId), at: Timestamp(at), kind, payload };
        all.push(crate::lines::EventLine::of(event));
    }
    Ok(all)
}
