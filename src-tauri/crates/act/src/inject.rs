//! `inject`: a message after the newest one, as a rewrite edge, so that it stands in every later request byte for byte.

use crate::{Act, Scene, Step};
use domain::*;

/// Four bytes a token: the field's rule of thumb, and marked as an estimate.
const BYTES_PER_TOKEN: usize = 4;

pub(crate) fn carry_out(decision: &Decision, role: InjectRole, text: &str, scene: &Scene<'_>) -> Act {
    let Some(request) = scene.request else { return scene.cannot(decision, "inject", "no request is under way") };
    if let Some(why) = scene.history_held() {
        return scene.cannot(decision, "inject", why);
    }
    let message = wire::text_message(request.dialect, role, text);
    let after = String::from_utf8_lossy(&message).into_owned();
    let who = match role {
        InjectRole::System => "system",
        InjectRole::User => "user",
    };
    let summary = format!("Injected a {who} message: {}", first_line(text));
    let mut intervention = scene.intervention(decision, summary, String::new(), after);
    let tokens = text.len().div_ceil(BYTES_PER_TOKEN) as i64;
    intervention.effect = Effect { tokens, usd: 0.0, ms: 0.0, basis: EffectBasis::Estimated };
    // The words that an answer is to begin with stay last: behind them the model would begin anew.
    let begun = scene.history.facts.last().is_some_and(|last| last.role == Role::Assistant && last.calls.is_empty());
    let before = scene.history.facts.len().saturating_sub(1);
    let (place, at) = match begun && before > 0 {
        true => (scene.history.prefix(before), before),
        false => (scene.tip, request.messages.len().max(1)),
    };
    let edit = ContextEdit {
        session: scene.session,
        intervention: intervention.id,
        from: place,
        anchor: place,
        at: at as u32,
        replaces: 0,
        messages: vec![message],
        results: Vec::new(),
    };
    Act { step: Step::Edit(edit), intervention }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
