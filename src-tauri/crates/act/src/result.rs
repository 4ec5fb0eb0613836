//! `truncate` and `extract`: the model gets less of a tool's result than the tool gave. The whole stays in the record, and the edit stands in
//! every later request.

use crate::{Act, Scene, Step};
use domain::*;

/// Four bytes a token: the field's rule of thumb, and marked as an estimate.
const BYTES_PER_TOKEN: i64 = 4;

pub(crate) fn truncate(decision: &Decision, head: u64, tail: u64, scene: &Scene<'_>) -> Act {
    let what = "truncate";
    let Some(result) = scene.result else { return scene.cannot(decision, what, "no tool result is at hand") };
    // Before it is cut: half a value would not be known for one.
    let text = &scene.shown(&result.text);
    let length = text.chars().count() as u64;
    let left_out = length.saturating_sub(head).saturating_sub(tail);
    let rule = format!("{}/{}", decision.policy, decision.rule);
    let mark = format!("\n[… {left_out} characters left out by Switchtower rule {rule} …]\n");
    if left_out <= mark.chars().count() as u64 {
        return scene.cannot(decision, what, &format!("the result has {length} characters, no more than would stay"));
    }
    let end_of_head = place(text, head);
    let start_of_tail = place(text, length - tail);
    let shorter = format!("{}{mark}{}", &text[..end_of_head], &text[start_of_tail..]);
    changed(decision, result, shorter, format!("Left out {left_out} of {length} characters"), scene)
}

pub(crate) fn extract(decision: &Decision, fields: &[JsonPath], scene: &Scene<'_>) -> Act {
    let what = "extract";
    let Some(result) = scene.result else { return scene.cannot(decision, what, "no tool result is at hand") };
    let Ok(document) = serde_json::from_str::<serde_json::Value>(&result.text) else {
        return scene.cannot(decision, what, "the result is not JSON");
    };
    let Some(kept) = project(&document, fields) else {
        let named: Vec<&str> = fields.iter().map(JsonPath::as_str).collect();
        return scene.cannot(decision, what, &format!("the result has nothing at {}", named.join(", ")));
    };
    let shorter = kept.to_string();
    if shorter.len() >= result.text.len() {
        return scene.cannot(decision, what, "the result has nothing else");
    }
    let summary = format!("Kept {} of {} bytes", shorter.len(), result.text.len());
    changed(decision, result, shorter, summary, scene)
}

fn changed(decision: &Decision, result: &ToolResult, shorter: String, summary: String, scene: &Scene<'_>) -> Act {
    let summary = format!("{summary} of {}", whose(result));
    let mut intervention = scene.intervention(decision, summary, result.text.clone(), shorter.clone());
    intervention.effect = Effect { tokens: -saved(result, &shorter), usd: 0.0, ms: 0.0, basis: EffectBasis::Estimated };
    Act { step: Step::Result { result: result.clone(), text: shorter }, intervention }
}

pub(crate) fn whose(result: &ToolResult) -> String {
    format!("{}'s result", result.name.as_deref().unwrap_or("a tool"))
}

/// Tokens that the model does not get.
pub(crate) fn saved(result: &ToolResult, shorter: &str) -> i64 {
    (result.text.len() as i64 - shorter.len() as i64) / BYTES_PER_TOKEN
}

/// The byte at which character `count` begins.
fn place(text: &str, count: u64) -> usize {
    text.char_indices().nth(count as usize).map_or(text.len(), |(at, _)| at)
}
