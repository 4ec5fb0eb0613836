//! `alert`: somebody is told, beside the traffic.

use crate::{Act, Scene, Step};
use domain::*;

pub(crate) fn carry_out(decision: &Decision, alert: &Alert, text: &str, scene: &Scene<'_>) -> Act {
    let summary = format!("Alerted {} ({}): {text}", alert.name, alert.to.name());
    let intervention = scene.intervention(decision, summary, String::new(), text.to_owned());
    let notice = Notice {
        alert: alert.name.clone(),
        text: text.to_owned(),
        session: scene.session,
        exchange: scene.exchange,
        intervention: intervention.id,
        policy: decision.policy.clone(),
        rule: decision.rule.clone(),
        at: scene.at,
    };
    Act { step: Step::Alert { target: alert.to.clone(), notice }, intervention }
}
