//! Going on after a removed call: the model hears why, answers again, and its answer goes on inside the same response. At the end
//! the true course becomes a rewrite edge, so that every later request tells it too.

use crate::{
    attempts::{self, Failing},
    budgets,
    exchange::Exchange,
    hand::call::Edited,
    headers,
    mask::Mask,
    relay::{self, Relay, Removal, notes},
    rewind::{self, Why},
    session::{HeldAnswer, SessionEdit},
};
use bytes::Bytes;
use domain::*;
use futures::stream::BoxStream;
use std::time::Duration;
use wire::{Answer, Decoder, Frame, Framer, Framing, Request};

/// How often the runtime goes on by itself within one exchange before it ends the answer.
const MOST_ROUNDS: usize = 3;

/// A round whose calls were all taken out.
pub(crate) struct Round {
    pub answer: Answer,
    pub framing: Framing,
    pub frames: Vec<Frame>,
    pub removals: Vec<Removal>,
    /// Calls that left with other arguments.
    pub edits: Vec<Edited>,
    /// The session was ended while a call of it waited: the word to the agent, and nothing is continued.
    pub ending: Option<String>,
    /// A rule ended it early, and the agent's copy cannot go back as it is.
    pub early: Option<InterventionId>,
}

impl Round {
    /// What the model said and was told, in the request's dialect.
    pub fn course(&self, dialect: Dialect) -> Result<Vec<Bytes>, String> {
        let mut messages =
            wire::answer_as_messages(dialect, self.framing, &self.frames).map_err(|error| error.to_string())?;
        let told: Vec<(&ToolCall, &str)> =
            self.removals.iter().map(|removal| (&removal.call, removal.text.as_str())).collect();
        let results = wire::result_messages(dialect, &messages, &told);
        messages.extend(results);
        Ok(messages)
    }
}

/// The rounds so far as messages.
pub(crate) fn course(dialect: Dialect, rounds: &[Round]) -> Result<Vec<Bytes>, String> {
    let rounds: Result<Vec<_>, _> = rounds.iter().map(|round| round.course(dialect)).collect();
    Ok(rounds?.concat())
}

/// Asks the model to go on after the rounds so far, and again where rules on failures say so. `open`: the agent has a head already.
pub(crate) async fn ask(
    exchange: &Exchange,
    sent: &crate::sent::Sent,
    rounds: &[Round],
    attempts: &mut Vec<Attempt>,
    open: bool,
) -> Result<UpstreamResponse, String> {
    if rounds.len() > MOST_ROUNDS {
        return Err(format!(
            "the model's calls were blocked {} times in a row, so the answer ends here.",
            rounds.len()
        ));
    }
    let at = sent.request.messages.len() as u32;
    let edit = ContextEdit {
        session: exchange.session.id,
        intervention: InterventionId(0),
        from: Hash::default(),
        anchor: Hash::default(),
        at,
        replaces: 0,
        messages: course(exchange.request.dialect, rounds)?,
        results: Vec::new(),
    };
    let used = rounds.iter().filter_map(|round| round.answer.usage);
    let used = used.fold(Usage::default(), |sum, usage| sum.plus(&usage));
    let body = budgets::again(exchange, sent, &used, wire::apply(&sent.request, &[&edit])).await?;
    // A recorded answer does not go on: what follows is the model's.
    rewind::depart(exchange, Why::Blocked).await;
    let mut outgoing = sent.outgoing.clone();
    outgoing.headers.remove(http::header::CONTENT_ENCODING);
    outgoing.body = body;
    let mut why = went_on(rounds).to_owned();
    loop {
        budgets::pace_again(exchange, sent).await?;
        let began = exchange.elapsed();
        let failing = match exchange.core.ports.upstream.send(outgoing.clone()).await {
            Ok(response) if response.status.is_success() => {
                attempts.push(follow_up(exchange, sent, began, why, None));
                if exchange.policies.mends_failures() {
                    exchange.core.tries.settled(exchange);
                }
                return Ok(response);
            }
            Ok(response) => Failing::refused(exchange, response).await,
            Err(failure) => Failing::unreached(exchange, failure),
        };
        attempts.push(follow_up(exchange, sent, began, why, Some(&failing)));
        exchange.follow_up_failed(failing.fault);
        let failed = failing.failed(exchange, open);
        // Nothing more of it is read: its connection need not wait.
        drop(failing);
        match attempts::again(exchange, failed.clone()).await {
            Some((wait_ms, told)) => {
                exchange.flush();
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                why = told;
            }
            None => {
                let said = match failed.status {
                    Some(status) => format!("the provider answered the follow-up with status {status}."),
                    None => format!("the follow-up failed: {}.", failed.said),
                };
                let payload = serde_json::json!({ "why": said, "status": failed.status, "said": failed.said });
                exchange.event(EventKind::FollowUpFailed, payload);
                return Err(said);
            }
        }
    }
}

fn follow_up(
    exchange: &Exchange,
    sent: &crate::sent::Sent,
    began: u32,
    why: String,
    failing: Option<&Failing>,
) -> Attempt {
    Attempt {
        status: failing.map_or(Some(200), |failing| failing.status),
        error: failing.map(|failing| failing.said.clone()),
        duration_ms: f64::from(exchange.elapsed() - began) / 1000.0,
        ..relay::attempt(sent, Some(why))
    }
}

fn went_on(rounds: &[Round]) -> &'static str {
    let answered = |removal: &Removal| is_earlier_result(&removal.text);
    match rounds.last().is_some_and(|round| round.removals.iter().all(answered)) {
        true => "went on after a tool call was answered from an earlier result",
        false => "went on after a blocked tool call",
    }
}

/// The next round of a streamed answer. An error says why there is none, as the end of a sentence.
pub(crate) async fn next(relay: &mut Relay) -> Result<BoxStream<'static, Result<Bytes, UpstreamFailure>>, String> {
    let round = Round {
        answer: relay.answer.answer().clone(),
        framing: relay.answer.framing(),
        frames: relay.answer.round_frames().to_vec(),
        removals: std::mem::take(&mut relay.removals),
        edits: std::mem::take(&mut relay.edits),
        ending: None,
        early: None,
    };
    relay.rounds.push(round);
    match ask(&relay.exchange, &relay.sent, &relay.rounds, &mut relay.attempts, true).await {
        Ok(mut response) => {
            let framing = relay::framing(&relay.sent.request, &mut response).await;
            relay.answer.next_round(framing, headers::text(&response.headers, "content-encoding"));
            Ok(response.body)
        }
        Err(why) => {
            // The round under way is the last one.
            if let Some(round) = relay.rounds.pop() {
                relay.removals = round.removals;
                relay.edits = round.edits;
            }
            Err(format!("A tool call was blocked by policy; {why}"))
        }
    }
}

/// The answer as the agent got it.
pub(crate) fn delivered(relay: &Relay) -> Answer {
    read(&relay.exchange.request, relay.answer.framing(), &relay.answer.delivered)
}

pub(crate) fn read(request: &Request, framing: Framing, bytes: &[u8]) -> Answer {
    let mut framer = Framer::new(framing);
    let mut decoder = Decoder::new(request.dialect, framing).at(request.messages.len() as u32);
    for frame in framer.push(Bytes::copy_from_slice(bytes)).into_iter().chain(framer.finish()) {
        decoder.push(&frame);
    }
    decoder.into_answer()
}

/// Makes the rewrite edge of a response that was changed, and names the calls that were taken out, with what the model is told.
pub(crate) async fn settle(relay: &mut Relay) -> Vec<(ToolCall, String)> {
    let last = Round {
        answer: relay.answer.answer().clone(),
        framing: relay.answer.framing(),
        frames: relay.answer.round_frames().to_vec(),
        removals: std::mem::take(&mut relay.removals),
        edits: std::mem::take(&mut relay.edits),
        ending: None,
        early: relay.early.as_ref().filter(|early| early.unfinished).map(|early| early.intervention),
    };
    if relay.rounds.is_empty() && last.removals.is_empty() && last.edits.is_empty() && last.early.is_none() {
        return Vec::new();
    }
    let delivered = delivered(relay);
    edge(&relay.exchange, &relay.rounds, last, &delivered).await
}

/// The edge from what the agent will call its history to the true course.
pub(crate) async fn edge(
    exchange: &Exchange,
    rounds: &[Round],
    mut last: Round,
    delivered: &Answer,
) -> Vec<(ToolCall, String)> {
    let removals = rounds.iter().chain(Some(&last)).flat_map(|round| &round.removals);
    let removed: Vec<(ToolCall, String)> =
        removals.map(|removal| (removal.call.clone(), removal.text.clone())).collect();
    let first = rounds.iter().chain(Some(&last)).find_map(|round| {
        let removal = round.removals.first().map(|removal| removal.intervention);
        removal.or_else(|| round.edits.first().map(|edited| edited.intervention)).or(round.early)
    });
    let Some(intervention) = first else { return removed };
    if exchange.request.dialect == Dialect::OpenaiResponses {
        hold(exchange, rounds, &last).await;
    }
    let mut results = Vec::new();
    if last.answer.calls.len() > last.removals.len() {
        // Calls remain that the agent runs: the results stand beside its own.
        results = last.removals.drain(..).map(|removal| (removal.call.id, removal.call.name, removal.text)).collect();
    }
    let dialect = exchange.request.dialect;
    let note = note_after(exchange, &last, delivered);
    let messages = course(dialect, rounds).and_then(|mut messages| {
        messages.extend(last.course(dialect)?);
        Ok(messages)
    });
    match messages {
        Ok(messages) => {
            let anchor = wire::chain(exchange.reading.end(), &delivered.atoms);
            let edit = act::edge_after_removal(&exchange.scene(None), intervention, anchor, messages, results);
            let edges: Vec<ContextEdit> = std::iter::once(edit).chain(note).collect();
            exchange.note(edges.iter().map(|edge| Record::Rewritten(recordable(&exchange.mask, edge.clone()))));
            exchange.session.with(move |session| session.edits.extend(edges.into_iter().map(SessionEdit::new))).await;
        }
        Err(error) => {
            tracing::error!(%error, exchange = %exchange.id, "the true course of a changed answer cannot be kept");
            let why = serde_json::json!({ "intervention": intervention, "why": error });
            exchange.event(EventKind::RewriteLost, why);
        }
    }
    removed
}

/// What the model is told of calls that a person edited: a message after their results.
fn note_after(exchange: &Exchange, last: &Round, delivered: &Answer) -> Option<ContextEdit> {
    let first = last.edits.first()?;
    let dialect = exchange.request.dialect;
    let anchor = wire::chain(exchange.reading.end(), &delivered.atoms);
    Some(ContextEdit {
        session: exchange.session.id,
        intervention: first.intervention,
        from: anchor,
        anchor,
        at: exchange.request.messages.len().max(1) as u32 + 1,
        replaces: 0,
        messages: vec![wire::text_message(dialect, InjectRole::User, &notes(&last.edits))],
        results: Vec::new(),
    })
}

/// The edge as it may be kept. The session's own stays exact, for it goes back to the provider.
fn recordable(mask: &Mask, mut edit: ContextEdit) -> ContextEdit {
    for message in &mut edit.messages {
        *message = mask.bytes(message);
    }
    for (_, _, text) in &mut edit.results {
        mask.text(text);
    }
    edit
}

/// The agent may go on by the response's id alone (`previous_response_id`): what that stands for is remembered.
async fn hold(exchange: &Exchange, rounds: &[Round], last: &Round) {
    let first = rounds.first().unwrap_or(last);
    let (Some(given), Some(real)) = (first.answer.id.clone(), last.answer.id.clone()) else { return };
    if last.early.is_some() {
        // Held already, with all that the provider did not keep.
        return;
    }
    let told: Vec<(&ToolCall, &str)> =
        last.removals.iter().map(|removal| (&removal.call, removal.text.as_str())).collect();
    let said = wire::answer_as_messages(exchange.request.dialect, last.framing, &last.frames).unwrap_or_default();
    let mut results = wire::result_messages(exchange.request.dialect, &said, &told);
    if !last.edits.is_empty() {
        results.push(wire::text_message(exchange.request.dialect, InjectRole::User, &notes(&last.edits)));
    }
    exchange.session.with(move |session| session.held.push(HeldAnswer { given, real: Some(real), results })).await;
}
