//! Rewinds: what a run was answered from, how far it came, and where it went another way.

use super::Text;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A rewind that waits for its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct RewindStart {
    /// The session that the new run will be.
    pub session: String,
    /// The name under which it calls itself, and its label: its base URLs begin with `/@AGENT~LABEL`.
    pub agent: String,
    pub label: String,
    pub recorded_session: String,
    /// The exchange that is live again, and its step.
    pub exchange: String,
    pub step: u32,
    /// How many of the record's answers stand before it, side calls not counted.
    pub answers: u32,
}

/// Why the model answers from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum RewindWhy {
    /// The chosen exchange was reached.
    Asked,
    /// The agent asked something else than was recorded.
    Differs,
    /// The recorded exchange came to no whole answer.
    Unfinished,
    /// A person ordered or edited what goes to the model.
    Ordered,
    /// A rule of today took a call out of a recorded answer.
    Blocked,
    /// The runtime was started again before the run's first request.
    Lost,
}

/// A part of a request in which two runs differ. Long texts are cut around the place where they part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RewindDifference {
    /// `message 12`, `system prompt`, `parameter temperature`, …
    pub place: String,
    /// Empty: nothing stood there.
    pub recorded: Text,
    pub now: Text,
}

/// Where a rewound run left the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RewindLive {
    /// The first exchange that the model answered.
    pub exchange: Option<String>,
    pub at: String,
    pub why: RewindWhy,
    /// The recorded exchange that it stands beside.
    pub recorded: Option<String>,
    pub differences: Vec<RewindDifference>,
}

/// A session that the record of another one answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct RewindView {
    pub recorded_session: String,
    /// The exchange from which on it was to be live, and its step.
    pub exchange: String,
    pub step: u32,
    /// How many answers the record had before it, and how many were served; side calls are not counted.
    pub answers: u32,
    pub served: u32,
    /// Null as long as the record answers, and where the agent ended before.
    pub live: Option<RewindLive>,
}
