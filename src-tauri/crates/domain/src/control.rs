//! What a person can do to a live session: commands, breakpoints, and what is held. Each command carried out is an intervention whose
//! cause is `person`.

use crate::{EscalationId, ExchangeId, InjectRole, InterventionId, Point, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an order lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The next model call, or the one that is held.
    Call,
    /// Until the next user message.
    Run,
    #[default]
    Session,
}

/// A person's command to one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Hold at the next model call.
    Pause,
    Resume,
    /// Let what is held go, hold at the next point: request, tool call or response.
    Step,
    /// Let what is held go, hold at the next model call.
    StepOver,
    /// What goes upstream in place of a held request: the whole body in its dialect.
    EditRequest {
        exchange: Option<ExchangeId>,
        body: String,
    },
    /// What the agent gets in place of a held response.
    EditResponse {
        exchange: Option<ExchangeId>,
        edit: ResponseEdit,
    },
    /// Answers a held request, or the next one, without the model.
    Answer {
        exchange: Option<ExchangeId>,
        text: String,
    },
    /// A message to the model: in the next request and, as it stands in the history from then on, in every later one; `standing` adds
    /// it anew to each run.
    Inject {
        role: InjectRole,
        text: String,
        standing: bool,
    },
    Model {
        model: String,
        scope: Scope,
    },
    /// Tools withheld from, or offered to the model again, by name.
    Tools {
        withhold: Vec<String>,
        offer: Vec<String>,
    },
    /// Sets or raises a budget of a policy in force, by its key (`token_budget_per_session`) or its rule's id.
    Budget {
        name: String,
        set: Option<f64>,
        raise: Option<f64>,
    },
    /// Takes a rule out of force for this session, or puts it back.
    Mute {
        rule: String,
        off: bool,
    },
    /// The next request goes on from this exchange; what the agent did since is replaced by a word to the model.
    Rollback {
        exchange: ExchangeId,
        text: String,
    },
    /// Ends the session: what is held and every later request is answered with the message.
    Kill {
        text: String,
        as_error: bool,
    },
}

impl Command {
    pub fn name(&self) -> &'static str {
        match self {
            Command::Pause => "pause",
            Command::Resume => "resume",
            Command::Step => "step",
            Command::StepOver => "step_over",
            Command::EditRequest { .. } => "edit_request",
            Command::EditResponse { .. } => "edit_response",
            Command::Answer { .. } => "answer",
            Command::Inject { .. } => "inject",
            Command::Model { .. } => "model",
            Command::Tools { .. } => "tools",
            Command::Budget { .. } => "budget",
            Command::Mute { .. } => "mute",
            Command::Rollback { .. } => "rollback",
            Command::Kill { .. } => "kill",
        }
    }
}

/// What becomes of a held response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseEdit {
    /// Other arguments for one of its calls, by id; JSON text.
    Arguments { call: String, arguments: String },
    /// A message in its place: text, and calls as (name, arguments).
    Message { text: String, calls: Vec<(String, String)> },
    /// The exact body, in the response's own framing; checked to be a complete answer of its dialect.
    Raw { body: String },
}

/// Where sessions stop by themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breakpoint {
    /// Given by the runtime: `bp1`, `bp2`, …
    pub id: String,
    /// `model.request`, `tool.call` or `model.response`.
    pub on: Point,
    /// One session only.
    pub session: Option<SessionId>,
    /// CEL, as in a policy's `when`; none: always.
    pub when: Option<String>,
    /// Only where this rule matches, in whatever mode: its id, or `POLICY/ID`.
    pub rule: Option<String>,
    /// Shown where it stops.
    pub name: String,
    pub hits: u64,
}

/// Why something is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HoldCause {
    /// The session is paused or stepping.
    Paused,
    Breakpoint {
        id: String,
        name: String,
    },
    Escalation {
        id: EscalationId,
        rule: String,
    },
}

/// One exchange that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldCall {
    pub exchange: ExchangeId,
    pub session: SessionId,
    pub point: Point,
    pub cause: HoldCause,
    pub since: Timestamp,
    /// The tool call in question, at `tool.call`.
    pub call: Option<crate::ToolCall>,
    /// The response in question as it would go out, at `model.response`.
    pub response: Option<String>,
    /// The recognised client, and how long it is known to wait in this way of being held; none: no limit was found.
    pub client: Option<String>,
    pub patience_ms: Option<u64>,
    /// The head has gone out: the client hears a no-op every ten seconds.
    pub heartbeat: bool,
    /// What the client does when its patience ends.
    pub afterwards: String,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// None where nothing was there to do (resuming a session that runs).
    pub intervention: Option<InterventionId>,
    pub summary: String,
    pub state: crate::SessionState,
}

/// Why a person's word could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandError {
    #[error("there is no live session {0}")]
    NoSession(SessionId),
    #[error("nothing of this session is held at {0}")]
    NothingHeld(&'static str),
    #[error("there is no escalation {0}")]
    NoEscalation(EscalationId),
    /// Answered before, expired, or used: `{1}` says which.
    #[error("{0} was already {1}")]
    AlreadyDecided(EscalationId, &'static str),
    #[error("this escalation cannot be answered with “{0}”")]
    NotAllowed(&'static str),
    /// An edit that cannot be sent; the message says what and where.
    #[error("{0}")]
    BadEdit(String),
    #[error("{0}")]
    Refused(String),
    #[error("the runtime is stopping")]
    Stopping,
}
