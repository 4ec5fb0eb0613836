//! A tool's result in a model's words; where there are none, it stays whole, or is what the rule does next.

use super::{Question, amend};
use crate::{account, exchange::Exchange, passage::Incoming};
use act::{Act, Extraction, Step};
use domain::*;

/// Gives what the rule does otherwise, where the model failed.
pub(super) async fn write(
    exchange: &Exchange,
    incoming: &Incoming,
    act: &mut Act,
    extraction: Extraction,
    asks: bool,
) -> Vec<Act> {
    let (instruction, text) = (extraction.asked(), extraction.shown());
    let question =
        Question { by: &extraction.by, what: "an extract of a tool's result", instruction: &instruction, text: &text };
    let said = question.put(exchange, incoming, asks).await;
    let written = said.and_then(|said| {
        let text = extraction.written(&said.text, &said.by);
        text.ok_or_else(|| said.nothing_shorter()).map(|text| (said, text))
    });
    let intervention = &mut act.intervention;
    let otherwise = match written {
        Ok((said, text)) => {
            let (tokens, usd) = (-extraction.saved(&text), said.cost_usd.unwrap_or_default());
            intervention.effect = Effect { tokens, usd, ms: said.ms, basis: EffectBasis::Estimated };
            let whole = extraction.result.text.len();
            intervention.summary.push_str(&format!("; {} kept {} of {whole} bytes", said.by, text.len()));
            intervention.after.clone_from(&text);
            act.step = Step::Result { result: extraction.result, text };
            Vec::new()
        }
        Err(why) => {
            intervention.summary = format!("Could not extract: {why}; the result stays whole");
            intervention.before.clear();
            extraction.otherwise
        }
    };
    amend(exchange, intervention);
    account::add(exchange, &otherwise).await;
    otherwise
}
