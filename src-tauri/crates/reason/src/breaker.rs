//! What `[breaker.NAME]` says: whom it watches, and from which figures on it opens. Its state is kept by whoever sees the calls.

use domain::BreakerPer;
use globset::GlobSet;

/// One declared breaker.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// `policy/NAME`.
    pub key: String,
    pub per: BreakerPer,
    /// Providers, models or tools; none: all.
    pub(crate) globs: Option<GlobSet>,
    pub limits: BreakerLimits,
}

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakerLimits {
    pub window_ms: u64,
    /// Fewer calls in the window say nothing, but for `consecutive`.
    pub min_calls: u32,
    /// Share of calls that failed, 0 to 1.
    pub error_rate: Option<f64>,
    /// Share of calls that took longer than so many milliseconds.
    pub slow: Option<(f64, u64)>,
    /// Milliseconds; judged from 100 timed calls on.
    pub p99_ms: Option<u64>,
    /// Failures in a row.
    pub consecutive: Option<u32>,
    pub cooldown_ms: u64,
    /// So many calls try whether it is well again; all of them have to do well.
    pub probes: u32,
}

/// The newest so many calls stand for all of a busy window: no limit can ask for more of them.
pub const MOST_SAMPLES: usize = 2_048;

/// Below so many timed calls a 99th percentile is the slowest one.
pub const P99_SAMPLES: usize = 100;

impl Breaker {
    /// Whether it watches this provider, model or tool.
    pub fn watches(&self, name: &str) -> bool {
        self.globs.as_ref().is_none_or(|globs| globs.is_match(name))
    }
}
