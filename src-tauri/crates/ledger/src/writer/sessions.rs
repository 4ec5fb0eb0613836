//! Sessions and their timelines' rows.

use super::{
    memory::{Dirty, SessionMemory},
    pen::{Pen, Written},
};
use crate::{ChangeKind, layout::*};
use domain::{SessionId, SessionRow};
use rusqlite::{OptionalExtension, params};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

impl Pen<'_> {
    pub fn session(&mut self, row: &SessionRow) -> Written {
        let n = self.session_number(row.id)?;
        self.memory.dirty.entry(n).or_default().row = Some(Box::new(row.clone()));
        self.tell(ChangeKind::Session, Some(row.id), None);
        Ok(())
    }

    /// The session's number; a session that nobody announced gets a bare row.
    pub fn session_number(&mut self, id: SessionId) -> Written<i64> {
        if let Some(known) = self.memory.sessions.get(&id.0) {
            return Ok(known.n);
        }
        let known = self
            .db
            .prepare_cached("SELECT n, rows FROM session WHERE id = ?1")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (n, rows) = match known {
            // A row added in this transaction is not in the table yet.
            Some((n, rows)) => (n, self.memory.dirty.get(&n).and_then(|dirty| dirty.rows).unwrap_or(rows)),
            None => {
                let n = self.memory.next.session;
                self.memory.next.session += 1;
                self.db
                    .prepare_cached(
                        "INSERT INTO session(n, id, agent, title, state, basis, models, steps, input_tokens, cached_tokens, \
                         output_tokens, cost_usd, estimated, tool_errors, interventions, started_at, last_at, rows) \
                         VALUES (?1, ?2, '', '', 0, 5, '[]', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
                    )?
                    .execute(params![n, id.0])?;
                (n, 0)
            }
        };
        self.memory.sessions.put(id.0, SessionMemory { n, rows, words: HashSet::new(), texts: HashSet::new() });
        Ok(n)
    }

    /// Adds a row at the end of the session's timeline.
    pub fn append_row(&mut self, session: SessionId, kind: i64, exchange: i64, call: Option<i64>) -> Written {
        let n = self.session_number(session)?;
        let Some(memory) = self.memory.sessions.get_mut(&session.0) else { return Ok(()) };
        let index = memory.rows;
        memory.rows += 1;
        self.db
            .prepare_cached("INSERT INTO timeline(key, kind, exchange, call) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![n << ROW_BITS | index, kind, exchange, call])?;
        self.memory.dirty.entry(n).or_default().rows = Some(index + 1);
        Ok(())
    }

    /// Notes that a tool was called or a model used in the session.
    pub fn note_word(&mut self, session: SessionId, kind: i64, word: i64) -> Written {
        let n = self.session_number(session)?;
        let fresh = self.memory.sessions.get_mut(&session.0).is_none_or(|memory| memory.words.insert((kind, word)));
        if fresh {
            self.db
                .prepare_cached("INSERT OR IGNORE INTO session_word(session, kind, word) VALUES (?1, ?2, ?3)")?
                .execute(params![n, kind, word])?;
        }
        Ok(())
    }

    /// Gives a text to search, unless the session said the same lately: an agent that loops is found once, not a thousand times.
    pub fn make_searchable(&mut self, session: SessionId, rowid: i64, text: String) {
        const TEXTS: usize = 64;
        if let Some(memory) = self.memory.sessions.get_mut(&session.0) {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if memory.texts.len() >= TEXTS {
                memory.texts.clear();
            }
            if !memory.texts.insert(hasher.finish()) {
                return;
            }
        }
        self.memory.search.add(rowid, text);
    }

    pub fn flush_sessions(&mut self) -> Written {
        for (n, dirty) in std::mem::take(&mut self.memory.dirty) {
            match dirty {
                Dirty { row: Some(row), rows } => self.write_session(n, &row, rows)?,
                Dirty { row: None, rows } => {
                    self.db
                        .prepare_cached("UPDATE session SET rows = coalesce(?2, rows) WHERE n = ?1")?
                        .execute(params![n, rows])?;
                }
            }
        }
        Ok(())
    }

    fn write_session(&mut self, n: i64, row: &SessionRow, rows: Option<i64>) -> Written {
        let process = row.process.as_ref().and_then(|process| serde_json::to_string(process).ok());
        let models = serde_json::to_string(&row.models).unwrap_or_default();
        self.db
            .prepare_cached(
                "UPDATE session SET agent = ?2, title = ?3, state = ?4, label = ?5, client_id = ?6, parent = ?7, basis = ?8, \
                 process = ?9, models = ?10, steps = ?11, input_tokens = ?12, cached_tokens = ?13, output_tokens = ?14, \
                 cost_usd = ?15, estimated = ?16, context_used = ?17, tool_errors = ?18, interventions = ?19, \
                 started_at = ?20, last_at = ?21, rows = coalesce(?22, rows) WHERE n = ?1",
            )?
            .execute(params![
                n,
                row.agent,
                row.title,
                session_state::code(row.state),
                row.label,
                row.client_id,
                row.parent.map(|parent| parent.0),
                basis::code(row.basis),
                process,
                models,
                row.steps,
                row.input_tokens as i64,
                row.cached_tokens as i64,
                row.output_tokens as i64,
                row.cost_usd,
                row.estimated,
                row.context_used,
                row.tool_errors,
                row.interventions,
                row.started_at.0,
                row.last_at.0,
                rows,
            ])?;
        Ok(())
    }
}
