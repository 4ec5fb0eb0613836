//! Time and identity as ports: nothing in the core reads the system clock or a random source itself.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds from `earlier` to here; 0 if the clock went back.
    pub fn micros_since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0).max(0)
    }

    /// Milliseconds from `earlier` to here, with fractions.
    pub fn ms_since(self, earlier: Timestamp) -> f64 {
        self.micros_since(earlier) as f64 / 1000.0
    }

    /// As HTTP's headers write a moment: `Wed, 25 Nov 2026 12:00:07 GMT`.
    pub fn of_http_date(text: &str) -> Option<Timestamp> {
        let at = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Timestamp(at.timestamp().as_microsecond()))
    }

    /// RFC 3339, UTC, milliseconds.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => format!("{at:.3}"),
            Err(_) => String::from("1970-01-01T00:00:00.000Z"),
        }
    }
}

/// Where time and new ids come from; the runtime's is the system's, a test's is scripted.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
    /// A new 63-bit id: time-ordered, never given twice by this runtime.
    fn next_id(&self) -> i64;
}

/// Where chance comes from: waits that must not fall together, and nothing that has to be secret.
pub trait Chance: Send + Sync + 'static {
    /// From 0 to just below 1.
    fn draw(&self) -> f64;
}
