//! `taint`: marks the session; other rules read `session.taints`.

use crate::{Act, Scene, Step};
use domain::Decision;

pub(crate) fn carry_out(decision: &Decision, taint: &str, scene: &Scene<'_>) -> Act {
    let summary = format!("Marked the session “{taint}”");
    Act {
        step: Step::Taint(taint.to_owned()),
        intervention: scene.intervention(decision, summary, String::new(), taint.to_owned()),
    }
}
