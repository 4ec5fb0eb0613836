//! `stop`: the session ends with a message, as by a person's hand; `rollback`: it goes on from an earlier request.

use crate::{Act, Order, Scene, Step};
use domain::*;

pub(crate) fn carry_out(decision: &Decision, text: &str, refuse_as: RefuseAs, scene: &Scene<'_>) -> Act {
    let summary = format!("Ended the session: {text}");
    let intervention = scene.intervention(decision, summary, "running".to_owned(), text.to_owned());
    let as_error = refuse_as == RefuseAs::Error;
    Act { step: Step::Order(Order::End { text: text.to_owned(), as_error }), intervention }
}

const ROLLED_BACK: &str = "This conversation was taken back to here by a policy. What was done after it is undone as far as you are concerned; choose another way.";

pub(crate) fn roll_back(decision: &Decision, steps: u32, text: &str, scene: &Scene<'_>) -> Act {
    let what = "roll back";
    if let Some(why) = scene.history_held() {
        return scene.cannot(decision, what, why);
    }
    if scene.requests_before < steps {
        let why = format!("there are {} requests before this one, and it asks for {steps}", scene.requests_before);
        return scene.cannot(decision, what, &why);
    }
    let text = if text.trim().is_empty() { ROLLED_BACK } else { text };
    let requests = if steps == 1 { "request" } else { "requests" };
    let summary = format!("Rolled back {steps} {requests}");
    let intervention = scene.intervention(decision, summary, String::new(), text.to_owned());
    Act { step: Step::Order(Order::Rollback { steps, text: text.to_owned() }), intervention }
}
