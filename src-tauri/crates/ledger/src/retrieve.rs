//! Bytes back from the record over a plain connection: what the writer itself, retention and restart need.

use crate::{LedgerError, codec, pack::AnswerPack, text};
use rusqlite::{Connection, OptionalExtension};

pub fn blob(db: &Connection, n: i64) -> Result<Vec<u8>, LedgerError> {
    let (base, data) = row(db, n)?;
    let reference = if base >= codec::FIRST_BLOB {
        let (form, data) = row(db, base)?;
        codec::restore(form, data, &[])?
    } else {
        Vec::new()
    };
    codec::restore(base, data, &reference)
}

fn row(db: &Connection, n: i64) -> Result<(i64, Vec<u8>), LedgerError> {
    db.prepare_cached("SELECT base, data FROM blob WHERE n = ?1")?
        .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| LedgerError::missing("blob", n))
}

/// The searchable texts of an exchange: what its request appended, what was answered. Empty where there is nothing (any more).
pub fn texts(db: &Connection, exchange: i64) -> (String, String) {
    let found = || -> Result<(String, String), LedgerError> {
        let (context, appended, answer): (Option<i64>, i64, Option<i64>) = db
            .prepare_cached("SELECT agent_context, appended, answer FROM exchange WHERE n = ?1")?
            .query_row([exchange], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut request = Vec::new();
        let mut node = context;
        for _ in 0..appended {
            let Some(n) = node else { break };
            let (parent, message): (Option<i64>, Option<i64>) = db
                .prepare_cached("SELECT parent, message FROM context WHERE node = ?1")?
                .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let Some(message) = message {
                request.push(text::strings(&blob(db, message)?));
            }
            node = parent;
        }
        request.reverse();
        let answer = match answer {
            Some(answer) => AnswerPack::read(blob(db, answer)?)?.text,
            None => String::new(),
        };
        Ok((request.join("\n"), answer))
    };
    found().unwrap_or_else(|error| {
        tracing::debug!(exchange, %error, "no text to index");
        Default::default()
    })
}
