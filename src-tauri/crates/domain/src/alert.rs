//! Alerts: whom a policy tells, and the port through which it does.

use crate::{ExchangeId, InterventionId, SessionId, Timestamp};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// A place that alerts go to, as a policy declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub name: String,
    pub to: AlertTarget,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertTarget {
    /// Whoever looks at the console: a notification of the window or the page.
    Desktop,
    /// The notice as JSON, posted to a URL.
    Webhook(String),
    /// A program with its arguments; the notice as JSON on its standard input.
    Command(Vec<String>),
}

impl AlertTarget {
    pub fn name(&self) -> &'static str {
        match self {
            AlertTarget::Desktop => "desktop",
            AlertTarget::Webhook(_) => "webhook",
            AlertTarget::Command(_) => "command",
        }
    }
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub alert: String,
    pub text: String,
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub intervention: InterventionId,
    pub policy: String,
    pub rule: String,
    pub at: Timestamp,
}

/// Carries a notice out of the runtime. It may take its time: nobody waits for it. An error says what failed and what to do.
pub trait Alarm: Send + Sync + 'static {
    fn raise(&self, target: AlertTarget, notice: Notice) -> BoxFuture<'static, Result<(), String>>;
}
