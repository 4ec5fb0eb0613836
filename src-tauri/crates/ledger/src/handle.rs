//! The ledger's handle: opening, recording, listening for what was committed, closing.

use crate::{
    LedgerError, files,
    queue::Queue,
    writer::{self, Condition},
};
use domain::{Committed, ExchangeId, LedgerHealth, Record, SessionId, TraceSink};
use futures::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::{OnceCell, broadcast, oneshot};

#[derive(Debug, Clone)]
pub struct LedgerOptions {
    /// Bytes of records that may wait for the writer; beyond, records are dropped and counted.
    pub queue_bytes: usize,
    /// How long records that nobody waits for may wait for others to share their transaction.
    pub linger: Duration,
    /// How long `close` goes on trying where the database is locked or failing.
    pub close_patience: Duration,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        LedgerOptions {
            queue_bytes: 64 << 20,
            linger: Duration::from_millis(10),
            close_patience: Duration::from_secs(5),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Session,
    Exchange,
    Intervention,
    /// A question to a person was put, answered, or its time is over.
    Escalation,
    /// A rule told somebody.
    Alert,
    Policy,
    /// The ledger's own state changed.
    Health,
}

/// Something was committed. Each is told once per transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    pub kind: ChangeKind,
    pub session: Option<SessionId>,
    pub exchange: Option<ExchangeId>,
}

/// A handle to one open database; clones share it. The last one dropped closes it without waiting.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) queue: Arc<Queue>,
    pub(crate) path: PathBuf,
    pub(crate) pool: OnceCell<sqlx::SqlitePool>,
    changes: broadcast::Sender<Change>,
    condition: Arc<Mutex<Condition>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    /// Opens or creates `data_dir/traces.db`, migrates it, marks what an earlier life left open as interrupted, and starts the
    /// writer thread. Needs no runtime; reading does.
    pub fn open(data_dir: &Path, options: LedgerOptions) -> Result<Ledger, LedgerError> {
        let path = files::prepare(data_dir)?;
        let queue = Arc::new(Queue::new(options.queue_bytes));
        let condition = Arc::new(Mutex::new(Condition::default()));
        let (changes, _) = broadcast::channel(1024);
        let thread = writer::start(&path, Arc::clone(&queue), Arc::clone(&condition), changes.clone(), options);
        let thread = thread.map_err(|error| match error {
            LedgerError::Write(source) => LedgerError::Unusable { path: path.clone(), source },
            other => other,
        })?;
        let shared =
            Shared { queue, path, pool: OnceCell::new(), changes, condition, thread: Mutex::new(Some(thread)) };
        Ok(Ledger { shared: Arc::new(shared) })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// What gets committed from now on. A receiver that lags loses the oldest changes and is told how many.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    /// Writes what is queued, brings search up to date, checkpoints and ends the writer. What comes later is dropped.
    pub async fn close(&self) {
        self.shared.queue.close();
        if let Some(pool) = self.shared.pool.get() {
            pool.close().await;
        }
        let thread = self.shared.thread.lock().take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the ledger's writer ended badly");
            }
        }
    }

    /// Writes records as fast as the writer takes them: waits for room instead of dropping, then for the commit.
    pub async fn write(&self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.shared.queue.has_room().await?;
        match self.commit(records).await {
            Committed::Recorded => Ok(()),
            Committed::Dropped => Err(LedgerError::Closed),
        }
    }

    /// Runs something on the writer's connection, between transactions.
    pub(crate) async fn on_writer<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut writer::Writer) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (done, outcome) = oneshot::channel();
        let queued = self.shared.queue.ask(Box::new(move |writer| {
            // Whoever asked may be gone; the work is done all the same.
            let _ = done.send(task(writer));
        }));
        if !queued {
            return Err(LedgerError::Closed);
        }
        outcome.await.map_err(|_| LedgerError::Closed)?
    }
}

impl TraceSink for Ledger {
    fn record(&self, records: Vec<Record>) {
        self.shared.queue.offer(records, None);
    }

    fn commit(&self, records: Vec<Record>) -> BoxFuture<'static, Committed> {
        let (done, outcome) = oneshot::channel();
        self.shared.queue.offer(records, Some(done));
        outcome.map(|outcome| outcome.unwrap_or(Committed::Dropped)).boxed()
    }

    fn health(&self) -> LedgerHealth {
        let (queue_bytes, dropped_events) = self.shared.queue.figures();
        let condition = self.shared.condition.lock();
        LedgerHealth {
            ok: condition.error.is_none(),
            error: condition.error.clone(),
            queue_bytes,
            dropped_events,
            recorded_late: condition.recorded_late,
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}
