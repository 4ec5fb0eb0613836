//! The `switchtower` command line, and what a program needs to be a runtime: configuration, the data folder, the host and the web
//! console. The window uses the same host.

mod arguments;
mod backend;
mod clock;
mod command;
mod config;
mod folder;
mod host;
mod log;
mod output;
mod port;
mod remote;
mod watch;
mod web;

pub use arguments::{Arguments, Common, LogFormat, Serve};
pub use command::{main, signal, window_settings};
pub use config::{ConfigError, Settings};
pub use folder::{FolderError, Running};
pub use host::{Host, HostError, Ready};
pub use log::start as start_log;
pub use output::tell;
pub use remote::Remote;
