//! Observations and evaluations. An observation is the difference to an earlier one at the same point of its session, and what the
//! points of one exchange share (session, run, request) to the one before.

use super::{
    memory::ObservationKey,
    pen::{Pen, Written},
    store::Lane,
};
use crate::{ChangeKind, layout::*, observation};
use domain::{Evaluation, ExchangeId, Observation, Point, SessionId, Timestamp};
use rusqlite::params;
use serde_json::Value;

/// So many differences to one key; then the counters have moved far enough for a new one.
const USES: u32 = 128;

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
        let Some(value) = observation::members(observation) else { return Ok(()) };
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
        if let Some(earlier) = self.memory.observations.get_mut(&place) {
            data = observation::difference(&value, &earlier.value, memory.latest.as_ref());
            earlier.uses += 1;
            if earlier.uses <= USES && data.len() * 2 < earlier.length.max(128) {
                base = earlier.key;
            }
        }
        if base == 0 {
            data = observation::whole(&value);
            let earlier = ObservationKey { key, value: value.clone(), length: data.len(), uses: 0 };
            self.memory.observations.put(place, earlier);
        }
        self.db
            .prepare_cached("INSERT INTO observation(key, point, after, base, data) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![key, place.1, after, base, data])?;
        self.keep_latest(exchange, value);
        Ok(())
    }

    fn keep_latest(&mut self, exchange: ExchangeId, value: Value) {
        if let Some(memory) = self.memory.exchanges.get_mut(&exchange.0) {
            memory.latest = Some(value);
        }
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
