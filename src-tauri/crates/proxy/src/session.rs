//! A session's task: it alone owns the session's mutable state. Commands come by channel; it decides and moves on, never waiting
//! for a person, a provider or a frame.

use crate::{
    core::Core,
    hand::{desk::Desk, orders::Killed},
    idle,
    silence::{Over, Silence},
};
use domain::*;
use observe::SessionState;
use reason::PolicySet;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What a session's task owns.
pub(crate) struct Session {
    pub state: SessionState,
    /// Rewrites of this session's contexts, oldest first.
    pub edits: Vec<SessionEdit>,
    /// Kept for as long as the task lives: provider-held history outlives it only by the provider's grace.
    pub held: Vec<HeldAnswer>,
    /// What waits for a person, and what one ordered.
    pub desk: Desk,
    /// The provider holds its history: nothing of it can be rewritten.
    pub provider_holds: bool,
    /// The policies that the record says are in force here, and for which agent.
    judged_by: Option<(Arc<PolicySet>, String)>,
}

impl Session {
    /// Brings the session's state up to what its desk says.
    pub fn stand(&mut self, at: Timestamp) -> domain::SessionState {
        let state = self.desk.state();
        self.state.set_state(state, at);
        state
    }

    /// The record of the standing orders.
    pub fn ordered(&self) -> Record {
        let orders = serde_json::to_string(&self.desk.orders).unwrap_or_default();
        Record::Ordered { session: self.state.id(), orders }
    }

    /// The record of its risk, where that is not the one that is kept.
    pub fn keep_risk(&mut self) -> Option<Record> {
        let risk = self.state.risk();
        let differs = self.desk.orders.risk != risk;
        self.desk.orders.risk = risk;
        differs.then(|| self.ordered())
    }

    /// Whether these policies are news to the session's record.
    pub fn judged_by(&mut self, policies: &Arc<PolicySet>) -> bool {
        let agent = self.state.agent();
        if self.judged_by.as_ref().is_some_and(|(known, of)| Arc::ptr_eq(known, policies) && of == agent) {
            return false;
        }
        self.judged_by = Some((policies.clone(), agent.to_owned()));
        true
    }
}

/// An answer that was changed in a history that the provider holds: there no message can be replaced, so the next request goes on
/// from the answer that the provider knows, with the results that it still waits for.
#[derive(Debug, Clone)]
pub(crate) struct HeldAnswer {
    /// The response id that the agent got.
    pub given: String,
    /// The id of the provider's own latest response; none where it keeps none of this conversation.
    pub real: Option<String>,
    /// `function_call_output` items for calls that were taken out; of an answer that was ended early all since that response.
    pub results: Vec<bytes::Bytes>,
}

/// A rewrite edge and whether its loss was told already.
pub(crate) struct SessionEdit {
    pub edit: ContextEdit,
    /// A request of the main line has carried it: from then on its absence is a loss.
    pub applied: bool,
    pub lost: bool,
}

impl SessionEdit {
    pub fn new(edit: ContextEdit) -> SessionEdit {
        SessionEdit { edit, applied: false, lost: false }
    }
}

type Command = Box<dyn FnOnce(&mut Session) + Send>;

/// A way to a session's task.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub id: SessionId,
    commands: mpsc::UnboundedSender<Command>,
}

impl SessionHandle {
    pub fn start(core: &Arc<Core>, state: SessionState, edits: Vec<ContextEdit>, desk: Desk) -> SessionHandle {
        let (commands, queue) = mpsc::unbounded_channel();
        let id = state.id();
        let edits = edits.into_iter().map(SessionEdit::new).collect();
        let session = Session { state, edits, held: Vec::new(), desk, provider_holds: false, judged_by: None };
        let silence = Silence::from(core.now(), core.config.session_idle);
        core.tasks.spawn(own(Arc::downgrade(core), core.halt.clone(), silence, session, queue));
        SessionHandle { id, commands }
    }

    /// Somebody beside the list of sessions has a way to it: an exchange under way.
    pub fn is_in_use(&self) -> bool {
        self.commands.strong_count() > 1
    }

    #[cfg(test)]
    pub fn detached(id: SessionId) -> SessionHandle {
        SessionHandle { id, commands: mpsc::unbounded_channel().0 }
    }

    /// Runs `command` in the session's task; `None` once the runtime is stopping.
    pub async fn with<R: Send + 'static>(&self, command: impl FnOnce(&mut Session) -> R + Send + 'static) -> Option<R> {
        let (answer, answered) = oneshot::channel();
        let command: Command = Box::new(move |session| {
            // The asker may be gone; the command was carried out all the same.
            let _ = answer.send(command(session));
        });
        self.commands.send(command).ok()?;
        answered.await.ok()
    }
}

async fn own(
    core: Weak<Core>,
    halt: CancellationToken,
    mut silence: Silence,
    mut session: Session,
    mut queue: mpsc::UnboundedReceiver<Command>,
) {
    loop {
        let Some(now) = core.upgrade().map(|core| core.now()) else { return };
        let silent_for = silence.left(session.state.last_at(), now);
        let expiry = session.desk.next_expiry();
        let expiry = async {
            match expiry {
                Some(at) => tokio::time::sleep(std::time::Duration::from_micros(at.micros_since(now) as u64)).await,
                None => std::future::pending().await,
            }
        };
        let command = tokio::select! {
            () = halt.cancelled() => return,
            () = expiry => {
                let Some(core) = core.upgrade() else { return };
                expire(&core, &mut session);
                continue;
            }
            command = tokio::time::timeout(silent_for, queue.recv()) => command,
        };
        match command {
            Ok(Some(command)) => command(&mut session),
            Ok(None) => return,
            Err(_) => {
                let Some(core) = core.upgrade() else { return };
                let busy = session.state.is_answering() || session.desk.held().next().is_some();
                match silence.over(core.now(), busy) {
                    Over::Idle => turn_idle(&core, &mut session),
                    Over::Still => {}
                    Over::Forgotten => return core.forget_session(session.state.id()),
                }
            }
        }
    }
}

/// Questions whose time is over: denied by their default, and told to whoever waits.
fn expire(core: &Core, session: &mut Session) {
    let at = core.now();
    let mut records = Vec::new();
    for over in session.desk.expire(at) {
        let id = InterventionId(core.ports.clock.next_id());
        let stops = over.question.on_timeout == OnTimeout::Stop;
        let what = over.tool.as_deref().map_or("the message".to_owned(), |tool| format!("the call to {tool}"));
        let summary = match stops {
            true => format!("Nobody answered in time: denied {what} and ended the session"),
            false => format!("Nobody answered in time: denied {what}"),
        };
        records.push(Record::Intervened(Box::new(Intervention {
            id,
            session: over.session,
            exchange: over.exchange,
            at,
            cause: Cause::Rule,
            rule: Some(over.rule.clone()),
            policy: Some(over.policy.clone()),
            version: Some(over.version.clone()),
            action: "expire".to_owned(),
            mode: Mode::Enforce,
            summary,
            before: over.arguments.clone(),
            after: String::new(),
            effect: Effect { tokens: 0, usd: 0.0, ms: at.ms_since(over.opened_at), basis: EffectBasis::Measured },
        })));
        session.state.intervened();
        session.desk.release_decided(over.id, Some(id));
        if stops && session.desk.orders.killed.is_none() {
            let text = format!("Rule {} ended this session: nobody answered its question in time.", over.rule);
            let killed = Killed { text, as_error: false, intervention: id };
            session.desk.end(&killed);
            session.desk.orders.killed = Some(killed);
            records.push(session.ordered());
        }
        records.push(Record::Escalated(Box::new(over)));
    }
    session.stand(at);
    records.push(Record::Session(Box::new(session.state.row())));
    core.ports.sink.record(records);
}

fn turn_idle(core: &Core, session: &mut Session) {
    let at = core.now();
    session.state.set_state(domain::SessionState::Idle, session.state.row().last_at);
    let row = session.state.row();
    let event = Event {
        session: Some(row.id),
        exchange: None,
        at,
        kind: EventKind::SessionIdle,
        payload: serde_json::json!({ "silent_since": row.last_at.rfc3339() }),
    };
    let mut records = vec![Record::Event(event)];
    if let Some(exchange) = session.state.latest_exchange() {
        records.extend(idle::intervene(core, session, exchange));
    }
    records.push(Record::Session(Box::new(session.state.row())));
    core.ports.sink.record(records);
}
