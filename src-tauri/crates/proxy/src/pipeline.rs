//! The heart: observe, reason, act, at every intervention point.

use crate::{
    account, answer::Ending, budgets, classify, effects, exchange::Exchange, hand::orders::Gate, late, moment::AtHand,
    window,
};
use act::Act;
use domain::*;

pub(crate) use crate::moment::Moment;

/// Observes one moment, judges it, and carries out what the verdict asks for, as far as it can be here; what remains to be done to
/// bytes under way comes back as steps.
pub(crate) async fn intervene(exchange: &Exchange, moment: Moment) -> Intervened {
    intervene_again(exchange, moment, &[]).await
}

/// The same for a moment that a person changed: the rules that `asked` about it have their answer.
pub(crate) async fn intervene_again(exchange: &Exchange, moment: Moment, asked: &[String]) -> Intervened {
    let moment = moment.masked(&exchange.mask);
    let Some((moment, observation, gate)) = observe(exchange, moment).await else { return Intervened::default() };
    let mut verdict = reason(exchange, &observation);
    let asks_again =
        |decision: &Decision| matches!(decision.action, Action::Escalate(_)) && asked.contains(&decision.rule);
    verdict.decisions.retain(|decision| !asks_again(decision));
    exchange.saw_gate(gate);
    let stop = stops(exchange, &observation, &verdict, gate.holds(observation.point));
    Intervened { acts: act(exchange, &moment, observation, verdict).await, stop }
}

/// What a moment came to: what rules did, and whether a person wants to look first.
#[derive(Default)]
pub(crate) struct Intervened {
    pub acts: Vec<Act>,
    /// The session's gate or a breakpoint holds here.
    pub stop: Option<HoldCause>,
}

pub(crate) async fn intervene_at_end(exchange: &Exchange, ending: &Ending) {
    if ending.state != ExchangeState::Complete {
        return;
    }
    window::would_have(exchange, ending).await;
    if !exchange.is_response_judged() {
        intervene(exchange, Moment::Response { status: ending.status, answer: ending.answer.clone() }).await;
    }
}

pub(crate) async fn observe(exchange: &Exchange, moment: Moment) -> Option<(Moment, Observation, Gate)> {
    let (at, id, number) = (exchange.core.now(), exchange.id, exchange.attempt());
    let observed = exchange.session.with(move |session| {
        let (point, focus) = moment.focus();
        let mut observation = session.state.observation(point, at, id, focus);
        if let Some(response) = observation.response.as_mut().filter(|_| number > 1) {
            response.attempt = number;
        }
        (moment, observation, session.desk.orders.gate)
    });
    let (moment, mut observation, gate) = observed.await?;
    exchange.watched(&moment, &mut observation);
    budgets::count_so_far(exchange, &moment).await;
    observation.named.budget = budgets::facts(exchange, &observation);
    classify::fold(exchange, &moment, &mut observation).await;
    Some((moment, observation, gate))
}

/// Side calls are no turns of the agent's loop: nothing stops them.
fn stops(exchange: &Exchange, observation: &Observation, verdict: &Verdict, gated: bool) -> Option<HoldCause> {
    if exchange.side_call {
        return None;
    }
    let breakpoint = exchange.core.breakpoints.hit(exchange.session.id, observation, &verdict.evaluations);
    breakpoint.or_else(|| gated.then_some(HoldCause::Paused))
}

pub(crate) fn reason(exchange: &Exchange, observation: &Observation) -> Verdict {
    let clock = &exchange.core.ports.clock;
    let nanos = || clock.now().0 as u64 * 1_000;
    reason::evaluate(&exchange.policies, &exchange.agent, observation, &nanos)
}

/// By the rules whose scores were asked for beside the moment.
pub(crate) fn reason_late(exchange: &Exchange, observation: &Observation) -> Verdict {
    let clock = &exchange.core.ports.clock;
    let nanos = || clock.now().0 as u64 * 1_000;
    reason::evaluate_late(&exchange.policies, &exchange.agent, observation, &nanos)
}

pub(crate) async fn act(exchange: &Exchange, moment: &Moment, observation: Observation, verdict: Verdict) -> Vec<Act> {
    let mut at_hand = AtHand::of(exchange, moment, &observation);
    if verdict.decisions.iter().any(|decision| compacts(&decision.action)) {
        at_hand.measure(exchange).await;
    }
    let scene = at_hand.scene(exchange, moment);
    let mut acts = act::carry_out(&verdict.decisions, &scene);
    effects::estimate(exchange, &observation, &mut acts).await;
    account::freeze(&mut acts, &verdict);
    if verdict.risk > 0.0 {
        let risk = verdict.risk;
        exchange.note(exchange.session.with(move |session| account::bear(session, risk)).await.flatten());
    }
    late::ask(exchange, moment, &observation);
    exchange.note(account::records(exchange.session.id, exchange.id, observation, verdict, &acts));
    for act in acts.iter().filter(|act| act.intervention.mode == Mode::Enforce) {
        exchange.intervened(act.intervention.id);
    }
    if !acts.is_empty() {
        exchange.core.stays(exchange.session.id);
        account::settle(exchange, &acts, moment.is_at_request()).await;
    }
    acts
}

fn compacts(action: &Action) -> bool {
    match action {
        Action::Compact { .. } => true,
        Action::First(actions) => actions.iter().any(compacts),
        _ => false,
    }
}
