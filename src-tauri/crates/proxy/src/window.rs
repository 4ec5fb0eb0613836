//! What matches a rule's patterns in an answer on its way: rules look at it before its agent gets it, and say what it leaves as.
//!
//! Values that are known already leave as they did before; only what is new is judged.

use crate::{
    answer::Ending,
    exchange::Exchange,
    pipeline::{self, Moment},
};
use bytes::Bytes;
use domain::{Action, Decision, Mode, Pattern, Verdict};
use wire::{Answer, Decided, Shapes, Spot};

/// The patterns for which rules in force hold text back.
pub(crate) fn shapes(exchange: &Exchange) -> Shapes {
    Shapes::of(exchange.policies.stream_patterns(Mode::Enforce))
}

/// What the spots leave as.
pub(crate) async fn decide(exchange: &Exchange, status: u16, answer: &Answer, spots: &[Spot]) -> Decided {
    let unknown = unknown(exchange, spots);
    if !unknown.is_empty() {
        judge(exchange, status, answer.clone(), unknown).await;
    }
    let vault = exchange.due().vault;
    let hidden = |spot: &Spot| vault.hidden_from_agent(&spot.value).map(str::to_owned);
    spots.iter().map(|spot| (spot.value.clone(), hidden(spot))).collect()
}

/// An unstreamed answer with its matches as rules say; none where that is how they are.
pub(crate) async fn whole(exchange: &Exchange, status: u16, answer: &Answer, body: &Bytes) -> Option<Bytes> {
    let shapes = shapes(exchange);
    if shapes.is_empty() {
        return None;
    }
    let words = exchange.words_to_agent();
    let spots = wire::spots_of_whole(body, &shapes, &words);
    if spots.is_empty() {
        return None;
    }
    let decided = decide(exchange, status, answer, &spots).await;
    wire::reword_whole(body, &words, &shapes, &decided)
}

/// Shadow rules see the same once nothing can wait for them any more.
pub(crate) async fn would_have(exchange: &Exchange, ending: &Ending) {
    let in_force: Vec<_> = exchange.policies.stream_patterns(Mode::Enforce).collect();
    let shadow = exchange.policies.stream_patterns(Mode::Shadow).filter(|pattern| !in_force.contains(pattern));
    let shapes = Shapes::of(shadow);
    if shapes.is_empty() {
        return;
    }
    let spots = unknown(exchange, &shapes.spots_outside(&ending.answer.text, &exchange.words_to_agent()));
    if !spots.is_empty() {
        judge(exchange, ending.status, ending.answer.clone(), spots).await;
    }
}

/// The rules that reword look; the others look at the stream's time and course (`relay::Lookout`).
async fn judge(exchange: &Exchange, status: u16, answer: Answer, spots: Vec<Spot>) {
    let moment = Moment::Stream { status, answer, calling: None, spots }.masked(&exchange.mask);
    let Some((moment, observation, _)) = pipeline::observe(exchange, moment).await else { return };
    let mut verdict = pipeline::reason(exchange, &observation);
    let matched = match &moment {
        Moment::Stream { spots, .. } => {
            rewording(&verdict, |pattern| spots.iter().any(|spot| spot.patterns.contains(pattern)))
        }
        _ => Vec::new(),
    };
    let ends = |decision: &Decision| matches!(decision.action, Action::Partial { .. });
    verdict.decisions.retain(|decision| matched.contains(&rule(decision)) && !ends(decision));
    pipeline::act(exchange, &moment, observation, verdict).await;
}

/// The rules of a verdict that put what matches into other words: they act on a match, with all that they do, and on nothing else.
pub(crate) fn rewording(verdict: &Verdict, of: impl Fn(&Pattern) -> bool) -> Vec<(String, String)> {
    verdict.decisions.iter().filter(|decision| rewords(&decision.action, &of)).map(rule).collect()
}

/// A decision's policy and rule.
pub(crate) fn rule(decision: &Decision) -> (String, String) {
    (decision.policy.clone(), decision.rule.clone())
}

fn rewords(action: &Action, of: &impl Fn(&Pattern) -> bool) -> bool {
    match action {
        Action::Redact { patterns } | Action::Replace { patterns, .. } => patterns.iter().any(of),
        Action::First(actions) => actions.iter().any(|action| rewords(action, of)),
        _ => false,
    }
}

fn unknown(exchange: &Exchange, spots: &[Spot]) -> Vec<Spot> {
    let vault = exchange.due().vault;
    spots.iter().filter(|spot| !vault.knows(&spot.value)).cloned().collect()
}
