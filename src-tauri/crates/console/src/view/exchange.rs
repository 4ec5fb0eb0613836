//! One exchange in full: the four messages of the truth (agent sent → we sent → model answered → agent got), attempts,
//! usage, timing and every evaluation.

use super::{Mode, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use specta::Type;
use specta_typescript::{Number, Unknown};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeState {
    Open,
    Complete,
    Answered,
    Cancelled,
    Failed,
    Interrupted,
}

/// Whose doing the end of an exchange was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Agent,
    Runtime,
    Provider,
}

/// One side's message. Credentials are masked; compressed bodies are decoded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Type)]
pub struct MessageView {
    /// Null for a request.
    pub status: Option<u16>,
    /// In the order of the wire.
    pub headers: Vec<(String, String)>,
    /// The exact bytes as text; absent where `body_ref` is given, or where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub body: Option<String>,
    /// Where to fetch a body over 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub body_ref: Option<super::TextRef>,
    /// `base64` where the bytes are no UTF-8; `body` is then that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub encoding: Option<String>,
}

/// One try at a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct AttemptView {
    pub model: String,
    pub provider: String,
    pub status: Option<u16>,
    pub error: Option<String>,
    #[specta(type = Number)]
    pub duration_ms: f64,
    /// Why the runtime sent it; null for the agent's own request.
    pub why: Option<String>,
}

/// Tokens as the provider counts them; `input` contains `cached` and `cache_write`, `output` contains `reasoning`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct UsageView {
    #[specta(type = Number)]
    pub input_tokens: u64,
    #[specta(type = Number)]
    pub cached_tokens: u64,
    #[specta(type = Number)]
    pub cache_write_tokens: u64,
    #[specta(type = Number)]
    pub output_tokens: u64,
    #[specta(type = Number)]
    pub reasoning_tokens: u64,
    pub estimated: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct TimingView {
    pub started_at: String,
    #[specta(type = Option<Number>)]
    pub first_token_ms: Option<f64>,
    /// Null while open.
    #[specta(type = Option<Number>)]
    pub duration_ms: Option<f64>,
    /// What the runtime itself added, without the commit.
    #[specta(type = Number)]
    pub added_ms: f64,
    /// How long the terminal frame waited for its record.
    #[specta(type = Number)]
    pub commit_ms: f64,
}

/// One rule's evaluation at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct VerdictView {
    pub at: String,
    pub point: String,
    pub rule: String,
    pub policy: String,
    pub version: String,
    pub mode: Mode,
    pub matched: bool,
    pub micros: u32,
    /// True where the record holds no copy: evaluated again, from what was observed and the policy that was in force.
    pub recomputed: bool,
    /// What the condition read: dotted path → value.
    #[specta(type = std::collections::BTreeMap<String, Unknown>)]
    pub values: Map<String, Value>,
    pub error: Option<String>,
}

/// A tool call that this exchange proposed, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct CallView {
    pub id: String,
    pub name: String,
    /// JSON text, as the model wrote it.
    pub arguments: Text,
    /// Taken out of the response by a rule.
    pub blocked: bool,
    /// Blocked by `cached`: the model got an earlier result, and goes on. Say "answered from cache".
    pub from_cache: bool,
    pub at: String,
    /// The exchange whose request delivered the result.
    pub returned_by: Option<String>,
    pub returned_at: Option<String>,
    /// How its error is known: `flag`, `error_field`, `exit_code` or `text` (guessed).
    pub error: Option<String>,
    pub preview: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ExchangeView {
    pub id: String,
    pub session: String,
    pub step: u32,
    pub run: String,
    /// The index of its row in the timeline.
    #[specta(type = Option<Number>)]
    pub row: Option<u64>,
    pub dialect: String,
    pub provider: String,
    pub model: String,
    pub served_model: Option<String>,
    pub state: ExchangeState,
    pub finish: Option<String>,
    pub origin: Option<Origin>,
    pub error: Option<String>,
    pub method: String,
    pub path: String,
    pub stream: bool,
    pub side_call: bool,
    pub imported: bool,
    /// True where some body is missing: records were dropped.
    pub incomplete: bool,
    /// Messages at the end of the agent's request that were new with it.
    pub new_messages: u32,
    pub preview: String,
    #[specta(type = Option<Number>)]
    pub cost_usd: Option<f64>,
    pub attempts: Vec<AttemptView>,
    /// What the agent sent.
    pub agent_request: MessageView,
    /// What went upstream; equals `agent_request` where nothing was changed. Null where nothing went.
    pub sent_request: Option<MessageView>,
    /// What the provider answered; null where none did (yet).
    pub provider_response: Option<MessageView>,
    /// What the agent got; null while open.
    pub agent_response: Option<MessageView>,
    /// Whether the request went out, and the response came back, byte for byte.
    pub request_changed: bool,
    pub response_changed: bool,
    pub usage: UsageView,
    pub timing: TimingView,
    pub calls: Vec<CallView>,
    pub verdicts: Vec<VerdictView>,
    pub interventions: Vec<String>,
    /// The exchange of an earlier run whose recorded answer this is; no model was asked.
    pub replayed_from: Option<String>,
    /// Here a rewound run left the record.
    pub rewind: Option<super::RewindLive>,
}

/// One frame of a streamed response, as it came from the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FrameView {
    #[specta(type = Number)]
    pub index: u64,
    /// Since the request.
    #[specta(type = Number)]
    pub at_ms: f64,
    pub text: Text,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct FramePage {
    pub frames: Vec<FrameView>,
    #[specta(type = Number)]
    pub total: u64,
}
