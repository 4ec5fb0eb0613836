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

    /// Index of the last message that the assistant said.
    pub fn last_assistant(&self) -> Option<usize> {
        self.facts.iter().rposition(|facts| facts.role == Role::Assistant)
    }
}

/// Facts of messages, shared by all sessions and bounded in bytes.
pub struct Reader {
    known: Mutex<Bounded<Key, Arc<MessageFacts>>>,
}

/// A message's bytes in its dialect; its place too where ids are made from the place.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct Key(Hash, Dialect, u32);

impl Reader {
    /// `limit`: how many bytes of facts to keep.
    pub fn new(limit: usize) -> Self {
        Reader { known: Mutex::new(Bounded::new(limit)) }
    }

    /// Reads every message of a request. Parses only messages that were not seen lately; the lock is not held while parsing.
    pub fn read(&self, request: &Request) -> Reading {
        let dialect = request.dialect;
        let bytes: Vec<Hash> = (0..request.messages.len()).map(|place| hash(request.message(place))).collect();
        let keys: Vec<Key> =
            bytes.iter().zip(0..).map(|(hash, place)| Key(*hash, dialect, position(dialect, place))).collect();
        let found: Vec<Option<Arc<MessageFacts>>> = {
            let mut known = self.known.lock();
            keys.iter().map(|key| known.get(key).cloned()).collect()
        };
        let mut parsed = Vec::new();
        let facts: Vec<Arc<MessageFacts>> = found
            .into_iter()
            .enumerate()
            .map(|(place, found)| {
                found.unwrap_or_else(|| {
                    let facts = Arc::new(wire::facts(dialect, request.message(place), place as u32));
                    parsed.push((keys[place], facts.clone()));
                    facts
                })
            })
            .collect();
        if !parsed.is_empty() {
            let mut known = self.known.lock();
            for (key, facts) in parsed {
                let weight = weight(&facts);
                known.put(key, facts, weight);
            }
        }
        let mut chains = Vec::with_capacity(facts.len());
        let mut chain = Hash::default();
        for facts in &facts {
            chain = wire::chain(chain, &facts.atoms);
            chains.push(chain);
        }
        let part = |span: &Option<wire::Span>| span.clone().map(|span| hash(&request.body[span])).unwrap_or_default();
        Reading {
            digest: digest(request, &bytes),
            system: part(&request.system),
            tools: part(&request.tools),
            facts,
            bytes,
            chains,
        }
    }
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

/// The body's hash put together from the messages' hashes and the bytes around them, so that no byte is hashed twice.
fn digest(request: &Request, messages: &[Hash]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    match (request.messages.first(), request.messages.last()) {
        (Some(first), Some(last)) => {
            hasher.update(&request.body[..first.start]);
            messages.iter().for_each(|hash| {
                hasher.update(&hash.0);
            });
            hasher.update(&request.body[last.end..]);
        }
        _ => {
            hasher.update(&request.body);
        }
    }
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
