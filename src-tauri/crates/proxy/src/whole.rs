//! An unstreamed answer that rules may change: read whole, judged call by call, cut, continued, and only then sent.

use crate::{
    answer::{self, Ending},
    budgets,
    continuation::{self, Round},
    exchange::Exchange,
    hand::{
        answer::{self as held_answer, Replacement},
        call::{self, Edited, Fate, Settled, Unsettled},
    },
    headers,
    outlet::Outlet,
    relay::{self, EndNow, Lookout, Removal, Way, Whence},
    window,
};
use bytes::Bytes;
use domain::*;
use futures::StreamExt;
use http::header;
use wire::{Answer, Frame, Framing};

/// A response read to its end.
struct Read {
    head: http::HeaderMap,
    status: http::StatusCode,
    /// Exactly as it came.
    raw: Bytes,
    /// Decompressed.
    clear: Bytes,
}

enum Stopped {
    AgentLeft,
    TakenOver,
    RuntimeHalts,
    Cut(String),
    /// A rule ended it.
    Early(EndNow),
}

impl From<Unsettled> for Stopped {
    fn from(unsettled: Unsettled) -> Stopped {
        match unsettled {
            Unsettled::TakenOver => Stopped::TakenOver,
            Unsettled::AgentLeft => Stopped::AgentLeft,
            Unsettled::RuntimeHalts => Stopped::RuntimeHalts,
        }
    }
}

pub(crate) async fn answer(way: Way, response: UpstreamResponse, mut outlet: Outlet) {
    let Way { exchange, sent, attempt, sent_at, whence, watch, mut lookout, .. } = way;
    let held = whence == Some(Whence::Held);
    let mut attempts = vec![attempt];
    let first = match read(&exchange, response, &mut outlet, &mut lookout).await {
        Ok(read) => read,
        Err(Stopped::Early(end)) => return relay::give_early(&exchange, &sent.request, end, attempts, outlet).await,
        Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
    };
    if let Some(attempt) = attempts.first_mut() {
        attempt.duration_ms = f64::from(exchange.elapsed() - sent_at) / 1000.0;
    }
    let dialect = exchange.request.dialect;
    let mut rounds: Vec<Round> = Vec::new();
    let mut recorded = first.clear.to_vec();
    let mut body: Option<Bytes> = None;
    let keep = (!held).then_some(&first);
    let others = match without_others(&exchange, &first.clear, held, &mut outlet).await {
        Ok(others) => others,
        Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
    };
    let clear = others.as_ref().unwrap_or(&first.clear);
    let mut round = match judge(&exchange, clear, held, keep, &mut outlet).await {
        Ok(round) => round,
        Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
    };
    let mut ended = round.ending.take();
    loop {
        if round.removals.is_empty() {
            let changed = round.edited_body(dialect);
            body = match (body.take(), changed) {
                (Some(earlier), changed) => {
                    Some(wire::merge_whole(dialect, &earlier, &changed.unwrap_or_else(|| round.frames_body())))
                }
                (None, changed) => changed,
            };
            break;
        }
        let dropped: Vec<u32> = round.removals.iter().map(|removal| removal.call.index).collect();
        let edited = round.edited_body(dialect).unwrap_or_else(|| round.frames_body());
        let cut = wire::cut_whole(dialect, &edited, &dropped);
        body = Some(match body.take() {
            Some(earlier) => wire::merge_whole(dialect, &earlier, &cut),
            None => cut,
        });
        if round.answer.calls.len() > round.removals.len() {
            break;
        }
        if let Some(why) = ended.take() {
            body = body.map(|body| wire::note_whole(dialect, &body, &why));
            break;
        }
        rounds.push(round);
        let open = outlet.is_open();
        let asked = tokio::select! {
            asked = continuation::ask(&exchange, &sent, &rounds, &mut attempts, open) => Ok(asked),
            () = outlet.closed() => Err(Stopped::AgentLeft),
            () = exchange.core.halt.cancelled() => Err(Stopped::RuntimeHalts),
        };
        let asked = match asked {
            Ok(asked) => asked,
            Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
        };
        let next = match asked {
            Ok(response) => read(&exchange, response, &mut outlet, &mut lookout).await,
            Err(why) => Err(Stopped::Cut(why)),
        };
        match next {
            Ok(read) => {
                recorded.push(b'\n');
                recorded.extend_from_slice(&read.clear);
                round = match judge(&exchange, &read.clear, false, None, &mut outlet).await {
                    Ok(round) => round,
                    Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
                };
                ended = round.ending.take();
            }
            Err(Stopped::Early(end)) => {
                exchange.intervened(end.intervention);
                body = body.map(|body| wire::shorten_whole(dialect, &body, &end.note));
                round = match rounds.pop() {
                    Some(last) => last,
                    None => return stop(&exchange, Stopped::Early(end), attempts, outlet).await,
                };
                break;
            }
            Err(Stopped::Cut(why)) => {
                // What there is, validly ended; the edge tells the model the rest at the next request.
                tracing::warn!(%why, exchange = %exchange.id, "no follow-up after a blocked tool call");
                let why = exchange.mask.masked(&why);
                let note = format!("A tool call was blocked by policy; {why}");
                body = body.map(|body| wire::note_whole(dialect, &body, &note));
                round = match rounds.pop() {
                    Some(last) => last,
                    None => return stop(&exchange, Stopped::Cut(why), attempts, outlet).await,
                };
                break;
            }
            Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
        }
    }
    body = body.or(others);
    if let Some(end) = relay::at_cap(&exchange, first.status.as_u16(), round.answer.clone(), &mut lookout).await {
        exchange.intervened(end.intervention);
        body = Some(wire::shorten_whole(dialect, body.as_ref().unwrap_or(&first.clear), &end.note));
    }
    let looked_through = body.as_ref().unwrap_or(&first.clear);
    body = window::whole(&exchange, first.status.as_u16(), &round.answer, looked_through).await.or(body);
    let words = exchange.words_to_agent();
    if !words.is_empty() {
        body = wire::substitute_whole(body.as_ref().unwrap_or(&first.clear), &words).or(body);
    }
    let changed = body.is_some();
    let all = rounds.iter().map(|round| round.answer.usage).chain([round.answer.usage]);
    let usage = relay::used(all, whence.is_some());
    let answer = round.answer.clone();
    let mut out = body.unwrap_or_else(|| first.raw.clone());
    let mut delivered = changed.then(|| continuation::read(&exchange.request, Framing::Whole, &out));
    let mut removed = match &delivered {
        Some(delivered) => continuation::edge(&exchange, &rounds, round, delivered).await,
        None => Vec::new(),
    };
    if watch.response {
        let shown = if changed { out.clone() } else { first.clear.clone() };
        let keep = (!held && rounds.is_empty()).then_some(&first);
        match look(&exchange, &answer, first.status.as_u16(), &shown, keep, &mut outlet).await {
            Ok(Replacement::None) => {}
            Ok(Replacement::Reworded { bytes }) => {
                delivered = Some(continuation::read(&exchange.request, Framing::Whole, &bytes));
                out = bytes;
            }
            Ok(Replacement::With { bytes }) => {
                delivered = Some(continuation::read(&exchange.request, Framing::Whole, &bytes));
                removed = relay::replaced_calls(&answer);
                out = bytes;
            }
            Err(stopped) => return stop(&exchange, stopped, attempts, outlet).await,
        }
    }
    let changed = delivered.is_some();
    if outlet.is_open() {
        // White space has gone before it: what follows is plain, and its length unsaid.
        out = if changed { out } else { first.clear.clone() };
    }
    let mut head = headers::to_agent(&first.head, !changed);
    exchange.label(&mut head);
    headers::put_length(&mut head, out.len());
    let ending = Ending {
        answer,
        delivered,
        usage,
        attempts,
        removed,
        provider_response: Some(ResponseImage {
            status: first.status.as_u16(),
            headers: headers::written(&first.head),
            frames: vec![(recorded.len() as u32, exchange.elapsed())],
            body: Bytes::from(recorded),
        }),
        agent_response: changed.then(|| ResponseImage {
            status: first.status.as_u16(),
            headers: headers::written(&head),
            body: out.clone(),
            frames: Vec::new(),
        }),
        status: first.status.as_u16(),
        first_token_us: None,
        added_us: sent_at,
        ..Ending::default()
    };
    answer::close(&exchange, ending).await;
    // An agent that left meanwhile has lost nothing: the answer is in the record.
    let _ = outlet.give(first.status, head, out).await;
}

/// The whole answer before its agent gets it, where somebody wants to look: what stands in its place, if anything.
async fn look(
    exchange: &Exchange,
    answer: &Answer,
    status: u16,
    raw: &Bytes,
    keep: Option<&Read>,
    outlet: &mut Outlet,
) -> Result<Replacement, Stopped> {
    let held = held_answer::Held { status, answer, framing: Framing::Whole, raw };
    let reasons = held_answer::judge(exchange, &held).await;
    if let Some(first) = keep.filter(|_| !reasons.asks.is_empty()) {
        relay::keep_response(exchange, status, &headers::written(&first.head), first.clear.clone()).await;
    }
    Ok(held_answer::settle(exchange, outlet, &held, reasons).await?)
}

impl Round {
    /// The body with the arguments that a person gave its calls; `None` where they gave none.
    fn edited_body(&self, dialect: Dialect) -> Option<Bytes> {
        let edits: Vec<(u32, String)> =
            self.edits.iter().map(|edited| (edited.call.index, edited.arguments.clone())).collect();
        (!edits.is_empty()).then(|| wire::edit_whole(dialect, &self.frames_body(), &edits))
    }

    fn frames_body(&self) -> Bytes {
        self.frames.first().map(|frame| frame.raw.clone()).unwrap_or_default()
    }
}

/// The body without the calls of its other choices that rules take out: its agent may take any of them, the model goes on with the first. None:
/// nothing is taken out.
async fn without_others(
    exchange: &Exchange,
    clear: &Bytes,
    held: bool,
    outlet: &mut Outlet,
) -> Result<Option<Bytes>, Stopped> {
    let dialect = exchange.request.dialect;
    let mut gone = Vec::new();
    for call in wire::calls_of_other_choices(dialect, clear) {
        let real = exchange.as_agent_gets(&call);
        let stays = match call::judge(exchange, &real, held, "").await {
            Fate::Keep => budgets::pace(exchange, &real, outlet).await?.is_none(),
            Fate::Remove(_) => false,
            Fate::Wait(one) => matches!(call::settle(exchange, outlet, Framing::Whole, one).await?, Settled::Keep),
        };
        gone.extend((!stays).then_some(call.index));
    }
    Ok((!gone.is_empty()).then(|| wire::cut_whole(dialect, clear, &gone)))
}

/// Judges a round's calls; those that wait for a person wait here. `keep`: the response to keep for a retry while they do.
async fn judge(
    exchange: &Exchange,
    clear: &Bytes,
    held: bool,
    keep: Option<&Read>,
    outlet: &mut Outlet,
) -> Result<Round, Stopped> {
    let answer: Answer = continuation::read(&exchange.request, Framing::Whole, clear);
    let frame = Frame { raw: clear.clone(), event: None, data: Some(clear.clone()) };
    let mut round = Round {
        framing: Framing::Whole,
        frames: vec![frame],
        removals: Vec::new(),
        edits: Vec::new(),
        ending: None,
        early: None,
        answer,
    };
    let mut pending = Vec::new();
    for call in &round.answer.calls {
        let real = exchange.as_agent_gets(call);
        match call::judge(exchange, &real, held, &round.answer.text).await {
            Fate::Keep => {
                let removal = budgets::pace(exchange, &real, outlet).await?;
                if removal.is_none() {
                    round.edits.extend(Edited::by_rule(exchange, call, &exchange.as_agent_gets(call)));
                }
                round.removals.extend(removal.map(|removal| Removal { call: call.clone(), ..removal }));
            }
            Fate::Remove(removal) => round.removals.push(Removal { call: call.clone(), ..removal }),
            Fate::Wait(one) => pending.push(one),
        }
    }
    if let Some(first) = keep.filter(|_| !pending.is_empty()) {
        let status = first.status.as_u16();
        relay::keep_response(exchange, status, &headers::written(&first.head), clear.clone()).await;
    }
    for one in pending {
        let call = one.call.clone();
        match call::settle(exchange, outlet, Framing::Whole, one).await? {
            Settled::Keep => {
                let said = round.answer.calls.iter().find(|said| said.index == call.index);
                round
                    .edits
                    .extend(said.and_then(|said| Edited::by_rule(exchange, said, &exchange.as_agent_gets(said))));
            }
            Settled::Edited(edited) => round.edits.push(edited),
            Settled::Remove(removal) => round.removals.push(removal),
            Settled::End(removal) => {
                round.ending = Some(removal.text.clone());
                round.removals.push(removal);
            }
        }
    }
    Ok(round)
}

async fn read(
    exchange: &Exchange,
    mut response: UpstreamResponse,
    outlet: &mut Outlet,
    lookout: &mut Lookout,
) -> Result<Read, Stopped> {
    let mut raw = Vec::new();
    loop {
        let chunk = tokio::select! {
            chunk = lookout.unless_ended(exchange, response.status.as_u16(), response.body.next()) => chunk,
            () = outlet.closed() => return Err(Stopped::AgentLeft),
            () = exchange.core.halt.cancelled() => return Err(Stopped::RuntimeHalts),
        };
        match chunk.map_err(Stopped::Early)? {
            Some(Ok(chunk)) => raw.extend_from_slice(&chunk),
            Some(Err(failure)) => return Err(Stopped::Cut(failure.message)),
            None => break,
        }
    }
    let raw = Bytes::from(raw);
    let encoding = headers::text(&response.headers, header::CONTENT_ENCODING.as_str());
    let clear = match wire::decode_body(encoding, &raw) {
        Ok(clear) => clear,
        Err(error) => {
            tracing::warn!(%error, "the response cannot be read; it passes as it is");
            raw.clone()
        }
    };
    Ok(Read { head: response.headers, status: response.status, raw, clear })
}

async fn stop(exchange: &Exchange, stopped: Stopped, mut attempts: Vec<Attempt>, outlet: Outlet) {
    let (state, origin, error) = match stopped {
        Stopped::AgentLeft => (ExchangeState::Cancelled, Origin::Agent, "the agent closed the connection".to_owned()),
        Stopped::RuntimeHalts => (ExchangeState::Interrupted, Origin::Runtime, "the runtime was stopped".to_owned()),
        Stopped::TakenOver => {
            let why = "a retry of the same request took this one's place".to_owned();
            (ExchangeState::Cancelled, Origin::Agent, why)
        }
        Stopped::Cut(why) => (ExchangeState::Failed, Origin::Provider, exchange.mask.masked(&why)),
        Stopped::Early(end) => (ExchangeState::Answered, Origin::Runtime, end.note),
    };
    if state == ExchangeState::Cancelled {
        exchange.event(EventKind::Cancelled, serde_json::json!({ "after_bytes": 0 }));
    }
    if let Some(attempt) = attempts.last_mut() {
        attempt.error = Some(error.clone());
    }
    let made = wire::error(Some(&exchange.request), exchange.request.dialect, 502, &error, "provider_failed");
    let ending = Ending { state, origin: Some(origin), error: Some(error), attempts, ..Ending::default() };
    answer::give(exchange, made, ending, outlet).await;
}
