//! Rewind: an agent runs again, and the record of an earlier run answers it for as long as it asks what was asked then. No model is
//! called and nothing is paid before the chosen exchange or the first difference; from there on everything is live.
//!
//! A run is known by its label; `tape` knows what was recorded and how far the run is. What is compared is what agents send
//! (`wire::likeness`); what is served is what the agent got, so that its next request can match again.

mod tape;

pub(crate) use tape::{Tape, Why, as_sent};

use crate::{
    Runtime,
    core::Core,
    exchange::Exchange,
    hand::orders::Due,
    relay::{Ready, Whence, again},
    session::SessionEdit,
};
use domain::*;
use parking_lot::Mutex;
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use tape::{Served, Told};

/// The rewinds under way, by their session's label. Held for a look-up, never across an await.
#[derive(Default)]
pub(crate) struct Rewinds(Mutex<HashMap<String, Arc<Tape>>>);

impl Rewinds {
    pub fn of(&self, label: Option<&str>) -> Option<Arc<Tape>> {
        self.0.lock().get(label?).cloned()
    }

    pub fn forget(&self, session: SessionId) {
        self.0.lock().remove(&session.to_string());
    }
}

/// How an agent is started so that the record answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewind {
    /// The session that its run will be.
    pub session: SessionId,
    pub agent: String,
    /// Its base URLs begin with `/@AGENT~LABEL`.
    pub label: String,
}

impl Runtime {
    /// Waits for an agent under a label of its own. `agent`: another name than it had.
    pub fn begin_rewind(&self, recording: Recording, agent: Option<String>) -> Rewind {
        let core = self.core();
        let session = SessionId(core.ports.clock.next_id());
        let agent = agent.unwrap_or_else(|| recording.agent.clone());
        let label = session.to_string();
        core.rewinds.0.lock().insert(label.clone(), Arc::new(Tape::new(session, recording)));
        Rewind { session, agent, label }
    }
}

/// The tape of the run that a request belongs to. One that was begun before the runtime was started again is taken up where it was.
pub(crate) async fn tape_of(core: &Core, label: Option<&str>) -> Option<Arc<Tape>> {
    if let Some(tape) = core.rewinds.of(label) {
        return Some(tape);
    }
    let label = label?;
    let session: SessionId = label.parse().ok()?;
    let known = core.ports.memory.rewinding(session).await;
    let mut tapes = core.rewinds.0.lock();
    Some(tapes.entry(label.to_owned()).or_insert_with(|| Arc::new(Tape::again(session, known))).clone())
}

/// The recorded answer to this request, where the run is being rewound and asks what was asked then.
pub(crate) async fn ask(exchange: &Exchange, due: &Due) -> Option<Ready> {
    let tape = exchange.tape.as_ref()?;
    if due.changes_request() {
        depart(exchange, Why::Ordered).await;
        return None;
    }
    let asked = tape.ask(&exchange.core.ports.memory, &exchange.request, exchange.side_call).await;
    if let Some(begun) = asked.begun {
        exchange.event(EventKind::Rewound, begun);
    }
    carry_over(exchange, asked.edits).await;
    match asked.told {
        Told::Serve(Served { of, response }) => {
            exchange
                .event(EventKind::Rewound, json!({ "is": "served", "recorded": of, "side_call": exchange.side_call }));
            let response = again(response.status, &response.headers, response.body);
            Some(Ready { response, whence: Whence::Record(of) })
        }
        Told::Live(event) => {
            exchange.event(EventKind::Rewound, event);
            None
        }
        Told::Nothing => None,
    }
}

/// From here on the model answers, though the record might have.
pub(crate) async fn depart(exchange: &Exchange, why: Why) {
    if let Some(tape) = &exchange.tape
        && let Some(event) = tape.depart(why).await
    {
        exchange.event(EventKind::Rewound, event);
    }
}

/// What was changed on the way in the recorded conversation stands in this one as well.
async fn carry_over(exchange: &Exchange, edits: Vec<ContextEdit>) {
    if edits.is_empty() {
        return;
    }
    let id = exchange.session.id;
    let edits: Vec<ContextEdit> = edits.into_iter().map(|edit| ContextEdit { session: id, ..edit }).collect();
    exchange.note(edits.iter().cloned().map(Record::Rewritten));
    exchange.session.with(move |session| session.edits.extend(edits.into_iter().map(SessionEdit::new))).await;
}
