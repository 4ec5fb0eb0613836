//! What any UI sees, field by field: the JSON of the console and, through specta, the types of the UI.
//!
//! Times are RFC 3339 in UTC, durations milliseconds, money US dollars; numbers are safe integers or floats; ids are text.
//! A string over 16 KiB is never in it: a `Text` is then a reference to fetch with `get_blob`. It must not know where the
//! values come from.

mod budget;
mod connect;
mod cycles;
mod exchange;
mod facts;
mod flips;
mod fork;
mod hand;
mod health;
mod intervention;
mod metrics;
mod policy;
mod rewind;
mod search;
mod session;
mod text;
mod timeline;

pub use budget::*;
pub use connect::*;
pub use cycles::*;
pub use exchange::*;
pub use facts::*;
pub use flips::*;
pub use fork::*;
pub use hand::*;
pub use health::*;
pub use intervention::*;
pub use metrics::*;
pub use policy::*;
pub use rewind::*;
pub use search::*;
pub use session::*;
pub use text::*;
pub use timeline::*;
