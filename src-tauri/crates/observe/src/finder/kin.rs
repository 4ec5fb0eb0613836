//! Conversations that belong together though no id says so: a sub-agent opens with the task that an open call handed on; a side
//! call quotes the conversation that it names.

use super::{
    Asking, Found,
    known::{AskState, Known, Memory},
};
use crate::prompt;
use domain::SessionId;

/// How many sessions, newest first, are looked at.
const RECENT: usize = 64;
/// Side calls run beside the first turn: so far apart at most, in microseconds.
const BESIDE: i64 = 5 * 60 * 1_000_000;
/// A call that waits for its sub-agent: so long at most.
const ERRAND: i64 = 60 * 60 * 1_000_000;

impl Memory {
    /// The session with an open call that hands on the words this conversation opens with.
    pub fn spawner(&self, asking: &Asking, found: &Found) -> Option<SessionId> {
        if asking.opening.len() < 16 {
            return None;
        }
        let recent = self.sessions.iter().take(RECENT).filter(|(_, known)| is_akin(known, asking, found));
        recent.map(|(session, _)| *session).find(|session| self.spawned(*session, asking))
    }

    /// True if that session has such a call.
    pub fn spawned(&self, session: SessionId, asking: &Asking) -> bool {
        let latest = self.sessions.peek(&session).and_then(|known| known.latest);
        let Some(ask) = latest.and_then(|exchange| self.asks.peek(&exchange)) else { return false };
        let open = ask.state == AskState::Good && ask.advanced.is_none();
        open && asking.caller.at.micros_since(ask.at) < ERRAND
            && ask.gist.tasks.iter().any(|task| asking.opening.contains(task.as_str()))
    }

    /// The conversation that a side call quotes.
    pub fn named_by(&self, asking: &Asking, found: &Found) -> Option<SessionId> {
        let quoted = |known: &Known| {
            let line = prompt::first_line(&known.opening, 80);
            let line = line.trim_end_matches('…');
            line.len() >= 8 && asking.reading.facts.iter().any(|facts| facts.text.contains(line))
        };
        let recent = self.sessions.iter().take(RECENT);
        let mut beside = recent.filter(|(_, known)| {
            !known.only_aside && asking.caller.at.micros_since(known.at) < BESIDE && is_akin(known, asking, found)
        });
        beside.find(|(_, known)| quoted(known)).map(|(session, _)| *session)
    }

    /// The session of a side call that quotes this conversation and came before it.
    pub fn run_ahead(&self, asking: &Asking, found: &Found) -> Option<SessionId> {
        let line = prompt::first_line(&asking.opening, 80);
        let line = line.trim_end_matches('…');
        if line.len() < 8 {
            return None;
        }
        let recent = self.sessions.iter().take(RECENT);
        let mut ahead = recent.filter(|(_, known)| {
            known.only_aside
                && asking.caller.at.micros_since(known.at) < BESIDE
                && is_akin(known, asking, found)
                && known.opening.contains(line)
        });
        ahead.next().map(|(session, _)| *session)
    }
}

/// The same program, as far as one can see.
fn is_akin(known: &Known, asking: &Asking, found: &Found) -> bool {
    let process = match (known.pid, asking.caller.peer) {
        (Some(one), Some(other)) => one == other.pid,
        _ => true,
    };
    process && known.family == found.client.family && known.agent_label.as_deref() == asking.caller.agent_label
}
