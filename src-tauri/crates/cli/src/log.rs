//! Logs: on stderr, as text or as JSON lines.

use crate::{arguments::LogFormat, config::Settings};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// Starts logging as the settings say. A filter that cannot be read is told, and `warn` stands in for it.
pub fn start(settings: &Settings) {
    // The watcher of files tells of each write to a log beside them, which is a write to that log.
    let (filter, error) = match EnvFilter::try_new(format!("notify=warn,{}", settings.log)) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("warn"), Some(error)),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Already started: a second host in one process, as in tests.
    let _ = match settings.log_format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
    };
    if let Some(error) = error {
        tracing::warn!(%error, "the log filter “{}” cannot be read", settings.log);
    }
}
