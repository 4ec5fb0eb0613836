//! The commands, one file each, and how a program ends: 0 done, 1 failed, 2 wrong words, 3 nothing found.

mod approvals;
mod ctl;
mod demo;
mod doctor;
mod export;
mod flips;
mod fork;
mod import;
mod metrics;
mod policy;
mod rewind;
mod run;
mod search;
mod serve;
mod sessions;
mod show;

use crate::{
    arguments::{Arguments, Command, WindowArguments},
    backend::Backend,
    config::Settings,
    log, output,
};
use anyhow::{Context, Result};
use clap::Parser;
use console::{ErrorCode, ListSessions, RpcError, view::SessionPage};
use std::{process::ExitCode, time::Duration};

/// How a command ended, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    NothingFound,
    /// A child's or a check's own code.
    Code(u8),
}

/// Arguments that clap could not see to be wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongWords(pub String);

pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            output::tell(&format!("switchtower: no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(carry_out(arguments));
    // What a second Ctrl-C left behind is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(50));
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NothingFound) => ExitCode::from(3),
        Ok(Outcome::Code(code)) => ExitCode::from(code),
        Err(error) => {
            output::tell(&describe(&error));
            ExitCode::from(code_of(&error))
        }
    }
}

/// What the window is started with; on wrong words or a wrong configuration the code to end with, already explained.
pub fn window_settings() -> Result<Settings, ExitCode> {
    let arguments = WindowArguments::parse();
    Settings::gather(&arguments.common, Some(&arguments.serve)).map_err(|error| {
        output::tell(&format!("switchtower: {error}"));
        ExitCode::FAILURE
    })
}

/// Resolves at the next Ctrl-C or SIGTERM.
pub async fn signal() {
    match serve::Signals::listen() {
        Ok(mut signals) => signals.next().await,
        Err(error) => {
            tracing::error!("{error:#}");
            std::future::pending().await
        }
    }
}

async fn carry_out(arguments: Arguments) -> Result<Outcome> {
    let Arguments { command, common } = arguments;
    match command {
        Command::Serve(serve) => {
            let settings = Settings::gather(&common, Some(&serve))?;
            log::start(&settings);
            serve::serve(&settings).await
        }
        // What needs neither ledger nor configuration works without them.
        Command::Policy(crate::arguments::Policy::Check { files, json }) => policy::check(&files, json),
        Command::Policy(crate::arguments::Policy::Test { files, json }) => policy::test(&files, json),
        command => {
            let mut settings = Settings::gather(&common, None)?;
            log::start(&settings);
            match command {
                Command::Run(run) => run::run(settings, run).await,
                Command::Demo(demo) => demo::demo(settings, demo).await,
                Command::Doctor(doctor) => doctor::doctor(&settings, doctor).await,
                command => {
                    // Reading never starts a runtime, so no flag of `serve` matters.
                    settings.ui = None;
                    read(&settings, command).await
                }
            }
        }
    }
}

/// Commands that ask the live runtime, else the ledger at rest.
async fn read(settings: &Settings, command: Command) -> Result<Outcome> {
    let backend = Backend::open(settings)?;
    let outcome = match command {
        Command::Sessions(sessions) => sessions::sessions(&backend, sessions).await,
        Command::Show(show) => show::show(&backend, show).await,
        Command::Search(search) => search::search(&backend, search).await,
        Command::Approvals(approvals) => approvals::approvals(&backend, approvals).await,
        Command::Approve(approve) => approvals::approve(&backend, approve).await,
        Command::Deny(deny) => approvals::deny(&backend, deny).await,
        Command::Ctl(ctl) => ctl::ctl(&backend, ctl).await,
        Command::Metrics(metrics) => metrics::metrics(&backend, metrics).await,
        Command::Export(export) => export::export(&backend, export).await,
        Command::Import(import) => import::import(&backend, import).await,
        Command::Policy(crate::arguments::Policy::Flips { policy, json }) => {
            flips::report(&backend, policy, json).await
        }
        Command::Policy(crate::arguments::Policy::Explain { exchange, json }) => {
            policy::explain(&backend, &exchange, json).await
        }
        _ => Ok(Outcome::Done),
    };
    backend.close().await;
    outcome
}

/// What, where, and what to do next.
fn describe(error: &anyhow::Error) -> String {
    let hint = error.chain().find_map(|cause| cause.downcast_ref::<RpcError>()?.hint.clone());
    let hint = hint.map_or_else(String::new, |hint| format!("\n  → {hint}"));
    format!("switchtower: {}{hint}", told(error))
}

/// The error and its causes, each said once: many repeat theirs.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(|cause| cause.to_string().trim_end().to_owned()) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text += &format!(": {cause}");
        }
    }
    text
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<WrongWords>()) {
        return 2;
    }
    match error.chain().find_map(|cause| cause.downcast_ref::<RpcError>()).map(|error| error.code) {
        Some(ErrorCode::NotFound) => 3,
        Some(ErrorCode::BadRequest) => 2,
        _ => 1,
    }
}

/// A session's id as given, or the newest one for `last`.
async fn session_id(backend: &Backend, word: &str) -> Result<String> {
    if word != "last" {
        return Ok(word.to_owned());
    }
    let newest = ListSessions { limit: Some(1), ..ListSessions::default() };
    let page: SessionPage = backend.ask("list_sessions", &newest).await?;
    let session = page.sessions.into_iter().next();
    let none =
        || RpcError::new(ErrorCode::NotFound, "no session is recorded yet").with_hint("`switchtower demo` records one");
    Ok(session.ok_or_else(none).context("last")?.id)
}
