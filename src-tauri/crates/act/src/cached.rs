//! `cached`: the last good result in a new one's place, with its age. For a tool the runtime answers the call itself and goes on with the
//! model; for a model call the agent gets the answer that the same request got.

use crate::{Act, Scene, Step};
use domain::*;

/// What is at hand for this moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Good {
    /// A tool's result for the same arguments. `elsewhere`: it is from another session of the same agent.
    Result { text: String, at: Timestamp, elsewhere: bool },
    /// A model's answer to the same request.
    Answer { text: String, at: Timestamp, exchange: ExchangeId },
}

pub(crate) fn carry_out(decision: &Decision, max_age_ms: u64, scene: &Scene<'_>) -> Act {
    match scene.call {
        Some(call) => result(decision, max_age_ms, call, scene),
        None => answer(decision, max_age_ms, scene),
    }
}

fn result(decision: &Decision, max_age_ms: u64, call: &ToolCall, scene: &Scene<'_>) -> Act {
    let what = format!("answer the call to {} from an earlier result", call.name);
    if !scene.read_only {
        let why = format!("{} is not among `[tools] read_only`", call.name);
        return scene.cannot(decision, &what, &why);
    }
    let Some(Good::Result { text, at, elsewhere }) = scene.good else {
        return scene.cannot(decision, &what, "it has given no good one for these arguments");
    };
    let age_ms = millis(scene.at, *at);
    if age_ms > max_age_ms {
        return scene.cannot(decision, &what, &format!("the last good one is {} old", age(age_ms)));
    }
    let from = if *elsewhere { ", of another session" } else { "" };
    let said = format!("{EARLIER_RESULT}{} ago{from}: {} is not asked at present.]\n{text}", age(age_ms), call.name);
    let before = format!("{}({})", call.name, call.arguments);
    let summary = format!("Answered the call to {} with the result of {} ago{from}", call.name, age(age_ms));
    Act {
        step: Step::Remove { call: call.clone(), text: said.clone() },
        intervention: scene.intervention(decision, summary, before, said),
    }
}

fn answer(decision: &Decision, max_age_ms: u64, scene: &Scene<'_>) -> Act {
    let what = "answer with an earlier answer";
    let Some(Good::Answer { text, at, exchange }) = scene.good else {
        return scene.cannot(decision, what, "this very request has no good answer without tool calls");
    };
    let age_ms = millis(scene.at, *at);
    if age_ms > max_age_ms {
        return scene.cannot(decision, what, &format!("the last good one is {} old", age(age_ms)));
    }
    let summary = format!("Answered with the answer of {} ago ({exchange})", age(age_ms));
    let before = scene.failed.map(crate::Failed::told).unwrap_or_default();
    Act { step: Step::Again, intervention: scene.intervention(decision, summary, before, text.clone()) }
}

fn millis(now: Timestamp, then: Timestamp) -> u64 {
    now.micros_since(then) as u64 / 1000
}

/// `40 s`, `3 min`, `2 h`: as exact as anybody needs.
fn age(ms: u64) -> String {
    match ms / 1000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_as_people_say_it() {
        assert_eq!(
            [999, 119_000, 120_000, 7_199_000, 7_200_000].map(age),
            ["0 s", "119 s", "2 min", "119 min", "2 h"].map(str::to_owned)
        );
    }
}
