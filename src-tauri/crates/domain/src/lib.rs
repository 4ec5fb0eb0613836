//! The words of Switchtower as types, their invariants, and the ports.
//!
//! Owns what every other crate speaks in: ids, sessions, exchanges, messages, observations, verdicts, interventions,
//! the records of the ledger, and the traits through which the outside is reached. It must not know I/O, a runtime,
//! a clock or a user interface.

mod action;
mod agent;
mod alert;
mod breaker;
mod budget;
mod classifier;
mod clock;
mod control;
mod dialect;
mod escalation;
mod exchange;
mod facts;
mod fault;
mod hash;
mod ids;
mod intervention;
mod message;
mod observation;
mod path;
mod patience;
mod pattern;
mod policy;
mod ports;
mod provider;
mod rate;
mod record;
mod recording;
mod session;
mod usage;
mod verdict;

pub use action::*;
pub use agent::*;
pub use alert::*;
pub use breaker::*;
pub use budget::*;
pub use classifier::*;
pub use clock::*;
pub use control::*;
pub use dialect::*;
pub use escalation::*;
pub use exchange::*;
pub use facts::*;
pub use fault::*;
pub use hash::*;
pub use ids::*;
pub use intervention::*;
pub use message::*;
pub use observation::*;
pub use path::*;
pub use patience::*;
pub use pattern::*;
pub use policy::*;
pub use ports::*;
pub use provider::*;
pub use rate::*;
pub use record::*;
pub use recording::*;
pub use session::*;
pub use usage::*;
pub use verdict::*;
