//! Breakpoints: where sessions stop by themselves. Shared by all sessions, asked at each point; a condition that fails to evaluate stops
//! nothing and says so.

use domain::*;
use parking_lot::Mutex;
use reason::Condition;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
pub(crate) struct Breakpoints {
    known: Mutex<Known>,
    /// Most of the time there are none: then nothing is locked.
    any: AtomicBool,
}

#[derive(Default)]
struct Known {
    next: u32,
    all: Vec<(Breakpoint, Option<Condition>)>,
}

impl Breakpoints {
    pub fn list(&self) -> Vec<Breakpoint> {
        self.known.lock().all.iter().map(|(breakpoint, _)| breakpoint.clone()).collect()
    }

    pub fn set(
        &self,
        on: Point,
        session: Option<SessionId>,
        when: Option<String>,
        rule: Option<String>,
        name: String,
    ) -> Result<Breakpoint, HandError> {
        if !matches!(on, Point::ModelRequest | Point::ToolCall | Point::ModelResponse) {
            let message = "a breakpoint stands at model.request, tool.call or model.response".to_owned();
            return Err(HandError::BadEdit(message));
        }
        let when = when.filter(|when| !when.trim().is_empty());
        let condition = when.as_deref().map(|when| Condition::compile(on, when)).transpose();
        let condition = condition.map_err(|problems| {
            HandError::BadEdit(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })?;
        let mut known = self.known.lock();
        known.next += 1;
        let name = if name.trim().is_empty() { when.clone().unwrap_or_else(|| on.name().to_owned()) } else { name };
        let breakpoint = Breakpoint { id: format!("bp{}", known.next), on, session, when, rule, name, hits: 0 };
        known.all.push((breakpoint.clone(), condition));
        self.any.store(true, Ordering::Release);
        Ok(breakpoint)
    }

    pub fn clear(&self, id: &str) -> bool {
        let mut known = self.known.lock();
        let before = known.all.len();
        known.all.retain(|(breakpoint, _)| breakpoint.id != id);
        self.any.store(!known.all.is_empty(), Ordering::Release);
        known.all.len() < before
    }

    /// Whether one could stop this session at a point: what must be held back to be able to.
    pub fn may_hit(&self, on: Point, session: SessionId) -> bool {
        self.any.load(Ordering::Acquire)
            && self
                .known
                .lock()
                .all
                .iter()
                .any(|(known, _)| known.on == on && known.session.is_none_or(|id| id == session))
    }

    /// The breakpoint that stops here, if one does, by what was observed and what rules made of it.
    pub fn hit(&self, session: SessionId, observation: &Observation, matched: &[Evaluation]) -> Option<HoldCause> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut known = self.known.lock();
        let concerned = known
            .all
            .iter_mut()
            .filter(|(known, _)| known.on == observation.point && known.session.is_none_or(|id| id == session));
        for (breakpoint, condition) in concerned {
            if !breakpoint.rule.as_ref().is_none_or(|rule| matched.iter().any(|one| one.matched && one.is_of(rule))) {
                continue;
            }
            let holds = condition.as_ref().map_or(Ok(true), |condition| condition.holds(observation));
            match holds {
                Ok(true) => {
                    breakpoint.hits += 1;
                    return Some(HoldCause::Breakpoint { id: breakpoint.id.clone(), name: breakpoint.name.clone() });
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, breakpoint = %breakpoint.id, "a breakpoint cannot be evaluated"),
            }
        }
        None
    }
}
