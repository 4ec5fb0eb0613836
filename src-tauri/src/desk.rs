//! What the window works on: a runtime of its own, or one that already lives in the data folder, as its client.

use cli::{Host, HostError, Remote, Settings};
use console::{ErrorCode, RpcError};
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tauri::{AppHandle, Emitter};
use tokio::sync::{Notify, RwLock};

/// The event under which the interface hears of changes.
const CHANGES: &str = "changes";

enum Seat {
    Own(Box<Host>),
    Attached(Remote),
    Closed,
}

pub struct Desk {
    settings: Settings,
    seat: RwLock<Seat>,
    /// Questions to a person may have come or gone.
    questions: Notify,
}

/// Tells windows on different data folders apart.
pub fn name_of(data: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    hasher.finish()
}

impl Desk {
    pub async fn open(settings: Settings) -> Result<Desk, HostError> {
        let seat = RwLock::new(take_seat(&settings).await?);
        Ok(Desk { settings, seat, questions: Notify::new() })
    }

    pub async fn call(&self, name: &str, args: Value) -> Result<Value, RpcError> {
        let (console, remote) = match &*self.seat.read().await {
            Seat::Own(host) => (Some(host.console().clone()), None),
            Seat::Attached(remote) => (None, Some(remote.clone())),
            Seat::Closed => (None, None),
        };
        match (console, remote) {
            (Some(console), _) => console.dispatch(name, args).await,
            (_, Some(remote)) => remote.call(name, &args).await,
            _ => Err(RpcError::new(ErrorCode::Unreachable, "the runtime is ending")),
        }
    }

    /// Passes changes on to the interface for as long as the program runs. Where the runtime that it was attached to ends, the
    /// window looks for the next one, else becomes it.
    pub async fn tell(self: Arc<Self>, app: AppHandle) {
        loop {
            let mut changes = match self.changes().await {
                Some(changes) => changes,
                None => return,
            };
            while let Some(change) = changes.next().await {
                if matches!(change["kind"].as_str(), Some("escalation" | "everything")) {
                    self.questions.notify_one();
                }
                // No window: nobody to tell.
                let _ = app.emit(CHANGES, change);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            if !self.find_seat().await {
                return;
            }
            self.questions.notify_one();
            let _ = app.emit(CHANGES, json!({ "kind": "everything", "session": null, "exchange": null }));
        }
    }

    /// Resolves once questions may have come or gone since the last time.
    pub async fn questions_changed(&self) {
        self.questions.notified().await;
    }

    async fn changes(&self) -> Option<BoxStream<'static, Value>> {
        match &*self.seat.read().await {
            Seat::Own(host) => {
                let changes = host.console().changes();
                Some(changes.map(|change| serde_json::to_value(change).unwrap_or_default()).boxed())
            }
            Seat::Attached(remote) => match remote.changes().await {
                Ok(changes) => Some(changes),
                Err(_) => Some(futures::stream::empty().boxed()),
            },
            Seat::Closed => None,
        }
    }

    /// False once closed.
    async fn find_seat(&self) -> bool {
        let mut seat = self.seat.write().await;
        match &*seat {
            Seat::Closed => false,
            Seat::Own(_) => true,
            Seat::Attached(_) => {
                match take_seat(&self.settings).await {
                    Ok(taken) => *seat = taken,
                    // It may still be ending: the next round tries again.
                    Err(error) => tracing::warn!(%error, "no runtime to attach to"),
                }
                true
            }
        }
    }

    pub async fn close(&self, grace: Duration) {
        let seat = std::mem::replace(&mut *self.seat.write().await, Seat::Closed);
        if let Seat::Own(host) = seat {
            host.stop(grace).await;
        }
    }
}

async fn take_seat(settings: &Settings) -> Result<Seat, HostError> {
    if let Some(remote) = Remote::find(&settings.data) {
        tracing::info!(proxy = remote.running().proxy, "attached to the runtime that lives here");
        return Ok(Seat::Attached(remote));
    }
    match Host::start(settings).await {
        Ok(host) => Ok(Seat::Own(Box::new(host))),
        // A window opens even where another program has the usual ports; Connect shows the address.
        Err(HostError::Listen(error)) => {
            tracing::warn!("{error}; taking free ports");
            let mut settings = settings.clone();
            settings.listen.set_port(0);
            settings.console.set_port(0);
            Ok(Seat::Own(Box::new(Host::start(&settings).await?)))
        }
        Err(error) => Err(error),
    }
}
