//! What kind of failure a call to a provider met: whose doing it was, whether asking again can help, and whether it says anything about
//! the provider's health. A caller's mistake is neither worth a retry nor anybody's ill health.

use crate::FailureClass;
use serde::{Deserialize, Serialize};

/// Why an attempt came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No connection.
    Connect,
    /// No secure one.
    Tls,
    /// No byte for longer than the idle time-out.
    Idle,
    /// Closed or reset before the answer was whole.
    Cut,
    /// Not HTTP.
    Protocol,
    /// It cannot be sent at all.
    Unsendable,
    /// 429: too many calls.
    RateLimit,
    /// 429: the account's money or quota is used up.
    Quota,
    /// 503, 529.
    Overloaded,
    /// Any other 5xx.
    Server,
    /// 408.
    Timeout,
    /// An error in a stream that had begun well.
    Stream,
    /// The call itself: a bad key, an unknown model, too long a context.
    Caller,
}

impl Fault {
    pub const ALL: [Fault; 13] = [
        Fault::Connect,
        Fault::Tls,
        Fault::Idle,
        Fault::Cut,
        Fault::Protocol,
        Fault::Unsendable,
        Fault::RateLimit,
        Fault::Quota,
        Fault::Overloaded,
        Fault::Server,
        Fault::Timeout,
        Fault::Stream,
        Fault::Caller,
    ];

    /// As conditions and records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Connect => "connect",
            Fault::Tls => "tls",
            Fault::Idle => "idle",
            Fault::Cut => "cut",
            Fault::Protocol => "protocol",
            Fault::Unsendable => "unsendable",
            Fault::RateLimit => "rate_limit",
            Fault::Quota => "quota",
            Fault::Overloaded => "overloaded",
            Fault::Server => "server",
            Fault::Timeout => "timeout",
            Fault::Stream => "stream",
            Fault::Caller => "caller",
        }
    }

    pub fn of(class: FailureClass) -> Fault {
        match class {
            FailureClass::Connect => Fault::Connect,
            FailureClass::Tls => Fault::Tls,
            FailureClass::Idle => Fault::Idle,
            FailureClass::Cut => Fault::Cut,
            FailureClass::Protocol => Fault::Protocol,
            FailureClass::Request => Fault::Unsendable,
        }
    }

    /// Of an answer with a status that is none of success. `said`: the provider's message.
    pub fn of_status(status: u16, said: &str) -> Fault {
        match status {
            429 if mentions(said, &["insufficient_quota", "exceeded your current quota", "billing"]) => Fault::Quota,
            429 => Fault::RateLimit,
            408 => Fault::Timeout,
            503 | 529 => Fault::Overloaded,
            500.. => Fault::Server,
            _ => Fault::Caller,
        }
    }

    /// Of an error within a stream.
    pub fn of_stream(said: &str) -> Fault {
        const CALLERS: &[&str] =
            &["context_length", "context length", "context window", "too long", "invalid_request", "content_policy"];
        match () {
            () if mentions(said, CALLERS) => Fault::Caller,
            () if mentions(said, &["overloaded"]) => Fault::Overloaded,
            () if mentions(said, &["rate limit", "rate_limit"]) => Fault::RateLimit,
            () => Fault::Stream,
        }
    }

    /// Whether the same call can fare better a moment later.
    pub fn may_pass(self) -> bool {
        !matches!(self, Fault::Caller | Fault::Quota | Fault::Unsendable | Fault::Tls | Fault::Protocol)
    }

    /// Whether it speaks of the provider's health.
    pub fn is_ill_health(self) -> bool {
        !matches!(self, Fault::Caller | Fault::Quota | Fault::Unsendable)
    }
}

fn mentions(said: &str, words: &[&str]) -> bool {
    let said = said.to_ascii_lowercase();
    words.iter().any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_mistake_is_neither_retried_nor_ill_health() {
        for status in [400, 401, 403, 404, 413, 422] {
            let fault = Fault::of_status(status, "");
            assert!(!fault.may_pass() && !fault.is_ill_health(), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504, 529] {
            let fault = Fault::of_status(status, "");
            assert!(fault.may_pass() && fault.is_ill_health(), "{status}");
        }
    }

    #[test]
    fn what_a_provider_says_tells_quota_from_rate_and_context_from_outage() {
        assert_eq!(Fault::of_status(429, "You exceeded your current quota, please check your plan"), Fault::Quota);
        assert_eq!(Fault::of_status(429, "Rate limit reached"), Fault::RateLimit);
        assert_eq!(Fault::of_stream("prompt is too long: 210000 tokens > 200000 maximum"), Fault::Caller);
        assert_eq!(Fault::of_stream("Overloaded"), Fault::Overloaded);
        assert_eq!(Fault::of_stream("Internal server error"), Fault::Stream);
    }

    #[test]
    fn names_are_those_of_the_record() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }
}
