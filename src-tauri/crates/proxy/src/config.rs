//! What a runtime is started with.

use domain::{Alarm, Chance, Classifier, Clock, Memory, Provider, TraceSink, Upstream};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Whether a response may reach the agent before its record is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recording {
    /// The terminal frame waits at most [`Config::commit_patience`], then goes; the event `recorded_late` says so.
    #[default]
    BestEffort,
    /// It waits for the commit however long that takes.
    Required,
}

#[derive(Debug, Clone)]
pub struct Config {
    /// Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Host names besides loopback ones under which the proxy may be addressed.
    pub allowed_hosts: Vec<String>,
    pub providers: Vec<Provider>,
    /// Keys that the runtime holds, by provider name; read once from the environment or the keychain.
    pub held_keys: Vec<(String, String)>,
    /// What a caller of a provider with a held key must show.
    pub token: String,
    pub recording: Recording,
    pub commit_patience: Duration,
    /// Ask chat streams for usage where the client does not, and take the extra chunk out again.
    pub include_usage: bool,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How long an agent that waits for a person hears nothing, before its answer's head goes out.
    pub hold_before_head: Duration,
    /// Between two no-ops to an agent that waits, once it has the head.
    pub heartbeat: Duration,
    /// Silence after which a session is idle.
    pub session_idle: Duration,
}

impl Config {
    pub fn new(listen: SocketAddr, providers: Vec<Provider>) -> Config {
        Config {
            listen,
            allowed_hosts: Vec::new(),
            providers,
            held_keys: Vec::new(),
            token: String::new(),
            recording: Recording::default(),
            commit_patience: Duration::from_millis(250),
            include_usage: true,
            body_limit: 64 << 20,
            hold_before_head: Duration::from_secs(45),
            heartbeat: Duration::from_secs(10),
            session_idle: Duration::from_secs(15 * 60),
        }
    }
}

/// The outside, as the runtime reaches it.
#[derive(Clone)]
pub struct Ports {
    pub upstream: Arc<dyn Upstream>,
    pub sink: Arc<dyn TraceSink>,
    pub memory: Arc<dyn Memory>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    /// Where alerts go out.
    pub alarm: Arc<dyn Alarm>,
    /// Who is asked for scores.
    pub classifier: Arc<dyn Classifier>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
}
