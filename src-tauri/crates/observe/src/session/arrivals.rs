//! A request comes in: which step and run it is, and what in it is new. Costs what is new in it.

use super::{ERRORS_KEPT, Returned, Run, SessionState, Underway};
use crate::{Found, Reading, prompt};
use domain::{Dialect, ExchangeId, MessageFacts, RequestFacts, Role, RunId, Timestamp};
use std::sync::Arc;
use wire::Request;

/// The newest user text that a condition can read, in bytes.
const TEXT_KEPT: usize = 4 * 1024;
/// How many ended exchanges are kept.
const ENDED_KEPT: usize = 8;
/// Text of one message that search finds, in bytes.
const SEARCHED: usize = 64 * 1024;

/// What a request brought.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub run: RunId,
    /// From 0 within the session. A retry has the step of what it repeats; a side call that of the turn it runs beside.
    pub step: u32,
    /// It begins a run: a person, or whoever drives the agent, said something.
    pub user_turn: bool,
    /// Results that came for the first time, in order.
    pub results: Vec<Returned>,
    /// One line for the list.
    pub preview: String,
    /// Texts of the new messages, for search.
    pub search_text: Vec<String>,
    /// Index of the first new message.
    pub first_new: usize,
}

impl SessionState {
    pub fn request(
        &mut self,
        exchange: ExchangeId,
        at: Timestamp,
        found: &Found,
        request: &Request,
        reading: &Reading,
        provider: &str,
    ) -> Arrived {
        self.request_where(&|_, _| false, exchange, at, found, request, reading, provider)
    }

    /// `fails`: what more is known of a tool's failures, by its name and what it said.
    #[expect(clippy::too_many_arguments, reason = "a request as it was found, and one thing more")]
    pub fn request_where(
        &mut self,
        fails: &dyn Fn(&str, &str) -> bool,
        exchange: ExchangeId,
        at: Timestamp,
        found: &Found,
        request: &Request,
        reading: &Reading,
        provider: &str,
    ) -> Arrived {
        let first_new = found.known.min(reading.facts.len());
        let new = &reading.facts[first_new..];
        let repeated =
            found.retry_of.and_then(|repeated| self.exchanges.get(&repeated)).map(|before| (before.step, before.run));
        let turn = (!found.side_call).then(|| new.iter().rev().find(|facts| prompt::is_turn(facts))).flatten();
        let begins = repeated.is_none() && !found.side_call && (turn.is_some() || self.run.id.is_none());
        if begins {
            self.run =
                Run { id: Some(RunId(exchange.0)), started_at: at, number: self.run.number + 1, ..Run::default() };
        }
        if begins {
            self.risk = decayed(self.risk);
        }
        let run = self.run.id.unwrap_or(RunId(exchange.0));
        let (step, run) = repeated.unwrap_or_else(|| self.advance(found.side_call, run));
        let results = self.results(fails, new, exchange, at, request.dialect);
        if !results.is_empty() && !found.side_call && self.run.looped.is_none() {
            self.run.looped = Some((at, self.run.held_ms));
        }
        if self.row.title.is_empty() && !found.side_call {
            self.row.title = title(&reading.facts);
        }
        let facts =
            RequestFacts { new_messages: new.len() as u32, ..self.facts_of(request, reading, provider, found, turn) };
        self.tidy();
        self.row.last_at = self.row.last_at.max(at);
        self.wake();
        let arrived = Arrived {
            run,
            step,
            user_turn: turn.is_some() && repeated.is_none(),
            preview: preview(found.side_call, turn, &results, new, &facts.text),
            search_text: new.iter().flat_map(|facts| texts(facts)).collect(),
            results,
            first_new,
        };
        self.exchanges
            .insert(exchange, Underway { started_at: at, step, run, request: facts, held_ms: 0, ended: false });
        arrived
    }

    /// What a condition can read of the request. The newest user text is kept from turn to turn, as looking for it costs more the
    /// longer a loop runs.
    fn facts_of(
        &mut self,
        request: &Request,
        reading: &Reading,
        provider: &str,
        found: &Found,
        turn: Option<&Arc<MessageFacts>>,
    ) -> RequestFacts {
        let aside = || reading.facts.iter().rev().find(|facts| prompt::is_turn(facts));
        let text = |facts: Option<&Arc<MessageFacts>>| {
            facts.map(|facts| prompt::head(&facts.text, TEXT_KEPT).to_owned()).unwrap_or_default()
        };
        let text = match turn {
            _ if found.side_call => text(aside()),
            Some(_) => text(turn),
            None if self.user_text.is_empty() || found.branch => text(aside()),
            None => self.user_text.clone(),
        };
        if !found.side_call {
            self.user_text.clone_from(&text);
        }
        RequestFacts {
            dialect: request.dialect.name().to_owned(),
            provider: provider.to_owned(),
            model: request.model.clone(),
            stream: request.stream,
            messages: reading.facts.len() as u32,
            new_messages: 0,
            tools: request.tool_names.clone(),
            bytes: request.body.len() as u64,
            max_output_tokens: request.max_output_tokens,
            side_call: found.side_call,
            text,
            elapsed_ms: 0,
        }
    }

    /// The step of a new exchange. Side calls run beside a step and advance nothing.
    fn advance(&mut self, side_call: bool, run: RunId) -> (u32, RunId) {
        if side_call {
            return (self.steps.saturating_sub(1), run);
        }
        let step = self.steps;
        self.steps += 1;
        self.row.steps = self.steps;
        self.run.steps += 1;
        (step, run)
    }

    /// Ended exchanges are kept a while: a retry of one has its step.
    fn tidy(&mut self) {
        while self.exchanges.values().filter(|underway| underway.ended).count() > ENDED_KEPT {
            let oldest = self.exchanges.iter().find(|(_, underway)| underway.ended).map(|(exchange, _)| *exchange);
            oldest.and_then(|exchange| self.exchanges.remove(&exchange));
        }
    }

    /// An idle session wakes; one that a person paused or ended stays so.
    fn wake(&mut self) {
        if self.row.state == domain::SessionState::Idle {
            self.row.state = domain::SessionState::Running;
        }
    }

    fn results(
        &mut self,
        fails: &dyn Fn(&str, &str) -> bool,
        new: &[Arc<MessageFacts>],
        exchange: ExchangeId,
        at: Timestamp,
        dialect: Dialect,
    ) -> Vec<Returned> {
        let has_ids = !matches!(dialect, Dialect::Gemini | Dialect::Ollama);
        let session = self.row.id;
        let mut out = Vec::new();
        for result in new.iter().flat_map(|facts| &facts.results) {
            let Some(mut returned) = self.calls.returned(result, exchange, session, at, has_ids) else { continue };
            if !returned.is_error() && fails(&returned.tool, &returned.result.text) {
                returned.fails_by_its_text();
            }
            self.count(&returned);
            out.push(returned);
        }
        out
    }

    fn count(&mut self, returned: &Returned) {
        self.saw_result(returned.is_error());
        if !returned.is_error() {
            self.tool_errors_in_row = 0;
            self.run.errors_in_row = 0;
            return;
        }
        self.row.tool_errors += 1;
        self.tool_errors_in_row += 1;
        self.run.tool_errors += 1;
        self.run.errors_in_row += 1;
        if self.run.errors.len() >= ERRORS_KEPT {
            self.run.errors.pop_front();
        }
        self.run.errors.push_back(returned.complaint());
    }
}

/// Half of it, to nothing at last.
fn decayed(risk: f64) -> f64 {
    let half = risk / 2.0;
    if half < 0.01 { 0.0 } else { half }
}

/// The first line that a person said.
fn title(facts: &[Arc<MessageFacts>]) -> String {
    let turn = facts.iter().find(|facts| prompt::is_turn(facts));
    let any = || facts.iter().find(|facts| facts.role == Role::User && !facts.text.trim().is_empty());
    turn.or_else(any).map(|facts| prompt::first_line(&facts.text, 120)).unwrap_or_default()
}

fn preview(
    side_call: bool,
    turn: Option<&Arc<MessageFacts>>,
    results: &[Returned],
    new: &[Arc<MessageFacts>],
    newest: &str,
) -> String {
    if let Some(facts) = turn {
        return prompt::first_line(&facts.text, 160);
    }
    if let Some(first) = results.first() {
        let more = if results.len() > 1 { format!(" and {} more", results.len() - 1) } else { String::new() };
        return prompt::shorten(&format!("{} → {}{more}", first.tool, first.record.preview), 200);
    }
    let said = new.iter().rev().find(|facts| !facts.text.trim().is_empty());
    let line = prompt::first_line(said.map_or(newest, |facts| &facts.text), 160);
    if side_call { prompt::shorten(&format!("Side call: {line}"), 160) } else { line }
}

fn texts(facts: &MessageFacts) -> impl Iterator<Item = String> + use<'_> {
    let results = facts.results.iter().map(|result| result.text.as_str());
    let calls = facts.calls.iter().map(|call| call.arguments.as_str());
    let texts = std::iter::once(facts.text.as_str()).chain(results).chain(calls);
    texts.filter(|text| !text.trim().is_empty()).map(|text| prompt::head(text, SEARCHED).to_owned())
}
