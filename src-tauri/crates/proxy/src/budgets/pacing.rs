//! Calls that come more often than a rate allows: they wait for their turn, within bounds, or are refused. Both are told.

use super::told::{self, Cited};
use crate::{answer, exchange::Exchange, hand::call::Unsettled, outlet::Outlet, relay, relay::Removal, sent::Sent};
use act::Step;
use domain::*;
use reason::RateInForce;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request takes its turn at each rate of its model. `None`: it ended here.
pub(super) async fn request(exchange: &Exchange, sent: Sent, mut outlet: Outlet) -> Option<(Sent, Outlet)> {
    for rate in exchange.policies.rates_of_model(&sent.provider, &sent.request.model) {
        match turn(exchange, &rate, &mut outlet).await {
            Ok(None) => {}
            Ok(Some(refusal)) => {
                let acts = told::carry_out(exchange, &cited(&rate), refusal, &exchange.scene(None)).await;
                let made = acts.into_iter().find_map(|act| match act.step {
                    Step::Refuse(made) => Some(made),
                    _ => None,
                });
                if let Some(made) = made {
                    answer::refuse(exchange, made, outlet).await;
                    return None;
                }
            }
            Err(unsettled) => {
                relay::give_up(exchange, outlet, unsettled).await;
                return None;
            }
        }
    }
    Some((sent, outlet))
}

/// A follow-up within an answer takes its turn at each rate of its model. An error says why it gets none, as the end of a sentence.
pub(crate) async fn again(exchange: &Exchange, sent: &Sent) -> Result<(), String> {
    for rate in exchange.policies.rates_of_model(&sent.provider, &sent.request.model) {
        // Whoever waits for it lets go of it where the agent leaves.
        let Ok(Some(refusal)) = turn(exchange, &rate, &mut Outlet::Ended).await else { continue };
        let acts = told::carry_out(exchange, &cited(&rate), refusal, &exchange.scene(None)).await;
        if acts.iter().any(|act| matches!(act.step, Step::Refuse(_))) {
            return Err(format!("{} of policy {} has no turn for another call.", rate.rule(), rate.policy.name()));
        }
    }
    Ok(())
}

/// A tool call takes its turn; what becomes of it where it gets none.
pub(crate) async fn call(
    exchange: &Exchange,
    call: &ToolCall,
    outlet: &mut Outlet,
) -> Result<Option<Removal>, Unsettled> {
    let model = exchange.destination().model;
    for rate in exchange.policies.rates_of_tool(&exchange.provider.name, &model, &call.name) {
        let Some(refusal) = turn(exchange, &rate, outlet).await? else { continue };
        let acts = told::carry_out(exchange, &cited(&rate), refusal, &exchange.scene(Some(call))).await;
        let removed = acts.into_iter().find_map(|act| match act.step {
            Step::Remove { call, text } => Some(Removal { call, text, intervention: act.intervention.id }),
            _ => None,
        });
        if removed.is_some() {
            return Ok(removed);
        }
    }
    Ok(None)
}

/// Waits for a turn; the refusal, where there is none in time.
async fn turn(exchange: &Exchange, rate: &RateInForce<'_>, outlet: &mut Outlet) -> Result<Option<Action>, Unsettled> {
    let core = &exchange.core;
    let key = format!("{}/{}", rate.policy.name(), rate.rate.name);
    let holder = match rate.rate.per {
        RatePer::All => key,
        RatePer::Agent => format!("{key} {}", exchange.agent),
        RatePer::Session => format!("{key} {}", exchange.session.id),
    };
    let begun = Instant::now();
    loop {
        let wait = match core.budgets.rates.turn(&holder, rate.rate, &core.ports.clock) {
            Ok(()) => break,
            Err(wait) => wait,
        };
        let in_time = begun.elapsed() + wait <= PATIENCE;
        if rate.mode != Mode::Enforce || rate.rate.on_exceed == OnExceed::Deny || !in_time {
            return Ok(Some(refusal(rate, wait)));
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = outlet.closed() => return Err(Unsettled::AgentLeft),
            () = core.halt.cancelled() => return Err(Unsettled::RuntimeHalts),
        }
    }
    let waited = begun.elapsed();
    if waited >= Duration::from_millis(1) {
        let summary = format!("Waited {} ms for its turn: {}", waited.as_millis(), spelled(rate.rate));
        told::delayed(exchange, &cited(rate), summary, waited).await;
    }
    Ok(None)
}

fn refusal(rate: &RateInForce<'_>, wait: Duration) -> Action {
    let text = format!(
        "Refused by limit {} of policy {}: {}. The next turn is in {}.",
        rate.rate.name,
        rate.policy.name(),
        spelled(rate.rate),
        until(wait)
    );
    Action::Block { text, refuse_as: RefuseAs::Answer }
}

fn spelled(rate: &Rate) -> String {
    format!("at most {} in {}, {} at once", rate.times, reason::spelled_duration(rate.in_ms), rate.burst)
}

/// Whole seconds, rounded up; within the last one milliseconds.
fn until(wait: Duration) -> String {
    let ms = wait.as_millis() as u64;
    reason::spelled_duration(if ms >= 1_000 { ms.div_ceil(1_000) * 1_000 } else { ms.max(1) })
}

fn cited(rate: &RateInForce<'_>) -> Cited {
    Cited {
        rule: rate.rule(),
        policy: rate.policy.name().to_owned(),
        version: rate.policy.version().version.clone(),
        mode: rate.mode,
    }
}
