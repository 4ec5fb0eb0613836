//! What waits for the writer: batches in order, bounded in bytes. Offering never blocks; what does not fit is dropped and counted.

use crate::{LedgerError, weight};
use domain::{Committed, Record};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// A piece of work for the writer thread.
pub enum Work {
    Records {
        records: Vec<Record>,
        weight: usize,
        done: Option<oneshot::Sender<Committed>>,
    },
    /// Anything else that must run on the writer's connection.
    Task(Box<dyn FnOnce(&mut crate::writer::Writer) + Send>),
}

#[derive(Default)]
struct Inside {
    waiting: VecDeque<Work>,
    /// Bytes of what waits and of what the writer holds and has not committed.
    bytes: usize,
    dropped: u64,
    /// Dropped since the last `records_dropped` event.
    unreported: u64,
    unreported_bytes: u64,
    closing: bool,
    /// The writer looks by itself before long: only what is urgent wakes it.
    attentive: bool,
}

/// So long after work the writer looks for more by itself.
const ATTENTIVE: Duration = Duration::from_secs(1);

pub struct Queue {
    inside: Mutex<Inside>,
    arrived: Condvar,
    room: tokio::sync::Notify,
    bound: usize,
}

/// Records lost since the last report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    pub records: u64,
    pub bytes: u64,
}

impl Queue {
    pub fn new(bound: usize) -> Queue {
        Queue { inside: Mutex::default(), arrived: Condvar::new(), room: tokio::sync::Notify::new(), bound }
    }

    /// Queues records or drops them. A dropped `done` sender tells the waiter.
    pub fn offer(&self, records: Vec<Record>, done: Option<oneshot::Sender<Committed>>) {
        if records.is_empty() && done.is_none() {
            return;
        }
        let weight = weight::of(&records);
        let mut inside = self.inside.lock();
        // One batch that alone exceeds the bound still gets through when nothing else waits.
        if inside.closing || (inside.bytes > 0 && inside.bytes + weight > self.bound) {
            inside.dropped += records.len() as u64;
            inside.unreported += records.len() as u64;
            inside.unreported_bytes += weight as u64;
            return;
        }
        inside.bytes += weight;
        // Whoever waits for a commit wakes the writer at once; the rest lets it linger for company.
        let urgent = done.is_some();
        inside.waiting.push_back(Work::Records { records, weight, done });
        if urgent || inside.waiting.len() == 1 && !inside.attentive {
            self.arrived.notify_one();
        }
    }

    /// Waits until less than half of the bound is taken: back-pressure for imports.
    pub async fn has_room(&self) -> Result<(), LedgerError> {
        loop {
            let freed = self.room.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            {
                let inside = self.inside.lock();
                if inside.closing {
                    return Err(LedgerError::Closed);
                }
                if inside.bytes <= self.bound / 2 {
                    return Ok(());
                }
            }
            freed.await;
        }
    }

    /// Queues a task for the writer; `false` once closing.
    pub fn ask(&self, task: Box<dyn FnOnce(&mut crate::writer::Writer) + Send>) -> bool {
        let mut inside = self.inside.lock();
        if inside.closing {
            return false;
        }
        inside.waiting.push_back(Work::Task(task));
        self.arrived.notify_one();
        true
    }

    /// The next work in order, at most `most` bytes of records (but at least one batch). Waits up to `patience`; once something
    /// is there and nobody waits for its commit, lingers for `linger` so that records share a transaction.
    pub fn take(&self, most: usize, patience: Duration, linger: Duration) -> Vec<Work> {
        let mut inside = self.inside.lock();
        let until = Instant::now() + patience;
        let attentive_until = Instant::now() + ATTENTIVE.min(patience);
        // Records that nobody waits for come before those that somebody waits for: one waking for both is enough.
        inside.attentive = true;
        let mut lingered = false;
        while !inside.is_pressing(self.bound) && Instant::now() < attentive_until {
            lingered = self.arrived.wait_for(&mut inside, linger).timed_out();
            if lingered && !inside.waiting.is_empty() {
                break;
            }
        }
        inside.attentive = false;
        if inside.waiting.is_empty() && !inside.closing {
            lingered = false;
            self.arrived.wait_until(&mut inside, until);
        }
        if !lingered && !inside.waiting.is_empty() {
            let until = Instant::now() + linger;
            while !inside.is_pressing(self.bound) {
                if self.arrived.wait_until(&mut inside, until).timed_out() {
                    break;
                }
            }
        }
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(next) = inside.waiting.front() {
            let weight = match next {
                Work::Records { weight, .. } => *weight,
                Work::Task(_) if taken.is_empty() => 0,
                // A task runs on its own, after what came before it is committed.
                Work::Task(_) => break,
            };
            if bytes > 0 && bytes + weight > most {
                break;
            }
            bytes += weight;
            let alone = matches!(next, Work::Task(_));
            taken.extend(inside.waiting.pop_front());
            if alone {
                break;
            }
        }
        taken
    }

    /// Gives back the bytes of what is committed (or given up).
    pub fn release(&self, bytes: usize) {
        let mut inside = self.inside.lock();
        inside.bytes = inside.bytes.saturating_sub(bytes);
        drop(inside);
        self.room.notify_waiters();
    }

    /// Counts records that the writer had to give up.
    pub fn lose(&self, records: u64) {
        let mut inside = self.inside.lock();
        inside.dropped += records;
        inside.unreported += records;
    }

    /// What was lost since the last report, if anything; reporting resets it.
    pub fn take_lost(&self) -> Option<Lost> {
        let mut inside = self.inside.lock();
        let lost = Lost { records: inside.unreported, bytes: inside.unreported_bytes };
        inside.unreported = 0;
        inside.unreported_bytes = 0;
        (lost.records > 0).then_some(lost)
    }

    pub fn close(&self) {
        self.inside.lock().closing = true;
        self.arrived.notify_one();
        self.room.notify_waiters();
    }

    pub fn is_closing(&self) -> bool {
        self.inside.lock().closing
    }

    pub fn is_empty(&self) -> bool {
        self.inside.lock().waiting.is_empty()
    }

    /// (bytes waiting, records dropped).
    pub fn figures(&self) -> (u64, u64) {
        let inside = self.inside.lock();
        (inside.bytes as u64, inside.dropped)
    }
}

impl Inside {
    /// Something is to be done without waiting for company.
    fn is_pressing(&self, bound: usize) -> bool {
        self.closing || self.bytes >= bound / 2 || self.waiting.iter().any(Work::is_urgent)
    }
}

impl Work {
    fn is_urgent(&self) -> bool {
        matches!(self, Work::Records { done: Some(_), .. } | Work::Task(_))
    }
}
