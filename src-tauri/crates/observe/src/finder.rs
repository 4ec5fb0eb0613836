//! Which session a request belongs to. The order: a label; the client's own session id; tool-call ids that we served; evidence of
//! a retry; the longest known message prefix that contains an assistant turn of ours; else a new session.
//!
//! One finder serves the whole runtime. Its memory is bounded; each call costs what is new in the request, and a look-up for
//! each message that is unknown. It knows no time and no ids of its own.

mod choice;
mod kin;
mod known;
mod remembered;
mod retry;

use crate::{Caller, Client, Reading, client::is_side_call, prompt};
use choice::Hit;
use domain::{ExchangeId, Hash, IdentityBasis, RememberedSession, SessionId};
use known::{Ask, AskState, Gist, Known, Memory, Shape};
use wire::{Answer, Request};

pub struct Finder {
    memory: Memory,
}

/// What was found. Hand it back to [`Finder::opened`] once the exchange has a session and an id.
#[derive(Debug, Clone)]
pub struct Found {
    /// `None`: start one.
    pub session: Option<SessionId>,
    pub basis: IdentityBasis,
    /// The session that a new one is a sub-agent of.
    pub parent: Option<SessionId>,
    /// A title or naming call beside the conversation.
    pub side_call: bool,
    /// The exchange that this request repeats.
    pub retry_of: Option<ExchangeId>,
    pub client: Client,
    /// How many messages at the front this session has seen before; the rest is new.
    pub known: usize,
    /// The request goes on from an earlier turn than the session's latest: a rewind or a fork.
    pub branch: bool,
    key: Option<String>,
    agent_label: Option<String>,
    /// The exchange whose answer this request goes on from.
    from: Option<ExchangeId>,
}

impl Finder {
    /// `limit`: bytes that it may keep, roughly.
    pub fn new(limit: usize) -> Self {
        Finder { memory: Memory::new(limit) }
    }

    pub fn find(&mut self, caller: &Caller, request: &Request, reading: &Reading) -> Found {
        let client = Client::read(caller.headers, request);
        let fresh = reading.last_assistant().is_none() && request.previous_response.is_none();
        let opening = if fresh { opening(reading) } else { String::new() };
        let mut found = Found {
            session: None,
            basis: IdentityBasis::New,
            parent: None,
            side_call: is_side_call(&client, request, reading, fresh),
            retry_of: None,
            key: key(caller, &client),
            agent_label: caller.agent_label.map(str::to_owned),
            client,
            known: 0,
            branch: false,
            from: None,
        };
        let asking = Asking { caller, request, reading, shape: shape(request, reading), opening, fresh };
        match found.key.clone() {
            Some(key) => self.find_keyed(&key, &asking, &mut found),
            None => self.find_unkeyed(&asking, &mut found),
        }
        found
    }

    /// A label or an own id decides; what else is known only tells where in that session the request stands.
    fn find_keyed(&mut self, key: &str, asking: &Asking, found: &mut Found) {
        let basis = if asking.caller.session_label.is_some() { IdentityBasis::Label } else { IdentityBasis::ClientId };
        let Some(session) = self.memory.keys.get(key).copied() else {
            found.parent = self.parent(asking, found);
            // Whoever labels a conversation says that it is one of its own.
            if found.parent.is_none() && asking.caller.session_label.is_none() {
                self.join_kin(asking, found);
            }
            return;
        };
        found.basis = basis;
        found.session = Some(session);
        if found.side_call {
            return;
        }
        if let Some(hit) = self.place(asking, found, Some(session)) {
            return self.accept(hit, basis, found);
        }
        if asking.fresh && self.memory.spawned(session, asking) {
            found.session = None;
            found.basis = IdentityBasis::New;
            found.parent = Some(session);
            found.key = None;
        } else if let Some(hit) = self.memory.reworded(session, asking) {
            self.accept(hit, basis, found);
        } else if !asking.fresh {
            // The agent tells its history in other words; what stands before its last turn is no news all the same.
            found.known = asking.reading.last_assistant().map_or(0, |last| last + 1);
            found.from = self.memory.sessions.peek(&session).and_then(|known| known.latest);
        }
    }

    fn find_unkeyed(&mut self, asking: &Asking, found: &mut Found) {
        if let Some(hit) = self.place(asking, found, None) {
            let basis = hit.basis;
            return self.accept(hit, basis, found);
        }
        self.join_kin(asking, found);
    }

    /// Where the request stands among what is known, inside `scope` (a session and the sub-agents that were inferred in it).
    fn place(&mut self, asking: &Asking, found: &Found, scope: Option<SessionId>) -> Option<Hit> {
        let memory = &mut self.memory;
        let compatible = memory.compatible(asking, found, scope);
        if found.client.retry.is_some_and(|count| count > 0)
            && let Some(hit) = memory.retry(asking, found, &compatible, true)
        {
            return Some(hit);
        }
        if let Some(hit) = memory.provider_held(asking, &compatible) {
            return Some(hit);
        }
        let exact = memory.exact(asking, &compatible);
        if let Some(hit) = exact.as_ref().filter(|hit| hit.waiting) {
            return Some(memory.attested(hit.clone(), asking));
        }
        if let Some(hit) = memory.retry(asking, found, &compatible, false) {
            return Some(hit);
        }
        if exact.is_some() {
            return exact;
        }
        memory.by_calls(asking, &compatible).or_else(|| memory.by_prefix(asking, &compatible))
    }

    fn accept(&mut self, hit: Hit, basis: IdentityBasis, found: &mut Found) {
        let retry = hit.retry;
        if !retry && self.memory.is_second_life(hit.exchange) {
            // Two requests with equal bytes were taken for one and its retry, and both go on: they are two conversations.
            found.session = None;
            found.basis = IdentityBasis::New;
        } else {
            found.session = Some(hit.session);
            found.basis = basis;
        }
        found.known = hit.known;
        found.branch = !hit.waiting && !retry;
        found.retry_of = retry.then_some(hit.exchange);
        found.from =
            if retry { self.memory.asks.peek(&hit.exchange).and_then(|ask| ask.from) } else { Some(hit.exchange) };
    }

    /// The conversation that a client says, or shows, a new one works for.
    fn parent(&mut self, asking: &Asking, found: &Found) -> Option<SessionId> {
        let named = match asking.caller.session_label {
            Some(_) => found.client.parent.is_some().then(|| label_key(asking.caller)).flatten(),
            None => found.client.parent_key(),
        };
        if let Some(session) = named.and_then(|key| self.memory.keys.get(&key).copied()) {
            return Some(session);
        }
        (asking.fresh && !found.side_call).then(|| self.memory.spawner(asking, found)).flatten()
    }

    /// Requests without any link of their own: a side call goes to the conversation that it names, a conversation takes in the
    /// side call that ran ahead of it, a sub-agent goes under the call that spawned it.
    fn join_kin(&mut self, asking: &Asking, found: &mut Found) {
        if !asking.fresh {
            return;
        }
        let kin =
            if found.side_call { self.memory.named_by(asking, found) } else { self.memory.run_ahead(asking, found) };
        if let Some(session) = kin {
            found.session = Some(session);
            found.basis = IdentityBasis::Prefix;
        } else if !found.side_call && found.parent.is_none() {
            found.parent = self.memory.spawner(asking, found);
        }
    }

    /// The exchange is under way in its session. Call it before the next `find`.
    pub fn opened(
        &mut self,
        found: &Found,
        session: SessionId,
        exchange: ExchangeId,
        caller: &Caller,
        request: &Request,
        reading: &Reading,
    ) {
        let shape = shape(request, reading);
        let begins = found.session.is_none() || reading.last_assistant().is_none();
        let known = Known {
            parent: found.parent,
            inferred: found.parent.is_some() && found.key.is_none(),
            family: found.client.family,
            agent_label: found.agent_label.clone(),
            keyed: found.key.is_some(),
            pid: caller.peer.map(|peer| peer.pid),
            opening: if begins { opening(reading) } else { String::new() },
            only_aside: found.side_call,
            latest: None,
            newest: None,
            at: caller.at,
        };
        let ask = Ask {
            session,
            shape,
            digest: reading.digest,
            end: end(request, reading),
            words: if found.key.is_some() { words(reading) } else { String::new() },
            messages: reading.facts.len(),
            state: AskState::Open,
            advanced: None,
            retried: false,
            twins: None,
            from: found.from,
            aside: found.side_call,
            pid: known.pid,
            gist: Gist::default(),
            at: caller.at,
        };
        let returned: Vec<&str> = newest_results(reading);
        self.memory.open(found, known, exchange, ask, request, &returned);
    }

    /// The exchange is over. `answer` is the answer as the agent got it (its calls without those taken out); `good` says that the
    /// agent got it whole and not as an error. Returns the anchor under which the next request will be found.
    pub fn answered(&mut self, exchange: ExchangeId, answer: Option<&Answer>, good: bool) -> Option<Hash> {
        self.memory.answer(exchange, answer, good)
    }

    /// A session of an earlier life of this runtime.
    pub fn remember(&mut self, remembered: &RememberedSession) {
        self.memory.remember(remembered);
    }

    /// Forgets a session wholly; a later request of it starts a new one.
    pub fn forget(&mut self, session: SessionId) {
        self.memory.forget(session);
    }
}

/// One request on its way to a session.
pub(crate) struct Asking<'a> {
    caller: &'a Caller<'a>,
    request: &'a Request,
    reading: &'a Reading,
    shape: Shape,
    opening: String,
    /// It continues nothing: no assistant turn, no history held by the provider.
    fresh: bool,
}

/// The words that a conversation opens with, at most 4 KiB of them.
fn opening(reading: &Reading) -> String {
    let turn = reading.facts.iter().find(|facts| prompt::is_turn(facts));
    turn.map(|facts| prompt::head(&prompt::said(&facts.text), 4096).to_owned()).unwrap_or_default()
}

fn shape(request: &Request, reading: &Reading) -> Shape {
    Shape { model: crate::reading::hash(request.model.as_bytes()), system: reading.system, tools: reading.tools }
}

/// The chain under which a request is known to end. History that the provider holds counts by its name.
fn end(request: &Request, reading: &Reading) -> Hash {
    match &request.previous_response {
        None => reading.end(),
        Some(held) => wire::chain(crate::reading::hash(held.as_bytes()), &[reading.end()]),
    }
}

/// What the newest message says last, for clients that repeat a request with other reminders around it.
fn words(reading: &Reading) -> String {
    let said = reading.facts.last().map(|newest| prompt::said(&newest.text)).unwrap_or_default();
    prompt::head(said.lines().next_back().unwrap_or_default().trim(), 200).to_owned()
}

/// The calls whose results come after the last assistant turn.
fn newest_results(reading: &Reading) -> Vec<&str> {
    let from = reading.last_assistant().map_or(0, |last| last + 1);
    let results = reading.facts[from..].iter().flat_map(|facts| &facts.results);
    results.map(|result| result.call_id.as_str()).filter(|id| !id.is_empty()).collect()
}

/// Under which name a session is known for sure: its label, with the client's id of a sub-agent; else the client's own ids.
fn key(caller: &Caller, client: &Client) -> Option<String> {
    match label_key(caller) {
        Some(label) if client.parent.is_some() => client.key().map(|own| format!("{label}{own}")),
        Some(label) => Some(label),
        None => client.key(),
    }
}

fn label_key(caller: &Caller) -> Option<String> {
    caller.session_label.map(|label| format!("@{}~{label}\n", caller.agent_label.unwrap_or_default()))
}

#[cfg(test)]
mod tests;
