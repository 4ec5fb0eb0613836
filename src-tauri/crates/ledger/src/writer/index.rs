//! Full-text search, brought up to date in batches behind the record: a segment per commit would cost more than the commit. After a
//! kill, what was not indexed yet is read from the record again.

use super::Writer;
use crate::{retrieve, text};
use rusqlite::{Connection, params};

/// Documents per batch, and bytes of them, unless one alone is larger. Each batch is a segment of the index, and segments are merged:
/// larger ones less often.
const BATCH: usize = 1024;
const BATCH_BYTES: usize = 1 << 20;

#[derive(Default)]
pub struct Search {
    /// (rowid, text) in committed transactions, not indexed yet, and the bytes of these texts.
    waiting: Vec<(i64, String)>,
    bytes: usize,
    /// Of the open transaction.
    fresh: Vec<(i64, String)>,
    /// Exchanges that an earlier life left to index, as a half-open range.
    left: (i64, i64),
    /// The first exchange of this life: from there on nothing is indexed yet.
    born: i64,
}

impl Search {
    pub fn load(&mut self, db: &Connection, next_exchange: i64) -> Result<(), rusqlite::Error> {
        let from: i64 =
            db.query_row("SELECT coalesce((SELECT value FROM meta WHERE key = 'search_from'), 1)", [], |row| {
                row.get(0)
            })?;
        self.left = (from, next_exchange);
        self.born = next_exchange;
        Ok(())
    }

    pub fn add(&mut self, rowid: i64, text: String) {
        if !text.is_empty() {
            self.fresh.push((rowid, text));
        }
    }

    pub fn keep(&mut self) {
        self.bytes += self.fresh.iter().map(|(_, text)| text.len()).sum::<usize>();
        self.waiting.append(&mut self.fresh);
    }

    pub fn take_back(&mut self) {
        self.fresh.clear();
    }

    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty() || self.left.0 < self.left.1
    }

    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

impl Writer {
    /// Indexes one batch; `false` where that failed (and is tried again later).
    pub fn index(&mut self) -> bool {
        let result = self.index_batch();
        if let Err(error) = &result {
            tracing::debug!(%error, "indexing put off");
            if !self.db.is_autocommit() {
                // What was begun is void either way.
                let _ = self.db.execute_batch("ROLLBACK");
            }
        }
        result.is_ok()
    }

    fn index_batch(&mut self) -> Result<(), rusqlite::Error> {
        let search = &mut self.memory.search;
        let mut bytes = 0;
        let fits = |(_, text): &&(i64, String)| {
            bytes += text.len();
            bytes <= BATCH_BYTES
        };
        let taken = search.waiting.iter().take(BATCH).take_while(fits).count().max(1).min(search.waiting.len());
        let left = (search.left.0, search.left.1.min(search.left.0 + 32));
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        {
            // Looking for what is to be replaced writes out the index each time; so only where something may be there.
            let mut insert = self.db.prepare_cached("INSERT INTO search(rowid, text) VALUES (?1, ?2)")?;
            let mut replace = self.db.prepare_cached("INSERT OR REPLACE INTO search(rowid, text) VALUES (?1, ?2)")?;
            for (rowid, text) in &search.waiting[..taken] {
                let write = if rowid / 2 >= search.born { &mut insert } else { &mut replace };
                write.execute(params![rowid, text::searchable(text)])?;
            }
            for exchange in left.0..left.1 {
                let (request, answer) = retrieve::texts(&self.db, exchange);
                for (rowid, text) in [(exchange * 2, request), (exchange * 2 + 1, answer)] {
                    if !text.is_empty() {
                        replace.execute(params![rowid, text::searchable(&text)])?;
                    }
                }
            }
        }
        // Everything before is indexed; what is open may still get its answer.
        let waiting = search.waiting[taken..].iter().map(|(rowid, _)| rowid / 2).min();
        let from = if left.1 < search.left.1 { left.1 } else { waiting.unwrap_or(self.memory.next.exchange) };
        let open: Option<i64> =
            self.db.query_row("SELECT min(n) FROM exchange WHERE state = 0", [], |row| row.get(0))?;
        let from = open.map_or(from, |open| open.min(from));
        self.db
            .prepare_cached(
                "INSERT INTO meta(key, value) VALUES ('search_from', ?1) ON CONFLICT(key) DO UPDATE SET value = ?1",
            )?
            .execute([from])?;
        self.db.execute_batch("COMMIT")?;
        let indexed = search.waiting.drain(..taken).map(|(_, text)| text.len()).sum::<usize>();
        search.bytes -= indexed;
        search.left.0 = left.1;
        Ok(())
    }
}
