//! Blobs and words: content-addressed, told apart from a key blob of the same lane where that is smaller.

use super::{
    memory::Key,
    pen::{Pen, Written},
};
use crate::codec;
use domain::Hash;
use rusqlite::{OptionalExtension, params};

/// What the bytes of a lane have in common, within one session.
#[derive(Debug, Clone, Copy)]
pub enum Lane {
    Head,
    SentHead,
    Answer,
    Envelope,
    System,
    Tools,
    Evaluation,
    /// Messages and arguments that begin alike.
    Alike(u64),
}

impl Lane {
    /// By how the bytes begin: `{"role":"tool"` meets its like, whatever the dialect.
    pub fn by_start(bytes: &[u8]) -> Lane {
        let start = &bytes[..bytes.len().min(16)];
        // FNV-1a: a cheap, stable spread of sixteen bytes.
        Lane::Alike(
            start
                .iter()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    /// What an agent says alike in every session that it begins.
    fn is_an_agents(self) -> bool {
        matches!(self, Lane::Head | Lane::SentHead | Lane::Envelope)
    }

    fn number(self) -> u64 {
        match self {
            Lane::Head => 0,
            Lane::SentHead => 1,
            Lane::Answer => 2,
            Lane::Envelope => 3,
            Lane::System => 4,
            Lane::Tools => 5,
            Lane::Evaluation => 6,
            Lane::Alike(start) => start | 1 << 63,
        }
    }
}

/// Only a key up to this size is kept in memory.
const KEY_LIMIT: usize = 256 << 10;
/// Below this a content address costs more than a second copy.
const ADDRESSED: usize = 512;
/// In the place of a session's number, which begin at 1: keys for the first of its kind in a session.
const EVERY_SESSION: i64 = 0;
/// So many poor differences in a row make a new key.
const POOR: u32 = 4;

impl Pen<'_> {
    pub fn word(&mut self, text: &str) -> Written<i64> {
        if let Some(n) = self.memory.words.get(text) {
            return Ok(*n);
        }
        let known = self
            .db
            .prepare_cached("SELECT n FROM word WHERE text = ?1")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        let n = match known {
            Some(n) => n,
            None => {
                let n = self.memory.next.word;
                self.memory.next.word += 1;
                self.db.prepare_cached("INSERT INTO word(n, text) VALUES (?1, ?2)")?.execute(params![n, text])?;
                n
            }
        };
        self.memory.words.put(text.to_owned(), n);
        Ok(n)
    }

    /// Bytes by their address: stored once, found again by hash.
    pub fn addressed(&mut self, session: i64, lane: Lane, bytes: &[u8]) -> Written<i64> {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        self.known_as(session, lane, Hash(hash), bytes)
    }

    /// The same where the caller has the hash.
    pub fn known_as(&mut self, session: i64, lane: Lane, hash: Hash, bytes: &[u8]) -> Written<i64> {
        if let Some(n) = self.memory.blobs.get(&hash).copied() {
            self.pin_blob(n);
            return Ok(n);
        }
        let has_address = bytes.len() >= ADDRESSED;
        if has_address {
            let known = self
                .db
                .prepare_cached("SELECT blob FROM blob_hash WHERE hash = ?1")?
                .query_row([&hash.0[..]], |row| row.get::<_, i64>(0))
                .optional()?;
            if let Some(n) = known {
                self.memory.blobs.put(hash, n);
                self.pin_blob(n);
                return Ok(n);
            }
        }
        let n = self.keep(session, lane, bytes)?;
        if has_address {
            self.db
                .prepare_cached("INSERT INTO blob_hash(hash, blob) VALUES (?1, ?2)")?
                .execute(params![&hash.0[..], n])?;
        }
        self.memory.blobs.put(hash, n);
        Ok(n)
    }

    /// Bytes without an address: told apart from the lane's key, or becoming it.
    pub fn keep(&mut self, session: i64, lane: Lane, bytes: &[u8]) -> Written<i64> {
        let place = (session, lane.number());
        let mut difference = None;
        if let Some(key) = self.memory.keys.get(place)
            && let Some(data) = codec::against(bytes, &key.bytes)
        {
            let expected = bytes.len() * key.packed / key.bytes.len().max(1);
            key.poor = if data.len() < 64 || data.len() * 4 < expected * 3 { 0 } else { key.poor + 1 };
            if key.poor < POOR {
                difference = Some((key.blob, data));
            }
        } else if lane.is_an_agents()
            && let Some(key) = self.memory.keys.get((EVERY_SESSION, lane.number()))
            && let Some(data) = codec::spliced(bytes, &key.bytes)
            && data.len() * 2 < bytes.len()
        {
            difference = Some((key.blob, data));
        }
        if let Some((base, data)) = difference {
            self.pin_blob(base);
            return self.insert_blob(base, &data);
        }
        let (base, data) = codec::alone(bytes);
        let n = self.insert_blob(base, &data)?;
        if bytes.len() <= KEY_LIMIT && !bytes.is_empty() {
            let key = || Key { blob: n, bytes: bytes.to_vec(), packed: data.len(), poor: 0 };
            if lane.is_an_agents() {
                self.memory.keys.put((EVERY_SESSION, lane.number()), key());
            }
            self.memory.keys.put(place, key());
        }
        Ok(n)
    }

    fn insert_blob(&mut self, base: i64, data: &[u8]) -> Written<i64> {
        let n = self.memory.next.blob;
        self.memory.next.blob += 1;
        self.db
            .prepare_cached("INSERT INTO blob(n, base, data) VALUES (?1, ?2, ?3)")?
            .execute(params![n, base, data])?;
        Ok(n)
    }

    fn pin_blob(&mut self, n: i64) {
        if let Some(pinned) = &mut self.memory.pinned {
            pinned.blobs.insert(n);
        }
    }
}
