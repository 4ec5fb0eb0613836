//! Answers that a rule ends before the model does: the provider's connection is closed, and the agent gets what there is as a whole answer.
//!
//! The model is told the same words as its agent got. Only reasoning that broke off is left out of what goes back to it, as no provider
//! takes half of it: then a rewrite edge stands in for the agent's copy.

use super::{EndNow, Relay, Stopped};
use crate::{
    answer::{self, Ending},
    estimate,
    exchange::Exchange,
    outlet::Outlet,
    session::HeldAnswer,
};
use bytes::Bytes;
use domain::*;
use wire::{Answer, EndEarly, Request};

/// How a stream was ended.
pub(crate) struct Early {
    pub intervention: InterventionId,
    /// Of the round under way.
    pub usage: Usage,
    /// The agent's copy cannot go back as it is.
    pub unfinished: bool,
}

impl Relay {
    /// Rules on the stream look. True: one of them ended the answer, and it is complete. While calls of it wait for a person no time counts.
    pub(super) async fn look(&mut self) -> Result<bool, Stopped> {
        if !self.pending.is_empty() || self.status >= 400 || self.answer.end_is_held() {
            return Ok(false);
        }
        let calling = self.answer.calling();
        let answer = self.answer.answer().clone();
        let Some(end) = self.lookout.look(&self.exchange, self.status, &answer, calling).await else {
            return Ok(false);
        };
        self.end_early(end).await?;
        Ok(true)
    }

    pub(super) async fn end_early(&mut self, end: EndNow) -> Result<(), Stopped> {
        self.body = None;
        self.beat = None;
        let held = self.answer.flush();
        self.pass_on(held).await?;
        let usage = estimate::usage_so_far(&self.exchange, self.answer.answer()).await;
        let rounds = self.rounds.iter().filter_map(|round| round.answer.usage);
        let id = self.exchange.id.to_string();
        let ending = EndEarly {
            note: &end.note,
            usage: rounds.fold(usage, |sum, round| sum.plus(&round)),
            id: &id,
            created_at: self.exchange.core.now().0 / 1_000_000,
        };
        let unfinished = self.answer.end_early(&self.exchange.request, &ending);
        if self.exchange.request.dialect == Dialect::OpenaiResponses {
            let said =
                wire::answer_as_messages(Dialect::OpenaiResponses, self.answer.framing(), self.answer.round_frames());
            let given = self.answer.answer().id.clone().unwrap_or_else(|| format!("resp_{id}"));
            hold(&self.exchange, &self.sent.request, given, said.unwrap_or_default()).await;
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.error = Some("ended early by a rule".to_owned());
        }
        self.early = Some(Early { intervention: end.intervention, usage, unfinished });
        self.exchange.intervened(end.intervention);
        self.complete().await
    }
}

/// Nothing has come, or nothing that could be shown: the agent gets the note as a whole answer.
pub(crate) async fn give(exchange: &Exchange, sent: &Request, end: EndNow, mut attempts: Vec<Attempt>, outlet: Outlet) {
    let id = exchange.id.to_string();
    if sent.dialect == Dialect::OpenaiResponses {
        hold(exchange, sent, format!("resp_{id}"), vec![message(&end.note)]).await;
    }
    exchange.intervened(end.intervention);
    let usage = estimate::usage(exchange, &Answer::default()).await;
    if let Some(attempt) = attempts.last_mut() {
        attempt.error = Some("ended early by a rule, before it answered".to_owned());
    }
    let created_at = exchange.core.now().0 / 1_000_000;
    let ending = EndEarly { note: &end.note, usage, id: &id, created_at };
    let made = wire::said_early(&exchange.request, &ending);
    let ending = Ending {
        state: ExchangeState::Answered,
        origin: Some(Origin::Runtime),
        usage: Some(usage),
        attempts,
        ..Ending::default()
    };
    answer::give(exchange, made, ending, outlet).await;
}

/// The same for what the runtime answered in the model's place.
pub(crate) async fn hold_said(exchange: &Exchange, said: &Answer) {
    let given = said.id.clone().unwrap_or_else(|| format!("resp_{}", exchange.id));
    let text = (!said.text.is_empty()).then(|| message(&said.text));
    hold(exchange, &exchange.request, given, text.into_iter().collect()).await;
}

fn message(text: &str) -> Bytes {
    Bytes::from(format!(
        r#"{{"type":"message","role":"assistant","content":[{{"type":"output_text","text":{}}}]}}"#,
        wire::json::quote(text)
    ))
}

/// The agent may go on by this response's id, which its provider does not keep: then from the response before, with what was asked and said
/// since.
async fn hold(exchange: &Exchange, sent: &Request, given: String, said: Vec<Bytes>) {
    let whole = |place: usize| {
        let message = Bytes::copy_from_slice(sent.message(place));
        match wire::json::text(&message, 0..message.len()) {
            Some(text) => wire::text_message(sent.dialect, InjectRole::User, &text),
            None => message,
        }
    };
    let results = (0..sent.messages.len()).map(whole).chain(said).collect();
    let held = HeldAnswer { given, real: sent.previous_response.clone(), results };
    exchange
        .session
        .with(move |session| {
            if !session.held.iter().any(|known| known.given == held.given) {
                session.held.push(held);
            }
        })
        .await;
}
