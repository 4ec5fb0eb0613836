//! Attempts: one exchange's tries at providers, until one answers or nothing is left to try. A failure is shown to the rules; what they say
//! (again, elsewhere, an answer in its place) is done here, and never once a byte of an answer went out.

mod again;
mod failing;
mod opening;
mod tries;

pub(crate) use again::again;
pub(crate) use failing::Failing;
pub(crate) use tries::Tries;

use crate::{
    answer::{self, Ending},
    budgets,
    exchange::Exchange,
    hand::{orders::Killed, request as held_request},
    outlet::Outlet,
    passage::Incoming,
    pipeline::{self, Moment},
    relay::{self, Came, Lookout, Ready},
    sent::{self, Sent},
};
use act::{Order, Step};
use domain::*;
use failing::Left;
use std::sync::Arc;
use std::time::Duration;
use wire::Made;

/// One exchange's most, whatever rules say.
const MOST_ATTEMPTS: usize = 8;

/// Sends, again where rules want that, and relays what comes. `ready`: an answer is here, and nobody is asked.
pub(crate) async fn make(
    exchange: Arc<Exchange>,
    incoming: &Incoming,
    mut sent: Sent,
    mut outlet: Outlet,
    ready: Option<Ready>,
) {
    if let Some(ready) = ready {
        return serve(exchange, sent, ready, outlet).await;
    }
    let halt = exchange.core.halt.clone();
    let mut lookout = Lookout::of(&exchange);
    let mut why = None;
    loop {
        let sent_at = exchange.elapsed();
        exchange.asks(&sent.provider, &sent.request.model);
        let tried = tokio::select! {
            () = outlet.closed() => return relay::gone(&exchange).await,
            () = halt.cancelled() => return relay::interrupted(&exchange).await,
            tried = lookout.unless_ended(&exchange, 0, ask(&exchange, &sent)) => tried,
        };
        let mut attempt = relay::attempt(&sent, why.take());
        let tried = match tried {
            Ok(tried) => tried,
            Err(end) => return relay::give_early(&exchange, &sent.request, end, vec![attempt], outlet).await,
        };
        let failing = match tried {
            Ok(response) => {
                if exchange.policies.mends_failures() {
                    exchange.core.tries.settled(&exchange);
                }
                let came = Came { exchange, sent, attempt, sent_at, response, whence: None, lookout };
                return relay::begin(came, outlet).await;
            }
            Err(failing) => failing,
        };
        attempt.duration_ms = f64::from(exchange.elapsed() - sent_at) / 1000.0;
        exchange.attempt_failed(failing.fault);
        let failed = failing.failed(&exchange, outlet.is_open());
        let next = next(&exchange, failed.clone()).await;
        if matches!(next, Next::Nothing) {
            let left = failing.left;
            return pass_on(Passing { exchange, sent, attempt, sent_at, lookout }, left, outlet).await;
        }
        attempt.status = failed.status;
        attempt.error = Some(failed.said.clone());
        exchange.tried(attempt);
        why = Some(match next {
            Next::Retry { wait_ms } => {
                exchange.flush();
                tokio::select! {
                    () = outlet.closed() => return relay::gone(&exchange).await,
                    () = halt.cancelled() => return relay::interrupted(&exchange).await,
                    waited = lookout.unless_ended(&exchange, 0, tokio::time::sleep(Duration::from_millis(wait_ms))) => {
                        if let Err(end) = waited {
                            return relay::give_early(&exchange, &sent.request, end, Vec::new(), outlet).await;
                        }
                    }
                }
                format!("tried again after {wait_ms} ms: {}", failed.told())
            }
            Next::Elsewhere => {
                sent = sent::elsewhere(&exchange, incoming, sent);
                sent::tell(&exchange, &sent);
                format!("sent to {} of {}: {}", sent.request.model, sent.provider, failed.told())
            }
            Next::Again(ready) => return serve(exchange, sent, ready, outlet).await,
            Next::Answer(made) => return answer::refuse(&exchange, made, outlet).await,
            Next::End(killed) => return held_request::end(&exchange, &killed, outlet).await,
            Next::Nothing => return,
        });
        // Another call: in its turn, and within its budgets, wherever it goes now.
        let Some(admitted) = budgets::admit(&exchange, sent, outlet).await else { return };
        (sent, outlet) = admitted;
        exchange.flush();
    }
}

/// Relays an answer that is here already.
async fn serve(exchange: Arc<Exchange>, sent: Sent, ready: Ready, outlet: Outlet) {
    let Ready { response, whence } = ready;
    // Once: nothing is asked behind an answer that is here.
    let _ = exchange.whence.set(whence);
    let attempt = relay::attempt(&sent, Some(whence.told()));
    let (lookout, sent_at) = (Lookout::of(&exchange), exchange.elapsed());
    let came = Came { exchange, sent, attempt, sent_at, response, whence: Some(whence), lookout };
    relay::begin(came, outlet).await;
}

/// One attempt. What fails in a way that rules may mend comes back as such; without such rules an answer is taken as it comes.
async fn ask(exchange: &Exchange, sent: &Sent) -> Result<UpstreamResponse, Failing> {
    let response = exchange.core.ports.upstream.send(sent.outgoing.clone()).await;
    let response = response.map_err(|failure| Failing::unreached(exchange, failure))?;
    if !exchange.policies.looks_at(Point::ModelResponse) {
        return Ok(response);
    }
    if !response.status.is_success() {
        return Err(Failing::refused(exchange, response).await);
    }
    if exchange.policies.mends_failures() {
        return opening::look(exchange, sent, response).await;
    }
    Ok(response)
}

/// What comes after an attempt that failed.
enum Next {
    /// The agent gets the failure.
    Nothing,
    Retry {
        wait_ms: u64,
    },
    /// What the same request got before.
    Again(Ready),
    /// The same call to another model or provider.
    Elsewhere,
    Answer(Made),
    End(Killed),
}

async fn next(exchange: &Exchange, failed: act::Failed) -> Next {
    if !exchange.policies.looks_at(Point::ModelResponse) {
        return Next::Nothing;
    }
    let judged = pipeline::intervene(exchange, Moment::Failed(failed)).await;
    let spent = exchange.attempt() as usize >= MOST_ATTEMPTS;
    let decided = judged.acts.into_iter().find_map(|act| match act.step {
        Step::Refuse(made) => Some(Next::Answer(made)),
        Step::Order(Order::End { text, as_error }) => {
            Some(Next::End(Killed { text, as_error, intervention: act.intervention.id }))
        }
        Step::Retry { wait_ms } if !spent => Some(Next::Retry { wait_ms }),
        Step::Again => exchange.answer_again().map(Next::Again),
        Step::Order(Order::Model { .. }) if !spent => Some(Next::Elsewhere),
        _ => None,
    });
    let next = decided.unwrap_or(Next::Nothing);
    if !matches!(next, Next::Retry { .. } | Next::Elsewhere) {
        // What ends the exchange now was judged.
        exchange.response_was_judged();
    }
    next
}

/// A failure on its way to the agent.
struct Passing {
    exchange: Arc<Exchange>,
    sent: Sent,
    attempt: Attempt,
    sent_at: u32,
    lookout: Lookout,
}

/// The failure as its agent would have got it without a runtime between.
async fn pass_on(passing: Passing, left: Left, outlet: Outlet) {
    let Passing { exchange, sent, attempt, sent_at, lookout } = passing;
    match left {
        Left::Response(response) => {
            let came = Came { exchange, sent, attempt, sent_at, response, whence: None, lookout };
            relay::begin(came, outlet).await;
        }
        Left::Nothing(failure) => {
            let attempt = Attempt { error: Some(exchange.mask.masked(&failure.message)), ..attempt };
            fail(&exchange, attempt, &failure, outlet).await;
        }
    }
}

/// Ends an exchange that never got a provider's answer.
async fn fail(exchange: &Exchange, attempt: Attempt, failure: &UpstreamFailure, outlet: Outlet) {
    let message = exchange.mask.masked(&failure.message);
    let made = wire::error(Some(&exchange.request), exchange.request.dialect, 502, &message, "provider_unreachable");
    let ending = Ending {
        state: ExchangeState::Failed,
        origin: Some(Origin::Provider),
        error: Some(message),
        attempts: vec![attempt],
        ..Ending::default()
    };
    answer::give(exchange, made, ending, outlet).await;
}
