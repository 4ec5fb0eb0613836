//! `compact`: the oldest turns leave the context, without a model. What they held that later calls may name stays in one line.
//!
//! Kept are the system prompt, the messages up to the first user's, pinned ones, and the newest turns. A turn leaves whole: calls with
//! their results, reasoning with the answer that it led to.

use crate::{Act, Scene, Step, Summary, values};
use bytes::Bytes;
use domain::*;
use std::sync::Arc;

/// Bytes of a token, where nothing better is known.
const BYTES_PER_TOKEN: f64 = 4.0;
/// Turns that stay whatever they weigh.
const NEWEST_TURNS: usize = 2;

/// What leaves, and what stands in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The messages that leave: from this place up to that.
    pub from: usize,
    pub to: usize,
    /// Of those, the ones that stay: they are pinned.
    pub pinned: Vec<usize>,
    /// The line that stands for the rest.
    pub line: String,
}

/// Chooses the fewest of the oldest turns whose leaving brings the context down to `target` bytes; all that may leave, where that is not
/// enough. `None`: nothing may, or it would save nothing.
pub fn plan(facts: &[Arc<MessageFacts>], bytes: &[usize], target: usize, pins: &[String]) -> Option<Plan> {
    let first_user = facts.iter().position(|message| message.role == Role::User && message.results.is_empty())?;
    let from = first_user + 1;
    let starts = turns(facts, from);
    let last = starts.len().checked_sub(NEWEST_TURNS).filter(|last| *last > 0)?;
    let pinned = |to: usize| -> Vec<usize> {
        let text = |place: &usize| {
            let message = &facts[*place];
            message.results.is_empty() && message.calls.is_empty() && pins.iter().any(|pin| message.text.contains(pin))
        };
        (from..to).filter(text).collect()
    };
    let whole: usize = bytes.iter().sum();
    let candidates = &starts[1..=last];
    let fits = |to: usize| {
        let gone: usize = bytes[from..to].iter().sum();
        // The line's share is known only once it is written; an eighth of what leaves is what it comes to.
        whole - gone + gone / 8 <= target
    };
    let to = candidates.iter().copied().find(|to| fits(*to)).or_else(|| candidates.last().copied())?;
    let pinned = pinned(to);
    let gone: Vec<&MessageFacts> =
        (from..to).filter(|place| !pinned.contains(place)).map(|place| &*facts[place]).collect();
    let stays: Vec<&MessageFacts> = facts[..from].iter().chain(&facts[to..]).map(|message| &**message).collect();
    let line = values::line(&gone, &stays);
    let saved: usize = (from..to).filter(|place| !pinned.contains(place)).map(|place| bytes[place]).sum();
    (line.len() < saved).then_some(Plan { from, to, pinned, line })
}

/// Where turns begin behind `from`: at a user's words, or at an assistant's message with nothing of the turn before left open.
fn turns(facts: &[Arc<MessageFacts>], from: usize) -> Vec<usize> {
    let mut starts = vec![from];
    for place in from + 1..facts.len() {
        let (before, message) = (&facts[place - 1], &facts[place]);
        let begins = match message.role {
            Role::User | Role::System => message.results.is_empty(),
            Role::Assistant => before.role != Role::Assistant,
            Role::Tool => false,
        };
        if begins && settled(&facts[from..place]) {
            starts.push(place);
        }
    }
    starts
}

/// Every call has its result.
fn settled(facts: &[Arc<MessageFacts>]) -> bool {
    let calls: usize = facts.iter().map(|message| message.calls.len()).sum();
    let results: usize = facts.iter().map(|message| message.results.len()).sum();
    calls <= results
}

pub(crate) fn carry_out(
    decision: &Decision,
    to: f64,
    of: CompactOf,
    pins: &[String],
    summarist: Option<&Summarist>,
    scene: &Scene<'_>,
) -> Act {
    let what = "compact";
    let Some(request) = scene.request else { return scene.cannot(decision, what, "no request is under way") };
    if let Some(why) = scene.history_held() {
        return scene.cannot(decision, what, why);
    }
    let bytes: Vec<usize> = request.messages.iter().map(|span| span.len()).collect();
    let per_token = scene.context.bytes_per_token(request.body.len());
    let beside = request.body.len() - bytes.iter().sum::<usize>();
    // Without a known window, a share of what there is now.
    let window = scene.context.window.filter(|_| of == CompactOf::Window);
    let room = window.unwrap_or(scene.context.tokens.max(1)) as f64 * to * per_token;
    let target = (room as usize).saturating_sub(beside);
    if bytes.iter().sum::<usize>() <= target {
        return scene.cannot(decision, what, "the context is no larger than that");
    }
    let Some(plan) = plan(scene.history.facts, &bytes, target, pins) else {
        return scene.cannot(decision, what, "no older turn can leave");
    };
    let message = |place: usize| request.body.slice(request.messages[place].clone());
    let mut messages: Vec<Bytes> = vec![wire::text_message(request.dialect, InjectRole::User, &plan.line)];
    messages.extend(plan.pinned.iter().map(|place| message(*place)));
    let gone: usize = bytes[plan.from..plan.to].iter().sum();
    let left: usize = messages.iter().map(Bytes::len).sum();
    let saved = gone.saturating_sub(left);
    let tokens = (saved as f64 / per_token) as i64;
    let behind: usize = bytes[plan.to..].iter().sum::<usize>() + left;
    let anew = (behind as f64 / per_token) as i64;
    let count = plan.to - plan.from - plan.pinned.len();
    let summary = format!(
        "Left out the oldest {count} messages: about {tokens} tokens less in each request; the next one reads {anew} anew"
    );
    let before = format!("{} messages, {gone} bytes", plan.to - plan.from);
    let mut intervention = scene.intervention(decision, summary, before, plan.line.clone());
    intervention.effect = Effect { tokens: -tokens, usd: 0.0, ms: 0.0, basis: EffectBasis::Estimated };
    let edit = ContextEdit {
        session: scene.session,
        intervention: intervention.id,
        from: scene.history.prefix(plan.from),
        anchor: scene.history.prefix(plan.to),
        at: plan.to as u32,
        replaces: (plan.to - plan.from) as u32,
        messages,
        results: Vec::new(),
    };
    let step = match summarist {
        Some(summarist) => Step::Summarise(Box::new(Summary::of(summarist, &plan, scene.history.facts, edit))),
        None => Step::Edit(edit),
    };
    Act { step, intervention }
}

impl crate::Context {
    fn bytes_per_token(&self, body: usize) -> f64 {
        match self.tokens {
            0 => BYTES_PER_TOKEN,
            tokens => (body as f64 / tokens as f64).clamp(1.0, 12.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: Role, text: &str) -> Arc<MessageFacts> {
        let (text, atoms) = (text.to_owned(), Vec::new());
        Arc::new(MessageFacts { role, text, calls: Vec::new(), results: Vec::new(), atoms })
    }

    fn called(id: &str, arguments: &str) -> Arc<MessageFacts> {
        let call = ToolCall { id: id.into(), name: "find".into(), arguments: arguments.into(), index: 0 };
        Arc::new(MessageFacts { calls: vec![call], ..(*said(Role::Assistant, "")).clone() })
    }

    fn returned(id: &str, text: &str) -> Arc<MessageFacts> {
        let result = ToolResult { call_id: id.into(), name: None, text: text.into(), error: None };
        Arc::new(MessageFacts { results: vec![result], ..(*said(Role::Tool, "")).clone() })
    }

    fn run() -> Vec<Arc<MessageFacts>> {
        vec![
            said(Role::System, "Be careful."),
            said(Role::User, "Book it for mia_li_3668"),
            called("1", r#"{"user":"mia_li_3668"}"#),
            returned(
                "1",
                r#"{"reservation":"ZFA04Y","note":"a long note that nobody will ask for again, whatever happens"}"#,
            ),
            said(Role::User, "And remember: no red seats."),
            called("2", r#"{"id":"ZFA04Y"}"#),
            returned("2", "done"),
            called("3", r#"{"id":"QX1"}"#),
            returned("3", "done too"),
        ]
    }

    #[test]
    fn whole_turns_leave_and_what_they_held_stays_in_a_line() {
        let facts = run();
        let bytes = [50, 50, 400, 400, 50, 200, 200, 200, 200];
        let plan = plan(&facts, &bytes, 1_200, &[]).unwrap();
        assert_eq!((plan.from, plan.to), (2, 4), "call and result together, no more than is needed");
        assert!(!plan.line.contains("mia_li_3668"), "what stands elsewhere is not said again: {}", plan.line);
        let plan = super::plan(&facts, &bytes, 10, &["no red seats".to_owned()]).unwrap();
        assert_eq!((plan.from, plan.to, plan.pinned), (2, 5, vec![4]), "the newest turns and what is pinned stay");
    }

    #[test]
    fn an_open_call_never_parts_from_its_result() {
        let mut facts = run();
        facts.swap(6, 7);
        let starts = turns(&facts, 2);
        assert!(!starts.contains(&6) && !starts.contains(&7), "{starts:?}");
    }
}
