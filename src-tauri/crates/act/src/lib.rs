//! Carries out verdicts: one file per action.
//!
//! Turns a decision into a step for the pipeline and the intervention that records it. It must not know how a rule was
//! evaluated, where bytes go, or what time it is but from the scene.

mod block;
mod escalate;
mod inject;
mod scene;
mod taint;

pub use block::{edge_after_removal, removal_text};
pub use escalate::{call_digest, digest, request_digest};
pub use scene::{Act, Scene, Step};

use domain::{Action, Decision, Mode};

/// What each decision comes to, in order. A shadow decision changes nothing and is recorded as "would have".
pub fn carry_out(decisions: &[Decision], scene: &Scene<'_>) -> Vec<Act> {
    decisions.iter().filter(|decision| decision.mode != Mode::Off).map(|decision| one(decision, scene)).collect()
}

fn one(decision: &Decision, scene: &Scene<'_>) -> Act {
    let mut act = match &decision.action {
        Action::Inject { role, text } => inject::carry_out(decision, *role, text, scene),
        Action::Block { text, refuse_as } => block::carry_out(decision, text, *refuse_as, scene),
        Action::Escalate(question) => escalate::carry_out(decision, question, scene),
        Action::Pause { text } => escalate::pause(decision, text, scene),
        Action::Taint { taint } => taint::carry_out(decision, taint, scene),
    };
    if decision.mode == Mode::Shadow {
        act.step = Step::Nothing;
    }
    act
}
