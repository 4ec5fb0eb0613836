//! Budgets, as gauges show them.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

/// How full one limit of a budget is; a budget with several limits has a gauge for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BudgetView {
    pub policy: String,
    /// The NAME of `[budget.NAME]`, or the simple key.
    pub name: String,
    /// `subtask`, `run`, `session`, `agent` or `day`.
    pub per: String,
    /// Whose it is: an id, an agent's name, a day.
    pub holder: String,
    /// `tokens`, `usd` or `ms`: that of the numbers below.
    pub unit: String,
    #[specta(type = Number)]
    pub limit: f64,
    #[specta(type = Number)]
    pub used: f64,
    /// What calls under way may still use.
    #[specta(type = Number)]
    pub reserved: f64,
    /// Used and reserved, as a share of the limit.
    #[specta(type = Number)]
    pub projected: f64,
    /// When it begins anew, where it does by itself.
    pub resets_at: Option<String>,
}
