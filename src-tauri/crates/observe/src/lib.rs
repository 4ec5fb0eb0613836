//! Observing: folds requests, frames, results and time into what reasoning reads.
//!
//! Owns which session a request belongs to, runs and steps, tool calls linked to their results, tokens, money and timing, and the
//! observation of each intervention point. Pure state, but for one file that looks up the process behind a local socket.
//! It must not know how anything is decided, carried out, stored or sent.

mod bounded;
mod client;
mod estimate;
mod finder;
mod pricing;
mod process;
mod prompt;
mod reading;
mod session;

pub use bounded::Bounded;
pub use client::{Caller, Client, agent_name};
pub use estimate::Estimator;
pub use finder::{Finder, Found};
pub use pricing::{context_window, cost};
pub use process::process_behind;
pub use reading::{Reader, Reading};
pub use session::{Arrived, Ended, Focus, Returned, SessionState, Standing, Sums};
