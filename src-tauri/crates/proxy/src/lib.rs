//! The listener, the session tasks and the pipeline: the way of one exchange through observe, reason and act.
//!
//! It must not know SQLite or an HTTP client: the ledger and the provider are reached through `domain`'s ports.

mod account;
mod address;
mod alarm;
mod answer;
mod attempts;
mod body;
mod breakers;
mod budgets;
mod classify;
mod config;
mod continuation;
mod core;
mod door;
mod effects;
mod estimate;
mod exchange;
mod fork;
mod good;
mod hand;
mod headers;
mod idle;
mod known;
mod late;
mod listener;
mod mask;
mod moment;
mod naming;
mod outlet;
mod passage;
mod peer;
mod pipeline;
mod record;
mod recorded;
mod relay;
mod results;
mod rewind;
mod rewrites;
mod runtime;
mod sent;
mod session;
mod sessions;
mod silence;
mod standing;
mod stream;
mod summary;
mod whole;
mod window;

pub use breakers::{BreakerStatus, Figures};
pub use config::{Config, Ports, Recording, StartError};
pub use fork::{Fork, ForkError, Forked};
pub use recorded::{Recorded, RecordedSession, Recorder};
pub use rewind::Rewind;
pub use runtime::{ProxyHealth, Runtime};
// The console shows requests whole, and may not know wire formats.
pub use wire::rebuild;
