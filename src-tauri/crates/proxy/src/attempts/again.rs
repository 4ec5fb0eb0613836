//! A follow-up that failed, amid an answer that has begun: it is asked again as the rules on failures say. What else they do about a failed
//! call, another answer or another model, cannot be done any more.

use crate::{
    exchange::Exchange,
    pipeline::{self, Moment},
};
use act::Step;
use domain::*;

/// How long to wait before it is asked again, and why it is; none: it is not.
pub(crate) async fn again(exchange: &Exchange, failed: act::Failed) -> Option<(u64, String)> {
    if !exchange.policies.looks_at(Point::ModelResponse) {
        return None;
    }
    let why = failed.told();
    let moment = Moment::Failed(failed);
    let (moment, observation, _) = pipeline::observe(exchange, moment).await?;
    let mut verdict = pipeline::reason(exchange, &observation);
    verdict.decisions = verdict.decisions.into_iter().filter_map(retrying).collect();
    let acts = pipeline::act(exchange, &moment, observation, verdict).await;
    let wait_ms = acts.iter().find_map(|act| match act.step {
        Step::Retry { wait_ms } => Some(wait_ms),
        _ => None,
    })?;
    Some((wait_ms, format!("tried again after {wait_ms} ms: {why}")))
}

fn retrying(decision: Decision) -> Option<Decision> {
    match decision.action {
        Action::Retry(_) => Some(decision),
        Action::First(actions) => {
            let action = actions.into_iter().find(|action| matches!(action, Action::Retry(_)))?;
            Some(Decision { action, ..decision })
        }
        _ => None,
    }
}
