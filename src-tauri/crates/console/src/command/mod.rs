//! The one table of commands: what the RPC dispatches, the window registers and the UI's types are made from.

/// Structs of arguments, in which unknown fields are errors, so that a misspelt one is never silently ignored.
macro_rules! args {
    ($($(#[$doc:meta])* $name:ident { $($body:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($body)* }
    )*};
}

mod args;
mod hand;

pub use args::*;
pub use hand::*;

/// Calls `$with!` with every command as `name(Args) -> Result;`, doc comment first.
#[macro_export]
macro_rules! for_each_command {
    ($with:ident) => {
        $with! {
            /// A page of sessions, newest activity first.
            list_sessions(ListSessions) -> SessionPage;
            /// One session.
            get_session(GetSession) -> SessionDetail;
            /// A window of a session's rows.
            list_timeline(ListTimeline) -> TimelinePage;
            /// A session binned over time.
            get_strip(GetStrip) -> StripView;
            /// What a session does again and again.
            list_cycles(ListCycles) -> CyclePage;
            /// One exchange in full.
            get_exchange(GetExchange) -> ExchangeView;
            /// A window of a streamed response's frames.
            get_frames(GetFrames) -> FramePage;
            /// A piece of a text that was too long to send along.
            get_blob(GetBlob) -> BlobView;
            /// A page of interventions, newest first.
            list_interventions(ListInterventions) -> InterventionPage;
            /// Full-text search over everything said.
            search(Search) -> SearchPage;
            /// What waits, or waited, for a person.
            list_escalations(ListEscalations) -> EscalationPage;
            /// Answers an escalation; an answer counts once.
            resolve_escalation(ResolveEscalation) -> EscalationView;
            /// What people made of each rule's questions, so that rubber-stamping shows.
            escalation_figures(GetEscalationFigures) -> EscalationFiguresPage;
            /// The rule that would approve such calls from now on, without saving it.
            always_allow(AlwaysAllow) -> AllowView;
            /// Carries out a person's command to one session.
            control_session(ControlSession) -> DoneView;
            /// Pauses, or resumes, every live session.
            pause_all(PauseAll) -> PausedView;
            /// Lets the record of a run answer the agent when it runs again, up to an exchange.
            begin_rewind(BeginRewind) -> RewindStart;
            /// Asks a recorded request again, changed, in a session of its own and with the user's own key.
            fork_session(ForkSession) -> ForkView;
            /// Two exchanges' answers beside each other.
            compare_exchanges(CompareExchanges) -> ComparisonView;
            /// Where sessions stop by themselves.
            list_breakpoints(NoArgs) -> BreakpointPage;
            /// Makes sessions stop where a condition holds.
            set_breakpoint(SetBreakpoint) -> BreakpointView;
            /// Takes a breakpoint away.
            clear_breakpoint(ClearBreakpoint) -> BreakpointPage;
            /// Holds a circuit breaker open or closed, or gives it back to what it sees.
            set_breaker(SetBreaker) -> BreakerView;
            /// The policies in force and those that were rejected.
            list_policies(NoArgs) -> PolicyPage;
            /// One policy's source.
            get_policy(GetPolicy) -> PolicySource;
            /// What is wrong in a source, without saving it.
            check_policy(CheckPolicy) -> PolicyCheck;
            /// Writes a policy's file; refused where it has errors or has changed since it was read.
            save_policy(SavePolicy) -> PolicySource;
            /// What rules in shadow would have done.
            policy_flips(PolicyFlips) -> FlipReport;
            /// Figures over a span of time.
            metrics(Metrics) -> MetricsView;
            /// A session as a file, a piece at a time.
            export_session(ExportSession) -> ExportPage;
            /// Recorded sessions from elsewhere.
            import(Import) -> ImportView;
            /// Whether all is well, and where everything is.
            health(NoArgs) -> HealthView;
            /// How to point each agent here.
            connect(NoArgs) -> ConnectView;
        }
    };
}

/// One command, by its name on every transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    pub name: &'static str,
    pub summary: &'static str,
    /// Names of the UI types of what goes in and comes out.
    pub args: &'static str,
    pub result: &'static str,
}

macro_rules! table {
    ($(#[doc = $summary:literal] $name:ident($args:ident) -> $result:ident;)*) => {
        /// Every command of this version.
        pub const COMMANDS: &[Command] = &[$(Command {
            name: stringify!($name),
            summary: $summary,
            args: stringify!($args),
            result: stringify!($result),
        }),*];
    };
}
for_each_command!(table);

/// Commands of the contract that a later version brings; calling one says so.
pub const PLANNED: &[&str] = &["backtest_policy"];
