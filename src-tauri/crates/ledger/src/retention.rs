//! Forgetting: sessions without activity since a moment, and then what nobody refers to any more. In batches between the writer's own
//! transactions, so that recording goes on; what is looked for is looked for on another connection.
//!
//! The sweep reads a snapshot while the writer goes on. Whatever the writer comes to use again meanwhile it pins, and what is pinned
//! stays.

use crate::{
    Ledger, LedgerError,
    layout::{PLACE_BITS, ROW_BITS, ROW_MODEL},
    writer::{Pinned, Writer, forget_accounts, forget_held},
};
use domain::Timestamp;
use rusqlite::{Connection, params};

/// What retention took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    pub sessions: u64,
    pub exchanges: u64,
    pub messages: u64,
    pub blobs: u64,
}

/// Rows that nothing refers to.
#[derive(Default)]
struct Orphans {
    nodes: Vec<(i64, Vec<u8>)>,
    blobs: Vec<i64>,
    addresses: Vec<(i64, Vec<u8>)>,
    previews: Vec<i64>,
}

/// One bit per row number.
struct Marks(Vec<u64>);

impl Marks {
    fn up_to(end: i64) -> Marks {
        Marks(vec![0; end as usize / 64 + 1])
    }

    /// Whether it was not marked before. What came after the snapshot counts as marked.
    fn mark(&mut self, n: i64) -> bool {
        let Some(word) = self.0.get_mut(n as usize / 64) else { return false };
        let bit = 1 << (n % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    fn has(&self, n: i64) -> bool {
        self.0.get(n as usize / 64).is_none_or(|word| word & 1 << (n % 64) != 0)
    }
}

impl Ledger {
    /// Deletes sessions whose last activity is before `before` and that have nothing open, then orphaned messages and blobs; `batch` rows
    /// at a time.
    pub async fn delete_before(&self, before: Timestamp, batch: u32) -> Result<Deleted, LedgerError> {
        let mut deleted = Deleted::default();
        let batch = batch.max(1);
        loop {
            let (rows, exchanges, sessions) = self.on_writer(move |writer| writer.delete_some(before, batch)).await?;
            deleted.exchanges += exchanges;
            deleted.sessions += sessions;
            if rows == 0 && sessions == 0 {
                break;
            }
        }
        if deleted.sessions > 0 {
            let swept = self.sweep(&mut deleted, batch).await;
            self.on_writer(|writer| {
                writer.memory.pinned = None;
                Ok(())
            })
            .await?;
            swept?;
        }
        Ok(deleted)
    }

    async fn sweep(&self, deleted: &mut Deleted, batch: u32) -> Result<(), LedgerError> {
        let (nodes, blobs) = self
            .on_writer(|writer| {
                writer.memory.forget();
                writer.memory.pinned = Some(Pinned::default());
                Ok((writer.memory.next.node, writer.memory.next.blob))
            })
            .await?;
        let db = self.plain()?;
        let looked = tokio::task::spawn_blocking(move || orphans(&db, nodes, blobs)).await;
        let mut orphans = looked.map_err(|_| LedgerError::Closed)??;
        let batch = batch as usize;
        while !(orphans.nodes.is_empty() && orphans.blobs.is_empty() && orphans.previews.is_empty()) {
            // A blob goes after the nodes that hold it, its address before it.
            let nodes = take(&mut orphans.nodes, batch);
            let (mut addresses, mut blobs, mut previews) = (Vec::new(), Vec::new(), Vec::new());
            if nodes.is_empty() {
                blobs = take(&mut orphans.blobs, batch);
                previews = take(&mut orphans.previews, batch);
                let gone = |address: &(i64, Vec<u8>)| blobs.contains(&address.0);
                addresses = orphans.addresses.iter().filter(|address| gone(address)).cloned().collect();
            }
            let (messages, bodies) =
                self.on_writer(move |writer| writer.delete_orphans(&nodes, &addresses, &blobs, &previews)).await?;
            deleted.messages += messages;
            deleted.blobs += bodies;
        }
        Ok(())
    }
}

fn take<T>(from: &mut Vec<T>, most: usize) -> Vec<T> {
    from.split_off(from.len().saturating_sub(most))
}

/// Everything below `nodes` and `blobs` (numbers that were next when looking began) that no row refers to.
fn orphans(db: &Connection, nodes: i64, blobs: i64) -> Result<Orphans, LedgerError> {
    db.execute_batch("BEGIN")?;
    let numbers = |sql: &str, each: &mut dyn FnMut(i64)| -> Result<(), LedgerError> {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(n) = row.get::<_, Option<i64>>(0)? {
                each(n);
            }
        }
        Ok(())
    };
    let (mut live, mut kept) = (Marks::up_to(nodes), Marks::up_to(blobs));
    let mut leaves = Vec::new();
    numbers("SELECT agent_context FROM exchange UNION ALL SELECT sent_context FROM exchange", &mut |n| leaves.push(n))?;
    let mut parent = db.prepare("SELECT parent, message FROM context WHERE node = ?1")?;
    for leaf in leaves {
        let mut next = Some(leaf);
        while let Some(n) = next.filter(|n| live.mark(*n)) {
            let (above, message): (Option<i64>, Option<i64>) =
                parent.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
            message.into_iter().for_each(|message| {
                kept.mark(message);
            });
            next = above;
        }
    }
    for column in
        ["envelope", "system", "tools", "head", "sent_envelope", "sent_system", "sent_tools", "sent_head", "answer"]
    {
        numbers(&format!("SELECT {column} FROM exchange"), &mut |n| {
            kept.mark(n);
        })?;
    }
    for sql in [
        "SELECT arguments FROM tool_call",
        "SELECT before FROM intervention",
        "SELECT after FROM intervention",
        "SELECT body FROM rewrite",
        "SELECT data FROM evaluation",
        "SELECT content FROM observation",
    ] {
        numbers(sql, &mut |n| {
            kept.mark(n);
        })?;
    }
    let mut pairs = db.prepare("SELECT n, base FROM blob WHERE base >= 2")?;
    let mut rows = pairs.query([])?;
    while let Some(row) = rows.next()? {
        if kept.has(row.get(0)?) {
            kept.mark(row.get(1)?);
        }
    }
    let mut orphans = Orphans::default();
    numbers("SELECT n FROM blob", &mut |n| {
        if !kept.has(n) {
            orphans.blobs.push(n);
        }
    })?;
    numbers(
        "SELECT n FROM preview WHERE n NOT IN (SELECT request_preview FROM exchange WHERE request_preview IS NOT NULL \
         UNION SELECT answer_preview FROM exchange WHERE answer_preview IS NOT NULL \
         UNION SELECT preview FROM tool_call WHERE preview IS NOT NULL)",
        &mut |n| orphans.previews.push(n),
    )?;
    for (sql, marks, list) in [
        ("SELECT node, hash FROM context_hash", &live, &mut orphans.nodes),
        ("SELECT blob, hash FROM blob_hash", &kept, &mut orphans.addresses),
    ] {
        let mut statement = db.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let n = row.get(0)?;
            if !marks.has(n) {
                list.push((n, row.get(1)?));
            }
        }
    }
    Ok(orphans)
}

impl Writer {
    /// Up to `batch` timeline rows, with their exchanges, of sessions that are over, or, where none are left, up to `batch` such
    /// sessions. Returns (rows, exchanges, sessions).
    fn delete_some(&mut self, before: Timestamp, batch: u32) -> Result<(u64, u64, u64), LedgerError> {
        const OVER: &str = "last_at < ?1 AND NOT EXISTS (SELECT 1 FROM exchange o INDEXED BY exchange_open WHERE o.state = 0 AND o.session = s.n) \
             AND NOT EXISTS (SELECT 1 FROM escalation w WHERE w.session = s.n AND w.state IN (0, 5))";
        let step = self.db.unchecked_transaction()?;
        forget_held(&step, self.latest.max(before))?;
        forget_accounts(&step, before)?;
        let rows: Vec<(i64, i64, i64)> = step
            .prepare(&format!(
                "SELECT t.key, t.kind, t.exchange FROM session s \
                 JOIN timeline t ON t.key >= (s.n << {ROW_BITS}) AND t.key < ((s.n + 1) << {ROW_BITS}) WHERE {OVER} LIMIT ?2"
            ))?
            .query_map(params![before.0, batch], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (key, ..) in &rows {
            step.prepare_cached("DELETE FROM timeline WHERE key = ?1")?.execute([key])?;
        }
        let exchanges: Vec<i64> =
            rows.iter().filter(|(_, kind, _)| *kind == ROW_MODEL).map(|(.., exchange)| *exchange).collect();
        for n in &exchanges {
            for table in ["tool_call", "observation", "evaluation"] {
                step.prepare_cached(&format!("DELETE FROM {table} WHERE key >= ?1 AND key < ?2"))?
                    .execute([n << PLACE_BITS, (n + 1) << PLACE_BITS])?;
            }
            step.prepare_cached("DELETE FROM search WHERE rowid IN (?1, ?2)")?.execute([n * 2, n * 2 + 1])?;
            step.prepare_cached("DELETE FROM intervention WHERE exchange = ?1")?.execute([n])?;
            step.prepare_cached("DELETE FROM exchange WHERE n = ?1")?.execute([n])?;
        }
        let mut sessions = 0;
        if rows.is_empty() {
            let over: Vec<i64> = step
                .prepare(&format!("SELECT n FROM session s WHERE {OVER} LIMIT ?2"))?
                .query_map(params![before.0, batch], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for n in &over {
                for table in ["session_word", "rewrite", "event", "intervention", "escalation", "held", "standing"] {
                    step.prepare_cached(&format!("DELETE FROM {table} WHERE session = ?1"))?.execute([n])?;
                }
                step.prepare_cached("DELETE FROM session WHERE n = ?1")?.execute([n])?;
            }
            sessions = over.len() as u64;
        }
        step.commit()?;
        self.memory.forget();
        Ok((rows.len() as u64, exchanges.len() as u64, sessions))
    }

    fn delete_orphans(
        &mut self,
        nodes: &[(i64, Vec<u8>)],
        addresses: &[(i64, Vec<u8>)],
        blobs: &[i64],
        previews: &[i64],
    ) -> Result<(u64, u64), LedgerError> {
        let step = self.db.unchecked_transaction()?;
        let mut pinned = self.memory.pinned.take().unwrap_or_default();
        // What a pinned blob is told apart from is needed as well.
        let mut base = step.prepare("SELECT base FROM blob WHERE n = ?1 AND base >= 2")?;
        for n in pinned.blobs.clone() {
            if let Some(row) = base.query([n])?.next()? {
                pinned.blobs.insert(row.get(0)?);
            }
        }
        drop(base);
        let mut counts = (0, 0);
        for (node, hash) in nodes.iter().filter(|(node, _)| !pinned.nodes.contains(node)) {
            step.prepare_cached("DELETE FROM context_hash WHERE hash = ?1")?.execute([hash])?;
            counts.0 += step.prepare_cached("DELETE FROM context WHERE node = ?1")?.execute([node])? as u64;
        }
        for (_, hash) in addresses.iter().filter(|(blob, _)| !pinned.blobs.contains(blob)) {
            step.prepare_cached("DELETE FROM blob_hash WHERE hash = ?1")?.execute([hash])?;
        }
        for blob in blobs.iter().filter(|blob| !pinned.blobs.contains(blob)) {
            counts.1 += step.prepare_cached("DELETE FROM blob WHERE n = ?1")?.execute([blob])? as u64;
        }
        for preview in previews {
            step.prepare_cached("DELETE FROM preview WHERE n = ?1")?.execute([preview])?;
        }
        step.commit()?;
        self.memory.forget();
        self.memory.pinned = Some(pinned);
        Ok(counts)
    }
}
