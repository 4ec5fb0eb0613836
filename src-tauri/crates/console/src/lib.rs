//! The console: commands, queries and live events for any UI, whatever carries them.
//!
//! Owns the view types, the one table of commands and what each does. It must not know windows or HTTP.

mod bindings;
mod change;
mod command;
mod error;
pub mod view;

pub use bindings::typescript;
pub use change::*;
pub use command::*;
pub use error::*;
