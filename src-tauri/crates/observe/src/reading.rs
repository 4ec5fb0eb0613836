//! A request read against what is known. Agents resend their history, so facts of a message are computed once per distinct
//! message and shared by all sessions; each further turn costs one hash over its bytes and the parsing of what is new.

use crate::bounded::Bounded;
use domain::{Dialect, Hash, MessageFacts, Role};
use parking_lot::Mutex;
use std::sync::Arc;
use wire::Request;

/// One request, message by message.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What each message says.
    pub facts: Vec<Arc<MessageFacts>>,
    /// Hash of each message's bytes.
    pub bytes: Vec<Hash>,
    /// After each message: the hash over all atoms so far (`wire::chain` from `Hash::default()`).
    pub chains: Vec<Hash>,
    /// Stands for the whole body: equal for equal bytes.
    pub digest: Hash,
    /// Hash of the system prompt beside the messages; zero where there is none.
    pub system: Hash,
    /// Hash of the tool definitions; zero where there are none.
    pub tools: Hash,
}

impl Reading {
    /// The chain over all messages.
    pub fn end(&self) -> Hash {
        self.chains.last().copied().unwrap_or_default()
    }

    /// The chain over the first `count` messages.
    pub fn prefix(&self, count: usize) -> Hash {
        match count {
            0 => Hash::default(),
            _ => self.chains.get(count - 1).copied().unwrap_or_default(),
        }
    }

    /// The newest text of a user's; empty where none stands.
    pub fn newest_user_text(&self) -> &str {
        let newest = self.facts.iter().rev().find(|facts| facts.role == Role::User && !facts.text.is_empty());
        newest.map_or("", |facts| facts.text.as_str())
    }

    /// The last message is a user's words, and no tool result.
    pub fn ends_with_user_text(&self) -> bool {
        self.facts.last().is_some_and(|facts| facts.role == Role::User && facts.results.is_empty())
    }

    /// Index of the last message that the assistant said.
    pub fn last_assistant(&self) -> Option<usize> {
        self.facts.iter().rposition(|facts| facts.role == Role::Assistant)
    }
}

/// Facts of messages, shared by all sessions and bounded in bytes.
pub struct Reader {
    known: Mutex<Bounded<Key, Arc<MessageFacts>>>,
    prefixes: Mutex<Bounded<Hash, Prefix>>,
}

/// A message's bytes in its dialect; its place too where ids are made from the place.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct Key(Hash, Dialect, u32);

/// The first `length` messages of a request that was read before, known by the hash over all their bytes: so a long history costs
/// one hash at full speed and no look-up for each message.
#[derive(Clone)]
struct Prefix {
    read: Arc<Read>,
    length: usize,
}

/// What is known of each message.
#[derive(Default)]
struct Read {
    facts: Vec<Arc<MessageFacts>>,
    bytes: Vec<Hash>,
    chains: Vec<Hash>,
    /// What the facts weigh.
    weight: usize,
    /// Under which hashes its prefixes are known; the next request of the conversation takes them over.
    names: Vec<Hash>,
}

/// So many turns back a prefix is looked for: marks that move from turn to turn change the newest messages of the last two.
const TURNS_BACK: usize = 4;

impl Reader {
    /// `limit`: how many bytes to keep, roughly.
    pub fn new(limit: usize) -> Self {
        Reader { known: Mutex::new(Bounded::new(limit / 2)), prefixes: Mutex::new(Bounded::new(limit / 2)) }
    }

    /// Reads every message of a request. Parses only messages that were not seen lately; no lock is held while parsing.
    pub fn read(&self, request: &Request) -> Reading {
        let count = request.messages.len();
        let mut tail: Vec<Option<(Arc<MessageFacts>, Hash)>> = vec![None; count];
        let turns = self.turns(request, &mut tail);
        let (whole, hashes) = prefix_hashes(request, &turns);
        let mut read = self.known_prefix(request.dialect, &turns, &hashes);
        let superseded = std::mem::take(&mut read.names);
        let mut chain = read.chains.last().copied().unwrap_or_default();
        for (place, seen) in tail.iter_mut().enumerate().skip(read.facts.len()) {
            let (facts, bytes) = seen.take().unwrap_or_else(|| self.message(request, place));
            chain = wire::chain(chain, &facts.atoms);
            read.weight += weight(&facts) + 40;
            read.facts.push(facts);
            read.bytes.push(bytes);
            read.chains.push(chain);
        }
        let lengths = turns.iter().copied().zip(hashes).chain([(count, whole)]);
        let named: Vec<_> = lengths.map(|(length, hash)| (length, in_dialect(request.dialect, hash))).collect();
        read.names = named.iter().map(|(_, name)| *name).collect();
        let read = Arc::new(read);
        self.keep(&read, &named, &superseded);
        let part = |span: &Option<wire::Span>| span.clone().map(|span| hash(&request.body[span])).unwrap_or_default();
        Reading {
            digest: digest(request, whole),
            system: part(&request.system),
            tools: part(&request.tools),
            facts: read.facts.clone(),
            bytes: read.bytes.clone(),
            chains: read.chains.clone(),
        }
    }

    /// Where the latest turns begin, newest first: each place is that of an assistant turn's first message. What is read on the way
    /// is left in `tail`.
    fn turns(&self, request: &Request, tail: &mut [Option<(Arc<MessageFacts>, Hash)>]) -> Vec<usize> {
        let mut turns = Vec::with_capacity(TURNS_BACK);
        let mut inside = false;
        for place in (0..tail.len()).rev() {
            let (facts, bytes) = self.message(request, place);
            let assistant = facts.role == Role::Assistant;
            tail[place] = Some((facts, bytes));
            if inside && !assistant {
                turns.push(place + 1);
                if turns.len() == TURNS_BACK {
                    break;
                }
            }
            inside = assistant;
        }
        turns
    }

    fn message(&self, request: &Request, place: usize) -> (Arc<MessageFacts>, Hash) {
        let bytes = hash(request.message(place));
        let key = Key(bytes, request.dialect, position(request.dialect, place as u32));
        if let Some(facts) = self.known.lock().get(&key) {
            return (facts.clone(), bytes);
        }
        let facts = Arc::new(wire::facts(request.dialect, request.message(place), place as u32));
        let weight = weight(&facts);
        self.known.lock().put(key, facts.clone(), weight);
        (facts, bytes)
    }

    fn known_prefix(&self, dialect: Dialect, turns: &[usize], hashes: &[Hash]) -> Read {
        let mut prefixes = self.prefixes.lock();
        let found = turns.iter().zip(hashes).find_map(|(turn, hash)| {
            let prefix = prefixes.get(&in_dialect(dialect, *hash))?;
            (prefix.length == *turn).then(|| prefix.clone())
        });
        drop(prefixes);
        found.map_or_else(Read::default, |Prefix { read, length }| Read {
            facts: read.facts[..length].to_vec(),
            bytes: read.bytes[..length].to_vec(),
            chains: read.chains[..length].to_vec(),
            weight: read.facts[length..]
                .iter()
                .fold(read.weight, |whole, facts| whole.saturating_sub(weight(facts) + 40)),
            names: read.names.clone(),
        })
    }

    /// Keeps a request's prefixes in place of those of the request before it.
    fn keep(&self, read: &Arc<Read>, named: &[(usize, Hash)], superseded: &[Hash]) {
        let mut prefixes = self.prefixes.lock();
        for name in superseded {
            prefixes.remove(name);
        }
        for (length, name) in named {
            let weight = if *length == read.facts.len() { read.weight + 200 } else { 100 };
            prefixes.put(*name, Prefix { read: read.clone(), length: *length }, weight);
        }
    }
}

/// Hashes over the bytes from the first message's start: to the end of the last one, and to the place of each turn, as given.
/// Every byte is hashed once.
fn prefix_hashes(request: &Request, turns: &[usize]) -> (Hash, Vec<Hash>) {
    let (Some(first), Some(last)) = (request.messages.first(), request.messages.last()) else {
        return (Hash::default(), Vec::new());
    };
    let mut hasher = blake3::Hasher::new();
    let mut done = first.start;
    let mut hashes = Vec::with_capacity(turns.len());
    for turn in turns.iter().rev() {
        let end = turn.checked_sub(1).and_then(|before| request.messages.get(before)).map_or(done, |span| span.end);
        hasher.update(&request.body[done..end]);
        done = end;
        hashes.push(short(&hasher.finalize()));
    }
    hasher.update(&request.body[done..last.end]);
    hashes.reverse();
    (short(&hasher.finalize()), hashes)
}

/// The same bytes say other things in another dialect.
fn in_dialect(dialect: Dialect, hash: Hash) -> Hash {
    let mut hash = hash;
    hash.0[0] ^= dialect as u8;
    hash
}

/// Where a dialect has no call ids, they are made from the message's place; elsewhere the place does not matter.
fn position(dialect: Dialect, place: u32) -> u32 {
    match dialect {
        Dialect::Gemini | Dialect::Ollama => place,
        _ => 0,
    }
}

fn weight(facts: &MessageFacts) -> usize {
    let calls: usize = facts.calls.iter().map(|call| call.id.len() + call.name.len() + call.arguments.len() + 80).sum();
    let results: usize = facts.results.iter().map(|result| result.call_id.len() + result.text.len() + 100).sum();
    facts.text.len() + calls + results + facts.atoms.len() * 16 + 240
}

/// The body's hash, put together from that of the messages and the bytes around them, so that no byte is hashed twice.
fn digest(request: &Request, messages: Hash) -> Hash {
    let (Some(first), Some(last)) = (request.messages.first(), request.messages.last()) else {
        return hash(&request.body);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&request.body[..first.start]).update(&messages.0).update(&request.body[last.end..]);
    short(&hasher.finalize())
}

pub(crate) fn hash(bytes: &[u8]) -> Hash {
    short(&blake3::hash(bytes))
}

fn short(hash: &blake3::Hash) -> Hash {
    let mut out = Hash::default();
    out.0.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;
    use serde_json::{Value, json};

    fn request(messages: &[Value]) -> Request {
        let route = wire::route("/v1/messages", None, &HeaderMap::new()).unwrap();
        wire::parse(&route, Bytes::from(json!({ "model": "m", "system": "s", "messages": messages }).to_string()))
            .unwrap()
    }

    fn said(role: &str, text: &str, marked: bool) -> Value {
        let mut part = json!({ "type": "text", "text": text });
        if marked {
            part["cache_control"] = json!({ "type": "ephemeral" });
        }
        json!({ "role": role, "content": [part] })
    }

    fn conversation(turns: usize, marks: bool) -> Vec<Value> {
        let mut messages = vec![said("user", "begin", false)];
        for turn in 0..turns {
            messages.push(said("assistant", &format!("answer {turn}"), false));
            messages.push(said("user", &format!("question {turn}"), marks && turn + 2 >= turns));
        }
        messages
    }

    #[test]
    fn the_hash_of_an_unmarked_message_is_its_identity() {
        let request = request(&conversation(2, false));
        let reading = Reader::new(1 << 20).read(&request);
        for (place, hash) in reading.bytes.iter().enumerate() {
            assert_eq!(*hash, wire::identity(&Bytes::copy_from_slice(request.message(place))).hash);
        }
    }

    /// Whatever was read before, a request reads the same.
    fn assert_same(one: &Reading, other: &Reading) {
        assert_eq!((&one.facts, &one.bytes, &one.chains), (&other.facts, &other.bytes, &other.chains));
        assert_eq!((one.digest, one.system, one.tools), (other.digest, other.system, other.tools));
    }

    #[test]
    fn a_request_reads_the_same_after_its_own_history_and_afresh() {
        for marks in [false, true] {
            let reader = Reader::new(1 << 20);
            for turns in 0..12 {
                let request = request(&conversation(turns, marks));
                assert_same(&reader.read(&request), &Reader::new(1 << 20).read(&request));
            }
        }
    }

    #[test]
    fn a_known_history_is_not_read_again() {
        for marks in [false, true] {
            let reader = Reader::new(1 << 20);
            (0..12).for_each(|turns| {
                reader.read(&request(&conversation(turns, marks)));
            });
            let later = request(&conversation(12, marks));
            let mut tail = vec![None; later.messages.len()];
            let turns = reader.turns(&later, &mut tail);
            let (_, hashes) = prefix_hashes(&later, &turns);
            let known = reader.known_prefix(later.dialect, &turns, &hashes);
            let least = if marks { later.messages.len() - 7 } else { later.messages.len() - 2 };
            assert!(known.facts.len() >= least, "{} of {}", known.facts.len(), later.messages.len());
        }
    }

    #[test]
    fn a_changed_byte_anywhere_changes_the_digest() {
        let one = request(&conversation(3, false));
        let reader = Reader::new(1 << 20);
        let digest = reader.read(&one).digest;
        let route = wire::route("/v1/messages", None, &HeaderMap::new()).unwrap();
        for place in [1, one.body.len() / 2, one.body.len() - 1] {
            let mut body = one.body.to_vec();
            body.insert(place, b' ');
            if let Ok(other) = wire::parse(&route, Bytes::from(body)) {
                assert_ne!(reader.read(&other).digest, digest, "at {place}");
            }
        }
    }
}
