//! What a verdict can ask for: each action with its templates filled from the observation, ready to be carried out.

use crate::{Alert, InjectRole, JsonPath, Pattern, Question, RefuseAs, Scope};
use serde::{Deserialize, Serialize};

/// An action with its templates already filled from the observation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A message added after the newest one.
    Inject { role: InjectRole, text: String },
    /// At `model.request`: refuse the call. At `tool.call`: take the call out, tell the model why.
    Block { text: String, refuse_as: RefuseAs },
    /// Hold for a person: approve, edit, deny.
    Escalate(Question),
    /// What another rule, as `policy/rule`, asks here is answered.
    Approve { question: String },
    /// Hold the session at its next call, until a person lets it go on.
    Pause { text: String },
    /// Another model.
    Reroute(Reroute),
    /// Less to write, less to think, fewer tools.
    Limit(Limits),
    /// End the session with a message.
    Stop { text: String, refuse_as: RefuseAs },
    /// Go on from so many requests back.
    Rollback { steps: u32, text: String },
    /// Tell somebody.
    Alert { alert: Alert, text: String },
    /// What matches leaves under a token that the runtime can turn back.
    Redact { patterns: Vec<Pattern> },
    /// What matches, or with no pattern the whole, becomes another text.
    Replace { patterns: Vec<Pattern>, with: String },
    /// A tool's result cut to its ends, in characters.
    Truncate { head: u64, tail: u64 },
    /// A tool's result cut to what the paths name.
    Extract { fields: Vec<JsonPath> },
    /// A tool's result cut to what a model finds in it of the fields, which words name.
    ExtractBy { by: Summarist, fields: Vec<String> },
    /// The oldest turns leave, until the context is this share of the model's window, or of what it is now. Messages that contain a pin stay.
    Compact {
        to: f64,
        #[serde(default)]
        of: CompactOf,
        pin: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Summarist>,
    },
    /// End now with what there is, by the dialect's length stop.
    Partial { text: String },
    /// Mark the session; other rules read it.
    Taint { taint: String },
    /// The call that failed, again.
    Retry(Backoff),
    /// The last good result in the place of a new one, where it is no older than this.
    Cached { max_age_ms: u64 },
    /// The first of these that applies.
    First(Vec<Action>),
}

impl Action {
    pub fn name(&self) -> &'static str {
        match self {
            Action::Inject { .. } => "inject",
            Action::Block { .. } => "block",
            Action::Escalate(_) => "escalate",
            Action::Approve { .. } => "approve",
            Action::Pause { .. } => "pause",
            Action::Reroute(_) => "reroute",
            Action::Limit(_) => "limit",
            Action::Stop { .. } => "stop",
            Action::Rollback { .. } => "rollback",
            Action::Alert { .. } => "alert",
            Action::Redact { .. } => "redact",
            Action::Replace { .. } => "replace",
            Action::Truncate { .. } => "truncate",
            Action::Extract { .. } | Action::ExtractBy { .. } => "extract",
            Action::Compact { .. } => "compact",
            Action::Partial { .. } => "partial",
            Action::Taint { .. } => "taint",
            Action::Retry(_) => "retry",
            Action::Cached { .. } => "cached",
            Action::First(_) => "first",
        }
    }
}

/// The model that says in its words what left a context, or what a tool's result holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summarist {
    /// As the rule says it: a model's name or `tier:NAME`.
    pub by: String,
    /// None: the tier names no model for this request's provider.
    pub model: Option<String>,
    /// How long the agent's request waits for its words.
    pub max_ms: u64,
}

/// What `compact` takes a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompactOf {
    #[default]
    Window,
    Context,
}

/// Where a reroute goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reroute {
    /// As the rule says it: a model's name or `tier:NAME`.
    pub to: String,
    /// None: the tier names no model for this request's provider.
    pub model: Option<String>,
    /// Another provider of the same dialect, whose key the runtime holds.
    pub provider: Option<String>,
    pub scope: Scope,
}

/// How often, and after which waits, a failed call is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Beyond the first attempt.
    pub times: u32,
    /// The longest wait before the first retry; it doubles with each, and chance takes a part of it.
    pub base_ms: u64,
    /// What it doubles up to.
    pub max_ms: u64,
}

/// How much the model may think, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
}

impl Effort {
    pub fn name(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
        }
    }
}

/// What a request may ask for at most. A limit only ever lowers what the client asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Effort>,
    /// Only these tools are offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// These are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    pub scope: Scope,
}

impl Limits {
    /// The tools, of those offered, that are withheld.
    pub fn withheld(&self, offered: &[String]) -> Vec<String> {
        let gone = |tool: &&String| {
            self.without.contains(tool) || self.tools.as_ref().is_some_and(|tools| !tools.contains(tool))
        };
        offered.iter().filter(gone).cloned().collect()
    }
}
