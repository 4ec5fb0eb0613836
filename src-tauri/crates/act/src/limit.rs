//! `limit`: the request asks for less, for the call, the run or the session.

use crate::{Act, Order, Scene, Step, reroute::long};
use domain::*;

pub(crate) fn carry_out(decision: &Decision, limits: &Limits, scene: &Scene<'_>) -> Act {
    let Some(request) = scene.request else { return scene.cannot(decision, "limit", "no request is under way") };
    let changes = wire::limit(request, limits).changes;
    if changes.is_empty() && limits.scope == Scope::Call {
        return scene.cannot(decision, "limit", "the request asks for no more than that");
    }
    let unset = |value: &str| if value.is_empty() { "not set".to_owned() } else { value.to_owned() };
    let line = |(setting, value): (&String, &String)| format!("{setting}: {}", unset(value));
    let before: Vec<String> = changes.iter().map(|(setting, before, _)| line((setting, before))).collect();
    let after: Vec<String> = changes
        .iter()
        .map(|(setting, before, after)| match setting.as_str() {
            "tools" => format!("withheld: {before}"),
            _ => line((setting, after)),
        })
        .collect();
    let said = if after.is_empty() { "what it asks for is within them now".to_owned() } else { after.join(", ") };
    let summary = format!("Limited {}: {said}", long(limits.scope));
    let intervention = scene.intervention(decision, summary, before.join("\n"), after.join("\n"));
    Act { step: Step::Order(Order::Limits(limits.clone())), intervention }
}
