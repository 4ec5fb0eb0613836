//! What is held, as views.

use crate::view::*;

impl From<domain::HeldCall> for HeldView {
    fn from(held: domain::HeldCall) -> HeldView {
        let (cause, cause_id, cause_name) = match held.cause {
            domain::HoldCause::Paused => (HoldCause::Paused, None, None),
            domain::HoldCause::Breakpoint { id, name } => (HoldCause::Breakpoint, Some(id), Some(name)),
            domain::HoldCause::Escalation { id, rule } => (HoldCause::Escalation, Some(id.to_string()), Some(rule)),
        };
        HeldView {
            exchange: held.exchange.to_string(),
            session: held.session.to_string(),
            point: held.point.name().to_owned(),
            cause,
            cause_id,
            cause_name,
            since: held.since.rfc3339(),
            call: held.call.map(|call| HeldTool { id: call.id, name: call.name, arguments: call.arguments.into() }),
            response: held.response.map(Into::into),
            client: held.client,
            patience_ms: held.patience_ms,
            heartbeat: held.heartbeat,
            afterwards: held.afterwards,
        }
    }
}

impl From<domain::Breakpoint> for BreakpointView {
    fn from(breakpoint: domain::Breakpoint) -> BreakpointView {
        BreakpointView {
            id: breakpoint.id,
            on: breakpoint.on.name().to_owned(),
            session: breakpoint.session.map(|session| session.to_string()),
            when: breakpoint.when,
            rule: breakpoint.rule,
            name: breakpoint.name,
            hits: breakpoint.hits,
        }
    }
}

impl From<domain::Done> for DoneView {
    fn from(done: domain::Done) -> DoneView {
        DoneView {
            intervention: done.intervention.map(|id| id.to_string()),
            summary: done.summary,
            state: done.state.into(),
        }
    }
}
