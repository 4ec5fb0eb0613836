//! The runtime: started with ports and policies, stopped with grace.

use crate::{
    config::*,
    core::{Core, Counts},
    listener,
};
use domain::{LedgerHealth, Provider, Record};
use reason::PolicySet;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A running proxy. Dropping it stops at once; [`Runtime::shutdown`] lets streams end.
pub struct Runtime {
    core: Arc<Core>,
    address: SocketAddr,
    stop: CancellationToken,
}

/// Counted since start, and the ledger's state.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ProxyHealth {
    pub ledger: LedgerHealth,
    pub exchanges: u64,
    pub open_exchanges: u64,
    pub passed_through: u64,
    pub refused_at_door: u64,
    pub recorded_late: u64,
}

impl Runtime {
    /// Binds and serves. Must be called within a tokio runtime.
    pub async fn start(config: Config, ports: Ports, policies: PolicySet) -> Result<Runtime, StartError> {
        let listen = config.listen;
        let bound = TcpListener::bind(listen).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| StartError::Listen { address: listen, source })?;
        let versions = policies.versions();
        let core = Core::new(config, ports, policies);
        core.ports.sink.record(versions.into_iter().map(Record::Policy).collect());
        let stop = CancellationToken::new();
        core.tasks.spawn(listener::accept(core.clone(), listener, stop.clone()));
        Ok(Runtime { core, address, stop })
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    pub fn policies(&self) -> Arc<PolicySet> {
        self.core.policies()
    }

    /// Exchanges under way end under the policies they began with.
    pub fn set_policies(&self, policies: PolicySet) {
        self.core.ports.sink.record(policies.versions().into_iter().map(Record::Policy).collect());
        self.core.swap_policies(policies);
    }

    pub fn clock(&self) -> Arc<dyn domain::Clock> {
        self.core.ports.clock.clone()
    }

    pub fn providers(&self) -> &[Provider] {
        &self.core.config.providers
    }

    pub fn health(&self) -> ProxyHealth {
        let Counts { exchanges, open, passed_through, refused_at_door, recorded_late } = &self.core.counts;
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        ProxyHealth {
            ledger: self.core.ports.sink.health(),
            exchanges: count(exchanges),
            open_exchanges: count(open),
            passed_through: count(passed_through),
            refused_at_door: count(refused_at_door),
            recorded_late: count(recorded_late),
        }
    }

    /// Stops accepting, lets open exchanges end for `grace`, then cuts what is left; each is recorded either way.
    pub async fn shutdown(&self, grace: Duration) {
        self.stop.cancel();
        let open = async {
            while self.core.counts.open.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(grace, open).await.is_err() {
            tracing::info!("cutting the exchanges that are still open");
        }
        self.core.halt.cancel();
        self.core.tasks.close();
        // Cut exchanges commit their records; a ledger that hangs must not keep the process.
        if tokio::time::timeout(Duration::from_secs(3), self.core.tasks.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.stop.cancel();
        self.core.halt.cancel();
    }
}
