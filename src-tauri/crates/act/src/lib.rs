//! Carries out verdicts: one file per action.
//!
//! Turns a decision into a step for the pipeline and the intervention that records it. It must not know how a rule was
//! evaluated, where bytes go, or what time it is but from the scene.

mod alert;
mod block;
mod cached;
mod compact;
mod escalate;
mod extraction;
mod inject;
mod limit;
mod partial;
mod redact;
mod reroute;
mod result;
mod retry;
mod scene;
mod stop;
mod summary;
mod taint;
mod values;
mod vault;

pub use block::{edge_after_removal, removal_text};
pub use cached::Good;
pub use compact::{Plan, plan};
pub use escalate::{arguments_digest, call_digest, digest, request_digest};
pub use extraction::Extraction;
pub use partial::Known;
pub use retry::Failed;
pub use scene::{Act, Context, Destination, History, Order, Scene, Step};
pub use summary::Summary;

pub use vault::{Redaction, Side, Vault};

use domain::{Action, Decision, Mode};

/// What each decision comes to, in order. A shadow decision changes nothing and is recorded as "would have".
pub fn carry_out(decisions: &[Decision], scene: &Scene<'_>) -> Vec<Act> {
    let mut acts = Vec::new();
    let hiding = redact::with_news(decisions, scene);
    for decision in decisions.iter().filter(|decision| decision.mode != Mode::Off) {
        let from = acts.len();
        let scene = if redact::rewords(&decision.action) { scene } else { hiding.as_ref().unwrap_or(scene) };
        match &decision.action {
            Action::First(actions) => first(decision, actions, scene, &mut acts),
            _ => acts.extend(one(decision, scene)),
        }
        if decision.mode == Mode::Shadow {
            acts[from..].iter_mut().for_each(|act| act.step = Step::Nothing);
        }
    }
    acts
}

/// Up to the first that applies; those before it stay as what they could not do.
fn first(decision: &Decision, actions: &[Action], scene: &Scene<'_>, acts: &mut Vec<Act>) {
    for (at, action) in actions.iter().enumerate() {
        let Some(mut act) = one(&Decision { action: action.clone(), ..decision.clone() }, scene) else { continue };
        if let Step::Extract(extraction) = &mut act.step {
            // Whether it applies, its model tells.
            first(decision, &actions[at + 1..], scene, &mut extraction.otherwise);
        }
        let applies = !matches!(act.step, Step::Nothing);
        acts.push(act);
        if applies {
            return;
        }
    }
}

/// None: there was nothing to do, and that is no news.
fn one(decision: &Decision, scene: &Scene<'_>) -> Option<Act> {
    if scene.failed.is_some() && !acts_on_failure(&decision.action) {
        return Some(scene.cannot(decision, decision.action.name(), "the attempt failed, and there is no answer"));
    }
    Some(match &decision.action {
        Action::Inject { role, text } => inject::carry_out(decision, *role, text, scene),
        Action::Block { text, refuse_as } => block::carry_out(decision, text, *refuse_as, scene),
        Action::Escalate(question) => escalate::carry_out(decision, question, scene),
        Action::Approve { question } => escalate::approved(decision, question, scene),
        Action::Pause { text } => escalate::pause(decision, text, scene),
        Action::Reroute(to) => reroute::carry_out(decision, to, scene),
        Action::Limit(limits) => limit::carry_out(decision, limits, scene),
        Action::Stop { text, refuse_as } => stop::carry_out(decision, text, *refuse_as, scene),
        Action::Rollback { steps, text } => stop::roll_back(decision, *steps, text, scene),
        Action::Alert { alert, text } => alert::carry_out(decision, alert, text, scene),
        Action::Redact { patterns } => return redact::carry_out(decision, patterns, None, scene),
        Action::Replace { patterns, with } if patterns.is_empty() => redact::replace_whole(decision, with, scene),
        Action::Replace { patterns, with } => return redact::carry_out(decision, patterns, Some(with), scene),
        Action::Truncate { head, tail } => result::truncate(decision, *head, *tail, scene),
        Action::Extract { fields } => result::extract(decision, fields, scene),
        Action::ExtractBy { by, fields } => extraction::carry_out(decision, by, fields, scene),
        Action::Compact { to, of, pin, summary } => {
            compact::carry_out(decision, *to, *of, pin, summary.as_ref(), scene)
        }
        Action::Partial { text } => partial::carry_out(decision, text, scene),
        Action::Taint { taint } => taint::carry_out(decision, taint, scene),
        Action::Retry(backoff) => retry::carry_out(decision, *backoff, scene),
        Action::Cached { max_age_ms } => cached::carry_out(decision, *max_age_ms, scene),
        Action::First(_) => scene.cannot(decision, "choose", "`first` does not stand within `first`"),
    })
}

/// What needs no answer to act on.
fn acts_on_failure(action: &Action) -> bool {
    !matches!(
        action,
        Action::Escalate(_)
            | Action::Pause { .. }
            | Action::Redact { .. }
            | Action::Replace { .. }
            | Action::Rollback { .. }
    )
}
