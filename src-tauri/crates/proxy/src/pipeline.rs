//! The heart: observe, reason, act, at every intervention point.

use crate::{account, answer::Ending, effects, exchange::Exchange, hand::orders::Gate, mask::Mask, window};
use act::{Act, Scene};
use domain::*;
use observe::{Focus, Returned};
use wire::{Answer, Spot};

/// A moment at which rules may look and act.
pub(crate) enum Moment {
    /// Before the model call.
    Request,
    /// A new tool result, before the request that brings it goes out.
    Result(Returned),
    /// One complete tool call.
    Call(ToolCall),
    /// Frames on their way, or time passing: the answer so far, whether a call of it is under way, and what matched in it just now.
    Stream { status: u16, answer: Answer, calling: bool, spots: Vec<Spot> },
    /// The complete response, before its completing part is released.
    Response { status: u16, answer: Answer },
}

/// Observes one moment, judges it, and carries out what the verdict asks for, as far as it can be here; what remains to be done to
/// bytes under way comes back as steps.
pub(crate) async fn intervene(exchange: &Exchange, moment: Moment) -> Intervened {
    intervene_again(exchange, moment, &[]).await
}

/// The same for a moment that a person changed: the rules that `asked` about it have their answer.
pub(crate) async fn intervene_again(exchange: &Exchange, moment: Moment, asked: &[String]) -> Intervened {
    let moment = masked(moment, &exchange.mask);
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

/// What is observed is recorded: the agent's own credential is masked first, should the model have said it.
pub(crate) fn masked(moment: Moment, mask: &Mask) -> Moment {
    match moment {
        Moment::Call(mut call) => {
            mask.text(&mut call.arguments);
            Moment::Call(call)
        }
        Moment::Stream { status, mut answer, calling, spots } => {
            mask.answer_so_far(&mut answer);
            Moment::Stream { status, answer, calling, spots }
        }
        // Of requests and responses that were masked as a whole.
        Moment::Request | Moment::Result(_) | Moment::Response { .. } => moment,
    }
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
    let (at, id) = (exchange.core.now(), exchange.id);
    let observed = exchange.session.with(move |session| {
        let (point, focus) = match &moment {
            Moment::Request => (Point::ModelRequest, Focus::Request),
            Moment::Result(returned) => (Point::ToolResult, Focus::Result(returned)),
            Moment::Call(call) => (Point::ToolCall, Focus::Call(call)),
            Moment::Stream { status, answer, .. } => (Point::ModelStream, Focus::Response { status: *status, answer }),
            Moment::Response { status, answer } => (Point::ModelResponse, Focus::Response { status: *status, answer }),
        };
        let observation = session.state.observation(point, at, id, focus);
        (moment, observation, session.desk.orders.gate)
    });
    observed.await
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

pub(crate) async fn act(exchange: &Exchange, moment: &Moment, observation: Observation, verdict: Verdict) -> Vec<Act> {
    let call = match moment {
        Moment::Call(call) => Some(call),
        _ => None,
    };
    let result = match moment {
        Moment::Result(returned) => Some(returned.named()),
        _ => None,
    };
    let answer = match moment {
        Moment::Response { answer, .. } => Some(answer),
        _ => None,
    };
    let spots = match moment {
        Moment::Stream { spots, .. } => Some(&spots[..]),
        _ => None,
    };
    let said = match moment {
        Moment::Stream { answer, calling, .. } => Some((answer, *calling)),
        Moment::Response { answer, .. } => Some((answer, false)),
        _ => None,
    };
    let context = act::Context::of(&observation.session);
    let known = act::Known::of(&observation, said);
    let scene = Scene { result: result.as_ref(), answer, spots, context, known, ..exchange.scene(call) };
    let mut acts = act::carry_out(&verdict.decisions, &scene);
    effects::estimate(exchange, &observation, &mut acts).await;
    account::freeze(&mut acts, &verdict);
    exchange.note(account::records(exchange.session.id, exchange.id, observation, verdict, &acts));
    for act in acts.iter().filter(|act| act.intervention.mode == Mode::Enforce) {
        exchange.intervened(act.intervention.id);
    }
    if !acts.is_empty() {
        exchange.core.stays(exchange.session.id);
        let at_request = matches!(moment, Moment::Request | Moment::Result(_));
        account::settle(exchange, &acts, at_request).await;
    }
    acts
}
