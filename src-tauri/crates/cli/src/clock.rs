//! The system's time, ids from it, and chance.

use domain::{Chance, Clock, Timestamp};
use rand::Rng;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// 41 bits of milliseconds, then 21 random ones; each id is above the one before.
#[derive(Debug, Default)]
pub struct SystemClock {
    last: AtomicI64,
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // This is the port that everything else reads.
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(since.as_micros() as i64)
    }

    fn next_id(&self) -> i64 {
        let fresh = (self.now().0 / 1000) << 21 | i64::from(rand::rng().random_range(0..1u32 << 21));
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(fresh.max(last + 1)));
        fresh.max(before.unwrap_or(0) + 1)
    }
}

/// The system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn draw(&self) -> f64 {
        rand::rng().random_range(0.0..1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positive_rising_and_ordered_by_time() {
        let clock = SystemClock::default();
        let ids: Vec<i64> = (0..10_000).map(|_| clock.next_id()).collect();
        assert!(ids[0] > 0 && ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((ids[9_999] >> 21) - (ids[0] >> 21) < 60_000);
    }
}
