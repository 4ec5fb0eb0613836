//! Rates: how often something may be done, as a policy declares it.

use serde::{Deserialize, Serialize};

/// What a rate does where it is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnExceed {
    /// It waits for its turn, within bounds; beyond them it is refused.
    Delay,
    #[default]
    Deny,
}

/// `[limit.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate {
    pub name: String,
    pub times: u32,
    pub in_ms: u64,
    /// How many may come at once.
    pub burst: u32,
    pub on_exceed: OnExceed,
    pub per: RatePer,
}

/// Who shares a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RatePer {
    /// Everybody whom the policy is for.
    #[default]
    All,
    Agent,
    Session,
}
