//! Providers: where a request goes, and whose key it carries.

use crate::Family;
use serde::{Deserialize, Serialize};

/// One configured model provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provider {
    pub name: String,
    pub dialect: Family,
    /// What an SDK's base URL would be, without a slash at the end (`https://api.openai.com/v1`).
    pub base_url: String,
    pub api_key: KeySource,
}

/// Where a provider's key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// The caller's own credential, which goes only to this provider and lives only in memory.
    Passthrough,
    /// The named environment variable.
    Env(String),
    /// The named entry of the system's keychain.
    Keychain(String),
}
