//! The harness: a scripted provider with faults, scripted agents for each dialect, and the real runtime on port 0.
//!
//! Knows the outside of Switchtower only (CONTRACT.md): bytes on sockets, RPC, files. It imports no crate of the
//! workspace, so that a wrong idea shared by all of them cannot hide here too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // exists only for tests; a panic is a failed test
#![allow(clippy::disallowed_methods)] // scripted servers end with their test's runtime
#![allow(clippy::print_stdout)]

pub mod agent;
pub mod answer;
pub mod cells;
pub mod dialect;
pub mod http;
pub mod judge;
pub mod provider;
pub mod render;
pub mod runtime;
pub mod shared;
pub mod stage;
pub mod turn;

pub use agent::Agent;
pub use answer::Answer;
pub use dialect::Dialect;
pub use provider::{Fault, Provider, Received, Reply};
pub use runtime::{Options, Runtime};
pub use stage::Stage;
pub use turn::{Call, Reasoning, Turn, Usage};
