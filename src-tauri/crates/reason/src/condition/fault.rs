//! Why a condition has no truth. Cheap to make, because `&&` and `||` often swallow it; explained only when it surfaces.

use crate::read::Read;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// The `n`th read is absent from the observation.
    Absent(usize),
    /// No such field or element, inside a value.
    NoSuchElement,
    /// An operator or function does not take such values.
    Mismatch(&'static str, &'static str, &'static str),
    NoTruth(&'static str),
    Overflow,
    DivisionByZero,
    /// A list or map was longer than conditions may walk.
    TooLong,
    Panicked,
    Interpreter(String),
}

impl Fault {
    pub fn explain(self, reads: &[Read]) -> String {
        let path = |n: usize| reads.get(n).map_or("a variable", |read| read.path.as_str());
        match self {
            Fault::Absent(n) => format!("`{}` is absent here; ask with has() first", path(n)),
            Fault::NoSuchElement => "no such field or element".to_owned(),
            Fault::Mismatch(operator, left, "") => format!("{operator} does not take {left}"),
            Fault::Mismatch(operator, left, right) => format!("{operator} does not take {left} and {right}"),
            Fault::NoTruth(kind) => format!("expected true or false, got {kind}"),
            Fault::Overflow => "a number became too large".to_owned(),
            Fault::DivisionByZero => "division by zero".to_owned(),
            Fault::TooLong => "a list or map has more elements than a condition may walk".to_owned(),
            Fault::Panicked => "the evaluator failed inside; please report this condition".to_owned(),
            Fault::Interpreter(message) => message,
        }
    }
}
