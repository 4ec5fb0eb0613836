//! `partial`: the answer ends now with what there is, and says how far it can be trusted.
//!
//! Confidence = begun × 0.8^open × 0.8^errors × 0.7^loops. `begun` is 0.1 where nothing of the answer has come, else 0.3 + 0.6 × the part of
//! the run's time that this answer had: an answer that took the whole of it is likelier to be nearly done than one that came at its end.
//! `open`: tool calls whose results are not known; `errors`: tool errors in a row; `loops`: calls of this run that repeat an earlier one.

use crate::{Act, Scene, Step};
use domain::*;
use std::{collections::HashSet, sync::Arc};
use wire::{Answer, EndEarly};

/// Confidence where nothing has come, what text alone is worth, and what the run's whole time adds.
const NOTHING: f64 = 0.1;
const BEGUN: f64 = 0.3;
const WHOLE_TIME: f64 = 0.6;
const OPEN_CALL: f64 = 0.8;
const ERROR: f64 = 0.8;
const REPEAT: f64 = 0.7;

/// What bears on how far a partial answer can be trusted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The answer as far as it has come, and whether a call of it is under way.
    pub said: Option<(&'a Answer, bool)>,
    /// Milliseconds of the run, and of this exchange in it.
    pub run_ms: u64,
    pub request_ms: u64,
    pub errors_in_row: u32,
    /// The fullest of the budgets that rules read, as a share; 0 where they read none.
    pub budget: f64,
}

impl<'a> Known<'a> {
    pub fn of(observation: &Observation, said: Option<(&'a Answer, bool)>) -> Known<'a> {
        let used = observation.named.budget.values().map(|budget| budget.used);
        Known {
            said,
            run_ms: observation.run.elapsed_ms,
            request_ms: observation.request.elapsed_ms,
            errors_in_row: observation.run.tool_errors_in_row,
            budget: used.fold(0.0, f64::max),
        }
    }

    fn open_calls(&self) -> u32 {
        self.said.map_or(0, |(answer, calling)| answer.calls.len() as u32 + u32::from(calling))
    }

    /// The part of the run's time that this answer had.
    fn share(&self) -> f64 {
        match self.run_ms {
            0 => 1.0,
            run => (self.request_ms as f64 / run as f64).min(1.0),
        }
    }

    fn confidence(&self, loops: u32) -> f64 {
        let begun = self.said.is_some_and(|(answer, _)| !answer.text.is_empty());
        let begun = if begun { BEGUN + WHOLE_TIME * self.share() } else { NOTHING };
        let power = |base: f64, times: u32| base.powi(times.min(64) as i32);
        begun * power(OPEN_CALL, self.open_calls()) * power(ERROR, self.errors_in_row) * power(REPEAT, loops)
    }

    /// `Confidence 0.42: …`, with all that it was computed from.
    fn mark(&self, loops: u32) -> String {
        let counted = |count: u32, what: &str| match count {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        };
        let mut facts = vec![
            format!("this answer had {:.0} % of the run's {} ms", self.share() * 100.0, self.run_ms),
            counted(self.open_calls(), "open tool call"),
            format!("{} in a row", counted(self.errors_in_row, "tool error")),
            counted(loops, "repeated call"),
        ];
        if self.budget > 0.0 {
            facts.push(format!("{:.0} % of the budget used", self.budget * 100.0));
        }
        format!("Confidence {:.2}: {}.", self.confidence(loops), facts.join(", "))
    }
}

pub(crate) fn carry_out(decision: &Decision, text: &str, scene: &Scene<'_>) -> Act {
    let what = "end the answer early";
    let Some(request) = scene.request else { return scene.cannot(decision, what, "no request is under way") };
    let ended = scene.known.said.is_some_and(|(answer, _)| answer.finish.is_some() || answer.complete);
    if ended && scene.answer.is_none() {
        return scene.cannot(decision, what, "the model has ended it");
    }
    if ended && request.stream {
        return scene.cannot(decision, what, "the model has ended its stream; `partial` acts on one at model.stream");
    }
    let note = format!("[Partial answer. {} {}]", text.trim(), scene.known.mark(repeats(scene.history.facts)));
    let said = scene.known.said.map_or("", |(answer, _)| answer.text.as_str());
    let summary = match said.is_empty() {
        true => format!("Answered at once, with nothing from the model: {note}"),
        false => format!("Ended the answer after {} characters: {note}", said.chars().count()),
    };
    let intervention = scene.intervention(decision, summary, said.to_owned(), note.clone());
    let step = match scene.known.said {
        Some(_) => Step::End(note),
        None => {
            let id = scene.exchange.to_string();
            let ending = EndEarly { note: &note, usage: Usage::default(), id: &id, created_at: scene.at.0 / 1_000_000 };
            Step::Refuse(wire::said_early(request, &ending))
        }
    };
    Act { step, intervention }
}

/// Calls since the newest words of the user's that were made before, with the same arguments.
fn repeats(facts: &[Arc<MessageFacts>]) -> u32 {
    let turn = |message: &Arc<MessageFacts>| message.role == Role::User && message.results.is_empty();
    let run = facts.iter().rposition(turn).map_or(facts, |place| &facts[place..]);
    let mut seen = HashSet::new();
    run.iter().flat_map(|message| &message.calls).filter(|call| !seen.insert((&call.name, &call.arguments))).count()
        as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_falls_with_what_speaks_against_an_answer() {
        let said = Answer { text: "Some of it.".into(), ..Answer::default() };
        let known = Known { said: Some((&said, false)), run_ms: 1000, request_ms: 1000, ..Known::default() };
        assert_eq!(format!("{:.2}", known.confidence(0)), "0.90");
        let late = Known { request_ms: 100, ..known };
        assert_eq!(format!("{:.2}", late.confidence(0)), "0.36");
        let worse = [
            Known { said: Some((&said, true)), ..late },
            Known { errors_in_row: 2, ..late },
            Known { said: None, ..late },
        ];
        assert!(worse.iter().all(|worse| worse.confidence(0) < late.confidence(0)));
        assert!(late.confidence(1) < late.confidence(0));
        assert_eq!(
            late.mark(2),
            "Confidence 0.18: this answer had 10 % of the run's 1000 ms, no open tool calls, no tool errors in a row, 2 repeated calls."
        );
    }

    #[test]
    fn only_calls_of_the_run_repeat() {
        let call = |arguments: &str| {
            let call = ToolCall { id: String::new(), name: "find".into(), arguments: arguments.into(), index: 0 };
            let (role, text) = (Role::Assistant, String::new());
            Arc::new(MessageFacts { role, text, calls: vec![call], results: Vec::new(), atoms: Vec::new() })
        };
        let user = MessageFacts { role: Role::User, calls: Vec::new(), ..(*call("")).clone() };
        let facts = [call("a"), Arc::new(user), call("a"), call("b"), call("a"), call("a")];
        assert_eq!(repeats(&facts), 2);
    }
}
