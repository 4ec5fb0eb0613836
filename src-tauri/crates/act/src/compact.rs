//! `compact`: the oldest turns leave the context, without a model. What they held that later calls may name stays in one line.
//!
//! Kept are what the system says and the user's first words, pinned messages, and the newest turns. A turn leaves whole: calls with their
//! results, reasoning with the answer that it led to.

use crate::{Act, Scene, Step, Summary, values};
use bytes::Bytes;
use domain::*;
use std::{ops::Range, sync::Arc};
use wire::Substitutions;

/// Bytes of a token, where nothing better is known.
const BYTES_PER_TOKEN: f64 = 4.0;
/// Turns that stay whatever they weigh.
const NEWEST_TURNS: usize = 2;
/// For each token that a request has less, the next one may read so many anew that the provider's cache would have served.
const LEAST_GAIN: i64 = 20;

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
///
/// `hidden`: what the model does not get, and what it gets instead.
pub fn plan(
    facts: &[Arc<MessageFacts>],
    bytes: &[usize],
    target: usize,
    pins: &[String],
    hidden: &Substitutions,
) -> Option<Plan> {
    let from = head(facts);
    let starts = turns(facts, from);
    let last = starts.len().checked_sub(NEWEST_TURNS).filter(|last| *last > 0)?;
    let candidates = &starts[1..=last];
    let whole: usize = bytes.iter().sum();
    let planned = |to: usize| planned(facts, bytes, from..to, pins, hidden);
    // A line comes to an eighth of what leaves, mostly: what that says is looked at first, and only where it is not enough at more.
    let roughly = |to: &usize| whole - bytes[from..*to].iter().sum::<usize>() * 7 / 8;
    let first = candidates.partition_point(|to| roughly(to) > target).min(candidates.len() - 1);
    let (plan, saved) = planned(candidates[first]);
    let more = &candidates[first + 1..];
    if whole.saturating_sub(saved) <= target || more.is_empty() {
        return (saved > 0).then_some(plan);
    }
    let enough = more.partition_point(|to| whole.saturating_sub(planned(*to).1) > target);
    let (plan, saved) = planned(more[enough.min(more.len() - 1)]);
    (saved > 0).then_some(plan)
}

/// What it means that these messages leave, and the bytes that it saves.
fn planned(
    facts: &[Arc<MessageFacts>],
    bytes: &[usize],
    range: Range<usize>,
    pins: &[String],
    hidden: &Substitutions,
) -> (Plan, usize) {
    let Range { start: from, end: to } = range;
    let first_user = facts.iter().position(|message| is_word_of(Role::User, message));
    let stays = |place: &usize| {
        let message = &facts[*place];
        let plain = message.results.is_empty() && message.calls.is_empty();
        let pinned = || pins.iter().any(|pin| message.text.contains(pin));
        // What the agent is to do stays, wherever it stands.
        plain && (message.role == Role::System || Some(*place) == first_user || pinned())
    };
    let pinned: Vec<usize> = (from..to).filter(stays).collect();
    let leaves = |place: &usize| (from..to).contains(place) && !pinned.contains(place);
    let (gone, left): (Vec<usize>, Vec<usize>) = (0..facts.len()).partition(leaves);
    let of = |places: &[usize]| -> Vec<&MessageFacts> { places.iter().map(|place| &*facts[*place]).collect() };
    let line = values::line(&of(&gone), &of(&left), hidden);
    let saved = gone.iter().map(|place| bytes[*place]).sum::<usize>().saturating_sub(line.len());
    (Plan { from, to, pinned, line }, saved)
}

fn is_word_of(role: Role, message: &MessageFacts) -> bool {
    message.role == role && message.results.is_empty()
}

/// Where the oldest turn begins: behind the system's messages and the user's first words, which clients say in several messages. A greeting
/// of the agent's may stand before them.
fn head(facts: &[Arc<MessageFacts>]) -> usize {
    let after = |from: usize, is: &dyn Fn(&MessageFacts) -> bool| {
        facts[from..].iter().position(|message| !is(message)).map_or(facts.len(), |count| from + count)
    };
    let system = after(0, &|message| message.role == Role::System);
    let greeting = after(system, &|message| is_word_of(Role::Assistant, message) && message.calls.is_empty());
    let asked = after(greeting, &|message| is_word_of(Role::User, message) || message.role == Role::System);
    if asked > greeting { asked } else { system }
}

/// Where turns begin behind `from`: at a user's words, or at an assistant's message behind another's, where no result's call stands before.
fn turns(facts: &[Arc<MessageFacts>], from: usize) -> Vec<usize> {
    let parts = parted(facts, from);
    let mut starts = vec![from];
    for place in from + 1..facts.len() {
        let (before, message) = (&facts[place - 1], &facts[place]);
        let begins = match message.role {
            Role::User | Role::System => message.results.is_empty(),
            Role::Assistant => before.role != Role::Assistant,
            Role::Tool => false,
        };
        if begins && !parts[place] {
            starts.push(place);
        }
    }
    starts
}

/// Whether a cut before each message would part a call from its result. A call that never had one is no hindrance.
fn parted(facts: &[Arc<MessageFacts>], from: usize) -> Vec<bool> {
    let mut parts = vec![false; facts.len()];
    let mut open: Vec<(&str, &str, usize)> = Vec::new();
    for (place, message) in facts.iter().enumerate().skip(from) {
        for ToolResult { call_id, name, .. } in &message.results {
            // Without an id it belongs to the oldest open call of its name, or to the oldest.
            let of_name = |call: &(&str, &str, usize)| name.as_deref().is_none_or(|name| call.1 == name);
            let by_id = open.iter().position(|call| call.0 == call_id);
            let by_name = || open.iter().position(of_name).or((!open.is_empty()).then_some(0));
            let found = by_id.or_else(|| by_name().filter(|_| call_id.is_empty()));
            if let Some((.., called)) = found.map(|found| open.remove(found)) {
                parts[called + 1..=place].fill(true);
            }
        }
        open.extend(message.calls.iter().map(|call| (call.id.as_str(), call.name.as_str(), place)));
    }
    parts
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
    // As it goes out, with what was rewritten before.
    let sent = request.body.len().saturating_add_signed(scene.context.rewritten);
    let per_token = scene.context.bytes_per_token(sent);
    let beside = request.body.len() - bytes.iter().sum::<usize>();
    // Without a known window, a share of what there is now.
    let window = scene.context.window.filter(|_| of == CompactOf::Window);
    let room = window.unwrap_or(scene.context.tokens.max(1)) as f64 * to * per_token;
    let target = (room as usize).saturating_sub(beside);
    if sent.saturating_sub(beside) <= target {
        return scene.cannot(decision, what, "the context is no larger than that");
    }
    let hidden = scene.vault.to_model();
    let Some(plan) = plan(scene.history.facts, &bytes, target, pins, &hidden) else {
        return scene.cannot(decision, what, "no older turn can leave");
    };
    let message = |place: usize| request.body.slice(request.messages[place].clone());
    let mut messages: Vec<Bytes> = vec![wire::text_message(request.dialect, InjectRole::User, &plan.line)];
    messages.extend(plan.pinned.iter().map(|place| message(*place)));
    let gone: usize = bytes[plan.from..plan.to].iter().sum();
    let left: usize = messages.iter().map(Bytes::len).sum();
    let behind: usize = bytes[plan.to..].iter().sum::<usize>() + left;
    // Of what was rewritten before, most lies where this leaves.
    let after = request.body.len() - gone + left;
    let (tokens, anew) = ((sent.saturating_sub(after) as f64 / per_token) as i64, (behind as f64 / per_token) as i64);
    if tokens * LEAST_GAIN < anew {
        let why = format!("it would save {tokens} tokens in each request, and have the next one read {anew} anew");
        return scene.cannot(decision, what, &why);
    }
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
        Some(summarist) => Step::Summarise(Box::new(Summary::of(summarist, &plan, scene.history.facts, &hidden, edit))),
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

    fn none() -> Substitutions {
        Substitutions::default()
    }

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
        let plan = plan(&facts, &bytes, 1_200, &[], &none()).unwrap();
        assert_eq!((plan.from, plan.to), (2, 4), "call and result together, no more than is needed");
        assert!(!plan.line.contains("mia_li_3668"), "what stands elsewhere is not said again: {}", plan.line);
        let plan = super::plan(&facts, &bytes, 10, &["no red seats".to_owned()], &none()).unwrap();
        assert_eq!((plan.from, plan.to, plan.pinned), (2, 5, vec![4]), "the newest turns and what is pinned stay");
    }

    #[test]
    fn an_open_call_never_parts_from_its_result() {
        let mut facts = run();
        facts.swap(6, 7);
        let starts = turns(&facts, 2);
        assert!(!starts.contains(&6) && !starts.contains(&7), "{starts:?}");
        // Without ids, as Ollama's and Gemini's may come.
        let mut facts = run();
        for place in [3, 6, 8] {
            facts[place] = returned("", "done");
        }
        assert_eq!(turns(&facts, 2), [2, 4, 5, 7]);
        // A call that the user broke off hinders nothing; a result without a call neither.
        let mut facts = run();
        facts.remove(3);
        facts.insert(6, returned("99", "stray"));
        assert_eq!(turns(&facts, 2), [2, 3, 4, 7]);
    }

    #[test]
    fn what_the_agent_is_to_do_stays_wherever_a_client_says_it() {
        let (system, user) = (|| said(Role::System, "rules"), || said(Role::User, "words"));
        let agent = || said(Role::Assistant, "hello");
        let heads = [
            (vec![system(), user(), agent()], 2),
            (vec![system(), user(), user(), system(), user(), agent(), user()], 5),
            (vec![agent(), user(), called("1", "{}")], 2),
            (vec![system(), called("1", "{}"), returned("1", "x"), user()], 1),
            (vec![called("1", "{}"), returned("1", "x")], 0),
        ];
        heads.iter().for_each(|(facts, from)| assert_eq!(head(facts), *from));
        let mut facts = vec![called("0", "{}"), returned("0", "x")];
        facts.extend(run());
        let bytes = vec![300; facts.len()];
        let plan = plan(&facts, &bytes, 10, &[], &none()).unwrap();
        assert_eq!(
            (plan.from, plan.to, plan.pinned),
            (0, 7, vec![2, 3]),
            "the system's and the user's first words stay"
        );
    }

    #[test]
    fn results_alone_have_no_turn_that_could_leave() {
        let facts: Vec<_> = (0..6).map(|n| returned(&n.to_string(), "x")).collect();
        assert_eq!(plan(&facts, &[500; 6], 10, &[], &none()), None);
        assert_eq!(plan(&[], &[], 10, &[], &none()), None);
    }

    #[test]
    fn what_is_hidden_stands_in_no_line_not_even_in_pieces() {
        let mut facts = run();
        let secret = "DE89 3704 0044 0532 0130 00";
        facts[3] = returned("1", &format!("IBAN {secret}, order ZFA04Y {}", "and more ".repeat(40)));
        let hidden = Substitutions::new([(secret.to_owned(), "[redacted:account:1]".to_owned())]);
        let plan = plan(&facts, &[50, 50, 400, 400, 50, 200, 200, 200, 200], 1_200, &[], &hidden).unwrap();
        assert!(plan.line.contains("[redacted:account:1]") && !plan.line.contains("3704"), "{}", plan.line);
    }
}
