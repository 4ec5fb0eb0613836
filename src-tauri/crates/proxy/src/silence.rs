//! How long a session has been silent: by what its agent and its model did last, never by who looks at it.

use domain::Timestamp;
use std::time::Duration;

/// Spans of silence after which the session's task ends.
const KEPT: u32 = 96;

/// What a session is to do once a span of silence is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// It turns idle.
    Idle,
    /// It is idle already.
    Still,
    /// Its task ends, to be woken from the ledger's memory or anew.
    Forgotten,
}

pub(crate) struct Silence {
    span: Duration,
    since: Timestamp,
    spans: u32,
}

impl Silence {
    /// From the start of a session's task on: what is read from the ledger may have been silent for days.
    pub fn from(now: Timestamp, span: Duration) -> Silence {
        Silence { span, since: now, spans: 0 }
    }

    /// How long until the next span is over, where the session was last active at `last`.
    pub fn left(&mut self, last: Timestamp, now: Timestamp) -> Duration {
        if last > self.since {
            *self = Silence { span: self.span, since: last, spans: 0 };
        }
        let silent = Duration::from_micros(now.micros_since(self.since) as u64);
        (self.span * (self.spans + 1)).saturating_sub(silent)
    }

    /// A span is over. While an answer is under way or a person is asked, that is no silence.
    pub fn over(&mut self, now: Timestamp, busy: bool) -> Over {
        if busy {
            *self = Silence { span: self.span, since: now, spans: 0 };
            return Over::Still;
        }
        self.spans += 1;
        match self.spans {
            1 => Over::Idle,
            spans if spans > KEPT => Over::Forgotten,
            _ => Over::Still,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn it_is_idle_once_after_a_span_of_silence() {
        let mut silence = Silence::from(at(0), SPAN);
        assert_eq!(silence.left(at(10), at(30)), Duration::from_secs(40));
        assert_eq!(silence.left(at(10), at(70)), Duration::ZERO);
        assert_eq!(silence.over(at(70), false), Over::Idle);
        assert_eq!(silence.left(at(10), at(71)), Duration::from_secs(59), "then the next span");
        assert_eq!(silence.over(at(130), false), Over::Still);
    }

    #[test]
    fn what_happens_begins_it_anew() {
        let mut silence = Silence::from(at(0), SPAN);
        assert_eq!(silence.over(at(60), false), Over::Idle);
        assert_eq!(silence.left(at(100), at(110)), Duration::from_secs(50));
        assert_eq!(silence.over(at(160), false), Over::Idle, "idle again");
    }

    #[test]
    fn an_answer_under_way_is_no_silence() {
        let mut silence = Silence::from(at(0), SPAN);
        assert_eq!(silence.over(at(60), true), Over::Still);
        assert_eq!(silence.left(at(0), at(60)), SPAN);
    }

    #[test]
    fn an_old_session_is_silent_from_when_it_is_woken() {
        let mut silence = Silence::from(at(1_000_000), SPAN);
        assert_eq!(silence.left(at(5), at(1_000_000)), SPAN);
    }

    #[test]
    fn its_task_ends_after_long_silence() {
        let mut silence = Silence::from(at(0), SPAN);
        let ended = (1..200).map(|span| silence.over(at(60 * span), false)).position(|over| over == Over::Forgotten);
        assert_eq!(ended, Some(KEPT as usize));
    }
}
