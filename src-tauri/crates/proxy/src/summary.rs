//! Summaries: a model of the caller's own provider says what leaves a context, or what a tool's result holds. Asked with the caller's own key,
//! bounded, and recorded as an exchange beside the turn, its cost the session's. Where it fails, or is late, the turns leave without its
//! words, the result stays whole, and the record says so.

mod beside;
mod extract;

use crate::{
    budgets, continuation,
    exchange::Exchange,
    headers,
    passage::{self, Incoming},
};
use act::{Act, Step, Summary};
use bytes::Bytes;
use domain::*;
use futures::{StreamExt, future};
use std::time::Duration;
use wire::{Answer, Framing, Request};

/// What it may say, and what is read of it.
const OUTPUT_TOKENS: u64 = 1_024;
const LONGEST: usize = 1 << 20;
const BYTES_PER_TOKEN: i64 = 4;

/// A model's answer.
struct Came {
    status: u16,
    headers: Headers,
    body: Bytes,
    answer: Answer,
}

/// What a model is asked beside a turn.
struct Question<'a> {
    by: &'a Summarist,
    /// What it is for.
    what: &'static str,
    instruction: &'a str,
    text: &'a str,
}

struct Said {
    text: String,
    by: String,
    cost_usd: Option<f64>,
    ms: f64,
}

/// Brings what waits for a model's words to its end, with them or without. `asks`: a model may be asked.
pub(crate) async fn write(exchange: &Exchange, incoming: &Incoming, acts: &mut Vec<Act>, asks: bool) {
    let (mut waiting, mut written) = (std::mem::take(acts), Vec::new());
    while !waiting.is_empty() {
        // Side by side: the agent waits for the slowest, not for all in turn.
        let said = waiting.iter_mut().map(|act| one(exchange, incoming, act, asks));
        let otherwise = future::join_all(said).await;
        written.append(&mut waiting);
        // What stands in for one that failed may wait for a model too.
        waiting = otherwise.into_iter().flatten().collect();
    }
    *acts = written;
}

/// Gives what a rule does otherwise, where its model failed.
async fn one(exchange: &Exchange, incoming: &Incoming, act: &mut Act, asks: bool) -> Vec<Act> {
    match std::mem::replace(&mut act.step, Step::Nothing) {
        Step::Summarise(summary) => act.step = summarise(exchange, incoming, act, &summary, asks).await,
        Step::Extract(extraction) => return extract::write(exchange, incoming, act, *extraction, asks).await,
        step => act.step = step,
    }
    Vec::new()
}

async fn summarise(exchange: &Exchange, incoming: &Incoming, act: &mut Act, summary: &Summary, asks: bool) -> Step {
    let question = Question {
        by: &summary.by,
        what: "a summary of what leaves the context",
        instruction: summary.asked(),
        text: &summary.turns,
    };
    let said = question.put(exchange, incoming, asks).await;
    let written = said.and_then(|said| {
        let edit = summary.written(exchange.request.dialect, &said.text, &said.by);
        edit.ok_or_else(|| said.nothing_shorter()).map(|edit| (said, edit))
    });
    let intervention = &mut act.intervention;
    let edit = match written {
        Ok((said, edit)) => {
            intervention.effect.tokens += grown(&summary.edit, &edit) / BYTES_PER_TOKEN;
            intervention.effect.usd += said.cost_usd.unwrap_or_default();
            intervention.effect.ms = said.ms;
            intervention.after = edit.messages.first().map(text).unwrap_or_default();
            intervention.summary.push_str(&format!("; {} summarised them", said.by));
            edit
        }
        Err(why) => {
            intervention.summary.push_str(&format!("; there is no summary: {why}"));
            summary.edit.clone()
        }
    };
    amend(exchange, intervention);
    exchange.note([Record::Rewritten(edit.clone())]);
    Step::Edit(edit)
}

impl Said {
    fn nothing_shorter(&self) -> String {
        format!("{} said nothing that is shorter", self.by)
    }
}

impl Question<'_> {
    async fn put(&self, exchange: &Exchange, incoming: &Incoming, asks: bool) -> Result<Said, String> {
        if !asks {
            return Err("no model is asked where an answer is here already".to_owned());
        }
        let Some(model) = &self.by.model else {
            return Err(format!("{} names no model for {}", self.by.by, exchange.provider.name));
        };
        let asked = wire::question(&exchange.route, model, self.instruction, self.text, OUTPUT_TOKENS);
        let asked = without_values(exchange, asked.ok_or("the request is no conversation")?);
        let id = ExchangeId(exchange.core.ports.clock.next_id());
        let reserved = budgets::reserve_beside(exchange, id, &asked, OUTPUT_TOKENS).await?;
        let (at, began) = (exchange.core.now(), exchange.elapsed());
        let patience = Duration::from_millis(self.by.max_ms);
        let came = match tokio::time::timeout(patience, ask(exchange, incoming, &asked)).await {
            Ok(came) => came,
            Err(_) => Err(format!("{model} took longer than {patience:?}")),
        };
        let ms = f64::from(exchange.elapsed() - began) / 1000.0;
        let (usage, cost_usd) = beside::tell(exchange, self.what, (id, &asked), &came, at, ms).await;
        reserved.settle(&usage, cost_usd);
        Ok(Said { text: exchange.mask.masked(&came?.answer.text), by: model.clone(), cost_usd, ms })
    }
}

/// What was redacted goes to this model under its tokens too.
fn without_values(exchange: &Exchange, asked: Request) -> Request {
    let words = exchange.due().vault.to_model();
    if words.is_empty() {
        return asked;
    }
    match wire::substitute_request(&asked, &words) {
        Some(body) => Request { body, ..asked },
        None => asked,
    }
}

async fn ask(exchange: &Exchange, incoming: &Incoming, asked: &Request) -> Result<Came, String> {
    let core = &exchange.core;
    let url = wire::question_address(asked.dialect, &incoming.url, &asked.model);
    let mut outgoing = passage::outgoing(core, &incoming.arrival, &exchange.provider, url);
    outgoing.headers.remove(http::header::CONTENT_ENCODING);
    outgoing.body = asked.body.clone();
    let masked = |failure: UpstreamFailure| exchange.mask.masked(&failure.message);
    let mut response = core.ports.upstream.send(outgoing).await.map_err(masked)?;
    let mut raw = Vec::new();
    while let Some(chunk) = response.body.next().await {
        raw.extend_from_slice(&chunk.map_err(masked)?);
        if raw.len() > LONGEST {
            return Err(format!("{} said more than {LONGEST} bytes", asked.model));
        }
    }
    let encoding = headers::text(&response.headers, "content-encoding");
    let body = wire::decode_body(encoding, &Bytes::from(raw)).map_err(|error| error.to_string())?;
    let status = response.status.as_u16();
    let answer = continuation::read(asked, Framing::Whole, &body);
    if !response.status.is_success() {
        let said = format!("{} answered with status {status} {}", asked.model, answer.error.unwrap_or_default());
        return Err(exchange.mask.masked(said.trim()));
    }
    Ok(Came { status, headers: headers::written(&response.headers), body, answer })
}

/// The intervention was noted as it stood before: now it says what came of it.
fn amend(exchange: &Exchange, intervention: &Intervention) {
    let mut records = exchange.take_records();
    for record in &mut records {
        if let Record::Intervened(noted) = record
            && noted.id == intervention.id
        {
            **noted = intervention.clone();
        }
    }
    exchange.note(records);
}

fn grown(before: &ContextEdit, after: &ContextEdit) -> i64 {
    let bytes = |edit: &ContextEdit| edit.messages.iter().map(Bytes::len).sum::<usize>() as i64;
    bytes(after) - bytes(before)
}

fn text(message: &Bytes) -> String {
    String::from_utf8_lossy(message).into_owned()
}
