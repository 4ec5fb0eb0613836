//! What one session has on a person's desk: the exchanges that wait, the questions that are open or whose answer was not used yet, and
//! the standing orders. Owned by the session's task, so that each question has one outcome. Knows no clock and no bytes under way.

use super::orders::{Gate, Killed, Orders};
use domain::*;
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// How many requests a session can be rolled back to.
const MARKS: usize = 4096;

/// What a held exchange is let go with.
#[derive(Debug)]
pub(crate) enum Release {
    /// As it is.
    Go,
    /// A request with another body.
    Request(bytes::Bytes),
    /// A tool call with other arguments, or a request or response with another message: what `edit` means at the point that is held.
    Edit(String),
    Response(ResponseEdit),
    /// Answered without the model.
    Answer(String),
    /// Refused: the model, or the agent, is told why.
    Deny(String),
    End(Killed),
}

/// A release and the intervention that it is.
#[derive(Debug)]
pub(crate) struct Released {
    pub release: Release,
    pub intervention: Option<InterventionId>,
}

impl Released {
    fn go() -> Released {
        Released { release: Release::Go, intervention: None }
    }
}

/// Says what of a release cannot be carried out, before anything is done.
pub(crate) type Check = Box<dyn Fn(&Release) -> Result<(), String> + Send>;

/// One exchange that waits.
pub(crate) struct Hold {
    pub call: HeldCall,
    /// Says what of an edit cannot be sent, before anything is done.
    pub check: Check,
    /// What is in question, as a person's record shows it before an edit.
    pub before: String,
    release: oneshot::Sender<Released>,
}

#[derive(Default)]
pub(crate) struct Desk {
    pub orders: Orders,
    holds: Vec<Hold>,
    escalations: Vec<Escalation>,
    /// Questions that were decided while nobody waited for them: whoever comes next is let go at once.
    unheard: Vec<(EscalationId, Option<InterventionId>)>,
    /// Where each request ended in the agent's own history: what a rollback goes to.
    marks: VecDeque<(ExchangeId, Hash)>,
}

/// What became of asking.
pub(crate) enum Opened {
    /// A new question, or one that an earlier exchange asked and that this one goes on asking.
    Asking(Box<Escalation>),
    /// It was answered already.
    Answered(Box<Escalation>),
}

impl Desk {
    pub fn remembered(escalations: Vec<Escalation>, orders: Option<&str>) -> Desk {
        let orders = orders.and_then(|orders| serde_json::from_str(orders).ok()).unwrap_or_default();
        Desk { orders, escalations, ..Desk::default() }
    }

    pub fn mark(&mut self, exchange: ExchangeId, end: Hash) {
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back((exchange, end));
    }

    /// How many requests of the main line there were.
    pub fn marks(&self) -> u32 {
        self.marks.len() as u32
    }

    /// Where the request so many before the newest ended.
    pub fn mark_back(&self, steps: u32) -> Option<Hash> {
        self.marks.iter().rev().nth(steps as usize).map(|(_, end)| *end)
    }

    /// Sets the mark of an earlier request in its place: ids grow with time.
    pub fn mark_again(&mut self, exchange: ExchangeId, end: Hash) {
        let place = self.marks.partition_point(|(known, _)| *known < exchange);
        self.marks.insert(place, (exchange, end));
    }

    pub fn marked(&self, exchange: ExchangeId) -> Option<Hash> {
        self.marks.iter().find(|(known, _)| *known == exchange).map(|(_, end)| *end)
    }

    /// Puts an exchange on the desk. Where it waits already for the same reason (a client's retry), the newer one takes its place.
    pub fn hold(&mut self, call: HeldCall, before: String, check: Check) -> oneshot::Receiver<Released> {
        let (release, released) = oneshot::channel();
        if let Some(answer) = self.unheard(&call.cause) {
            // Its receiver is in hand.
            let _ = release.send(answer);
            return released;
        }
        if let HoldCause::Escalation { id, .. } = &call.cause {
            self.holds
                .retain(|hold| !matches!(&hold.call.cause, HoldCause::Escalation { id: other, .. } if other == id));
        }
        self.holds.push(Hold { call, check, before, release });
        released
    }

    /// The head of a held exchange's answer has gone out.
    pub fn heartbeat(&mut self, exchange: ExchangeId) {
        for hold in self.holds.iter_mut().filter(|hold| hold.call.exchange == exchange) {
            hold.call.heartbeat = true;
            let begun = hold.call.point == Point::ToolCall;
            hold.call.patience_ms = Patience::of(hold.call.client.as_deref()).waits_ms(true, begun);
        }
    }

    pub fn held(&self) -> impl Iterator<Item = &HeldCall> {
        self.holds.iter().map(|hold| &hold.call)
    }

    /// The hold that a command means: of the named exchange, else the oldest at one of the points.
    pub fn find(&self, exchange: Option<ExchangeId>, points: &[Point]) -> Option<&Hold> {
        self.holds.iter().find(|hold| {
            exchange.is_none_or(|exchange| hold.call.exchange == exchange) && points.contains(&hold.call.point)
        })
    }

    /// Lets one go. False: it is not held any more.
    pub fn release(&mut self, call: &HeldCall, released: Released) -> bool {
        let same = |hold: &Hold| {
            hold.call.exchange == call.exchange && hold.call.cause == call.cause && hold.call.call == call.call
        };
        match self.holds.iter().position(same) {
            Some(at) => self.holds.remove(at).release.send(released).is_ok(),
            None => false,
        }
    }

    /// Lets go what the gate or a breakpoint holds; never a question. How many.
    pub fn release_gated(&mut self) -> u32 {
        let (gated, asked) = std::mem::take(&mut self.holds)
            .into_iter()
            .partition(|hold| !matches!(hold.call.cause, HoldCause::Escalation { .. }));
        self.holds = asked;
        let gated: Vec<Hold> = gated;
        gated.into_iter().filter_map(|hold| hold.release.send(Released::go()).ok()).count() as u32
    }

    /// Ends everything that waits.
    pub fn end(&mut self, killed: &Killed) {
        for hold in std::mem::take(&mut self.holds) {
            let released = Released { release: Release::End(killed.clone()), intervention: Some(killed.intervention) };
            // One that has left meanwhile needs no end.
            let _ = hold.release.send(released);
        }
    }

    /// Asks. The same question about the same action of the same request is one question, whoever sends the request.
    pub fn ask(&mut self, question: Escalation) -> Opened {
        let same = |known: &&mut Escalation| {
            known.request_digest == question.request_digest
                && known.digest == question.digest
                && known.used_by.is_none()
        };
        match self.escalations.iter_mut().find(same) {
            Some(known) if known.state.is_open() => {
                known.state = EscalationState::Pending;
                known.exchange = question.exchange;
                Opened::Asking(Box::new(known.clone()))
            }
            Some(known) => Opened::Answered(Box::new(known.clone())),
            None => {
                self.escalations.push(question.clone());
                Opened::Asking(Box::new(question))
            }
        }
    }

    pub fn escalation(&self, id: EscalationId) -> Option<&Escalation> {
        self.escalations.iter().find(|known| known.id == id)
    }

    /// Questions of a request whose answer was not used yet.
    pub fn of_request(&self, digest: &str) -> impl Iterator<Item = &Escalation> {
        self.escalations.iter().filter(move |known| known.request_digest == digest && known.used_by.is_none())
    }

    /// Decides a question that is still open; from here on every other answer is late. Whoever waits is let go by `release_decided`, once
    /// the decision is on disk.
    pub fn decide(
        &mut self,
        id: EscalationId,
        resolution: &Resolution,
        at: Timestamp,
    ) -> Result<Escalation, HandError> {
        let known = self.escalations.iter_mut().find(|known| known.id == id).ok_or(HandError::NoEscalation(id))?;
        if !known.state.is_open() {
            return Err(HandError::AlreadyDecided(id, known.state.name()));
        }
        if !known.question.allow.contains(&resolution.choice) {
            return Err(HandError::NotAllowed(resolution.choice.name()));
        }
        let edit = resolution.edit.clone();
        if resolution.choice == Choice::Edit {
            let release = Release::Edit(edit.clone().unwrap_or_default());
            let hold = self
                .holds
                .iter()
                .find(|hold| matches!(hold.call.cause, HoldCause::Escalation { id: other, .. } if other == id));
            hold.map_or(Ok(()), |hold| (hold.check)(&release)).map_err(HandError::BadEdit)?;
        }
        known.state = match resolution.choice {
            Choice::Approve => EscalationState::Approved,
            Choice::Edit => EscalationState::Edited,
            Choice::Deny => EscalationState::Denied,
        };
        known.decided_at = Some(at);
        known.reason = resolution.reason.clone();
        known.edit = edit.filter(|_| resolution.choice == Choice::Edit);
        Ok(known.clone())
    }

    /// Lets go whoever waits for a decided question. False: nobody does; a retry will find the answer.
    pub fn release_decided(&mut self, id: EscalationId, intervention: Option<InterventionId>) -> bool {
        let Some(known) = self.escalation(id) else { return false };
        let released = Released { release: answer_of(known), intervention };
        let at = self
            .holds
            .iter()
            .position(|hold| matches!(hold.call.cause, HoldCause::Escalation { id: other, .. } if other == id));
        let heard = at.is_some_and(|at| self.holds.remove(at).release.send(released).is_ok());
        if !heard {
            self.unheard.push((id, intervention));
        }
        heard
    }

    /// The answer to a question that was decided before this hold was placed.
    fn unheard(&mut self, cause: &HoldCause) -> Option<Released> {
        let HoldCause::Escalation { id, .. } = cause else { return None };
        let at = self.unheard.iter().position(|(known, _)| known == id)?;
        let (_, intervention) = self.unheard.remove(at);
        let release = answer_of(self.escalation(*id)?);
        Some(Released { release, intervention })
    }

    /// The next moment at which a question's time is over.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.escalations.iter().filter(|known| known.state.is_open()).map(|known| known.expires_at).min()
    }

    /// Closes the questions whose time is over: by their default, never with an approval.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Escalation> {
        let over = self.escalations.iter_mut().filter(|known| known.state.is_open() && known.expires_at <= now);
        over.map(|known| {
            known.state = EscalationState::Expired;
            known.decided_at = Some(now);
            known.clone()
        })
        .collect()
    }

    /// An exchange does not wait any more; its questions stay as they are.
    pub fn unplace(&mut self, exchange: ExchangeId) {
        self.holds.retain(|hold| hold.call.exchange != exchange);
    }

    /// An exchange's agent has left: nothing of it waits any more. Gives back the questions that are orphaned by it.
    pub fn left(&mut self, exchange: ExchangeId) -> Vec<Escalation> {
        self.unplace(exchange);
        let mine = |known: &&mut Escalation| known.exchange == exchange && known.state == EscalationState::Pending;
        self.escalations
            .iter_mut()
            .filter(mine)
            .map(|known| {
                known.state = EscalationState::Orphaned;
                known.clone()
            })
            .collect()
    }

    /// The answers that an exchange carried out all the way to its agent are spent.
    pub fn spend(&mut self, exchange: ExchangeId) -> Vec<Escalation> {
        let mine =
            |known: &&mut Escalation| known.exchange == exchange && !known.state.is_open() && known.used_by.is_none();
        let spent: Vec<Escalation> = self
            .escalations
            .iter_mut()
            .filter(mine)
            .map(|known| {
                known.used_by = Some(exchange);
                known.clone()
            })
            .collect();
        self.escalations.retain(|known| known.used_by.is_none());
        let left = &self.escalations;
        self.unheard.retain(|(id, _)| left.iter().any(|known| known.id == *id));
        spent
    }

    /// The rules that have asked about an exchange.
    pub fn rules_asked(&self, exchange: ExchangeId) -> Vec<String> {
        self.escalations.iter().filter(|known| known.exchange == exchange).map(|known| known.rule.clone()).collect()
    }

    /// Another exchange (a retry) carries out what was asked.
    pub fn adopt(&mut self, id: EscalationId, exchange: ExchangeId) {
        if let Some(known) = self.escalations.iter_mut().find(|known| known.id == id) {
            known.exchange = exchange;
        }
    }

    /// How the session stands, as far as the desk decides it.
    pub fn state(&self) -> SessionState {
        let waits = self.holds.iter().any(|hold| matches!(hold.call.cause, HoldCause::Escalation { .. }));
        match self.orders.gate {
            _ if self.orders.killed.is_some() => SessionState::Ended,
            _ if waits => SessionState::Waiting,
            Gate::Paused => SessionState::Paused,
            Gate::Stepping | Gate::SteppingOver => SessionState::Stepping,
            Gate::Open if !self.holds.is_empty() => SessionState::Paused,
            Gate::Open => SessionState::Running,
        }
    }
}

/// What a closed question lets its exchange do.
pub(crate) fn answer_of(escalation: &Escalation) -> Release {
    match escalation.state {
        EscalationState::Approved => Release::Go,
        EscalationState::Edited => Release::Edit(escalation.edit.clone().unwrap_or_default()),
        EscalationState::Denied => Release::Deny(match &escalation.reason {
            Some(reason) if !reason.is_empty() => format!("A person denied it: {reason}"),
            _ => "A person denied it.".to_owned(),
        }),
        EscalationState::Expired | EscalationState::Pending | EscalationState::Orphaned => {
            let minutes = escalation.question.timeout_ms as f64 / 60_000.0;
            Release::Deny(format!("Nobody answered within {minutes:.1} minutes, so it was denied."))
        }
    }
}
