//! The words of a person's hand: approvals, approve, deny, ctl.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Asked {
    Pending,
    Approved,
    Edited,
    Denied,
    Expired,
    Orphaned,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// The next model call, or the one that is held
    Call,
    /// Until the next user message
    Run,
    Session,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    User,
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stop {
    #[value(name = "model.request", alias = "request")]
    Request,
    #[value(name = "tool.call", alias = "tool")]
    Call,
    #[value(name = "model.response", alias = "response")]
    Response,
}

#[derive(Debug, Clone, Args)]
pub struct Approvals {
    /// `esc_…`: this one in full
    pub id: Option<String>,
    #[arg(long, default_value = "pending", value_name = "STATE")]
    pub state: Asked,
    /// Of this session only: `ses_…`, or `last` for the newest
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// How many at most
    #[arg(long, short = 'n', default_value_t = 50, value_name = "N")]
    pub limit: u32,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "What is approved is exactly the action that was asked about; an answer counts once.")]
pub struct Approve {
    /// `esc_…`, as `switchtower approvals` lists it
    pub id: String,
    /// Approve it with these arguments (or this message) instead: a file, `-` for stdin, or JSON that begins with {
    #[arg(long, value_name = "FILE")]
    pub edit: Option<String>,
    /// Why; the model is told it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Deny {
    /// `esc_…`, as `switchtower approvals` lists it
    pub id: String,
    /// Why; the model is told it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[arg(long)]
    pub json: bool,
}

/// A session, and how to print what came of it.
#[derive(Debug, Clone, Args)]
pub struct Whom {
    /// `ses_…`, or `last` for the newest session
    #[arg(value_name = "ID")]
    pub session: String,
    #[arg(long)]
    pub json: bool,
}

/// One session, or all that are live.
#[derive(Debug, Clone, Args)]
pub struct WhomOrAll {
    /// `ses_…`, or `last` for the newest session
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub session: Option<String>,
    /// Every live session
    #[arg(long)]
    pub all: bool,
    #[arg(long)]
    pub json: bool,
}

/// A session's id and one more word, in either order: ids are known by their `ses_`.
#[derive(Debug, Clone, Args)]
pub struct WhomAndWord {
    /// `ses_…` or `last`, and the word; in either order
    #[arg(value_name = "ID, WORD", required = true, num_args = 1..=2)]
    pub words: Vec<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Subcommand)]
#[command(
    after_help = "A session is `ses_…` as `switchtower sessions` lists it, or `last`. What was carried out is recorded as an \
                        intervention of a person."
)]
pub enum Ctl {
    /// Hold the session at its next model call
    Pause(WhomOrAll),
    /// Let it go on
    Resume(WhomOrAll),
    /// Let what is held go, hold at the next point: request, tool call or response
    Step(Whom),
    /// Let what is held go, hold at the next model call
    #[command(alias = "step_over")]
    StepOver(Whom),
    /// Show what is held and which orders stand
    Held(Whom),
    /// End the session: what is held and every later request is answered with a message
    Kill {
        #[command(flatten)]
        whom: Whom,
        /// What the agent is told
        #[arg(long, alias = "message", default_value = "", value_name = "TEXT")]
        text: String,
        /// As the vendor's error instead of an answer
        #[arg(long)]
        as_error: bool,
    },
    /// Add a message to the model
    #[command(override_usage = "switchtower ctl inject [OPTIONS] ID TEXT")]
    Inject {
        #[command(flatten)]
        whom: WhomAndWord,
        /// The message, where it is not given as a word
        #[arg(long, alias = "message", value_name = "TEXT")]
        text: Option<String>,
        #[arg(long, default_value = "user", value_name = "ROLE")]
        role: Role,
        /// Anew in each run
        #[arg(long)]
        standing: bool,
    },
    /// Send to another model of the same dialect
    #[command(override_usage = "switchtower ctl model [OPTIONS] ID MODEL")]
    Model {
        #[command(flatten)]
        whom: WhomAndWord,
        /// The model, where it is not given as a word
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        #[arg(long, default_value = "session", value_name = "SCOPE")]
        scope: Scope,
    },
    /// Change what is held: a call's arguments, the response, or the request
    Edit {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        edit: Edit,
    },
    /// Answer a held request, or the next one, without the model
    #[command(override_usage = "switchtower ctl answer [OPTIONS] ID TEXT")]
    Answer {
        #[command(flatten)]
        whom: WhomAndWord,
        /// The answer, where it is not given as a word
        #[arg(long, alias = "message", value_name = "TEXT")]
        text: Option<String>,
        /// `exc_…`, where several are held
        #[arg(long, value_name = "ID")]
        exchange: Option<String>,
    },
    /// Set or raise a budget of a policy in force
    #[command(override_usage = "switchtower ctl budget ID NAME (--set N | --raise N)")]
    Budget {
        #[command(flatten)]
        whom: WhomAndWord,
        /// Its key, such as token_budget_per_session or budget.NAME, or policy/rule, where it is not given as a word
        #[arg(long, value_name = "KEY")]
        name: Option<String>,
        #[arg(long, value_name = "N", required_unless_present = "raise", conflicts_with = "raise")]
        set: Option<f64>,
        #[arg(long, value_name = "N")]
        raise: Option<f64>,
    },
    /// Withhold tools from the model, or offer them again
    Tools {
        #[command(flatten)]
        whom: Whom,
        #[arg(long, value_name = "NAME", value_delimiter = ',', required_unless_present = "offer")]
        withhold: Vec<String>,
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        offer: Vec<String>,
    },
    /// Take a rule out of force for this session
    #[command(override_usage = "switchtower ctl mute [OPTIONS] ID RULE")]
    Mute {
        #[command(flatten)]
        whom: WhomAndWord,
        /// Its id or policy/rule, where it is not given as a word
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        /// Put it back
        #[arg(long)]
        off: bool,
    },
    /// Go on from an earlier exchange; the model is told so
    #[command(override_usage = "switchtower ctl rollback [OPTIONS] ID EXCHANGE")]
    Rollback {
        #[command(flatten)]
        whom: WhomAndWord,
        /// `exc_…`, where it is not given as a word
        #[arg(long, alias = "to", value_name = "ID")]
        exchange: Option<String>,
        /// A word to the model
        #[arg(long, alias = "message", default_value = "", value_name = "TEXT")]
        text: String,
    },
    /// Ask a recorded request again, changed, in a session of its own; prints both answers
    Fork(Fork),
    /// List breakpoints
    Breakpoints {
        #[arg(long)]
        json: bool,
    },
    /// Stop sessions where a condition holds
    #[command(after_help = "switchtower ctl break tool.call --when \"tool.name == 'send_email'\"\n\
                            switchtower ctl break model.request --when \"session.tokens > 50000\" --session last\n\
                            switchtower ctl break tool.call --rule safe-tools/destructive-command")]
    Break {
        on: Stop,
        /// CEL, as a rule's `when`; always unless given
        #[arg(long, value_name = "CONDITION")]
        when: Option<String>,
        /// Only where this rule matches, in whatever mode: `POLICY/RULE`, or the rule's id
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// This session only: `ses_…` or `last`
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Shown where it stops
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// List the circuit breakers of the policies in force, or hold one open or closed
    #[command(after_help = "switchtower ctl breaker\n\
                            switchtower ctl breaker flaky-providers/main openai open\n\
                            switchtower ctl breaker main openai auto")]
    Breaker {
        /// `POLICY/NAME`, or the name alone
        breaker: Option<String>,
        /// The provider, `provider/model`, or the tool
        #[arg(requires = "breaker")]
        key: Option<String>,
        /// Hold it open, hold it closed, or give it back to what it sees
        #[arg(requires = "key")]
        state: Option<Hold>,
        #[arg(long)]
        json: bool,
    },
    /// Take a breakpoint away
    Clear {
        /// `bp1`, as `ctl breakpoints` lists it
        breakpoint: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "One model call, paid with a key of your own: a provider of the same dialect in switchtower.toml with api_key = \
                        \"env:NAME\". An agent's key passes through and is not kept. Policies apply. Refused where the provider \
                        holds the history (previous_response_id)."
)]
pub struct Fork {
    /// `exc_…`, as `switchtower show SESSION` lists it
    pub exchange: String,
    /// Another model of the same dialect
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Another last message of the user's; after tool results it is added behind them
    #[arg(long, alias = "text", value_name = "TEXT")]
    pub message: Option<String>,
    /// The whole request instead: a file, `-` for stdin, or JSON that begins with {
    #[arg(long, alias = "request", value_name = "FILE")]
    pub body: Option<String>,
    /// Judge it without this rule, by id or policy/rule; repeat for several
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Which provider to ask, where several have a key of yours
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    #[arg(long)]
    pub json: bool,
}

/// What takes the place of what is held.
#[derive(Debug, Clone, Args)]
#[command(group(clap::ArgGroup::new("replacement").required(true)))]
#[group(skip)]
pub struct Edit {
    /// Other arguments for the held call: a file, `-` for stdin, or JSON that begins with {
    #[arg(long, value_name = "FILE", group = "replacement")]
    pub arguments: Option<String>,
    /// A message in place of the response
    #[arg(long, alias = "message", value_name = "TEXT", group = "replacement")]
    pub text: Option<String>,
    /// The exact response, in its own framing: a file or `-`
    #[arg(long, value_name = "FILE", group = "replacement")]
    pub raw: Option<String>,
    /// The whole request body, for a held request: a file, `-`, or JSON that begins with {
    #[arg(long, value_name = "FILE", group = "replacement")]
    pub request: Option<String>,
    /// The call's id, where several are held
    #[arg(long, value_name = "ID", requires = "arguments")]
    pub call: Option<String>,
    /// `exc_…`, where several are held
    #[arg(long, value_name = "ID")]
    pub exchange: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{Arguments, Command};
    use clap::Parser;

    fn read(words: &[&str]) -> Result<Command, String> {
        let words = std::iter::once("switchtower").chain(words.iter().copied());
        Arguments::try_parse_from(words).map(|arguments| arguments.command).map_err(|error| error.to_string())
    }

    #[test]
    fn an_id_may_stand_before_or_after_the_other_words() {
        for words in [
            ["ctl", "pause", "ses_1", "--json"],
            ["ctl", "step", "--json", "last"],
            ["approve", "esc_1", "--reason", "fine"],
            ["ctl", "kill", "--text=end", "ses_1"],
            ["ctl", "model", "gpt-4o", "ses_1"],
            ["ctl", "inject", "ses_1", "hello"],
        ] {
            assert!(read(&words).is_ok(), "{words:?}: {}", read(&words).unwrap_err());
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        for (words, told) in [
            (vec!["ctl", "pause"], "<ID"),
            (vec!["ctl", "pause", "ses_1", "--all"], "cannot be used with"),
            (vec!["ctl", "edit", "ses_1"], "required"),
            (vec!["ctl", "edit", "ses_1", "--text", "a", "--raw", "b"], "cannot be used with"),
            (vec!["ctl", "budget", "ses_1", "b"], "--set"),
            (vec!["ctl", "budget", "ses_1", "b", "--set", "1", "--raise", "2"], "cannot be used with"),
            (vec!["ctl", "break", "nowhere"], "model.request"),
            (vec!["ctl", "tools", "ses_1"], "--withhold"),
            (vec!["approvals", "--state", "maybe"], "orphaned"),
        ] {
            let error = read(&words).unwrap_err();
            assert!(error.contains(told), "{words:?}: {error}");
        }
        assert!(read(&["ctl", "pause", "--all"]).is_ok());
    }
}

/// How a circuit breaker is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Hold {
    Open,
    Closed,
    Auto,
}
