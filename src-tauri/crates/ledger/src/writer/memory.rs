//! What the writer remembers between transactions, so that a turn costs few reads: numbers of words, blobs and nodes seen lately, the
//! blobs that others are told apart from, open exchanges. Every part is bounded; all of it can be forgotten and read again.

use super::{index::Search, sums::Sums};
use crate::observation::{self, Latest};
use bytes::Bytes;
use domain::{Hash, Observation, SessionRow};
use lru::LruCache;
use rusqlite::Connection;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
};

pub struct Memory {
    pub next: Next,
    pub words: LruCache<String, i64>,
    pub previews: LruCache<String, i64>,
    pub blobs: LruCache<Hash, i64>,
    pub nodes: LruCache<Hash, i64>,
    pub keys: Keys,
    pub sessions: LruCache<i64, SessionMemory>,
    pub exchanges: LruCache<i64, ExchangeMemory>,
    /// By (session, point): the observation that later ones differ from.
    pub observations: LruCache<(i64, i64), ObservationKey>,
    pub search: Search,
    /// Some node's body is missing.
    pub holes: bool,
    /// What retention must not delete, while it looks.
    pub pinned: Option<Pinned>,
    pub sums: Sums,
    /// Sessions whose row must be written at the end of the transaction, by number.
    pub dirty: HashMap<i64, Dirty>,
}

/// The next number of each kind.
#[derive(Debug, Clone, Default)]
pub struct Next {
    pub word: i64,
    pub preview: i64,
    pub blob: i64,
    pub node: i64,
    pub session: i64,
    pub exchange: i64,
}

/// What is new of a session's row.
#[derive(Default)]
pub struct Dirty {
    pub row: Option<Box<SessionRow>>,
    /// Rows of its timeline, where some were added.
    pub rows: Option<i64>,
}

pub struct SessionMemory {
    pub n: i64,
    pub rows: i64,
    /// (kind, word) already in `session_word`.
    pub words: HashSet<(i64, i64)>,
    /// Hashes of texts lately given to search.
    pub texts: HashSet<u64>,
}

pub struct ExchangeMemory {
    pub n: i64,
    pub session: i64,
    pub at: i64,
    pub model: i64,
    pub open: bool,
    pub calls: i64,
    pub observations: i64,
    pub evaluations: i64,
    /// Of the latest observation.
    pub latest: Option<Latest>,
    /// What its request brought, the newest few: (blob, bytes).
    pub brought: Vec<(i64, Bytes)>,
    /// The pack of its answer.
    pub answer: Option<(i64, Bytes)>,
}

pub struct ObservationKey {
    pub key: i64,
    /// `None`: the point was seen once, told apart from a key of another point.
    seen: Option<Box<Observation>>,
    /// Its members, once a difference to them is asked for.
    members: Option<Value>,
    pub length: usize,
    pub uses: u32,
}

impl ObservationKey {
    pub fn new(key: i64, seen: &Observation, length: usize) -> ObservationKey {
        ObservationKey { key, seen: Some(Box::new(seen.clone())), members: None, length, uses: 0 }
    }

    pub fn lent(key: i64) -> ObservationKey {
        ObservationKey { key, seen: None, members: None, length: 0, uses: 0 }
    }

    pub fn members(&mut self) -> Option<&Value> {
        let seen = self.seen.as_deref()?;
        Some(self.members.get_or_insert_with(|| observation::members(seen).unwrap_or_default()))
    }
}

#[derive(Default)]
pub struct Pinned {
    pub nodes: HashSet<i64>,
    pub blobs: HashSet<i64>,
}

/// Key blobs by (session, lane), bounded in bytes.
pub struct Keys {
    entries: LruCache<(i64, u64), Key>,
    bytes: usize,
}

pub struct Key {
    pub blob: i64,
    pub bytes: Vec<u8>,
    pub packed: usize,
    /// Differences that were hardly smaller than the whole.
    pub poor: u32,
}

impl Keys {
    const MOST_BYTES: usize = 8 << 20;

    pub fn get(&mut self, lane: (i64, u64)) -> Option<&mut Key> {
        self.entries.get_mut(&lane)
    }

    pub fn put(&mut self, lane: (i64, u64), key: Key) {
        self.bytes += key.bytes.len();
        if let Some((_, old)) = self.entries.push(lane, key) {
            self.bytes -= old.bytes.len();
        }
        while self.bytes > Keys::MOST_BYTES {
            match self.entries.pop_lru() {
                Some((_, old)) => self.bytes -= old.bytes.len(),
                None => break,
            }
        }
    }
}

fn bounded<K: std::hash::Hash + Eq, V>(most: usize) -> LruCache<K, V> {
    // Grows as it fills: a bounded cache would reserve all at once.
    let mut cache = LruCache::unbounded();
    cache.resize(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN));
    cache
}

impl Memory {
    pub fn load(db: &Connection) -> Result<Memory, rusqlite::Error> {
        let mut memory = Memory {
            next: Next::default(),
            words: bounded(4096),
            previews: bounded(1024),
            blobs: bounded(16 << 10),
            nodes: bounded(32 << 10),
            keys: Keys { entries: bounded(8192), bytes: 0 },
            sessions: bounded(2048),
            exchanges: bounded(512),
            observations: bounded(1024),
            search: Search::default(),
            holes: false,
            pinned: None,
            sums: Sums::default(),
            dirty: HashMap::new(),
        };
        let highest = |table: &str, column: &str| -> Result<i64, rusqlite::Error> {
            db.query_row(&format!("SELECT coalesce(max({column}), 0) FROM {table}"), [], |row| row.get(0))
        };
        memory.next = Next {
            word: highest("word", "n")? + 1,
            preview: highest("preview", "n")? + 1,
            blob: (highest("blob", "n")? + 1).max(crate::codec::FIRST_BLOB),
            node: highest("context", "node")? + 1,
            session: highest("session", "n")? + 1,
            exchange: highest("exchange", "n")? + 1,
        };
        memory.holes = db.query_row(
            "SELECT exists(SELECT 1 FROM context INDEXED BY context_hole WHERE message IS NULL)",
            [],
            |row| row.get(0),
        )?;
        memory.search.load(db, memory.next.exchange)?;
        Ok(memory)
    }

    /// After a transaction that was rolled back: what it taught may not be true. Numbers stay used up.
    pub fn forget(&mut self) {
        self.words.clear();
        self.previews.clear();
        self.blobs.clear();
        self.nodes.clear();
        self.keys.entries.clear();
        self.keys.bytes = 0;
        self.sessions.clear();
        self.exchanges.clear();
        self.observations.clear();
        self.sums = Sums::default();
        self.dirty.clear();
        self.search.take_back();
    }

    pub fn committed(&mut self) {
        self.search.keep();
    }
}
