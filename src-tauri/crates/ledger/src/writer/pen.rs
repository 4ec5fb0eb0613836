//! One transaction's writing: each record finds the file that knows its table.

use super::memory::Memory;
use crate::{Change, ChangeKind};
use domain::{ExchangeId, Record, SessionId};
use rusqlite::Connection;
use std::collections::HashSet;

pub struct Pen<'a> {
    pub db: &'a Connection,
    pub memory: &'a mut Memory,
    changes: HashSet<Change>,
}

/// What writing meets: SQLite's own errors and nothing else, so that the loop can tell temporary ones.
pub type Written<T = ()> = Result<T, rusqlite::Error>;

impl<'a> Pen<'a> {
    pub fn new(db: &'a Connection, memory: &'a mut Memory) -> Pen<'a> {
        Pen { db, memory, changes: HashSet::new() }
    }

    pub fn write(&mut self, record: &Record) -> Written {
        match record {
            Record::Session(row) => self.session(row),
            Record::ExchangeStarted(started) => self.started(started),
            Record::RequestSent { exchange, image, headers } => self.sent(*exchange, image, headers),
            Record::ExchangeFinished(finished) => self.finished(finished),
            Record::ToolCalled(called) => self.called(called),
            Record::ToolReturned(returned) => self.returned(returned),
            Record::Observed { exchange, session, point, at, observation } => {
                self.observed(*exchange, *session, *point, *at, observation)
            }
            Record::Evaluated { exchange, at, evaluations } => self.evaluated(*exchange, *at, evaluations),
            Record::Intervened(intervention) => self.intervened(intervention),
            Record::Rewritten(edit) => self.rewritten(edit),
            Record::Escalated(escalation) => self.escalated(escalation),
            Record::Held(held) => self.held(held),
            Record::Unheld { request_digest } => self.unheld(request_digest),
            Record::Ordered { session, orders } => self.ordered(*session, orders),
            Record::Reserved { exchange, session, at, amounts } => self.reserved(*exchange, *session, *at, amounts),
            Record::Settled { exchange, session, at, spent } => self.settled(*exchange, *session, *at, spent),
            Record::Policy(version) => self.policy(version),
            Record::Event(event) => self.event(event),
        }
    }

    /// Writes what was gathered over the transaction; returns what to tell.
    pub fn finish(mut self) -> Written<HashSet<Change>> {
        self.flush_sessions()?;
        self.flush_sums()?;
        Ok(self.changes)
    }

    pub fn tell(&mut self, kind: ChangeKind, session: Option<SessionId>, exchange: Option<ExchangeId>) {
        self.changes.insert(Change { kind, session, exchange });
    }
}
