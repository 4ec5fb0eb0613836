//! Observations: the facts that reasoning sees at one moment. Stored once per intervention point, so that an edited policy
//! can judge the same moment again. The field names are the variables of the policy language.

use crate::{ExchangeId, Point, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Everything a condition can read at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub point: Point,
    pub at: Timestamp,
    #[serde(rename = "trace")]
    pub trace: TraceFacts,
    pub session: SessionFacts,
    pub run: RunFacts,
    pub request: RequestFacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallFacts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultFacts>,
    /// By rule id: how often it fired in this session and run, and what came of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<String, RuleHistory>,
    /// What policies declare by name, as it stands for this moment.
    #[serde(default, skip_serializing_if = "NamedFacts::is_empty")]
    pub named: NamedFacts,
}

/// Facts about what policy files declare, each by `policy/NAME`. Only what a rule in force reads is there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedFacts {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub budget: BTreeMap<String, BudgetFacts>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub breaker: BTreeMap<String, BreakerFacts>,
    /// Of classifiers, 0 to 1; absent where none could be had.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub score: BTreeMap<String, f64>,
    /// Of classifiers: the names of what they found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub found: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub schema: BTreeMap<String, SchemaFacts>,
}

impl NamedFacts {
    pub fn is_empty(&self) -> bool {
        *self == NamedFacts::default()
    }
}

/// Shares of a budget's limit; 1 is all of it. Of a budget with several limits, the fullest.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BudgetFacts {
    /// Settled.
    pub used: f64,
    /// Settled and reserved, this exchange's own reservation included.
    pub projected: f64,
    /// Settled and reserved by others, in the unit of the limit.
    pub spent: f64,
    /// What this exchange may add at most, in the unit of the limit.
    pub call: f64,
}

/// The breaker of this moment's provider, model or tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakerFacts {
    pub open: bool,
    pub half_open: bool,
}

/// A tool's result against its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaFacts {
    pub valid: bool,
    /// The first mismatch and its place; empty where valid.
    pub error: String,
}

impl Default for SchemaFacts {
    fn default() -> Self {
        SchemaFacts { valid: true, error: String::new() }
    }
}

/// Ids that a template can name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceFacts {
    pub session: SessionId,
    pub exchange: ExchangeId,
}

/// The whole session so far, this exchange's own usage not included.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionFacts {
    pub agent: String,
    pub steps: u32,
    pub elapsed_ms: u64,
    /// Input not served from the provider's cache, plus output.
    pub tokens: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: f64,
    pub context_tokens: u64,
    /// Share of the model's window, 0 to 1; 0 where the window is unknown.
    pub context_used: f64,
    pub tool_errors: u32,
    pub tool_errors_in_row: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<String>,
    /// Names of tools called so far; `session.seen("x")` in a condition reads this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools_seen: Vec<String>,
    pub risk: f64,
}

/// From the latest user message to now.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    pub steps: u32,
    pub elapsed_ms: u64,
    pub tokens: u64,
    pub cost_usd: f64,
    pub tool_errors: u32,
    pub tool_errors_in_row: u32,
    /// The run's latest tool errors, newest last, at most 8: `tool: first line of the error`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Of the subtask under way: in a sub-agent's session the run, else the tool loop, from the first result that it brought.
    #[serde(skip_serializing_if = "is_zero")]
    pub subtask_elapsed_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFacts {
    pub dialect: String,
    pub provider: String,
    pub model: String,
    pub stream: bool,
    pub messages: u32,
    pub new_messages: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// A title or naming call beside the first turn.
    pub side_call: bool,
    /// The newest user text, at most 4 KiB.
    pub text: String,
    /// Since it was there, time in a person's hands left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub elapsed_ms: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponseFacts {
    pub status: u16,
    pub model: String,
    pub finish: String,
    pub text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    pub tool_calls: u32,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub elapsed_ms: u64,
    /// An attempt that came to nothing: no answer, one with a status that is none of success, or a stream that broke before its first
    /// token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Why it failed, in one word.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Which try at a provider it was, from 1; 0, the first, stands in no record.
    #[serde(skip_serializing_if = "is_first")]
    pub attempt: u32,
}

fn is_first(attempt: &u32) -> bool {
    *attempt == 0
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolFacts {
    pub name: String,
    /// Declared by an MCP hint or a policy; false where nobody says so.
    pub read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallFacts {
    pub id: String,
    pub name: String,
    /// Parsed arguments; empty where they are no JSON object.
    pub args: Map<String, Value>,
    /// The arguments as the model wrote them, at most 16 KiB.
    pub raw: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultFacts {
    pub call_id: String,
    pub text: String,
    pub error: bool,
    /// True where only the text says that it is an error.
    pub guessed: bool,
    pub bytes: u64,
    /// What the agent took, its own waiting included.
    pub elapsed_ms: u64,
}

/// What became of a rule's earlier interventions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleHistory {
    pub fires_in_session: u32,
    pub fires_in_run: u32,
    #[serde(alias = "last_at_ms")]
    pub ms_since: u64,
    pub tool_errors_since: u32,
    pub steps_since: u32,
    pub tokens_since: u64,
    pub results_since: u32,
    /// Calls since that repeat an earlier one, arguments and all.
    pub repeats_since: u32,
    /// The first tool result since was an error.
    pub errored_next: bool,
    /// The first call since repeats an earlier one.
    pub repeated_next: bool,
}

impl RuleHistory {
    /// The name of a rule's own counters of what it would have done in shadow. `rule` is `policy/rule`.
    pub fn of_shadow(rule: &str) -> String {
        format!("{rule}~shadow")
    }

    /// `policy/rule`, and whether it is of what the rule would have done.
    pub fn read_key(key: &str) -> (&str, bool) {
        key.strip_suffix("~shadow").map_or((key, false), |rule| (rule, true))
    }
}
