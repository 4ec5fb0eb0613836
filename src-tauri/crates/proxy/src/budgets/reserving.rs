//! A call's way through its budgets: reserved before rules look, so that they see what it would come to; fitted to what then goes out;
//! settled when it is over.

use super::{
    book::{Claim, Reserving},
    counting::{self, Asked, Call},
    purse::{Purse, Stage, State},
    told,
};
use crate::{
    answer, estimate, exchange::Exchange, hand::call::Unsettled, outlet::Outlet, pipeline::Moment, sent::Sent,
};
use bytes::Bytes;
use domain::*;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a call waits for others to be settled, where it fits then.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of a call's arguments that are not whole yet.
const BYTES_A_TOKEN: u64 = 4;

/// Reserves what the agent's request may come to. It waits while only others' reservations stand in its way.
pub(crate) async fn reserve(exchange: &Exchange, outlet: &mut Outlet) -> Result<(), Unsettled> {
    if exchange.policies.budgets().next().is_none() {
        return Ok(());
    }
    let id = exchange.id;
    let Some(standing) = exchange.session.with(move |session| session.state.standing(id)).await else { return Ok(()) };
    let purse = exchange.purse.get_or_init(|| Purse::of(exchange, standing));
    let to = exchange.destination();
    let provider = exchange.due().model.and_then(|model| model.provider).unwrap_or_else(|| to.provider.to_owned());
    let (request, reading) = (exchange.request.clone(), exchange.reading.clone());
    let call = Call { request, reading, provider, model: to.model, beside: false };
    let Asked { claims, output, unpriced } = counting::asked(exchange, &call, purse).await;
    if unpriced {
        let payload = serde_json::json!({ "provider": call.provider, "model": call.model });
        exchange.event(EventKind::Unpriced, payload);
    }
    let begun = Instant::now();
    let mut waited_for = None;
    let stage = loop {
        let change = purse.book().change();
        tokio::pin!(change);
        change.as_mut().enable();
        match purse.book().reserve(id, &claims, output) {
            Reserving::Granted { .. } => break Stage::Granted,
            Reserving::Short { claim, by_others } if by_others && begun.elapsed() < PATIENCE => {
                waited_for.get_or_insert(claim);
                tokio::select! {
                    () = &mut change => {}
                    () = tokio::time::sleep_until(begun + PATIENCE) => {}
                    () = outlet.closed() => return Err(Unsettled::AgentLeft),
                    () = exchange.core.halt.cancelled() => return Err(Unsettled::RuntimeHalts),
                }
            }
            Reserving::Short { .. } => break Stage::Over,
        }
    };
    *purse.state.lock() = State { claims, output, stage, ..State::default() };
    if let Some(entry) = waited_for.and_then(|claim| purse.entry_of(claim)) {
        told::waited(exchange, entry, begun.elapsed()).await;
    }
    tell(exchange, purse);
    Ok(())
}

/// Fits the reservation to what goes upstream, and its output to what remains. `None`: it was refused here.
pub(super) async fn confirm(exchange: &Exchange, sent: Sent, outlet: Outlet) -> Option<(Sent, Outlet)> {
    let Some(purse) = exchange.purse.get() else { return Some((sent, outlet)) };
    let request = Arc::new(sent.request.clone());
    let reading = match sent.changed {
        true => Arc::new(exchange.core.reader.read(&request)),
        false => exchange.reading.clone(),
    };
    let (model, provider) = (request.model.clone(), sent.provider.clone());
    let call = Call { request, reading, provider, model, beside: false };
    let Asked { claims, output, .. } = counting::asked(exchange, &call, purse).await;
    let stage = purse.state.lock().stage;
    let reserving = match stage {
        Stage::Over => {
            purse.book().force(exchange.id, &claims, output);
            Reserving::Granted { cap: None }
        }
        _ => purse.book().reserve(exchange.id, &claims, output),
    };
    let stage = if stage == Stage::Over { Stage::Over } else { Stage::Granted };
    *purse.state.lock() = State { claims, output, stage, ..State::default() };
    match reserving {
        Reserving::Granted { cap } => {
            tell(exchange, purse);
            shadowed(exchange, purse, &sent).await;
            let capped = match cap.and_then(|(most, claim)| Some((most, purse.entry_of(claim)?))) {
                Some((most, entry)) => told::capped(exchange, &sent.request, entry, most).await,
                None => None,
            };
            purse.state.lock().capped = cap.filter(|_| capped.is_some()).map(|(most, claim)| (claim, most));
            let sent = match capped {
                Some(request) => sent.with_body(request),
                None => sent,
            };
            Some((sent, outlet))
        }
        Reserving::Short { claim, .. } => {
            let made = match purse.entry_of(claim) {
                Some(entry) => told::refused(exchange, entry).await,
                None => None,
            };
            if let Some(made) = made {
                answer::refuse(exchange, made, outlet).await;
            }
            None
        }
    }
}

/// What budgets in shadow would have capped.
async fn shadowed(exchange: &Exchange, purse: &Purse, sent: &Sent) {
    let State { claims, output, .. } = purse.state.lock().clone();
    for (place, claim) in claims.iter().enumerate() {
        let Some(entry) = purse.entry_of(place).filter(|entry| entry.mode == Mode::Shadow) else { continue };
        let (balance, own) = purse.book().standing(exchange.id, claim);
        if let Some(most) = claim.cap(balance.spent.plus(balance.reserved().less(own)), output) {
            told::would_cap(exchange, sent, entry, most).await;
        }
    }
}

/// Another call within the same exchange, after rounds that used so much: its body, capped to what remains. An error says why there is
/// none, as the end of a sentence.
pub(crate) async fn again(exchange: &Exchange, sent: &Sent, used: &Usage, body: Bytes) -> Result<Bytes, String> {
    let Some(purse) = exchange.purse.get() else { return Ok(body) };
    let State { mut claims, output, stage, .. } = purse.state.lock().clone();
    if stage == Stage::Unasked {
        return Ok(body);
    }
    let usd = exchange.core.cost(&sent.provider, &sent.request.model, used, exchange.at).await.unwrap_or_default();
    purse.state.lock().rounds = (*used, usd);
    for claim in &mut claims {
        // What was used stays reserved until it is settled, and what was said is read again.
        let tokens = claim.budget.counted.tokens(used) + used.output;
        let usd = usd + used.output as f64 * claim.usd_per_output;
        claim.input = claim.input.plus(Spending { tokens, usd });
    }
    let cap = match stage {
        Stage::Over => {
            purse.book().force(exchange.id, &claims, output);
            None
        }
        _ => match purse.book().reserve(exchange.id, &claims, output) {
            Reserving::Granted { cap } => cap,
            Reserving::Short { .. } => return Err("a budget has no room for another call.".to_owned()),
        },
    };
    tell(exchange, purse);
    let Some((most, claim, entry)) = cap.and_then(|(most, claim)| Some((most, claim, purse.entry_of(claim)?))) else {
        return Ok(body);
    };
    let Ok(request) = wire::parse(&exchange.route, body.clone()) else { return Ok(body) };
    match told::capped(exchange, &request, entry, most).await {
        Some(capped) => {
            purse.state.lock().capped = Some((claim, most));
            Ok(capped.body)
        }
        None => Ok(body),
    }
}

/// Counts what an answer on its way has come to, where rules on streams read a budget: the provider's own count as far as there is one,
/// else an estimate.
pub(crate) async fn count_so_far(exchange: &Exchange, moment: &Moment) {
    let Moment::Stream { answer, calling, .. } = moment else { return };
    let reads = exchange.policies.reads_budgets(Point::ModelStream) && exchange.whence.get().is_none();
    let Some(purse) = exchange.purse.get().filter(|_| reads) else { return };
    let State { claims, stage, rounds: (rounds, rounds_usd), capped, at_cap, .. } = purse.state.lock().clone();
    let full = capped.filter(|_| at_cap).and_then(|(claim, _)| Some(claims.get(claim)?.account.clone()));
    let begun =
        !answer.text.is_empty() || !answer.reasoning.is_empty() || !answer.calls.is_empty() || calling.is_some();
    if !begun || !matches!(stage, Stage::Granted | Stage::Over) {
        return;
    }
    let so_far = estimate::usage_so_far(exchange, answer).await;
    let output = so_far.output + calling.unwrap_or_default() as u64 / BYTES_A_TOKEN;
    let counted = answer.usage.filter(|usage| usage.input > 0);
    purse.book().came(exchange.id, &claims, |claim, reserved| {
        let read = counted.map(|usage| claim.budget.counted.tokens(&Usage { output: 0, ..usage }));
        let tokens = claim.budget.counted.tokens(&rounds) + read.unwrap_or(claim.input.tokens) + output;
        let come = Spending { tokens, usd: rounds_usd + claim.input.usd + output as f64 * claim.usd_per_output };
        if full.as_ref() == Some(&claim.account) { come.or_more(reserved) } else { come }
    });
}

/// The model stopped. Whether that was where the output was capped to what was left of a budget: then it counts as used up until it is settled.
pub(crate) fn is_at_cap(exchange: &Exchange) -> bool {
    let Some(purse) = exchange.purse.get() else { return false };
    let mut state = purse.state.lock();
    state.at_cap = state.capped.is_some();
    state.at_cap
}

/// The exchange is over: what it reserved becomes what it spent, all attempts and rounds together. `finish`: why the model ended its answer.
pub(crate) fn settle(exchange: &Exchange, usage: &Usage, cost_usd: Option<f64>, finish: Option<&str>) {
    let Some(purse) = exchange.purse.get() else { return };
    let mut state = purse.state.lock();
    if matches!(state.stage, Stage::Unasked | Stage::Settled) && *usage == Usage::default() {
        return;
    }
    let usd = cost_usd.unwrap_or_default();
    let came = |claim: &Claim| Spending { tokens: claim.budget.counted.tokens(usage), usd };
    let reserved = purse.book().open_of(exchange.id, &state.claims);
    let spent = purse.book().settle(exchange.id, &state.claims, came);
    let granted = std::mem::replace(&mut state.stage, Stage::Settled) == Stage::Granted;
    for (place, claim) in state.claims.iter().enumerate().filter(|(_, claim)| granted && !claim.watches) {
        let (Some(entry), Some((_, now)), Some((_, had))) =
            (purse.entry_of(place), spent.get(place), reserved.get(place))
        else {
            continue;
        };
        // The call that crosses the limit says so, not each one after it.
        if !claim.budget.holds(*now) && claim.budget.holds(now.less(came(claim))) {
            told::overspent(exchange, entry, *had, came(claim), *now);
        }
    }
    if let Some((claim, most)) = state.capped.take().filter(|_| finish.is_some_and(wire::is_length_stop))
        && let (Some(entry), Some((_, spent))) = (purse.entry_of(claim), spent.get(claim))
    {
        told::ended_at_cap(exchange, entry, most, *spent);
    }
    let spent = Purse::kept(spent);
    if !spent.is_empty() {
        let (id, session, at) = (exchange.id, Some(exchange.session.id), exchange.core.now());
        exchange.note([Record::Settled { exchange: id, session, at, spent }]);
    }
}

/// What is reserved, for the record: it counts as spent should the runtime be killed.
fn tell(exchange: &Exchange, purse: &Purse) {
    let state = purse.state.lock();
    if state.stage != Stage::Granted && state.stage != Stage::Over {
        return;
    }
    let amounts = Purse::kept(purse.book().open_of(exchange.id, &state.claims));
    if amounts.is_empty() {
        return;
    }
    let (session, at) = (exchange.session.id, exchange.core.now());
    exchange.note([Record::Reserved { exchange: exchange.id, session, at, amounts }]);
    drop(state);
    exchange.flush();
}
