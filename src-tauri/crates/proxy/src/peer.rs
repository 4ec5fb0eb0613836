//! Who is at the other end of a connection. The process behind it is looked up once, off the hot path, and known for as long as the
//! connection lives.

use domain::Process;
use std::net::SocketAddr;
use tokio::sync::OnceCell;

pub(crate) struct Peer {
    address: SocketAddr,
    local: SocketAddr,
    process: OnceCell<Option<Process>>,
}

impl Peer {
    pub fn new(address: SocketAddr, local: SocketAddr) -> Peer {
        // Only a process of this machine can be looked up.
        let process = if address.ip().is_loopback() { OnceCell::new() } else { OnceCell::new_with(Some(None)) };
        Peer { address, local, process }
    }

    /// No connection: the runtime asks by itself.
    pub fn nobody() -> Peer {
        let none = SocketAddr::from(([0, 0, 0, 0], 0));
        Peer { address: none, local: none, process: OnceCell::new_with(Some(None)) }
    }

    /// What is known by now: `None` before the look-up, `Some(None)` where it found nobody.
    pub fn known(&self) -> Option<Option<&Process>> {
        self.process.get().map(Option::as_ref)
    }

    /// Looks it up, which takes milliseconds, unless that was done.
    pub async fn process(&self) -> Option<&Process> {
        let (address, local) = (self.address, self.local);
        let look_up = || async move {
            tokio::task::spawn_blocking(move || observe::process_behind(address, local)).await.ok().flatten()
        };
        self.process.get_or_init(look_up).await.as_ref()
    }
}
