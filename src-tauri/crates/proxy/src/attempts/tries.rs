//! How often each request failed lately. A client's own retry sends the same request: what the runtime tried for it before counts, so that
//! retries add up and never multiply.

use crate::exchange::Exchange;
use domain::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// A request that comes again later than this (in microseconds) is a new one. Clients back off for a minute at most.
const REMEMBERED: i64 = 10 * 60 * 1_000_000;
/// So many failing requests are remembered; beyond that the oldest is forgotten.
const MOST: usize = 4_096;

#[derive(Default)]
pub(crate) struct Tries {
    failed: Mutex<HashMap<String, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    at: Timestamp,
}

impl Tries {
    /// An attempt failed. Returns how many of the same request did so before it.
    pub fn failed(&self, exchange: &Exchange) -> u32 {
        let before = self.count(exchange.request_digest(), exchange.core.now());
        before.max(exchange.client_retries)
    }

    /// An attempt did well: whoever asks the same again begins anew.
    pub fn settled(&self, exchange: &Exchange) {
        let any = !self.failed.lock().is_empty();
        if any {
            self.failed.lock().remove(exchange.request_digest());
        }
    }

    fn count(&self, digest: &str, now: Timestamp) -> u32 {
        let mut failed = self.failed.lock();
        if failed.len() >= MOST {
            failed.retain(|_, known| now.micros_since(known.at) < REMEMBERED);
        }
        if failed.len() >= MOST
            && let Some(oldest) = failed.iter().min_by_key(|(_, known)| known.at).map(|(digest, _)| digest.clone())
        {
            failed.remove(&oldest);
        }
        let known = failed.entry(digest.to_owned()).or_insert(Failures { count: 0, at: now });
        if now.micros_since(known.at) >= REMEMBERED {
            known.count = 0;
        }
        known.at = now;
        known.count += 1;
        known.count - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_a_request_add_up_until_it_is_forgotten() {
        let tries = Tries::default();
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        assert_eq!([tries.count("a", at(0)), tries.count("a", at(1)), tries.count("b", at(2))], [0, 1, 0]);
        assert_eq!(tries.count("a", at(590)), 2);
        assert_eq!(tries.count("a", at(590 + 600)), 0, "ten minutes later it is a new one");
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let tries = Tries::default();
        for number in 0..MOST as i64 + 10 {
            tries.count(&number.to_string(), Timestamp(number));
        }
        assert_eq!(tries.failed.lock().len(), MOST);
        assert_eq!(tries.count(&(MOST + 9).to_string(), Timestamp(9_999)), 1);
    }
}
