//! `redact` and `replace`: what matches is said to the other side under a token, or as another text; keyed by value, so that it stays so in
//! every later request. What was found before is no news and no act.

use crate::{Act, Redaction, Scene, Step};
use domain::*;
use std::sync::Arc;
use wire::{Shapes, Spot};

/// One rule redacts so many values of a moment at most.
const MOST: usize = 1_000;

pub(crate) fn carry_out(
    decision: &Decision,
    patterns: &[Pattern],
    with: Option<&str>,
    scene: &Scene<'_>,
) -> Option<Act> {
    let found = news(&spots(patterns, scene), with, scene);
    if found.is_empty() {
        return None;
    }
    let mut vault = scene.vault.clone();
    let mut tokens = Vec::new();
    for redaction in &found {
        let vault = Arc::make_mut(&mut vault);
        tokens.push(vault.token(redaction));
        vault.keep(redaction, crate::Side::Agent);
    }
    tokens.dedup();
    let whom =
        if scene.answer.is_some() || scene.call.is_some() || scene.spots.is_some() { "the agent" } else { "the model" };
    let values = if found.len() == 1 { "value" } else { "values" };
    let summary = format!("Kept {} {values} from {whom}: {}", found.len(), tokens.join(", "));
    // The values themselves stand in the record of the request, and nowhere more often than they must.
    let intervention = scene.intervention(decision, summary, String::new(), tokens.join("\n"));
    Some(Act { step: Step::Redact(found), intervention })
}

/// The scene with what these decisions hide already hidden, so that no other cuts or takes apart what the model does not get. None: nothing new is
/// hidden, or nobody else acts.
pub(crate) fn with_news<'s>(decisions: &[Decision], scene: &Scene<'s>) -> Option<Scene<'s>> {
    let others = decisions.iter().any(|decision| !rewords(&decision.action));
    if !others || scene.failed.is_some() {
        return None;
    }
    let mut vault = scene.vault.clone();
    for decision in decisions.iter().filter(|decision| decision.mode == Mode::Enforce) {
        let (patterns, with) = match &decision.action {
            Action::Redact { patterns } => (patterns, None),
            Action::Replace { patterns, with } => (patterns, Some(with.as_str())),
            _ => continue,
        };
        for redaction in news(&spots(patterns, scene), with, scene) {
            Arc::make_mut(&mut vault).keep(&redaction, crate::Side::Agent);
        }
    }
    (vault != scene.vault).then(|| Scene { vault, ..scene.clone() })
}

pub(crate) fn rewords(action: &Action) -> bool {
    matches!(action, Action::Redact { .. } | Action::Replace { .. })
}

/// What matches in what this moment is about, each with the name of the rule's pattern.
fn spots(patterns: &[Pattern], scene: &Scene<'_>) -> Vec<(String, String)> {
    let named = |spot: &Spot| {
        let mine = spot.patterns.iter().find(|pattern| patterns.contains(pattern))?;
        Some((mine.name.clone(), spot.value.clone()))
    };
    if let Some(spots) = scene.spots {
        return spots.iter().filter_map(named).collect();
    }
    let (shapes, tokens) = (Shapes::of(patterns), scene.vault.tokens());
    let mut found = Vec::new();
    let look = |text: &str| found.extend(shapes.spots_outside(text, &tokens).iter().filter_map(named));
    match (scene.result, scene.answer, scene.call, scene.request) {
        (Some(result), ..) => [&*result.text].into_iter().for_each(look),
        (None, Some(answer), ..) => [&*answer.text].into_iter().for_each(look),
        (None, None, Some(call), _) => wire::each_text_of_arguments(&call.arguments, look),
        (None, None, None, Some(request)) => wire::each_text(request, look),
        (None, None, None, None) => {}
    }
    found
}

/// Those that nothing is known of yet, each value once.
fn news(spots: &[(String, String)], with: Option<&str>, scene: &Scene<'_>) -> Vec<Redaction> {
    let mut found: Vec<Redaction> = Vec::new();
    for (pattern, value) in spots {
        let news = !scene.vault.knows(value) && !found.iter().any(|known| known.value == *value);
        if news && found.len() < MOST {
            let (pattern, value) = (pattern.clone(), value.clone());
            found.push(Redaction { pattern, value, with: with.map(str::to_owned) });
        }
    }
    found
}

/// The whole of a result or an answer as another text.
pub(crate) fn replace_whole(decision: &Decision, text: &str, scene: &Scene<'_>) -> Act {
    if let Some(result) = scene.result {
        let summary = "Replaced a tool's result".to_owned();
        let intervention = scene.intervention(decision, summary, result.text.clone(), text.to_owned());
        return Act { step: Step::Result { result: result.clone(), text: text.to_owned() }, intervention };
    }
    let Some(answer) = scene.answer else {
        return scene.cannot(decision, "replace", "neither result nor answer is at hand");
    };
    let summary = "Replaced the answer".to_owned();
    let intervention = scene.intervention(decision, summary, answer.text.clone(), text.to_owned());
    Act { step: Step::Say(text.to_owned()), intervention }
}
