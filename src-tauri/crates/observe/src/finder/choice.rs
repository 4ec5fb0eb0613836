//! Choosing among exchanges that a request could go on from. An exact tip comes before an ancestor, one that nobody went on from
//! before one that somebody did; process, model, system prompt and tools tell the rest apart; last, the newest.

use super::{
    Asking, Found,
    known::{Ask, AskState, Memory, Shape, Tip, content, squeeze},
    newest_results,
};
use domain::{Dialect, ExchangeId, Hash, IdentityBasis, MessageFacts, Role, SessionId};

/// An exchange that a request goes on from, or repeats.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub basis: IdentityBasis,
    /// How many of the request's messages are known.
    pub known: usize,
    /// Nobody went on from there before.
    pub waiting: bool,
    pub retry: bool,
}

/// Whom a request may be joined to at all.
pub(super) struct Compatible<'a> {
    family: Option<&'static str>,
    agent_label: Option<&'a str>,
    pub pid: Option<u32>,
    aside: bool,
    shape: Shape,
    scope: Option<SessionId>,
}

impl Compatible<'_> {
    pub fn fits(&self, memory: &Memory, ask: &Ask) -> bool {
        let Some(known) = memory.sessions.peek(&ask.session) else { return false };
        let family = self.family.is_none() || known.family.is_none() || self.family == known.family;
        let inside = match self.scope {
            Some(scope) => memory.is_inside(ask.session, scope),
            None => !known.keyed && self.agent_label == known.agent_label.as_deref(),
        };
        inside && family && ask.aside == self.aside
    }

    /// How well an exchange fits; of equals the newer is taken.
    fn score(&self, ask: &Ask) -> i32 {
        let same = |one: Hash, other: Hash| one == other;
        let process = match (self.pid, ask.pid) {
            (Some(one), Some(other)) if one == other => 8,
            (Some(_), Some(_)) => -8,
            _ => 0,
        };
        let shape = 3 * i32::from(same(self.shape.model, ask.shape.model))
            + 2 * i32::from(same(self.shape.system, ask.shape.system))
            + 2 * i32::from(same(self.shape.tools, ask.shape.tools));
        process + shape + 2 * i32::from(ask.advanced.is_none())
    }
}

impl Memory {
    pub fn compatible<'a>(&self, asking: &'a Asking, found: &Found, scope: Option<SessionId>) -> Compatible<'a> {
        Compatible {
            family: found.client.family,
            agent_label: asking.caller.agent_label,
            pid: asking.caller.peer.map(|peer| peer.pid),
            aside: found.side_call,
            shape: asking.shape,
            scope,
        }
    }

    /// True for the session itself and for sub-agents that were inferred beneath it.
    fn is_inside(&self, session: SessionId, scope: SessionId) -> bool {
        let mut session = session;
        for _ in 0..8 {
            if session == scope {
                return true;
            }
            match self.sessions.peek(&session) {
                Some(known) if known.inferred => match known.parent {
                    Some(parent) => session = parent,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// The best of the exchanges that end at a prefix.
    fn best<'a>(
        &'a self,
        chain: Hash,
        compatible: &Compatible,
        eligible: impl Fn(Tip, &Ask) -> bool,
    ) -> Option<(ExchangeId, &'a Ask)> {
        let tips = self.tips.peek(&chain)?;
        let asks = tips.iter().filter_map(|tip| Some((*tip, self.asks.peek(&tip.exchange)?)));
        let fitting = asks.filter(|(tip, ask)| eligible(*tip, ask) && compatible.fits(self, ask));
        // Of equals the newest; of those that are as new, the one that came last.
        fitting.max_by_key(|(_, ask)| (compatible.score(ask), ask.at)).map(|(tip, ask)| (tip.exchange, ask))
    }

    /// The history that the provider holds.
    pub fn provider_held(&self, asking: &Asking, compatible: &Compatible) -> Option<Hit> {
        let exchange = *self.responses.peek(asking.request.previous_response.as_deref()?)?;
        let ask = self.asks.peek(&exchange).filter(|ask| compatible.fits(self, ask))?;
        Some(hit(exchange, ask, IdentityBasis::Prefix, 0))
    }

    /// The exchange whose answer is the request's last assistant turn.
    pub fn exact(&self, asking: &Asking, compatible: &Compatible) -> Option<Hit> {
        let last = asking.reading.last_assistant()?;
        let (exchange, ask) = self.best(asking.reading.chains[last], compatible, |tip, _| tip.answered)?;
        Some(hit(exchange, ask, IdentityBasis::Prefix, last + 1))
    }

    /// The same hit, by a better reason where the results that the request delivers are of calls that this exchange alone served.
    pub fn attested(&self, hit: Hit, asking: &Asking) -> Hit {
        let results = newest_results(asking.reading);
        let only =
            |id: &str| self.served.peek(id).is_some_and(|all| all.iter().all(|served| served.exchange == hit.exchange));
        let attested =
            asking.request.dialect != Dialect::Ollama && !results.is_empty() && results.iter().all(|id| only(id));
        Hit { basis: if attested { IdentityBasis::ToolCallId } else { hit.basis }, ..hit }
    }

    /// The session that served the calls whose results the request delivers. An id that several sessions were served counts for
    /// none of them; one that stands beside another tool or other arguments does not count.
    pub fn by_calls(&self, asking: &Asking, compatible: &Compatible) -> Option<Hit> {
        if asking.request.dialect == Dialect::Ollama {
            return None; // has no ids
        }
        let mut exchange = None;
        for id in newest_results(asking.reading) {
            let all = self.served.peek(id)?;
            let one = all.last()?;
            if all.iter().any(|served| served.session != one.session) || !self.tells(asking, id, one.content) {
                return None;
            }
            exchange = Some(one.exchange);
        }
        let exchange = exchange?;
        let ask = self.asks.peek(&exchange).filter(|ask| compatible.fits(self, ask))?;
        let known = asking.reading.last_assistant().map_or(0, |last| last + 1);
        Some(hit(exchange, ask, IdentityBasis::ToolCallId, known))
    }

    /// Where the request repeats a call, it is the call as it was served.
    fn tells(&self, asking: &Asking, id: &str, served: Hash) -> bool {
        let calls = asking.reading.facts.iter().rev().flat_map(|facts| &facts.calls);
        calls.filter(|call| call.id == id).take(1).all(|call| content(call) == served)
    }

    /// The longest known prefix that contains an assistant turn that we served. Agents also tell an answer in other words (as plain
    /// text, trimmed, summarised): then the request that it answered is the prefix, and the turn after it must be its answer.
    pub fn by_prefix(&self, asking: &Asking, compatible: &Compatible) -> Option<Hit> {
        let reading = asking.reading;
        let mut retold = None;
        let mut failed = None;
        for place in (0..reading.chains.len()).rev() {
            let chain = reading.chains[place];
            if self.tips.peek(&chain).is_none() {
                continue;
            }
            let strong = |tip: Tip, ask: &Ask| tip.answered || ask.from.is_some();
            if !asking.fresh
                && let Some((exchange, ask)) = self.best(chain, compatible, strong)
            {
                return Some(hit(exchange, ask, IdentityBasis::Prefix, place + 1));
            }
            let Some(next) = reading.facts.get(place + 1) else { continue };
            let asked = |tip: Tip, ask: &Ask| !tip.answered && ask.advanced.is_none();
            if next.role == Role::Assistant && retold.is_none() {
                let best = self.best(chain, compatible, asked); // cut ones too: some agents go on from half an answer
                let best = best.filter(|(_, ask)| resembles(ask, next) || is_alike(ask, compatible));
                retold = best.map(|(exchange, ask)| hit(exchange, ask, IdentityBasis::Prefix, place + 2));
            } else if next.role != Role::Assistant && failed.is_none() {
                // The answer never came, and the person said more.
                let bad = |tip: Tip, ask: &Ask| asked(tip, ask) && ask.state == AskState::Bad;
                let best = self.best(chain, compatible, bad).filter(|(_, ask)| is_alike(ask, compatible));
                failed = best.map(|(exchange, ask)| hit(exchange, ask, IdentityBasis::Prefix, place + 1));
            }
        }
        retold.or(failed)
    }
}

fn hit(exchange: ExchangeId, ask: &Ask, basis: IdentityBasis, known: usize) -> Hit {
    Hit { session: ask.session, exchange, basis, known, waiting: ask.advanced.is_none(), retry: false }
}

/// True if a message tells the answer: its words, or the ids of its calls.
fn resembles(ask: &Ask, message: &MessageFacts) -> bool {
    let text = squeeze(&message.text, 4096);
    let words = ask.gist.text.len() >= 8 && text.contains(&ask.gist.text);
    words || ask.gist.calls.iter().any(|id| id.len() >= 6 && message.text.contains(id.as_str()))
}

/// Same agent as far as one can see: the same process, or the same model, tools and system prompt.
fn is_alike(ask: &Ask, compatible: &Compatible) -> bool {
    match (ask.pid, compatible.pid) {
        (Some(one), Some(other)) => one == other,
        _ => ask.shape == compatible.shape,
    }
}
