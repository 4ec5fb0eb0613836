//! The one writer: a thread that owns the writing connection, commits what waits as groups, and tries again while the database is locked,
//! full or failing. Knows no caller; whoever records never waits for it unless they ask to.

mod budgets;
mod calls;
mod exchanges;
mod hand;
mod index;
mod interventions;
mod memory;
mod observations;
mod pen;
mod sessions;
mod store;
mod sums;
mod tree;

use crate::{
    Change, ChangeKind, LedgerError, LedgerOptions,
    queue::{Queue, Work},
    schema,
};
pub use budgets::forget_accounts;
use domain::{Committed, Event, EventKind, Record, Timestamp};
pub use hand::forget_held;
pub use memory::{Memory, Pinned};
use parking_lot::Mutex;
use pen::Pen;
use rusqlite::{Connection, ErrorCode};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, oneshot};

/// Bytes of records that share one transaction at most.
const GROUP: usize = 8 << 20;
/// The write-ahead log is folded back, after the waiters are told, once it is this long.
const WAL_LIMIT: usize = 8 << 20;
/// Pages that a transaction writes beside its content.
const TRANSACTION: usize = 48 << 10;
const IDLE: Duration = Duration::from_secs(30);
/// Search catches up when nothing came for this long.
const QUIET: Duration = Duration::from_millis(500);

/// What the ledger's health says.
#[derive(Debug, Default)]
pub struct Condition {
    pub error: Option<String>,
    pub recorded_late: u64,
}

pub struct Writer {
    pub db: Connection,
    pub memory: Memory,
    path: PathBuf,
    queue: Arc<Queue>,
    condition: Arc<Mutex<Condition>>,
    changes: broadcast::Sender<Change>,
    options: LedgerOptions,
    give_up: Option<Instant>,
    /// The newest moment that a record told of.
    pub latest: Timestamp,
    /// Bytes in the write-ahead log, by estimate.
    unfolded: usize,
}

struct Batch {
    records: Vec<Record>,
    done: Option<oneshot::Sender<Committed>>,
}

/// Opens the database for writing and starts the thread.
pub fn start(
    path: &Path,
    queue: Arc<Queue>,
    condition: Arc<Mutex<Condition>>,
    changes: broadcast::Sender<Change>,
    options: LedgerOptions,
) -> Result<JoinHandle<()>, LedgerError> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(96);
    db.execute_batch(
        "PRAGMA page_size = 2048; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4096;
         PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = FAST;",
    )?;
    schema::migrate(&mut db, path)?;
    db.execute("UPDATE exchange SET state = 5 WHERE state = 0", [])?;
    // The loop has a patience of its own, and must notice closing.
    db.busy_timeout(Duration::from_millis(100))?;
    let memory = Memory::load(&db)?;
    let mut writer = Writer {
        db,
        memory,
        path: path.to_owned(),
        queue,
        condition,
        changes,
        options,
        give_up: None,
        latest: Timestamp::default(),
        unfolded: 0,
    };
    thread::Builder::new()
        .name("ledger".into())
        .spawn(move || writer.run())
        .map_err(|source| LedgerError::File { path: path.to_owned(), source })
}

impl Writer {
    fn run(&mut self) {
        loop {
            let patience = if self.memory.search.is_behind() { QUIET } else { IDLE };
            let mut batches = Vec::new();
            let mut bytes = 0;
            for work in self.queue.take(GROUP, patience, self.options.linger) {
                match work {
                    Work::Records { records, weight, done } => {
                        bytes += weight;
                        batches.push(Batch { records, done });
                    }
                    Work::Task(task) => task(self),
                }
            }
            if !batches.is_empty() {
                self.write(batches);
                self.queue.release(bytes);
                self.fold_back(bytes);
                if self.memory.search.is_full() {
                    self.index();
                }
            } else if self.queue.is_empty() {
                if self.queue.is_closing() {
                    return self.finish();
                }
                if self.memory.search.is_behind() {
                    self.index();
                }
            }
        }
    }

    /// Commits the batches as one transaction; where a record itself is refused, one by one, giving up only what cannot be written.
    fn write(&mut self, mut batches: Vec<Batch>) {
        if let Some(at) = batches.iter().flat_map(|batch| &batch.records).filter_map(moment).max() {
            self.latest = self.latest.max(at);
        }
        let lost = self.queue.take_lost();
        if let Some(lost) = lost {
            let payload = serde_json::json!({ "records": lost.records, "bytes": lost.bytes });
            let event =
                Event { session: None, exchange: None, at: self.latest, kind: EventKind::RecordsDropped, payload };
            batches.push(Batch { records: vec![Record::Event(event)], done: None });
        }
        match self.persist(&batches) {
            Ok(changes) => self.announce(batches, changes),
            Err(refusal) if is_temporary(&refusal) => {
                // Closing, and patience is over.
                let records = batches.iter().map(|batch| batch.records.len() as u64).sum();
                self.queue.lose(records);
                tracing::error!(records, error = %refusal, "records lost at the end");
            }
            Err(_) => batches.into_iter().for_each(|batch| self.write_alone(batch)),
        }
    }

    fn write_alone(&mut self, mut batch: Batch) {
        let done = batch.done.take();
        let mut kept = true;
        let alone = [batch];
        match self.persist(&alone) {
            Ok(changes) => self.announce(alone.into(), changes),
            Err(_) => {
                let records = alone.into_iter().flat_map(|batch| batch.records);
                for record in records {
                    let single = [Batch { records: vec![record], done: None }];
                    match self.persist(&single) {
                        Ok(changes) => self.announce(single.into(), changes),
                        Err(refusal) => {
                            kept = false;
                            self.queue.lose(1);
                            tracing::error!(error = %refusal, "a record cannot be written");
                        }
                    }
                }
            }
        }
        if let Some(done) = done {
            // The waiter may be gone.
            let _ = done.send(if kept { Committed::Recorded } else { Committed::Dropped });
        }
    }

    /// Tries until it is committed, refused for good, or closing takes too long.
    fn persist(&mut self, batches: &[Batch]) -> Result<HashSet<Change>, rusqlite::Error> {
        let mut pause = Duration::from_millis(20);
        loop {
            let refusal = match self.attempt(batches) {
                Ok(changes) => {
                    self.recover();
                    return Ok(changes);
                }
                Err(refusal) => refusal,
            };
            if !self.db.is_autocommit()
                && let Err(error) = self.db.execute_batch("ROLLBACK")
            {
                tracing::warn!(%error, "rollback failed");
            }
            self.memory.forget();
            if !is_temporary(&refusal) {
                return Err(refusal);
            }
            self.suffer(&refusal);
            if self.queue.is_closing() {
                let end = *self.give_up.get_or_insert_with(|| Instant::now() + self.options.close_patience);
                if Instant::now() >= end {
                    return Err(refusal);
                }
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    fn attempt(&mut self, batches: &[Batch]) -> Result<HashSet<Change>, rusqlite::Error> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut pen = Pen::new(&self.db, &mut self.memory);
        // Observations last: they refer to what the others store.
        for last in [false, true] {
            for record in batches.iter().flat_map(|batch| &batch.records) {
                if matches!(record, Record::Observed { .. }) == last {
                    pen.write(record)?;
                }
            }
        }
        let changes = pen.finish()?;
        self.db.prepare_cached("COMMIT")?.execute([])?;
        self.memory.committed();
        Ok(changes)
    }

    fn announce(&mut self, batches: Vec<Batch>, changes: HashSet<Change>) {
        for mut batch in batches {
            if let Some(done) = batch.done.take() {
                // The waiter may be gone.
                let _ = done.send(Committed::Recorded);
            }
            let late = |record: &&Record| matches!(record, Record::Event(Event { kind: EventKind::RecordedLate, .. }));
            let late = batch.records.iter().filter(late).count() as u64;
            if late > 0 {
                self.condition.lock().recorded_late += late;
            }
        }
        for change in changes {
            // Nobody may be listening.
            let _ = self.changes.send(change);
        }
    }

    fn suffer(&mut self, refusal: &rusqlite::Error) {
        let advice = match refusal.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program holds the database; recording waits for it"
            }
            Some(ErrorCode::DiskFull) => "the disk is full; free some space, recording goes on by itself",
            _ => "recording tries again; see whether the data folder can be written",
        };
        let mut condition = self.condition.lock();
        let first = condition.error.is_none();
        condition.error = Some(format!("{}: {refusal}: {advice}", self.path.display()));
        drop(condition);
        if first {
            tracing::warn!(error = %refusal, "{advice}");
            let _ = self.changes.send(Change { kind: ChangeKind::Health, session: None, exchange: None });
        }
    }

    fn recover(&mut self) {
        if self.condition.lock().error.take().is_some() {
            tracing::info!("recording again");
            let _ = self.changes.send(Change { kind: ChangeKind::Health, session: None, exchange: None });
        }
    }

    /// Folds the write-ahead log back once it is long, by estimate: its file never shrinks by itself, and asking SQLite costs as much
    /// as folding. Passive: never waits for a reader.
    fn fold_back(&mut self, bytes: usize) {
        self.unfolded += bytes + TRANSACTION;
        if self.unfolded > WAL_LIMIT {
            self.unfolded = 0;
            if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
                tracing::debug!(%error, "checkpoint put off");
            }
        }
    }

    fn finish(&mut self) {
        while self.memory.search.is_behind() && self.index() {}
        if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint is left to the next start");
        }
    }
}

/// Whether trying again later can help: the database is locked, full, unreachable or out of memory.
fn is_temporary(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::PermissionDenied
        )
    )
}

fn moment(record: &Record) -> Option<Timestamp> {
    match record {
        Record::Session(row) => Some(row.last_at),
        Record::ExchangeStarted(started) => Some(started.at),
        Record::ExchangeFinished(finished) => Some(finished.at),
        Record::ToolCalled(called) => Some(called.at),
        Record::ToolReturned(returned) => Some(returned.at),
        Record::Event(event) => Some(event.at),
        Record::Held(held) => Some(held.at),
        _ => None,
    }
}
