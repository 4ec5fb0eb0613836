//! The words of the command line.

mod hand;

pub use hand::*;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// A runtime proxy for agents: sees every model call while it happens, judges it by your policies, and can act.
#[derive(Debug, Parser)]
#[command(name = "switchtower", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Point an agent at http://127.0.0.1:4100/v1 (OpenAI) or http://127.0.0.1:4100 (Anthropic, Gemini, \
                        Ollama), or let `switchtower run -- COMMAND` do it.\n\n\
                        Exit codes: 0 done, 1 failed, 2 wrong words, 3 nothing found."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Common {
    /// The data folder: ledger, token, lock [default: the user's data folder + /switchtower]
    #[arg(long, global = true, env = "SWITCHTOWER_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration [default: the user's config folder + /switchtower/switchtower.toml]
    #[arg(long, global = true, env = "SWITCHTOWER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to log on stderr: `warn`, `info`, `debug`, or `target=level,…`
    #[arg(long, global = true, env = "SWITCHTOWER_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    #[arg(long, global = true, env = "SWITCHTOWER_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// The desktop window: the runtime inside, or a window onto one that already runs.
#[derive(Debug, Parser)]
#[command(name = "switchtower-window", version, max_term_width = 100)]
pub struct WindowArguments {
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the proxy and the web console until Ctrl-C
    Serve(Serve),
    /// Start an agent so that its model calls go through the runtime
    Run(Run),
    /// Watch a scripted agent and a scripted model go through the real runtime; needs no key
    Demo(Demo),
    /// List sessions
    Sessions(Sessions),
    /// Show a session, an exchange or an intervention
    Show(Show),
    /// Search everything said
    Search(Search),
    /// List what waits for a person, or show one question
    Approvals(Approvals),
    /// Answer a question with yes, or with other arguments
    Approve(Approve),
    /// Answer a question with no
    Deny(Deny),
    /// Take a live session in hand: pause, step, edit, inject, end, …
    #[command(subcommand)]
    Ctl(Ctl),
    /// Figures: sessions, tokens, money, tools, interventions
    Metrics(Metrics),
    /// Check, test and explain policies
    #[command(subcommand)]
    Policy(Policy),
    /// Write a session to a file or to stdout
    Export(Export),
    /// Read recorded sessions into the ledger
    Import(Import),
    /// Say what is wrong and what to do: ports, database, policies, providers
    Doctor(Doctor),
}

#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Where agents connect; port 0 picks a free one [default: 127.0.0.1:4100]
    #[arg(long, env = "SWITCHTOWER_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Where the console listens; port 0 picks a free one [default: 127.0.0.1:4101]
    #[arg(long, env = "SWITCHTOWER_CONSOLE", value_name = "ADDRESS")]
    pub console: Option<SocketAddr>,
    /// The folder of policy files, reloaded as they change [default: the user's config folder + /switchtower/policies]
    #[arg(long, env = "SWITCHTOWER_POLICIES", value_name = "DIR")]
    pub policies: Option<PathBuf>,
    /// Serve the console's interface from this folder instead of the built-in one
    #[arg(long, env = "SWITCHTOWER_UI", value_name = "DIR")]
    pub ui: Option<PathBuf>,
    /// Another host name under which this machine may be addressed, for containers; repeat for several
    #[arg(long, env = "SWITCHTOWER_ALLOWED_HOSTS", value_name = "NAME", value_delimiter = ',')]
    pub allowed_host: Vec<String>,
}

const REWINDING: &str = "Rewinding: start the agent with the same command as then. A request matches the record when model, parameters, \
system prompt, tools and every message are the same; dates, times, random ids, the folder and the client's own session names do not \
count, nor does the order of side calls and sub-agents. The first difference is recorded and shown; from there the model answers.\n\
What cannot be replayed: the agent's own tools, which run again, and exchanges that came to no whole answer. Where the provider \
holds the history (previous_response_id), going live works as long as the provider still has it.";

#[derive(Debug, Clone, Args)]
#[command(after_help = REWINDING)]
pub struct Run {
    /// Label: the agent's name
    #[arg(long, env = "SWITCHTOWER_AGENT", value_name = "NAME")]
    pub agent: Option<String>,
    /// Label: joins this session, or begins it
    #[arg(long, env = "SWITCHTOWER_SESSION", value_name = "NAME")]
    pub session: Option<String>,
    /// Rewind: the record answers, at no cost, what was asked before this exchange; from it on the model does
    #[arg(long, value_name = "EXCHANGE", conflicts_with = "session")]
    pub from: Option<String>,
    /// The folder of policy files, where this command starts the runtime
    #[arg(long, env = "SWITCHTOWER_POLICIES", value_name = "DIR")]
    pub policies: Option<PathBuf>,
    /// Say nothing about what was set
    #[arg(long, short)]
    pub quiet: bool,
    /// The agent's command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Keep the runtime and its console open afterwards, until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// Do not wait between steps
    #[arg(long)]
    pub fast: bool,
    /// Where the console listens, if this command starts the runtime
    #[arg(long, env = "SWITCHTOWER_CONSOLE", value_name = "ADDRESS")]
    pub console: Option<SocketAddr>,
}

#[derive(Debug, Clone, Args)]
pub struct Sessions {
    /// As in the console: status:running cost:>0.50 tool:bash "refund" -model:*haiku
    ///
    /// Words that begin with - go after --
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// How many at most
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub limit: u32,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Show {
    /// `ses_…`, `exc_…`, or `last` for the newest session
    pub id: String,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Search {
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
    /// How many at most
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N")]
    pub limit: u32,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Metrics {
    /// From then on: RFC 3339, a date, or an age such as 90m, 24h, 7d
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// Up to then
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Policy {
    /// Say what is wrong in policy files, with line, column and the nearest name
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Run the [[test]] tables of policy files
    Test {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Say what rules in shadow would have done: how often, in how many sessions, and when first
    Flips {
        /// A policy's name; all unless given
        policy: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Say which rules were evaluated for an exchange, what they read and what they concluded
    Explain {
        /// `exc_…`
        exchange: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Export {
    /// `ses_…`, or `last` for the newest session
    pub id: String,
    #[arg(long, default_value = "jsonl", value_name = "FORMAT", value_parser = ["jsonl"])]
    pub format: String,
    /// Where to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct Import {
    /// JSON Lines: an export, or one session a line in the OpenAI message format; `-` for stdin
    pub file: PathBuf,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Doctor {
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_words_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_after_a_query_stay_flags() {
        let arguments =
            Arguments::try_parse_from(["switchtower", "search", "two", "words", "--json", "--data", "x"]).unwrap();
        let Command::Search(search) = arguments.command else { panic!("not search") };
        assert_eq!((search.query.join(" "), search.json), ("two words".to_owned(), true));
        assert_eq!(arguments.common.data, Some("x".into()));
    }

    #[test]
    fn a_child_keeps_its_own_flags() {
        let words = ["switchtower", "run", "--agent", "me", "--", "claude", "-p", "--data", "x"];
        let arguments = Arguments::try_parse_from(words).unwrap();
        let Command::Run(run) = arguments.command else { panic!("not run") };
        assert_eq!(run.command, ["claude", "-p", "--data", "x"]);
        assert_eq!(arguments.common.data, None);
    }
}
