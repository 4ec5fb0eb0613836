//! The policy language: compile and evaluate, pure.
//!
//! Owns the language's words (one table each for keys, actions, variables, functions), the compiler with located problems, and
//! evaluation: observation → verdict. It must not know I/O, clocks or wire formats: a stored observation is judged by an edited policy
//! exactly as it was judged live.

mod allowance;
mod asked;
mod breaker;
mod choice;
mod compile;
mod condition;
mod datum;
mod evaluate;
pub mod language;
mod nearest;
mod policy;
mod problem;
mod read;
mod reference;
mod schema;
mod set;
mod tailor;
mod template;
mod toml_text;
mod trial;
mod when;

pub use allowance::{BudgetInForce, RateInForce};
pub use breaker::{Breaker, BreakerLimits, MOST_SAMPLES, P99_SAMPLES};
pub use compile::{Beside, compile, compile_beside, spelled_duration, version_of};
pub use datum::Kind;
pub use evaluate::{evaluate, evaluate_late};
pub use policy::{Policy, RuleSummary};
pub use problem::{Problem, Problems, Severity};
pub use reference::reference;
pub use schema::json_schema;
pub use set::{Loaded, PolicySet, PolicyState, PolicySummary};
pub use trial::{TestOutcome, run_tests};
pub use when::Condition;
