//! The sessions whose tasks run. Those that said one thing and fell silent make room once they are many, so that a program that asks a
//! question a second does not fill the memory; the others stay until they were silent for a day.

use crate::session::SessionHandle;
use domain::SessionId;
use std::collections::{HashMap, VecDeque};

/// So many sessions of one request, oldest first, are kept for a second one.
const PASSING: usize = 2_000;

#[derive(Default)]
pub(crate) struct Sessions {
    running: HashMap<SessionId, Running>,
    /// Those that came once, in the order of their coming; some have come again since, or are gone.
    passing: VecDeque<SessionId>,
}

struct Running {
    handle: SessionHandle,
    came_again: bool,
}

impl Sessions {
    pub fn again(&mut self, id: SessionId) -> Option<SessionHandle> {
        let running = self.running.get_mut(&id)?;
        running.came_again = true;
        Some(running.handle.clone())
    }

    pub fn has(&self, id: SessionId) -> bool {
        self.running.contains_key(&id)
    }

    pub fn all(&self) -> impl Iterator<Item = &SessionHandle> {
        self.running.values().map(|running| &running.handle)
    }

    /// `passing`: nothing but its words tells it from others, so that it can be forgotten.
    pub fn add(&mut self, handle: SessionHandle, passing: bool) {
        if passing {
            self.passing.push_back(handle.id);
        }
        self.running.insert(handle.id, Running { handle, came_again: !passing });
    }

    pub fn remove(&mut self, id: SessionId) {
        self.running.remove(&id);
    }

    /// Takes out what has to make room. A task ends by itself once nobody has a handle to it.
    pub fn make_room(&mut self) -> Vec<SessionId> {
        let mut gone = Vec::new();
        // One look at each: what is still under way waits for its next turn.
        for _ in 0..self.passing.len().saturating_sub(PASSING) {
            let Some(id) = self.passing.pop_front() else { break };
            match self.running.get(&id) {
                Some(running) if running.came_again => {}
                Some(running) if running.handle.is_in_use() => self.passing.push_back(id),
                Some(_) => {
                    self.running.remove(&id);
                    gone.push(id);
                }
                None => {}
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: i64) -> SessionHandle {
        SessionHandle::detached(SessionId(number))
    }

    #[test]
    fn the_oldest_that_came_once_make_room_and_nobody_else() {
        let mut sessions = Sessions::default();
        sessions.add(session(1), false);
        let busy = session(2);
        sessions.add(busy.clone(), true);
        (3..10).for_each(|number| sessions.add(session(number), true));
        assert!(sessions.again(SessionId(4)).is_some());
        (10..PASSING as i64 + 8).for_each(|number| sessions.add(session(number), true));
        let gone: Vec<i64> = std::iter::repeat_with(|| sessions.make_room()).take(3).flatten().map(|id| id.0).collect();
        assert_eq!(gone, [3, 5, 6, 7, 8]);
        for kept in [1, 2, 4, 9] {
            assert!(sessions.again(SessionId(kept)).is_some(), "{kept}");
        }
        drop(busy);
    }
}
