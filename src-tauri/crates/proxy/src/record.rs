//! Records of an exchange: opened with its request, closed with what it came to. Own credentials are masked before anything is kept.

use crate::{
    answer::Ending,
    core::Core,
    estimate,
    exchange::{Exchange, Standing},
    headers,
    mask::Mask,
    naming,
    passage::Incoming,
    rewind::Tape,
    session::SessionHandle,
};
use domain::*;
use observe::{Caller, Ended, Found, Reading, Returned, SessionState};
use reason::PolicySet;
use std::sync::Arc;
use wire::{Answer, Request};

/// Finds the request's session and opens the exchange in it. `None` once the runtime is stopping.
pub(crate) async fn open(
    core: &Arc<Core>,
    incoming: &Incoming,
    request: &Request,
    tape: Option<Arc<Tape>>,
) -> Option<(Exchange, Vec<Returned>)> {
    let arrival = &incoming.arrival;
    let mask = core.masks.of(&arrival.headers, arrival.query.as_deref(), core.held_keys());
    let request = Arc::new(recordable(&mask, incoming, request));
    let reading = Arc::new(core.reader.read(&request));
    let id = ExchangeId(core.ports.clock.next_id());
    let (found, session) = find(core, incoming, &request, &reading, id, tape.as_deref()).await;
    let policies = core.policies();
    let arrived = session.with({
        let (at, found, request, reading) = (arrival.at, found.clone(), request.clone(), reading.clone());
        let (provider, policies) = (incoming.provider.name.clone(), policies.clone());
        let muted = incoming.muted.clone();
        move |session| {
            session.desk.orders.muted.extend(muted);
            let run_before = session.state.run();
            let known = policies.knows_tool_errors().then(|| policies.for_agent(session.state.agent()));
            let fails = |tool: &str, text: &str| known.as_ref().is_some_and(|known| known.is_tool_error(tool, text));
            let arrived = session.state.request_where(&fails, id, at, &found, &request, &reading, &provider);
            let turn = !found.side_call && !found.branch;
            let before = session.desk.marks();
            let due = session.desk.orders.take_due(run_before != Some(arrived.run), turn);
            if turn {
                session.desk.mark(id, reading.end());
                session.provider_holds = request.previous_response.is_some();
            }
            session.stand(at);
            let risk = session.keep_risk();
            let orders = &session.desk.orders;
            let tailored = (orders.muted.clone(), orders.budgets.clone());
            (arrived, session.state.row(), session.judged_by(&policies), (due, before, risk), tailored)
        }
    });
    let (arrived, row, news, (due, before, risk), (muted, budgets)) = arrived.await?;
    let agent = row.agent.clone();
    let standing = Standing {
        error_status: status_that_stops(found.client.family),
        family: found.client.family,
        side_call: found.side_call,
        branch: found.branch,
        client_retries: found.client.retry.unwrap_or_default(),
        caller: caller(incoming, &found),
        requests_before: before,
    };
    let started = ExchangeStarted {
        id,
        session: session.id,
        run: arrived.run,
        step: arrived.step,
        at: arrival.at,
        dialect: request.dialect,
        provider: incoming.provider.name.clone(),
        model: request.model.clone(),
        stream: request.stream,
        side_call: found.side_call,
        method: arrival.method.to_string(),
        path: mask.path(&path_and_query(incoming)),
        headers: mask.headers(headers::written(&arrival.headers)),
        image: image(core, &request, &reading.bytes),
        search_text: arrived.search_text,
        preview: arrived.preview,
    };
    let policies = Arc::new(tailored(policies.for_agent(&row.agent), &muted, &budgets));
    let exchange =
        Exchange::new(core.clone(), id, session, incoming, policies, request, reading, mask, standing, agent, tape);
    if found.session.is_none() {
        exchange.event(EventKind::SessionStarted, serde_json::json!({ "basis": found.basis, "agent": row.agent }));
    }
    exchange.note([Record::Session(Box::new(row)), Record::ExchangeStarted(Box::new(started))]);
    exchange.note(risk);
    if news {
        let versions = exchange.policies.policies().map(|policy| policy.version());
        let named = versions.map(|version| serde_json::json!({ "name": version.name, "version": version.version }));
        exchange.event(EventKind::PoliciesInForce, named.collect());
    }
    exchange.note(arrived.results.iter().map(|returned| Record::ToolReturned(returned.record.clone())));
    exchange.tools_returned(&arrived.results);
    exchange.keep_results(&arrived.results);
    exchange.set_due(due);
    Some((exchange, arrived.results))
}

/// The policies as a person ordered them for this session: without the muted rules, with other limits.
pub(crate) fn tailored(mut policies: PolicySet, muted: &[String], budgets: &[(String, f64)]) -> PolicySet {
    if !muted.is_empty() {
        policies = policies.without(muted);
    }
    for (key, limit) in budgets {
        policies = policies.with_limit(key, *limit).unwrap_or(policies);
    }
    policies
}

fn path_and_query(incoming: &Incoming) -> String {
    match &incoming.arrival.query {
        Some(query) => format!("{}?{query}", incoming.arrival.path),
        None => incoming.arrival.path.clone(),
    }
}

/// The request as it may be kept: itself, unless it repeats its own credential.
fn recordable(mask: &Mask, incoming: &Incoming, request: &Request) -> Request {
    if !mask.touches(&request.body) {
        return request.clone();
    }
    wire::parse(&incoming.route, mask.bytes(&request.body)).unwrap_or_else(|_| request.clone())
}

async fn find(
    core: &Arc<Core>,
    incoming: &Incoming,
    request: &Request,
    reading: &Reading,
    id: ExchangeId,
    tape: Option<&Tape>,
) -> (Found, SessionHandle) {
    let arrival = &incoming.arrival;
    let (agent, label) = (incoming.agent_label(), incoming.session_label());
    let caller =
        Caller { headers: &arrival.headers, agent_label: agent, session_label: label, peer: None, at: arrival.at };
    let (found, session) = {
        let mut finder = core.finder.lock();
        let mut found = finder.find(&caller, request, reading);
        if let Some(session) = held(core, request, self::caller(incoming, &found)) {
            // Its answer waits for a person: this is the client's retry.
            found.session = Some(session);
        }
        let given = || tape?.take_session();
        let session = found.session.or_else(given).unwrap_or_else(|| SessionId(core.ports.clock.next_id()));
        finder.opened(&found, session, id, &caller, request, reading);
        (found, session)
    };
    let process = arrival.peer.known().filter(|_| agent.is_none());
    let start = || {
        let caller = Caller { peer: process.flatten(), ..caller };
        SessionState::new(session, &found, &caller, request.dialect)
    };
    let passing = label.is_none() && found.client.session.is_none() && found.parent.is_none();
    let handle = core.session_or_start(session, passing, start);
    if found.session.is_none() && agent.is_none() && process.is_none() {
        naming::by_process(core, &handle, incoming, &found).await;
    }
    (found, handle)
}

/// The session in which this very request has a question whose answer was not used yet.
fn held(core: &Core, request: &Request, caller: Option<String>) -> Option<SessionId> {
    let held = core.held_requests.lock();
    if held.is_empty() {
        return None;
    }
    held.get(&act::request_digest(&request.body, caller.as_deref())).copied()
}

/// What the caller calls itself and its conversation: labels, and the client's own id.
fn caller(incoming: &Incoming, found: &Found) -> Option<String> {
    let said = [incoming.agent_label(), incoming.session_label()].into_iter().flatten().map(str::to_owned);
    let said: Vec<String> = said.chain(found.client.key()).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

fn image(core: &Core, request: &Request, hashes: &[Hash]) -> RequestImage {
    let mut known = core.known.lock();
    wire::image(request, hashes, &mut |node| known.knew(node))
}

/// A request of the runtime's own for this exchange, as it may be kept.
pub(crate) fn image_of(exchange: &Exchange, request: &Request) -> RequestImage {
    if !exchange.mask.touches(&request.body) {
        return image(&exchange.core, request, &[]);
    }
    let masked = wire::parse(&exchange.route, exchange.mask.bytes(&request.body));
    masked.map(|request| image(&exchange.core, &request, &[])).unwrap_or_default()
}

/// What went upstream, where it is not what the agent sent.
pub(crate) fn sent(exchange: &Exchange, request: &Request, outgoing: &UpstreamRequest) {
    let masked;
    let request = if exchange.mask.touches(&request.body) {
        let Ok(parsed) = wire::parse(&exchange.route, exchange.mask.bytes(&request.body)) else { return };
        masked = parsed;
        &masked
    } else {
        request
    };
    let image = image(&exchange.core, request, &[]);
    let headers = exchange.mask.headers(headers::written(&outgoing.headers));
    exchange.note([Record::RequestSent { exchange: exchange.id, image, headers }]);
}

/// Folds the ending into the session and gives the records that close the exchange, those still pending first.
pub(crate) async fn close(exchange: &Exchange, mut ending: Ending) -> Vec<Record> {
    let core = &exchange.core;
    ending.attempts.splice(0..0, exchange.take_tried());
    mask_ending(&exchange.mask, &mut ending);
    crate::pipeline::intervene_at_end(exchange, &ending).await;
    own_up(&mut ending);
    exchange.attempt_ended(&ending);
    exchange.keep_answer(&ending);
    let at = core.now();
    let good = matches!(ending.state, ExchangeState::Complete | ExchangeState::Answered) && ending.status < 400;
    let got = ending.delivered.as_ref().unwrap_or(&ending.answer);
    let anchor = core.finder.lock().answered(exchange.id, Some(got), good && ending.state == ExchangeState::Complete);
    let usage = match ending.usage {
        Some(usage) => usage,
        None => estimated(exchange, &ending).await,
    };
    let model = ending.answer.model.clone().unwrap_or_else(|| exchange.request.model.clone());
    // The one that it went to: a rule may have chosen another than the caller's.
    let provider = ending.attempts.last().map_or(&exchange.provider.name, |attempt| &attempt.provider).clone();
    let cost = core.cost(&provider, &model, &usage, exchange.at).await;
    // What answers under a name that no price is known for is settled at the price that was reserved.
    let asked = ending.attempts.last().map_or(&exchange.request.model, |attempt| &attempt.model);
    let due = if cost.is_some() { cost } else { core.cost(&provider, asked, &usage, exchange.at).await };
    crate::budgets::settle(exchange, &usage, due, ending.answer.finish.as_deref());
    let timing = Timing {
        first_token_ms: ending.first_token_us.map(|micros| f64::from(micros) / 1000.0),
        duration_ms: f64::from(exchange.elapsed()) / 1000.0,
        added_ms: f64::from(ending.added_us) / 1000.0,
        commit_ms: 0.0,
    };
    // An answer of a person's is spent once its agent has the response that carries it out.
    let told = matches!(ending.state, ExchangeState::Complete | ExchangeState::Answered);
    let row = exchange.session.with({
        let got = (ending.state != ExchangeState::Answered).then(|| got.clone());
        let (id, model) = (exchange.id, model.clone());
        move |session| {
            let ended = Ended { answer: got.as_ref(), model: &model, provider: &provider, usage, cost_usd: cost };
            session.state.answered(id, at, &ended);
            let spent = if told { session.desk.spend(id) } else { Vec::new() };
            session.stand(at);
            let waits =
                spent.first().is_some_and(|spent| session.desk.of_request(&spent.request_digest).next().is_some());
            (session.state.row(), spent, waits)
        }
    });
    let (row, spent, waits) =
        row.await.map_or((None, Vec::new(), false), |(row, spent, waits)| (Some(row), spent, waits));
    exchange.note(unheld(core, &spent, waits));
    exchange.note(called(exchange, &ending.answer, &ending.removed, at));
    let finished = ExchangeFinished {
        id: exchange.id,
        session: exchange.session.id,
        at,
        state: ending.state,
        origin: ending.origin,
        error: ending.error,
        served_model: ending.answer.model.clone(),
        finish: ending.answer.finish.clone(),
        attempts: ending.attempts,
        usage,
        cost_usd: cost,
        timing,
        provider_response: ending.provider_response,
        agent_response: ending.agent_response,
        preview: preview(&ending.answer),
        answer_text: ending.answer.text,
        anchor,
    };
    exchange.note([Record::ExchangeFinished(Box::new(finished))]);
    exchange.note(row.map(|row| Record::Session(Box::new(row))));
    exchange.take_records()
}

/// Answers that were carried out, and with the last one the response that waited for them.
fn unheld(core: &Core, spent: &[Escalation], waits: bool) -> Vec<Record> {
    let mut records: Vec<Record> = spent.iter().cloned().map(|known| Record::Escalated(Box::new(known))).collect();
    if let Some(known) = spent.first().filter(|_| !waits) {
        core.held_requests.lock().remove(&known.request_digest);
        records.push(Record::Unheld { request_digest: known.request_digest.clone() });
    }
    records
}

fn called(exchange: &Exchange, answer: &Answer, removed: &[(ToolCall, String)], at: Timestamp) -> Vec<Record> {
    let same = |one: &ToolCall, other: &ToolCall| {
        (&one.id, &one.name, &one.arguments) == (&other.id, &other.name, &other.arguments)
    };
    let stayed = |call: &&ToolCall| !removed.iter().any(|(other, _)| same(other, call));
    let kept = answer.calls.iter().filter(stayed).map(|call| (call, None));
    let mut calls: Vec<_> = kept.chain(removed.iter().map(|(call, why)| (call, Some(why)))).collect();
    // As the model wrote them: interleaved ones may have ended in another order.
    calls.sort_by_key(|(call, _)| call.index);
    calls
        .into_iter()
        .map(|(call, why)| {
            Record::ToolCalled(ToolCalled {
                exchange: exchange.id,
                session: exchange.session.id,
                call: call.clone(),
                at,
                blocked: why.is_some(),
                preview: why.map(|why| shortened(why)).unwrap_or_default(),
            })
        })
        .collect()
}

fn mask_ending(mask: &Mask, ending: &mut Ending) {
    let whole = matches!(ending.state, ExchangeState::Complete | ExchangeState::Answered);
    for response in [&mut ending.provider_response, &mut ending.agent_response].into_iter().flatten() {
        let masked = if whole { mask.bytes(&response.body) } else { mask.bytes_so_far(&response.body) };
        if masked.len() != response.body.len() {
            // Frame ends would point elsewhere.
            response.frames.clear();
        }
        response.body = masked;
        response.headers = mask.headers(std::mem::take(&mut response.headers));
    }
    for answer in [Some(&mut ending.answer), ending.delivered.as_mut()].into_iter().flatten() {
        if whole { mask.answer(answer) } else { mask.answer_so_far(answer) }
    }
    for (call, why) in &mut ending.removed {
        mask.text(&mut call.arguments);
        mask.text(why);
    }
    if let Some(error) = &mut ending.error {
        mask.text(error);
    }
    for attempt in &mut ending.attempts {
        if let Some(error) = &mut attempt.error {
            mask.text(error);
        }
    }
}

/// A response that came whole but is, or ends in, the provider's error is a failed exchange.
fn own_up(ending: &mut Ending) {
    let refused = ending.status >= 400;
    if ending.state != ExchangeState::Complete || !refused && ending.answer.error.is_none() {
        return;
    }
    ending.state = ExchangeState::Failed;
    ending.origin = Some(Origin::Provider);
    let said = ending.answer.error.clone();
    ending.error = Some(match (refused, said) {
        (true, Some(said)) => format!("{}: {said}", ending.status),
        (true, None) => format!("{}: the provider refused", ending.status),
        (false, said) => said.unwrap_or_default(),
    });
}

/// Without the provider's count.
async fn estimated(exchange: &Exchange, ending: &Ending) -> Usage {
    if ending.state == ExchangeState::Answered || ending.status >= 400 || ending.status == 0 {
        return Usage::default();
    }
    estimate::usage(exchange, &ending.answer).await
}

/// The status at which a client stops in one try, as measured on real clients; the SDKs stop at 403.
fn status_that_stops(family: Option<&str>) -> u16 {
    match family {
        Some("claude-code") => 402,
        Some("codex" | "aider") => 400,
        _ => 403,
    }
}

const PREVIEW: usize = 200;

pub(crate) fn preview(answer: &Answer) -> String {
    let text = if answer.text.trim().is_empty() {
        answer.calls.iter().map(|call| format!("{}({})", call.name, call.arguments)).collect::<Vec<_>>().join(" ")
    } else {
        answer.text.trim().to_owned()
    };
    shortened(&text)
}

fn shortened(text: &str) -> String {
    text.chars().take(PREVIEW).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
