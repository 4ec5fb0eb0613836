//! What the finder keeps: sessions, the names they are known under, their exchanges, the prefixes that those asked and answered,
//! and the tool calls they served. All of it bounded; what was used longest ago is forgotten first.

use crate::{bounded::Bounded, finder::Found, prompt, reading::hash};
use domain::{ExchangeId, Hash, SessionId, Timestamp, ToolCall};
use serde_json::Value;
use smallvec::SmallVec;
use wire::{Answer, Request};

pub(super) struct Memory {
    pub sessions: Bounded<SessionId, Known>,
    pub keys: Bounded<String, SessionId>,
    pub asks: Bounded<ExchangeId, Ask>,
    pub tips: Bounded<Hash, SmallVec<[Tip; 1]>>,
    pub served: Bounded<String, Vec<Served>>,
    /// Responses that the provider holds, by its id.
    pub responses: Bounded<String, ExchangeId>,
    /// Exchanges with equal bytes that were open at the same time, by the first of them: which one a request went on from first.
    pub twins: Bounded<ExchangeId, Option<ExchangeId>>,
    /// Exchanges of an earlier life have no id here; they get one below zero.
    pub remembered: i64,
}

/// A session as far as finding it goes.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub parent: Option<SessionId>,
    /// A sub-agent that showed itself only by what it was asked to do: its parent's key is its own.
    pub inferred: bool,
    pub family: Option<&'static str>,
    pub agent_label: Option<String>,
    /// It has a label or an own id; requests without one are never its.
    pub keyed: bool,
    pub pid: Option<u32>,
    pub opening: String,
    /// Nothing but side calls so far.
    pub only_aside: bool,
    /// Its newest exchange that was answered, side calls left out.
    pub latest: Option<ExchangeId>,
    /// Its newest exchange, side calls left out.
    pub newest: Option<ExchangeId>,
    /// When it was last asked.
    pub at: Timestamp,
}

/// What an agent is made of beside the conversation; zero hashes are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    pub model: Hash,
    pub system: Hash,
    pub tools: Hash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskState {
    Open,
    /// The agent got a whole answer.
    Good,
    /// It failed, was cut or cancelled, or the answer was an error.
    Bad,
}

/// One exchange as far as finding what follows it goes.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub session: SessionId,
    pub shape: Shape,
    pub digest: Hash,
    /// The chain over what it asked.
    pub end: Hash,
    /// What its newest message said last.
    pub words: String,
    pub messages: usize,
    pub state: AskState,
    /// The first exchange that went on from its answer.
    pub advanced: Option<ExchangeId>,
    pub retried: bool,
    /// The first of the exchanges with equal bytes that were open together with this one.
    pub twins: Option<ExchangeId>,
    /// The exchange whose answer it went on from: set means that its prefix holds an assistant turn that we served.
    pub from: Option<ExchangeId>,
    pub aside: bool,
    pub pid: Option<u32>,
    pub gist: Gist,
    pub at: Timestamp,
}

/// Enough of an answer to recognise it where an agent tells it in other words, and the tasks that its calls hand on.
#[derive(Debug, Clone, Default)]
pub(super) struct Gist {
    pub text: String,
    pub calls: Vec<String>,
    pub tasks: Vec<String>,
}

/// An exchange that ends at a prefix: with its request, or with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tip {
    pub exchange: ExchangeId,
    pub answered: bool,
}

/// One tool call as it was served.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub exchange: ExchangeId,
    pub session: SessionId,
    pub content: Hash,
    pub returned: bool,
}

/// So many exchanges that ended at one prefix are told apart; older ones are forgotten.
const SAME_PREFIX: usize = 64;

impl Memory {
    pub fn new(limit: usize) -> Self {
        let part = |share: usize| Bounded::new(limit * share / 16);
        Memory {
            sessions: Bounded::new(limit * 3 / 16),
            keys: Bounded::new(limit / 16),
            asks: Bounded::new(limit * 6 / 16),
            tips: part(4),
            served: Bounded::new(limit / 16),
            responses: Bounded::new(limit / 32),
            twins: Bounded::new(limit / 32),
            remembered: 0,
        }
    }

    pub fn open(
        &mut self,
        found: &Found,
        known: Known,
        exchange: ExchangeId,
        ask: Ask,
        request: &Request,
        returned: &[&str],
    ) {
        let session = ask.session;
        let held = request.previous_response.as_deref();
        self.know(session, known, ask.aside);
        if let Some(known) = self.sessions.get_mut(&session).filter(|_| !ask.aside) {
            known.newest = Some(exchange);
        }
        // A name stays with the session that it was given to first; sub-agents that were inferred in it have none.
        if let Some(key) = found.key.as_ref().filter(|key| self.keys.get(key.as_str()).is_none()) {
            self.keys.put(key.clone(), session, key.len() + 80);
        }
        if let Some(from) = found.from.filter(|_| found.retry_of.is_none())
            && let Some(before) = self.asks.get_mut(&from)
        {
            before.advanced.get_or_insert(exchange);
            before.session = session; // differs only where a second conversation showed itself
            if let Some(first) = before.twins
                && let Some(gone_on) = self.twins.get_mut(&first)
            {
                gone_on.get_or_insert(from);
            }
        }
        let mut ask = ask;
        if let Some(repeated) = found.retry_of {
            ask.twins = self.repeat(repeated);
        }
        for id in returned {
            let served = self.served.get_mut(*id).into_iter().flatten();
            served.filter(|served| served.session == session).for_each(|served| served.returned = true);
        }
        self.tip(ask.end, Tip { exchange, answered: false });
        if let Some(held) = held.filter(|held| held.len() <= 200 && !held.starts_with("resp_")) {
            // A conversation that the provider holds keeps its name from turn to turn.
            self.responses.put(held.to_owned(), exchange, held.len() + 80);
        }
        self.asks.put(exchange, ask, 420);
    }

    pub fn know(&mut self, session: SessionId, fresh: Known, aside: bool) {
        if let Some(known) = self.sessions.get_mut(&session) {
            known.at = fresh.at;
            known.pid = fresh.pid.or(known.pid);
            if known.only_aside && !aside {
                known.only_aside = false;
                known.opening = fresh.opening;
            }
            return;
        }
        let weight = 300 + fresh.opening.len();
        self.sessions.put(session, fresh, weight);
    }

    /// Marks an exchange as repeated. If it is still open, nobody knows yet whether this is a retry or a second conversation
    /// that began with the same bytes: the two stay twins.
    fn repeat(&mut self, repeated: ExchangeId) -> Option<ExchangeId> {
        let ask = self.asks.get_mut(&repeated)?;
        ask.retried = true;
        if ask.state != AskState::Open {
            return None;
        }
        let first = *ask.twins.get_or_insert(repeated);
        if self.twins.get(&first).is_none() {
            self.twins.put(first, None, 64);
        }
        Some(first)
    }

    pub fn answer(&mut self, exchange: ExchangeId, answer: Option<&Answer>, good: bool) -> Option<Hash> {
        let ask = self.asks.get_mut(&exchange)?;
        ask.state = if good { AskState::Good } else { AskState::Bad };
        let answer = answer?;
        let (session, anchor, aside) = (ask.session, wire::chain(ask.end, &answer.atoms), ask.aside);
        ask.gist = gist(answer);
        if aside || answer.atoms.is_empty() {
            return None;
        }
        self.tip(anchor, Tip { exchange, answered: true });
        if let Some(known) = self.sessions.get_mut(&session) {
            known.latest = Some(exchange);
        }
        for call in &answer.calls {
            self.serve(exchange, session, call);
        }
        if let Some(id) = answer.id.as_ref().filter(|id| !id.is_empty() && id.len() <= 200) {
            self.responses.put(id.clone(), exchange, id.len() + 80);
        }
        Some(anchor)
    }

    pub fn serve(&mut self, exchange: ExchangeId, session: SessionId, call: &ToolCall) {
        if call.id.is_empty() || call.id.len() > 200 {
            return;
        }
        let served = Served { exchange, session, content: content(call), returned: false };
        let mut all = self.served.remove(call.id.as_str()).unwrap_or_default();
        if all.len() >= SAME_PREFIX {
            all.remove(0);
        }
        all.push(served);
        let weight = call.id.len() + 80 + all.len() * 56;
        self.served.put(call.id.clone(), all, weight);
    }

    pub fn tip(&mut self, chain: Hash, tip: Tip) {
        let mut tips = self.tips.remove(&chain).unwrap_or_default();
        if tips.len() >= SAME_PREFIX {
            tips.remove(0);
        }
        tips.push(tip);
        let weight = 96 + tips.len() * 16;
        self.tips.put(chain, tips, weight);
    }

    pub fn forget(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }
}

/// A call's tool and arguments, whatever the spelling of the JSON.
pub(super) fn content(call: &ToolCall) -> Hash {
    let arguments = serde_json::from_str::<Value>(&call.arguments).map(sorted);
    let arguments = arguments.map_or_else(|_| call.arguments.clone(), |value| value.to_string());
    hash(format!("{}\n{arguments}", call.name).as_bytes())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn gist(answer: &Answer) -> Gist {
    let tasks = answer.calls.iter().take(16).filter_map(|call| serde_json::from_str::<Value>(&call.arguments).ok());
    let tasks = tasks.flat_map(|arguments| match arguments {
        Value::Object(members) => members.into_iter().map(|(_, value)| value).collect(),
        _ => vec![],
    });
    let tasks = tasks.filter_map(|value| value.as_str().map(|text| prompt::head(text.trim(), 1024).to_owned()));
    Gist {
        text: squeeze(&answer.text, 80),
        calls: answer.calls.iter().take(16).map(|call| prompt::head(&call.id, 100).to_owned()).collect(),
        tasks: tasks.filter(|task| task.len() >= 16).take(8).collect(),
    }
}

/// The letters and digits of a text, at most `limit` bytes: what is left of it in any layout.
pub(super) fn squeeze(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for letter in text.chars().filter(|letter| letter.is_alphanumeric()) {
        if out.len() + letter.len_utf8() > limit {
            break;
        }
        out.push(letter);
    }
    out
}
