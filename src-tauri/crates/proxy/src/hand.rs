//! A person's hand on live sessions: what the console reaches, and what exchanges under way ask.
//!
//! Each session's desk is its task's; a question is decided there once, then written, then carried out. Must not know who asks: a window,
//! a browser or a script.

pub(crate) mod answer;
pub(crate) mod breakpoints;
pub(crate) mod call;
mod commands;
pub(crate) mod desk;
pub(crate) mod due;
pub(crate) mod given;
pub(crate) mod orders;
pub(crate) mod request;
pub(crate) mod wait;

pub(crate) use commands::by_person;

use crate::{Runtime, core::Core, rewind, session::SessionHandle};
use domain::*;
use std::sync::Arc;

impl Runtime {
    fn session(&self, id: SessionId) -> Result<SessionHandle, HandError> {
        self.core().session(id).ok_or(HandError::NoSession(id))
    }

    /// Answers an escalation. Returns it as it stands then. Exactly one answer counts; every later one is told so.
    pub async fn resolve(
        &self,
        session: SessionId,
        id: EscalationId,
        resolution: Resolution,
    ) -> Result<Escalation, HandError> {
        let handle = self.session(session)?;
        let core = self.core().clone();
        let decided = handle.with({
            let core = core.clone();
            move |session| {
                let at = core.now();
                session.desk.decide(id, &resolution, at).map(|decided| {
                    let act = decision(&core, session.state.id(), &decided, &resolution, at);
                    session.state.intervened();
                    (decided, act)
                })
            }
        });
        let (decided, act) = match decided.await.ok_or(HandError::Stopping)? {
            Ok(decided) => decided,
            Err(error) => {
                ignored(&core, session, id, &error);
                return Err(error);
            }
        };
        // On disk before anybody acts on it: a runtime that is killed now still knows what was decided.
        let intervention = act.id;
        let records = vec![Record::Intervened(Box::new(act)), Record::Escalated(Box::new(decided.clone()))];
        core.ports.sink.commit(records).await;
        let row = handle.with(move |session| {
            session.desk.release_decided(id, Some(intervention));
            session.stand(core.now());
            session.state.row()
        });
        if let Some(row) = row.await {
            self.core().ports.sink.record(vec![Record::Session(Box::new(row))]);
        }
        Ok(decided)
    }

    /// Carries out a person's command.
    pub async fn control(&self, session: SessionId, command: Command) -> Result<Done, HandError> {
        let handle = self.session(session)?;
        let core = self.core().clone();
        if let Command::Rollback { exchange, .. } = &command {
            find_mark(&core, &handle, *exchange).await;
        }
        let carried = handle.with({
            let core = core.clone();
            move |session| commands::carry_out(&core, session, command)
        });
        let (done, records) = carried.await.ok_or(HandError::Stopping)??;
        core.ports.sink.commit(records).await;
        Ok(done)
    }

    /// Pauses or resumes every session that is not idle; how many changed.
    pub async fn pause_all(&self, pause: bool) -> u32 {
        let mut changed = 0;
        for handle in self.core().live_sessions() {
            let idle = handle.with(|session| session.state.row().state == SessionState::Idle).await.unwrap_or(true);
            if pause && idle {
                continue;
            }
            let command = if pause { Command::Pause } else { Command::Resume };
            let done = self.control(handle.id, command).await;
            changed += u32::from(done.is_ok_and(|done| done.intervention.is_some()));
        }
        changed
    }

    /// What waits for a person, of one session or of all.
    pub async fn held(&self, session: Option<SessionId>) -> Vec<HeldCall> {
        let handles = match session {
            Some(id) => self.core().session(id).into_iter().collect(),
            None => self.core().live_sessions(),
        };
        let mut held = Vec::new();
        for handle in handles {
            held.extend(
                handle.with(|session| session.desk.held().cloned().collect::<Vec<_>>()).await.unwrap_or_default(),
            );
        }
        held.sort_by_key(|call| call.since);
        held
    }

    pub fn breakpoints(&self) -> Vec<Breakpoint> {
        self.core().breakpoints.list()
    }

    pub fn set_breakpoint(
        &self,
        on: Point,
        session: Option<SessionId>,
        when: Option<String>,
        rule: Option<String>,
        name: String,
    ) -> Result<Breakpoint, HandError> {
        self.core().breakpoints.set(on, session, when, rule, name)
    }

    /// False: there was none of that id.
    pub fn clear_breakpoint(&self, id: &str) -> bool {
        self.core().breakpoints.clear(id)
    }
}

/// Marks where a request of the session ended, if only the record knows it: one of an earlier life of the runtime.
async fn find_mark(core: &Core, handle: &SessionHandle, exchange: ExchangeId) {
    if handle.with(move |session| session.desk.marked(exchange).is_some()).await != Some(false) {
        return;
    }
    let Some(recorded) = core.ports.memory.recorded(exchange).await else { return };
    if recorded.session != handle.id || recorded.side_call {
        return;
    }
    let Some((request, _)) = rewind::as_sent(recorded) else { return };
    let end = core.reader.read(&request).end();
    handle.with(move |session| session.desk.mark_again(exchange, end)).await;
}

/// The record of a person's answer.
fn decision(core: &Core, session: SessionId, decided: &Escalation, by: &Resolution, at: Timestamp) -> Intervention {
    let what = decided.tool.as_deref().map_or("the message".to_owned(), |tool| format!("the call to {tool}"));
    let summary = match by.choice {
        Choice::Approve => format!("Approved {what}"),
        Choice::Edit => format!("Approved {what}, edited"),
        Choice::Deny => format!("Denied {what}"),
    };
    let after = match by.choice {
        Choice::Edit => decided.edit.clone(),
        Choice::Deny => decided.reason.clone(),
        Choice::Approve => Some(decided.arguments.clone()),
    };
    let id = InterventionId(core.ports.clock.next_id());
    let (before, after) = (decided.arguments.clone(), after.unwrap_or_default());
    let act = by_person(id, session, decided.exchange, at, by.choice.name(), &summary, before, after);
    Intervention {
        rule: Some(decided.rule.clone()),
        policy: Some(decided.policy.clone()),
        version: Some(decided.version.clone()),
        ..act
    }
}

/// An answer that came twice or too late is a trace event, not silence.
fn ignored(core: &Arc<Core>, session: SessionId, id: EscalationId, error: &HandError) {
    let payload = serde_json::json!({ "escalation": id, "why": error.to_string() });
    let kind = EventKind::AnswerIgnored;
    let event = Event { session: Some(session), exchange: None, at: core.now(), kind, payload };
    core.ports.sink.record(vec![Record::Event(event)]);
}
