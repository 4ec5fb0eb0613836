//! The append-only record in SQLite: everything that passed, every intervention, searchable and rebuildable to the byte.
//!
//! Owns the database file: one writer thread with group commit, a read-only pool, migrations, search, retention, export.
//! It must not know how requests are proxied, what a policy says, or any wire format: bodies are bytes to it.

mod blob;
mod codec;
mod difference;
mod edit;
mod error;
mod export;
mod files;
mod handle;
mod import;
mod layout;
mod lines;
mod observation;
mod pack;
mod queue;
mod read;
mod retention;
mod retrieve;
mod schema;
mod text;
mod weight;
mod writer;

pub use blob::{BlobRef, Side};
pub use error::LedgerError;
pub use export::FORMAT;
pub use handle::{Change, ChangeKind, Ledger, LedgerOptions};
pub use import::Imported;
pub use read::*;
pub use retention::Deleted;
