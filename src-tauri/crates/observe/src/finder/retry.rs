//! Evidence that a request repeats another: the client counts its retries; the same bytes are still open; or what was asked
//! ended badly and is asked again, perhaps with a feature less.

use super::{
    Asking, Found,
    choice::{Compatible, Hit},
    known::{Ask, AskState, Memory},
};
use domain::{ExchangeId, IdentityBasis, SessionId};

/// An agent that comes back later than this (in microseconds) asks anew. Clients back off for a minute at most.
const PATIENCE: i64 = 10 * 60 * 1_000_000;

impl Memory {
    /// The exchange that the request repeats. `counted`: the client says that it does.
    pub fn retry(&self, asking: &Asking, found: &Found, compatible: &Compatible, counted: bool) -> Option<Hit> {
        let tips = self.tips.peek(&super::end(asking.request, asking.reading))?;
        let asks = tips
            .iter()
            .rev()
            .filter(|tip| !tip.answered)
            .filter_map(|tip| Some((tip.exchange, self.asks.peek(&tip.exchange)?)));
        let mut asks = asks.filter(|(_, ask)| !ask.retried && compatible.fits(self, ask));
        let first_try = found.client.retry == Some(0);
        let (exchange, ask) = asks.find(|(_, ask)| match ask.state {
            _ if asking.caller.at.micros_since(ask.at) > PATIENCE => false,
            _ if differ(ask.pid, compatible.pid) => false,
            AskState::Open => counted || (!first_try && ask.digest == asking.reading.digest),
            AskState::Bad => true,
            AskState::Good => counted && ask.digest == asking.reading.digest,
        })?;
        Some(repeats(exchange, ask, asking))
    }

    /// The session's newest exchange, where it ended badly and is asked again in other words: with other reminders, or with a note
    /// that the answer was cut. Only of use where the client names its session: of two agents the same words prove nothing.
    pub fn reworded(&self, session: SessionId, asking: &Asking) -> Option<Hit> {
        let exchange = self.sessions.peek(&session)?.newest?;
        let ask = self.asks.peek(&exchange)?;
        let newest = asking.reading.facts.last()?;
        let again = ask.state == AskState::Bad
            && ask.messages == asking.reading.facts.len()
            && !ask.words.is_empty()
            && newest.text.contains(&ask.words);
        (again && asking.caller.at.micros_since(ask.at) < PATIENCE).then(|| repeats(exchange, ask, asking))
    }

    /// True if going on from this exchange shows that it was no retry: its twin was gone on from already, and they are still
    /// taken for one session.
    pub fn is_second_life(&self, exchange: ExchangeId) -> bool {
        let ask = |exchange: ExchangeId| self.asks.peek(&exchange);
        let second = |one: &Ask| {
            let gone_on = (*self.twins.peek(&one.twins?)?)?;
            Some(gone_on != exchange && ask(gone_on)?.session == one.session)
        };
        ask(exchange).and_then(second).unwrap_or(false)
    }
}

fn repeats(exchange: ExchangeId, ask: &Ask, asking: &Asking) -> Hit {
    Hit {
        session: ask.session,
        exchange,
        basis: IdentityBasis::Retry,
        known: asking.reading.facts.len(),
        waiting: false,
        retry: true,
    }
}

fn differ(one: Option<u32>, other: Option<u32>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}
