//! An unstreamed answer that rules may change: read whole, judged call by call, cut, continued, and only then sent.

use crate::{
    answer::{self, Ending},
    body::ReplyBody,
    continuation::{self, Round},
    exchange::Exchange,
    headers,
    listener::Reply,
    pipeline::{self, Moment},
    relay::{Removal, Way},
};
use act::Step;
use bytes::Bytes;
use domain::*;
use futures::StreamExt;
use http::{Response, header};
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
    RuntimeHalts,
    Cut(String),
}

pub(crate) async fn answer(way: Way, response: UpstreamResponse, mut reply: Reply) {
    let Way { exchange, sent, attempt, sent_at, .. } = way;
    let mut attempts = vec![attempt];
    let first = match read(&exchange, response, &mut reply).await {
        Ok(read) => read,
        Err(stopped) => return stop(&exchange, stopped, attempts, reply).await,
    };
    if let Some(attempt) = attempts.first_mut() {
        attempt.duration_ms = f64::from(exchange.elapsed() - sent_at) / 1000.0;
    }
    let dialect = exchange.request.dialect;
    let mut rounds: Vec<Round> = Vec::new();
    let mut recorded = first.clear.to_vec();
    let mut body: Option<Bytes> = None;
    let mut round = judge(&exchange, &first.clear).await;
    loop {
        if round.removals.is_empty() {
            if let Some(earlier) = body.take() {
                body = Some(wire::merge_whole(dialect, &earlier, &round.frames_body()));
            }
            break;
        }
        let dropped: Vec<u32> = round.removals.iter().map(|removal| removal.call.index).collect();
        let cut = wire::cut_whole(dialect, &round.frames_body(), &dropped);
        body = Some(match body.take() {
            Some(earlier) => wire::merge_whole(dialect, &earlier, &cut),
            None => cut,
        });
        if round.answer.calls.len() > round.removals.len() {
            break;
        }
        rounds.push(round);
        let next = match continuation::ask(&exchange, &sent, &rounds, &mut attempts).await {
            Ok(response) => read(&exchange, response, &mut reply).await,
            Err(why) => Err(Stopped::Cut(why)),
        };
        match next {
            Ok(read) => {
                recorded.push(b'\n');
                recorded.extend_from_slice(&read.clear);
                round = judge(&exchange, &read.clear).await;
            }
            Err(Stopped::Cut(why)) => {
                // What there is, validly ended; the edge tells the model the rest at the next request.
                tracing::warn!(%why, exchange = %exchange.id, "no follow-up after a blocked tool call");
                let why = exchange.mask.masked(&why);
                let note = format!("A tool call was blocked by policy; {why}");
                body = body.map(|body| wire::note_whole(dialect, &body, &note));
                round = match rounds.pop() {
                    Some(last) => last,
                    None => return stop(&exchange, Stopped::Cut(why), attempts, reply).await,
                };
                break;
            }
            Err(stopped) => return stop(&exchange, stopped, attempts, reply).await,
        }
    }
    let changed = body.is_some();
    let mut usage = round.answer.usage;
    for earlier in rounds.iter().filter_map(|round| round.answer.usage) {
        usage = Some(usage.map_or(earlier, |late| late.plus(&earlier)));
    }
    let answer = round.answer.clone();
    let out = body.unwrap_or_else(|| first.raw.clone());
    let delivered = changed.then(|| continuation::read(&exchange.request, Framing::Whole, &out));
    let removed = match &delivered {
        Some(delivered) => continuation::edge(&exchange, &rounds, round, delivered).await,
        None => Vec::new(),
    };
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
    let mut response = Response::new(ReplyBody::whole(out));
    *response.status_mut() = first.status;
    *response.headers_mut() = head;
    // An agent that left meanwhile has lost nothing: the answer is in the record.
    let _ = reply.send(response);
}

impl Round {
    fn frames_body(&self) -> Bytes {
        self.frames.first().map(|frame| frame.raw.clone()).unwrap_or_default()
    }
}

async fn judge(exchange: &Exchange, clear: &Bytes) -> Round {
    let answer: Answer = continuation::read(&exchange.request, Framing::Whole, clear);
    let mut removals = Vec::new();
    for call in &answer.calls {
        let acts = pipeline::intervene(exchange, Moment::Call(call.clone())).await;
        removals.extend(acts.into_iter().find_map(|act| match act.step {
            Step::Remove { call, text } => Some(Removal { call, text, intervention: act.intervention.id }),
            _ => None,
        }));
    }
    let frame = Frame { raw: clear.clone(), event: None, data: Some(clear.clone()) };
    Round { answer, framing: Framing::Whole, frames: vec![frame], removals }
}

async fn read(exchange: &Exchange, mut response: UpstreamResponse, reply: &mut Reply) -> Result<Read, Stopped> {
    let mut raw = Vec::new();
    loop {
        let chunk = tokio::select! {
            chunk = response.body.next() => chunk,
            () = reply.closed() => return Err(Stopped::AgentLeft),
            () = exchange.core.halt.cancelled() => return Err(Stopped::RuntimeHalts),
        };
        match chunk {
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

async fn stop(exchange: &Exchange, stopped: Stopped, mut attempts: Vec<Attempt>, reply: Reply) {
    let (state, origin, error) = match stopped {
        Stopped::AgentLeft => (ExchangeState::Cancelled, Origin::Agent, "the agent closed the connection".to_owned()),
        Stopped::RuntimeHalts => (ExchangeState::Interrupted, Origin::Runtime, "the runtime was stopped".to_owned()),
        Stopped::Cut(why) => (ExchangeState::Failed, Origin::Provider, exchange.mask.masked(&why)),
    };
    if state == ExchangeState::Cancelled {
        exchange.event(EventKind::Cancelled, serde_json::json!({ "after_bytes": 0 }));
    }
    if let Some(attempt) = attempts.last_mut() {
        attempt.error = Some(error.clone());
    }
    let made = wire::error(Some(&exchange.request), exchange.request.dialect, 502, &error, "provider_failed");
    let ending = Ending { state, origin: Some(origin), error: Some(error), attempts, ..Ending::default() };
    answer::give(exchange, made, ending, reply).await;
}
