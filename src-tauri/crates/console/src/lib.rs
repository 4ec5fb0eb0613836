//! The console: commands, queries and live events for any UI, whatever carries them.
//!
//! Owns the view types, the one table of commands and what each does, and the policies folder. It must not know windows or HTTP.

mod allow;
mod bindings;
mod breakers;
mod breakpoints;
mod change;
mod command;
mod connect;
mod console;
mod dispatch;
mod error;
mod fork;
mod hand;
mod long;
mod policies;
mod query;
mod rewind;
mod tools;
pub mod view;

pub use bindings::typescript;
pub use change::*;
pub use command::*;
pub use connect::{CLIENTS, Client, Launch, connections, launch};
pub use console::{Console, Place, key_source_name};
pub use error::*;
pub use policies::{Policies, check, check_in_words, test};
pub use reason::TestOutcome;
