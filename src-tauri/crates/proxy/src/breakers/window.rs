//! The calls of the last while: how many, how many failed, how many were slow, and how long they took. Bounded in time and number.

use domain::Timestamp;
use reason::{BreakerLimits, MOST_SAMPLES as MOST, P99_SAMPLES};
use std::collections::VecDeque;

/// What one call came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub at: Timestamp,
    pub failed: bool,
    /// It failed because its caller called too often.
    pub limited: bool,
    /// None: it was not timed, or its time says nothing about it.
    pub ms: Option<f32>,
}

#[derive(Debug, Default)]
pub(crate) struct Window {
    samples: VecDeque<Sample>,
}

/// A window at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Figures {
    pub samples: u32,
    /// Of all calls.
    pub error_rate: f64,
    pub rate_limited: u32,
    /// Of the timed calls; of the limit's `slow`.
    pub slow_rate: f64,
    /// None below 100 timed calls.
    pub p99_ms: Option<f64>,
}

impl Window {
    pub fn add(&mut self, sample: Sample, limits: &BreakerLimits) {
        self.forget(sample.at, limits.window_ms);
        if self.samples.len() >= MOST {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub fn clear(&mut self) {
        self.samples.clear();
    }

    pub fn newest(&self) -> Option<Timestamp> {
        self.samples.back().map(|sample| sample.at)
    }

    fn forget(&mut self, now: Timestamp, window_ms: u64) {
        let over = |sample: &Sample| now.micros_since(sample.at) as u64 / 1000 >= window_ms;
        while self.samples.front().is_some_and(over) {
            self.samples.pop_front();
        }
    }

    pub fn figures(&mut self, now: Timestamp, limits: &BreakerLimits) -> Figures {
        self.forget(now, limits.window_ms);
        let calls = self.samples.len();
        let mut times: Vec<f32> = self.samples.iter().filter_map(|sample| sample.ms).collect();
        let count = |what: fn(&&Sample) -> bool| self.samples.iter().filter(what).count();
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let slow_ms = limits.slow.map_or(f32::INFINITY, |(_, ms)| ms as f32);
        let slow = times.iter().filter(|ms| **ms > slow_ms).count();
        Figures {
            samples: calls as u32,
            error_rate: share(count(|sample| sample.failed), calls),
            rate_limited: count(|sample| sample.limited) as u32,
            slow_rate: share(slow, times.len()),
            p99_ms: p99(&mut times),
        }
    }
}

/// The smallest time that 99 of 100 calls do not exceed.
fn p99(times: &mut [f32]) -> Option<f64> {
    if times.len() < P99_SAMPLES {
        return None;
    }
    let rank = (times.len() * 99).div_ceil(100) - 1;
    let (_, at, _) = times.select_nth_unstable_by(rank, f32::total_cmp);
    Some(f64::from(*at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: BreakerLimits = BreakerLimits {
        window_ms: 60_000,
        min_calls: 20,
        error_rate: Some(0.5),
        slow: Some((0.5, 1_000)),
        p99_ms: Some(8_000),
        consecutive: None,
        cooldown_ms: 30_000,
        probes: 1,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    fn sample(second: i64, failed: bool, ms: f32) -> Sample {
        Sample { at: at(second), failed, limited: false, ms: Some(ms) }
    }

    #[test]
    fn what_is_older_than_the_window_counts_no_more() {
        let mut window = Window::default();
        (0..10).for_each(|second| window.add(sample(second, true, 10.0), &LIMITS));
        assert_eq!(window.figures(at(9), &LIMITS).samples, 10);
        assert_eq!(window.figures(at(64), &LIMITS).samples, 5);
        assert_eq!(window.figures(at(200), &LIMITS), Figures::default());
    }

    #[test]
    fn a_percentile_needs_a_hundred_calls() {
        let mut window = Window::default();
        (0..99).for_each(|_| window.add(sample(1, false, 10.0), &LIMITS));
        assert_eq!(window.figures(at(1), &LIMITS).p99_ms, None);
        window.add(sample(1, false, 9_000.0), &LIMITS);
        assert_eq!(window.figures(at(1), &LIMITS).p99_ms, Some(10.0), "one of a hundred may be slower");
        window.add(sample(1, false, 9_000.0), &LIMITS);
        assert_eq!(window.figures(at(1), &LIMITS).p99_ms, Some(9_000.0));
    }

    proptest! {
        #[test]
        fn figures_are_those_of_the_calls_within_the_window(
            calls in prop::collection::vec((0i64..200, any::<bool>(), 0f32..20_000.0), 0..400),
        ) {
            let mut calls = calls;
            calls.sort_by_key(|(second, ..)| *second);
            let mut window = Window::default();
            calls.iter().for_each(|(second, failed, ms)| window.add(sample(*second, *failed, *ms), &LIMITS));
            let figures = window.figures(at(200), &LIMITS);
            let inside: Vec<_> = calls.iter().filter(|(second, ..)| 200 - second < 60).collect();
            prop_assert_eq!(figures.samples as usize, inside.len());
            if let Some(p99) = figures.p99_ms {
                let above = inside.iter().filter(|(.., ms)| f64::from(*ms) > p99).count();
                prop_assert!(above * 100 <= inside.len(), "{} of {} are above", above, inside.len());
            }
            prop_assert!(window.samples.len() <= MOST);
        }
    }
}
