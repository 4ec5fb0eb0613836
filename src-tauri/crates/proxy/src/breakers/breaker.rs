//! One breaker: closed, open, half-open, or held by a person. It is told what calls came to and asked how it stands; time comes with both.

use super::window::{Figures, Sample, Window};
use domain::{BreakerFacts, BreakerState, Timestamp};
use reason::BreakerLimits;

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    window: Window,
    state: Natural,
    forced: Option<BreakerState>,
    since: Timestamp,
    in_row: u32,
    probes: Vec<Probe>,
    /// Probes that did well since it is half-open.
    well: u32,
}

/// How it stands by what it sees alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Natural {
    #[default]
    Closed,
    Open,
    HalfOpen,
}

/// A call that tries whether all is well again.
#[derive(Debug)]
struct Probe {
    call: String,
    at: Timestamp,
}

/// A change of state, for the record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub from: BreakerState,
    pub to: BreakerState,
    pub why: String,
    pub figures: Figures,
}

impl Breaker {
    pub fn state(&self) -> BreakerState {
        self.forced.unwrap_or(match self.state {
            Natural::Closed => BreakerState::Closed,
            Natural::Open => BreakerState::Open,
            Natural::HalfOpen => BreakerState::HalfOpen,
        })
    }

    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Nothing would be lost by forgetting it.
    pub fn is_idle(&self) -> bool {
        self.state == Natural::Closed && self.forced.is_none()
    }

    pub fn newest(&self) -> Option<Timestamp> {
        self.window.newest()
    }

    pub fn figures(&mut self, now: Timestamp, limits: &BreakerLimits) -> Figures {
        self.window.figures(now, limits)
    }

    /// How it stands for this call. `asks`: the call is about to go out, and may be a probe.
    pub fn look(
        &mut self,
        call: &str,
        asks: bool,
        now: Timestamp,
        limits: &BreakerLimits,
    ) -> (BreakerFacts, Option<Change>) {
        let cooled = now.micros_since(self.since) as u64 / 1000 >= limits.cooldown_ms;
        let mut change = None;
        if self.state == Natural::Open && cooled && self.forced.is_none() && asks {
            self.well = 0;
            self.probes.clear();
            change = Some(self.turn(Natural::HalfOpen, "its cooldown is over".to_owned(), now, limits));
        }
        let facts = match self.state() {
            BreakerState::Closed | BreakerState::ForcedClosed => BreakerFacts::default(),
            BreakerState::Open | BreakerState::ForcedOpen => BreakerFacts { open: true, half_open: false },
            BreakerState::HalfOpen => {
                let probes = self.is_probe(call) || asks && self.admit(call, now, limits);
                BreakerFacts { open: !probes, half_open: probes }
            }
        };
        (facts, change)
    }

    fn is_probe(&self, call: &str) -> bool {
        self.probes.iter().any(|probe| probe.call == call)
    }

    /// Takes the call for a probe where one is wanted. One that was never heard of again makes room after a cooldown.
    fn admit(&mut self, call: &str, now: Timestamp, limits: &BreakerLimits) -> bool {
        self.probes.retain(|probe| (now.micros_since(probe.at) as u64) / 1000 < limits.cooldown_ms);
        let wanted = self.probes.len() + (self.well as usize) < limits.probes as usize;
        if wanted {
            self.probes.push(Probe { call: call.to_owned(), at: now });
        }
        wanted
    }

    /// The call ended in a way that says nothing: another may be the probe.
    pub fn release(&mut self, call: &str) {
        self.probes.retain(|probe| probe.call != call);
    }

    /// What a call came to.
    pub fn heard(&mut self, call: &str, sample: Sample, limits: &BreakerLimits) -> Option<Change> {
        let now = sample.at;
        match self.state {
            // It went out before it opened, or past a rule that let it.
            Natural::Open => None,
            Natural::HalfOpen => {
                let was = self.is_probe(call);
                self.release(call);
                if !was {
                    return None;
                }
                if let Some(ill) = still_ill(sample, limits) {
                    return Some(self.turn(Natural::Open, format!("a probe {ill}"), now, limits));
                }
                self.well += 1;
                if self.well < limits.probes {
                    return None;
                }
                self.window.clear();
                self.in_row = 0;
                let probes = if limits.probes == 1 { "its probe" } else { "its probes" };
                Some(self.turn(Natural::Closed, format!("{probes} did well"), now, limits))
            }
            Natural::Closed => {
                self.window.add(sample, limits);
                self.in_row = if sample.failed { self.in_row + 1 } else { 0 };
                let why = self.too_much(now, limits)?;
                Some(self.turn(Natural::Open, why, now, limits))
            }
        }
    }

    /// The first limit that is reached, as a person reads it.
    fn too_much(&mut self, now: Timestamp, limits: &BreakerLimits) -> Option<String> {
        if limits.consecutive.is_some_and(|most| self.in_row >= most) {
            return Some(format!("{} calls in a row failed", self.in_row));
        }
        let figures = self.window.figures(now, limits);
        if figures.samples < limits.min_calls {
            return None;
        }
        let percent = |share: f64| (share * 100.0).round();
        if limits.error_rate.is_some_and(|most| figures.error_rate >= most) {
            let limited = match figures.rate_limited {
                0 => String::new(),
                limited => format!(", {limited} of them for their rate"),
            };
            return Some(format!("{} % of {} calls failed{limited}", percent(figures.error_rate), figures.samples));
        }
        if let Some((most, slow_ms)) = limits.slow.filter(|(most, _)| figures.slow_rate >= *most) {
            let _ = most;
            return Some(format!("{} % of its calls took longer than {slow_ms} ms", percent(figures.slow_rate)));
        }
        let p99 = figures.p99_ms.filter(|p99| limits.p99_ms.is_some_and(|most| *p99 > most as f64))?;
        Some(format!("its 99th percentile is {} ms, above {} ms", p99.round(), limits.p99_ms.unwrap_or_default()))
    }

    fn turn(&mut self, to: Natural, why: String, now: Timestamp, limits: &BreakerLimits) -> Change {
        let from = self.state();
        self.state = to;
        self.since = now;
        Change { from, to: self.state(), why, figures: self.window.figures(now, limits) }
    }

    /// A person's word. `None`, or closed: it is what it sees again, and begins closed.
    pub fn force(&mut self, state: BreakerState, now: Timestamp) -> BreakerState {
        let from = self.state();
        self.forced = Some(state).filter(|state| state.is_forced());
        if self.forced.is_none() {
            self.state = if state == BreakerState::Open { Natural::Open } else { Natural::Closed };
            self.window.clear();
            self.in_row = 0;
        }
        self.since = now;
        from
    }
}

/// What a probe shows of the illness, if it is still there.
fn still_ill(sample: Sample, limits: &BreakerLimits) -> Option<String> {
    if sample.failed {
        return Some("failed".to_owned());
    }
    let slowest = limits.p99_ms.into_iter().chain(limits.slow.map(|(_, ms)| ms)).min()?;
    let ms = sample.ms.filter(|ms| *ms > slowest as f32)?;
    Some(format!("took {} ms, longer than {slowest} ms", ms.round()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: BreakerLimits = BreakerLimits {
        window_ms: 60_000,
        min_calls: 4,
        error_rate: Some(0.5),
        slow: None,
        p99_ms: Some(8_000),
        consecutive: None,
        cooldown_ms: 30_000,
        probes: 2,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    fn heard(breaker: &mut Breaker, call: &str, second: i64, failed: bool, ms: f32) -> Option<Change> {
        breaker.heard(call, Sample { at: at(second), failed, limited: false, ms: Some(ms) }, &LIMITS)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        (0..3).for_each(|second| assert_eq!(heard(&mut breaker, "a", second, true, 1.0), None));
        let change = heard(&mut breaker, "a", 3, false, 1.0).unwrap();
        assert_eq!((change.to, change.why.as_str()), (BreakerState::Open, "75 % of 4 calls failed"));
        breaker
    }

    fn open(breaker: &mut Breaker, call: &str, second: i64) -> bool {
        breaker.look(call, true, at(second), &LIMITS).0.open
    }

    #[test]
    fn it_opens_probes_after_its_cooldown_and_closes_when_they_do_well() {
        let mut breaker = opened();
        assert!(open(&mut breaker, "b", 10));
        let (facts, change) = breaker.look("c", true, at(33), &LIMITS);
        assert_eq!(facts, BreakerFacts { open: false, half_open: true });
        assert_eq!(change.map(|change| change.to), Some(BreakerState::HalfOpen));
        assert!(!open(&mut breaker, "d", 34));
        assert!(open(&mut breaker, "e", 34), "two probes are enough; the others see it open");
        assert!(!open(&mut breaker, "c", 34), "a probe stays one");
        assert_eq!(heard(&mut breaker, "e", 35, false, 1.0), None, "no probe, no word");
        assert_eq!(heard(&mut breaker, "c", 35, false, 1.0), None);
        let change = heard(&mut breaker, "d", 36, false, 1.0).unwrap();
        assert_eq!((change.from, change.to), (BreakerState::HalfOpen, BreakerState::Closed));
        assert!(!open(&mut breaker, "f", 37));
    }

    #[test]
    fn a_probe_that_fails_or_is_slow_opens_it_again() {
        for (failed, ms) in [(true, 1.0), (false, 9_000.0)] {
            let mut breaker = opened();
            assert!(!open(&mut breaker, "c", 40));
            assert_eq!(heard(&mut breaker, "c", 41, failed, ms).map(|change| change.to), Some(BreakerState::Open));
            assert!(open(&mut breaker, "d", 42), "the cooldown begins anew");
        }
    }

    #[test]
    fn a_probe_that_is_given_up_or_lost_makes_room() {
        let mut breaker = opened();
        assert!(!open(&mut breaker, "c", 40) && !open(&mut breaker, "d", 40));
        breaker.release("c");
        assert!(!open(&mut breaker, "e", 41));
        assert!(open(&mut breaker, "f", 42));
        assert!(!open(&mut breaker, "f", 75), "d and e were never heard of again");
    }

    #[test]
    fn a_persons_word_stands_above_what_it_sees() {
        let mut breaker = opened();
        breaker.force(BreakerState::ForcedClosed, at(5));
        assert!(!open(&mut breaker, "a", 6));
        breaker.force(BreakerState::ForcedOpen, at(7));
        assert!(open(&mut breaker, "a", 500));
        breaker.force(BreakerState::Closed, at(501));
        assert!(!open(&mut breaker, "a", 502));
        assert_eq!(breaker.figures(at(502), &LIMITS).samples, 0);
    }

    #[test]
    fn too_slow_a_percentile_opens_it_without_any_failure() {
        let mut breaker = Breaker::default();
        (0..98).for_each(|_| assert_eq!(heard(&mut breaker, "a", 1, false, 100.0), None));
        assert_eq!(heard(&mut breaker, "a", 2, false, 9_000.0), None);
        let change = heard(&mut breaker, "a", 2, false, 9_000.0).unwrap();
        assert_eq!(change.why, "its 99th percentile is 9000 ms, above 8000 ms");
        assert_eq!(change.figures.samples, 100);
    }

    proptest! {
        /// Never more probes at a time than wanted, whatever comes.
        #[test]
        fn probes_are_bounded(steps in prop::collection::vec((0u8..4, 0u8..6, 0i64..20, any::<bool>()), 1..200)) {
            let mut breaker = opened();
            let mut now = 3;
            for (step, call, passes, failed) in steps {
                now += passes;
                let call = call.to_string();
                match step {
                    0 | 1 => drop(breaker.look(&call, step == 0, at(now), &LIMITS)),
                    2 => drop(heard(&mut breaker, &call, now, failed, 1.0)),
                    _ => breaker.release(&call),
                }
                prop_assert!(breaker.probes.len() <= LIMITS.probes as usize);
            }
        }
    }
}
