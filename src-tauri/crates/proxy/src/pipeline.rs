//! The heart: observe, reason, act, at every intervention point.

use crate::{answer::Ending, exchange::Exchange};
use act::{Act, Step};
use domain::*;
use observe::{Focus, Returned};
use wire::Answer;

/// A moment at which rules may look and act.
pub(crate) enum Moment {
    /// Before the model call.
    Request,
    /// A new tool result, before the request that brings it goes out.
    Result(Returned),
    /// One complete tool call.
    Call(ToolCall),
    /// The complete response, before its completing part is released.
    Response { status: u16, answer: Answer },
}

/// Observes one moment, judges it, and carries out what the verdict asks for, as far as it can be here; what remains to be done to
/// bytes under way comes back as steps.
pub(crate) async fn intervene(exchange: &Exchange, moment: Moment) -> Vec<Act> {
    let Some((moment, observation)) = observe(exchange, moment).await else { return Vec::new() };
    let verdict = reason(exchange, &observation);
    act(exchange, &moment, observation, verdict).await
}

pub(crate) async fn intervene_at_end(exchange: &Exchange, ending: &Ending) {
    if ending.state == ExchangeState::Complete {
        intervene(exchange, Moment::Response { status: ending.status, answer: ending.answer.clone() }).await;
    }
}

async fn observe(exchange: &Exchange, moment: Moment) -> Option<(Moment, Observation)> {
    let (at, id) = (exchange.core.now(), exchange.id);
    let observed = exchange.session.with(move |session| {
        let (point, focus) = match &moment {
            Moment::Request => (Point::ModelRequest, Focus::Request),
            Moment::Result(returned) => (Point::ToolResult, Focus::Result(returned)),
            Moment::Call(call) => (Point::ToolCall, Focus::Call(call)),
            Moment::Response { status, answer } => (Point::ModelResponse, Focus::Response { status: *status, answer }),
        };
        let observation = session.state.observation(point, at, id, focus);
        (moment, observation)
    });
    observed.await
}

fn reason(exchange: &Exchange, observation: &Observation) -> Verdict {
    let clock = &exchange.core.ports.clock;
    let nanos = || clock.now().0 as u64 * 1_000;
    reason::evaluate(&exchange.policies, &exchange.agent, observation, &nanos)
}

async fn act(exchange: &Exchange, moment: &Moment, observation: Observation, verdict: Verdict) -> Vec<Act> {
    let call = match moment {
        Moment::Call(call) => Some(call),
        _ => None,
    };
    let acts = act::carry_out(&verdict.decisions, &exchange.scene(call));
    write(exchange, observation, verdict, &acts);
    if !acts.is_empty() {
        remember(exchange, &acts).await;
    }
    acts
}

/// What was seen, how it was judged, what was done: nothing is silent.
fn write(exchange: &Exchange, observation: Observation, verdict: Verdict, acts: &[Act]) {
    let at = observation.at;
    let (session, point) = (exchange.session.id, observation.point);
    let mut records =
        vec![Record::Observed { exchange: exchange.id, session, point, at, observation: Box::new(observation) }];
    let evaluations: Vec<Evaluation> =
        verdict.evaluations.into_iter().filter(|evaluation| evaluation.matched || evaluation.error.is_some()).collect();
    for failed in evaluations.iter().filter(|evaluation| evaluation.error.is_some()) {
        exchange.event(
            EventKind::EvaluationFailed,
            serde_json::json!({ "rule": failed.rule, "policy": failed.policy, "error": failed.error }),
        );
    }
    if !evaluations.is_empty() {
        records.push(Record::Evaluated { exchange: exchange.id, at, evaluations });
    }
    for act in acts {
        records.push(Record::Intervened(Box::new(act.intervention.clone())));
        if let Step::Edit(edit) = &act.step {
            records.push(Record::Rewritten(edit.clone()));
        }
        if act.intervention.mode == Mode::Enforce {
            exchange.intervened(act.intervention.id);
        }
    }
    exchange.note(records);
}

/// Later moments see what was done.
async fn remember(exchange: &Exchange, acts: &[Act]) {
    let at = exchange.core.now();
    let done: Vec<(String, Mode, Option<String>)> = acts
        .iter()
        .map(|act| {
            let intervention = &act.intervention;
            let key = format!(
                "{}/{}",
                intervention.policy.as_deref().unwrap_or_default(),
                intervention.rule.as_deref().unwrap_or_default()
            );
            let taint = match &act.step {
                Step::Taint(taint) => Some(taint.clone()),
                _ => None,
            };
            (key, intervention.mode, taint)
        })
        .collect();
    exchange
        .session
        .with(move |session| {
            for (rule, mode, taint) in done {
                session.state.fired(&rule, at);
                if mode == Mode::Enforce {
                    session.state.intervened();
                }
                if let Some(taint) = taint {
                    session.state.taint(&taint);
                }
            }
        })
        .await;
}
