//! How often something came lately: one cell of `governor` for each rate and holder, on the runtime's own clock.

use domain::{Rate, Timestamp};
use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use parking_lot::Mutex;
use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

/// So many holders are kept before those that are as good as new make room.
const HOLDERS: usize = 4_096;

#[derive(Default)]
pub(crate) struct Rates {
    limiters: Mutex<HashMap<(String, Rate), Known>>,
}

struct Known {
    limiter: RateLimiter<NotKeyed, InMemoryState, PortClock, NoOpMiddleware<Nanos>>,
    asked_at: Timestamp,
}

/// The runtime's clock, as the limiter asks it.
#[derive(Clone)]
struct PortClock(Arc<dyn domain::Clock>);

impl Clock for PortClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.now().0.max(0).unsigned_abs() * 1_000)
    }
}

impl Rates {
    /// Takes a turn of `holder`; or how long until there is one.
    pub fn turn(&self, holder: &str, rate: &Rate, clock: &Arc<dyn domain::Clock>) -> Result<(), Duration> {
        let now = clock.now();
        let mut limiters = self.limiters.lock();
        if limiters.len() >= HOLDERS {
            // One that was not asked for so long has all its turns again.
            let whole = |rate: &Rate| (period(rate) * rate.burst.max(1)).as_micros() as i64;
            limiters.retain(|(_, rate), known| now.micros_since(known.asked_at) < whole(rate));
        }
        let known = limiters.entry((holder.to_owned(), rate.clone())).or_insert_with(|| Known {
            limiter: RateLimiter::direct_with_clock(quota(rate), PortClock(clock.clone())),
            asked_at: now,
        });
        known.asked_at = now;
        known.limiter.check().map_err(|not_yet| not_yet.wait_time_from(PortClock(clock.clone()).now()))
    }
}

fn period(rate: &Rate) -> Duration {
    (Duration::from_millis(rate.in_ms) / rate.times.max(1)).max(Duration::from_nanos(1))
}

fn quota(rate: &Rate) -> Quota {
    let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(period(rate)).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{OnExceed, RatePer};
    use std::sync::atomic::{AtomicI64, Ordering};

    struct Scripted(AtomicI64);

    impl domain::Clock for Scripted {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }

        fn next_id(&self) -> i64 {
            0
        }
    }

    #[test]
    fn a_burst_passes_then_one_at_a_time_and_holders_do_not_share() {
        let scripted = Arc::new(Scripted(AtomicI64::new(1_000_000)));
        let clock: Arc<dyn domain::Clock> = scripted.clone();
        let rate = Rate {
            name: "search".into(),
            times: 10,
            in_ms: 60_000,
            burst: 3,
            on_exceed: OnExceed::Delay,
            per: RatePer::All,
        };
        let rates = Rates::default();
        let taken = (0..3).filter(|_| rates.turn("a", &rate, &clock).is_ok()).count();
        assert_eq!(taken, 3);
        assert_eq!(rates.turn("a", &rate, &clock), Err(Duration::from_secs(6)));
        assert_eq!(rates.turn("b", &rate, &clock), Ok(()));
        scripted.0.fetch_add(4_000_000, Ordering::Relaxed);
        assert_eq!(rates.turn("a", &rate, &clock), Err(Duration::from_secs(2)));
        scripted.0.fetch_add(2_000_000, Ordering::Relaxed);
        assert_eq!(rates.turn("a", &rate, &clock), Ok(()));
        assert!(rates.turn("a", &rate, &clock).is_err());
    }
}
