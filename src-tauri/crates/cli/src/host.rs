//! One runtime and its console in this process, on one data folder: started whole, stopped with grace.

use crate::{
    clock::{SystemChance, SystemClock},
    config::Settings,
    folder::{DataFolder, FolderError, Running},
    port,
    watch::{self, Watch},
    web::Web,
};
use console::{Console, Place, Policies};
use domain::{Clock, KeySource};
use ledger::{Ledger, LedgerError, LedgerOptions};
use proxy::{Config, Ports, Recording, Runtime, StartError};
use serde::Serialize;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use upstream::{Alarms, Classifiers, HttpUpstream, Options};

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Listen(String),
    #[error("provider {provider} takes its key from the environment variable {variable}, which is not set")]
    NoKey { provider: String, variable: String },
    #[error(
        "provider {0} takes its key from the keychain, which this version cannot read; use env:NAME or passthrough"
    )]
    Keychain(String),
}

/// What `serve` prints once ready.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    pub proxy: String,
    pub console: String,
    pub token: String,
    pub data: String,
    pub version: String,
}

/// A running runtime. [`Host::stop`] ends it with grace; dropping it at once.
pub struct Host {
    console: Arc<Console>,
    ready: Ready,
    runtime: Arc<Runtime>,
    ledger: Ledger,
    web: Web,
    _watch: Option<Watch>,
    folder: DataFolder,
}

impl Host {
    pub async fn start(settings: &Settings) -> Result<Host, HostError> {
        let folder = DataFolder::hold(&settings.data)?;
        let token = folder.token()?;
        // Both ports before anything is written: a busy one must leave no trace.
        let listener = bind("console", settings.console, "--console").await?;
        let console_address = listener.local_addr().map_err(|error| HostError::Listen(error.to_string()))?;
        let ledger = Ledger::open(&settings.data, LedgerOptions::default())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let policies = Arc::new(Policies::open(settings.policies.clone()));
        let runtime = start_runtime(settings, &ledger, clock.clone(), &policies, &token).await?;
        let ready = Ready {
            proxy: format!("http://{}", runtime.local_addr()),
            console: format!("http://{console_address}"),
            token,
            data: settings.data.display().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let place = Place {
            version: ready.version.clone(),
            data: settings.data.clone(),
            proxy: ready.proxy.clone(),
            console: Some(ready.console.clone()),
            started_at: clock.now().rfc3339(),
        };
        let running = Running {
            proxy: ready.proxy.clone(),
            console: ready.console.clone(),
            pid: std::process::id(),
            started_at: place.started_at.clone(),
        };
        let console = Arc::new(Console::new(ledger.clone(), Some(runtime.clone()), policies.clone(), place));
        for problem in console.reload_policies() {
            tracing::warn!("{problem}");
        }
        let watching = watch::policies(console.clone(), policies.folder());
        let hosts = &settings.allowed_hosts;
        let web = Web::serve(listener, console.clone(), &ready.token, hosts, settings.ui.clone());
        folder.announce(&running)?;
        Ok(Host { console, ready, runtime, ledger, web, _watch: watching, folder })
    }

    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    pub fn console(&self) -> &Arc<Console> {
        &self.console
    }

    /// Stops accepting, lets streams end for `grace`, commits, gives the folder back.
    pub async fn stop(self, grace: Duration) {
        self.runtime.shutdown(grace).await;
        self.web.stop().await;
        self.ledger.close().await;
        drop(self.folder);
    }
}

async fn bind(what: &str, address: SocketAddr, flag: &str) -> Result<TcpListener, HostError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|cause| HostError::Listen(port::busy(what, address, flag, &cause)))
}

async fn start_runtime(
    settings: &Settings,
    ledger: &Ledger,
    clock: Arc<dyn Clock>,
    policies: &Policies,
    token: &str,
) -> Result<Arc<Runtime>, HostError> {
    let options = Options { idle_timeout: settings.idle_timeout, ..Options::default() };
    let mut config = Config::new(settings.listen, settings.providers.clone());
    config.allowed_hosts = settings.allowed_hosts.clone();
    config.held_keys = held_keys(settings)?;
    config.token = token.to_owned();
    config.session_idle = settings.session_idle;
    config.hold_before_head = settings.hold_before_head;
    config.heartbeat = settings.heartbeat;
    if settings.recording_required {
        config.recording = Recording::Required;
    }
    let upstream = HttpUpstream::new(options);
    let ports = Ports {
        alarm: Arc::new(Alarms::new(upstream.clone())),
        classifier: Arc::new(Classifiers::new(upstream.clone())),
        upstream: Arc::new(upstream),
        sink: Arc::new(ledger.clone()),
        memory: Arc::new(ledger.clone()),
        clock,
        chance: Arc::new(SystemChance),
    };
    let runtime = Runtime::start(config, ports, policies.set()).await;
    runtime.map(Arc::new).map_err(|StartError::Listen { address, source }| {
        HostError::Listen(port::busy("proxy", address, "--listen", &source))
    })
}

/// Read once; a missing one is told before the first request needs it.
fn held_keys(settings: &Settings) -> Result<Vec<(String, String)>, HostError> {
    let mut keys = Vec::new();
    for provider in &settings.providers {
        match &provider.api_key {
            KeySource::Passthrough => {}
            KeySource::Env(variable) => match std::env::var(variable) {
                Ok(key) if !key.is_empty() => keys.push((provider.name.clone(), key)),
                _ => return Err(HostError::NoKey { provider: provider.name.clone(), variable: variable.clone() }),
            },
            KeySource::Keychain(_) => return Err(HostError::Keychain(provider.name.clone())),
        }
    }
    Ok(keys)
}
