//! The language as tables: keys, actions, variables, functions. Checks, completion, the editor's JSON Schema and the reference
//! are all made from these rows, so a new word is a new row.

mod actions;
mod declared;
mod functions;
mod history;
mod keys;
mod lists;
mod patterns;
mod planned;
mod variables;

pub use actions::{ACTIONS, ActionWord, action};
pub use declared::{DECLARED, DeclaredField};
pub(crate) use declared::{fields as declared_fields, section as declared_in};
pub use functions::{FUNCTIONS, Function, function};
pub(crate) use functions::{MACROS, callable};
pub use history::{HISTORY, HistoryField};
pub(crate) use keys::names;
pub use keys::{
    ALERT, BREAKER, BUDGET, CIRCUIT, CLASSIFIER, DEFAULTS, Key, LIMIT, MATCH, POLICY, RULE, SCHEMA, State, TEST, TOOLS,
    Takes,
};
pub use lists::{LISTS, List, list};
pub(crate) use lists::{shipped, told};
pub use patterns::PATTERNS;
pub(crate) use planned::{PLANNED_ROOTS, planned_root};
pub use variables::{VARIABLES, Variable, roots, variable};
