//! A condition on its own, outside any policy: what a breakpoint stops at.

use crate::{
    compile::Declared,
    condition::{Compiled, Place, check_condition},
    problem::{Problem, Report},
};
use domain::{Observation, Point};

/// CEL as in a rule's `when`, compiled. `history["policy/rule"]` names rules of any policy.
#[derive(Debug)]
pub struct Condition {
    compiled: Compiled,
}

impl Condition {
    /// Compiles it for a point; its mistakes have their place in the text.
    pub fn compile(point: Point, text: &str) -> Result<Condition, Vec<Problem>> {
        let place = Place { point, policy: "", rules: &[], declared: &Declared::default() };
        check_condition(text, place).map(|compiled| Condition { compiled }).map_err(|mistakes| {
            let mut report = Report::new("condition", text);
            for mistake in mistakes {
                report.error_with_hint(mistake.span, mistake.message, mistake.hint);
            }
            report.into_problems()
        })
    }

    /// The truth, or why there is none.
    pub fn holds(&self, observation: &Observation) -> Result<bool, String> {
        self.compiled.holds(observation)
    }
}
