//! `serve`: the runtime and its console until a signal.

use super::Outcome;
use crate::{config::Settings, host::Host, output};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::signal;

/// How long open streams may go on after the first signal.
pub(super) const GRACE: Duration = Duration::from_secs(10);

pub async fn serve(settings: &Settings) -> Result<Outcome> {
    let mut signals = Signals::listen()?;
    for (what, address) in [("proxy", settings.listen), ("console", settings.console)] {
        if !address.ip().is_loopback() {
            tracing::warn!("the {what} listens on {address}: other machines can reach it");
        }
    }
    let host = Host::start(settings).await?;
    output::line(&serde_json::to_string(host.ready())?)?;
    tracing::info!(proxy = host.ready().proxy, console = host.ready().console, "ready");
    signals.next().await;
    tracing::info!("stopping: open streams have {} s", GRACE.as_secs());
    tokio::select! {
        () = host.stop(GRACE) => Ok(Outcome::Done),
        // What is committed stays; the rest is marked as interrupted at the next start.
        () = signals.next() => Ok(Outcome::Code(1)),
    }
}

/// Ctrl-C and SIGTERM.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: signal::unix::Signal,
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Signals> {
        #[cfg(unix)]
        {
            use signal::unix::SignalKind;
            let listen = |kind| signal::unix::signal(kind).context("cannot listen for signals");
            Ok(Signals { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
        }
        #[cfg(not(unix))]
        Ok(Signals {})
    }

    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "cannot listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    }
}
