//! `block`: before the call, or where it failed, a refusal as a normal answer in the caller's dialect; for a tool call, its removal; for
//! an answer, another text.
//!
//! A removed call stays in what the provider is told: the model's own call and a synthetic result saying why stand in every
//! later request, in place of what the agent got.

use crate::{Act, Scene, Step};
use bytes::Bytes;
use domain::*;
use wire::Answer;

pub(crate) fn carry_out(decision: &Decision, text: &str, refuse_as: RefuseAs, scene: &Scene<'_>) -> Act {
    match (scene.call, scene.answer) {
        (Some(call), _) => remove(decision, text, call, scene),
        (None, Some(answer)) => withhold(decision, text, answer, scene),
        (None, None) => refuse(decision, text, refuse_as, scene),
    }
}

/// The agent gets the text in the answer's place; its history, and with it the model's, has the text from then on.
fn withhold(decision: &Decision, text: &str, answer: &Answer, scene: &Scene<'_>) -> Act {
    let text = named(text, decision);
    let calls: String = answer.calls.iter().map(|call| format!("\n{}({})", call.name, call.arguments)).collect();
    let intervention =
        scene.intervention(decision, "Withheld the answer".to_owned(), format!("{}{calls}", answer.text), text.clone());
    Act { step: Step::Say(text), intervention }
}

fn refuse(decision: &Decision, text: &str, refuse_as: RefuseAs, scene: &Scene<'_>) -> Act {
    let text = named(text, decision);
    let Some(request) = scene.request else {
        let summary = "Could not refuse: no request is under way".to_owned();
        let intervention = scene.intervention(decision, summary, String::new(), String::new());
        return Act { step: Step::Nothing, intervention };
    };
    let seconds = scene.at.0 / 1_000_000;
    let made = match refuse_as {
        RefuseAs::Answer => wire::refusal(request, &text, &scene.exchange.to_string(), seconds),
        RefuseAs::Error => wire::error(Some(request), request.dialect, scene.error_status, &text, "policy_violation"),
    };
    let (summary, before) = match scene.failed {
        Some(failed) => (format!("Answered in the place of a call that failed: {text}"), failed.told()),
        None => (format!("Refused the call: {text}"), String::new()),
    };
    Act { step: Step::Refuse(made), intervention: scene.intervention(decision, summary, before, text) }
}

fn remove(decision: &Decision, text: &str, call: &ToolCall, scene: &Scene<'_>) -> Act {
    let text = removal_text(&named(text, decision), call);
    let before = format!("{}({})", call.name, call.arguments);
    let summary = format!("Blocked the call to {}", call.name);
    Act {
        step: Step::Remove { call: call.clone(), text: text.clone() },
        intervention: scene.intervention(decision, summary, before, text),
    }
}

/// A refusal names its rule, so that whoever reads it in the agent knows where to look.
fn named(text: &str, decision: &Decision) -> String {
    let rule = format!("{}/{}", decision.policy, decision.rule);
    let text = if text.is_empty() { "This was refused by policy." } else { text };
    if text.contains(&decision.rule) { text.to_owned() } else { format!("{text} (Switchtower rule {rule})") }
}

/// What the model is told in place of the call's result.
pub fn removal_text(text: &str, call: &ToolCall) -> String {
    format!("The call to {} was not carried out: {text}", call.name)
}

/// The edge that replaces what the agent got by what the model said and was told.
///
/// `from` is the prefix hash of the request, `anchor` that of the request and the answer as the agent got it; `messages` is the true
/// course in the request's dialect; `results` are those of removed calls whose siblings the agent runs itself.
pub fn edge_after_removal(
    scene: &Scene<'_>,
    intervention: InterventionId,
    anchor: Hash,
    messages: Vec<Bytes>,
    results: Vec<(String, String, String)>,
) -> ContextEdit {
    ContextEdit {
        session: scene.session,
        intervention,
        from: scene.tip,
        anchor,
        at: scene.request.map_or(0, |request| request.messages.len()).max(1) as u32 + 1,
        replaces: 1,
        messages,
        results,
    }
}
