//! What a condition can read of a rule's earlier firings, and of what came of them.

use crate::datum::{Datum, Kind};
use domain::RuleHistory;

/// A field of `history.RULE`.
#[derive(Debug, Clone, Copy)]
pub struct HistoryField {
    pub name: &'static str,
    pub kind: Kind,
    pub unit: &'static str,
    pub doc: &'static str,
    pub(crate) read: fn(&RuleHistory) -> Datum<'static>,
}

macro_rules! rows {
    ($($name:ident $kind:ident $unit:literal $doc:literal;)*) => {
        &[$(HistoryField {
            name: stringify!($name),
            kind: Kind::$kind,
            unit: $unit,
            doc: $doc,
            read: |history| rows!(@ $kind history.$name),
        }),*]
    };
    (@ Int $value:expr) => { Datum::count($value.into()) };
    (@ Bool $value:expr) => { Datum::Bool($value) };
}

/// `history.RULE.FIELD`, RULE being a rule of the same file; `history["rule-with-hyphen"].FIELD`. 0 and false where it never fired. A rule
/// in shadow has counters of its own, of what it would have done.
pub const HISTORY: &[HistoryField] = rows! {
    fires_in_session Int "times" "How often it fired in this session.";
    fires_in_run Int "times" "How often it fired in this run.";
    ms_since Int "ms" "Since it last fired.";
    tool_errors_since Int "errors" "Tool errors since it last fired.";
    steps_since Int "steps" "Steps since it last fired.";
    tokens_since Int "tokens" "Tokens since it last fired.";
    results_since Int "results" "Tool results since it last fired.";
    repeats_since Int "calls" "Calls since it last fired that repeat an earlier one, arguments and all.";
    errored_next Bool "" "Whether the first tool result since was an error.";
    repeated_next Bool "" "Whether the first call since repeats an earlier one, arguments and all.";
};
