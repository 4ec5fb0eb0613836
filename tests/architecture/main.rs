//! The house rules that a compiler does not check: which crate may import which, where tauri, SQLite and reqwest may
//! appear, what the root may hold, how long a file may be and what it may not be called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod crates;
mod files;

use std::path::PathBuf;

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests package stands in the root").to_owned()
}
