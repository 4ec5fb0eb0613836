//! Observations and evaluations. An observation is the difference to an earlier one at the same point of its session, and what the
//! points of one exchange share (session, run, request) to the one before.

use super::{
    memory::ObservationKey,
    pen::{Pen, Written},
    store::Lane,
};
use crate::{
    ChangeKind,
    layout::*,
    observation::{self, Latest},
};
use bytes::Bytes;
use domain::{Evaluation, ExchangeId, Observation, Point, SessionId, Timestamp};
use memchr::memmem;
use rusqlite::params;

/// So many differences to one key; then the counters have moved far enough for a new one.
const USES: u32 = 128;
/// Arguments longer than this are referred to as a blob of their own, shorter ones stand in the difference.
const LONG_ARGUMENTS: usize = 96;
/// In the place of a point: what was seen first in a session.
const ANY_POINT: i64 = -1;
/// A user's text from this length on is referred to in the message that said it.
const LONG_TEXT: usize = 96;

impl Pen<'_> {
    pub fn observed(
        &mut self,
        exchange: ExchangeId,
        session_id: SessionId,
        point: Point,
        at: Timestamp,
        observation: &Observation,
    ) -> Written {
        let (n, session) = self.exchange_or_bare(exchange, session_id, at)?;
        let content = self.content(exchange, session, observation)?;
        let (blob, content) = content.map_or((None, Bytes::new()), |(blob, bytes)| (Some(blob), bytes));
        let Some(memory) = self.memory.exchanges.get_mut(&exchange.0) else { return Ok(()) };
        if memory.observations >= MOST_PLACES {
            return Ok(());
        }
        let key = n << PLACE_BITS | memory.observations;
        memory.observations += 1;
        let after = at.0 - memory.at;
        let place = (session, point::code(point));
        let mut base = 0;
        let mut data = Vec::new();
        // The first of its point in a session is told apart from whatever was seen first there; only a second one makes a key.
        let begun = self.memory.observations.contains(&place);
        let reference = if begun { place } else { (session, ANY_POINT) };
        if let Some(earlier) = self.memory.observations.get_mut(&reference) {
            earlier.uses += 1;
            let difference = earlier
                .members()
                .and_then(|key| observation::difference(observation, key, memory.latest.as_ref(), &content));
            if let Some(difference) = difference
                && earlier.uses <= USES
                && (difference.len() * 2 < earlier.length.max(256) || !begun)
            {
                base = earlier.key;
                data = difference;
            }
        }
        if base == 0 {
            let Some(whole) = observation::whole(observation, &content) else { return Ok(()) };
            data = whole;
            let any = (session, ANY_POINT);
            if !self.memory.observations.contains(&any) {
                self.memory.observations.put(any, ObservationKey::new(key, observation, data.len()));
            }
            self.memory.observations.put(place, ObservationKey::new(key, observation, data.len()));
        } else if !begun {
            self.memory.observations.put(place, ObservationKey::lent(base));
        }
        self.db
            .prepare_cached(
                "INSERT INTO observation(key, point, after, base, content, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![key, place.1, after, base, blob, data])?;
        if let Some(memory) = self.memory.exchanges.get_mut(&exchange.0) {
            memory.latest = Some(Latest::of(observation));
        }
        Ok(())
    }

    /// The stored bytes that repeat this observation's texts: the message with its result, its arguments, or the answer.
    fn content(
        &mut self,
        exchange: ExchangeId,
        session: i64,
        observation: &Observation,
    ) -> Written<Option<(i64, Bytes)>> {
        if let Some(call) = &observation.call
            && call.raw.len() > LONG_ARGUMENTS
        {
            let raw = call.raw.as_bytes();
            let blob = self.addressed(session, Lane::by_start(raw), raw)?;
            return Ok(Some((blob, Bytes::copy_from_slice(raw))));
        }
        let Some(memory) = self.memory.exchanges.get(&exchange.0) else { return Ok(None) };
        if let Some(result) = &observation.result {
            let holds = |(_, body): &&(i64, Bytes)| memmem::find(body, result.call_id.as_bytes()).is_some();
            return Ok(memory.brought.iter().find(holds).cloned());
        }
        if observation.response.is_some() || observation.call.is_some() {
            return Ok(memory.answer.clone());
        }
        // The start of what the user said finds the message that says it; up to where JSON may spell it otherwise.
        let said = observation.request.text.as_bytes();
        let is_plain = |byte: &&u8| matches!(**byte, b' '..=b'~') && !matches!(**byte, b'"' | b'\\');
        let plain = said.iter().take(LONG_TEXT).take_while(is_plain).count();
        if said.len() < LONG_TEXT || plain < LONG_TEXT / 3 {
            return Ok(None);
        }
        let holds = |(_, body): &&(i64, Bytes)| memmem::find(body, &said[..plain]).is_some();
        Ok(memory.brought.iter().find(holds).cloned())
    }

    pub fn evaluated(&mut self, exchange: ExchangeId, at: Timestamp, evaluations: &[Evaluation]) -> Written {
        if evaluations.is_empty() {
            return Ok(());
        }
        let Some((n, session)) = self.exchange(exchange)? else {
            tracing::debug!(%exchange, "evaluations for an exchange that was dropped");
            return Ok(());
        };
        let Some(memory) = self.memory.exchanges.get_mut(&exchange.0) else { return Ok(()) };
        if memory.evaluations >= MOST_PLACES {
            return Ok(());
        }
        let key = n << PLACE_BITS | memory.evaluations;
        memory.evaluations += 1;
        let after = at.0 - memory.at;
        let Ok(json) = serde_json::to_vec(evaluations) else { return Ok(()) };
        let data = self.keep(session, Lane::Evaluation, &json)?;
        self.db
            .prepare_cached("INSERT INTO evaluation(key, after, data) VALUES (?1, ?2, ?3)")?
            .execute(params![key, after, data])?;
        self.tell(ChangeKind::Exchange, None, Some(exchange));
        Ok(())
    }
}
