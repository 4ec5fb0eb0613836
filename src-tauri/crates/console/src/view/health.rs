//! Health: what the status bar shows and `doctor` reads.

use super::PolicyState;
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    Ok,
    Degraded,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct LedgerView {
    pub ok: bool,
    /// What is wrong and what to do.
    pub error: Option<String>,
    pub path: String,
    /// On disk, its write-ahead log included.
    #[specta(type = Number)]
    pub bytes: u64,
    /// Responses whose last frame did not wait for their record any longer.
    #[specta(type = Number)]
    pub recorded_late: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct PolicyHealth {
    pub name: String,
    pub version: String,
    pub state: PolicyState,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ProviderView {
    pub name: String,
    pub dialect: String,
    pub base_url: String,
    /// `passthrough`, `env:NAME` or `keychain:NAME`: where its key comes from, never the key.
    pub api_key: String,
}

/// A circuit breaker and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BreakerView {
    pub policy: String,
    pub name: String,
    /// `provider`, `model` or `tool`; of a tool, results and times are those that its agent saw.
    pub per: String,
    /// The provider, `provider/model`, or the tool.
    pub key: String,
    /// `closed`, `open`, `half_open`, `forced_open` or `forced_closed`.
    pub state: String,
    /// When it came to stand so; none: it always did.
    pub since: Option<String>,
    /// Calls in the window.
    pub samples: u32,
    #[specta(type = Number)]
    pub error_rate: f64,
    #[specta(type = Number)]
    pub slow_rate: f64,
    /// None below 100 timed calls.
    pub p99_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct HealthView {
    pub state: HealthState,
    pub version: String,
    pub proxy: String,
    pub console: Option<String>,
    /// The data folder.
    pub data: String,
    pub started_at: String,
    pub ledger: LedgerView,
    #[specta(type = Number)]
    pub queue_bytes: u64,
    #[specta(type = Number)]
    pub dropped_events: u64,
    /// Requests that are no model call: passed through, not recorded.
    #[specta(type = Number)]
    pub passed_through: u64,
    /// Exchanges open now.
    #[specta(type = Number)]
    pub open_exchanges: u64,
    pub policies: Vec<PolicyHealth>,
    pub providers: Vec<ProviderView>,
    /// Those that policies declare and that have seen a call.
    pub breakers: Vec<BreakerView>,
    /// How full the budgets are that sessions share: of this day, and of agents.
    pub budgets: Vec<super::BudgetView>,
}
