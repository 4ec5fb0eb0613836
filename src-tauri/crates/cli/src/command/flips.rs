//! `policy flips`: what rules in shadow would have done.

use super::Outcome;
use crate::{
    backend::{self, Backend},
    output::{self, Align, Table, Tone, plain},
};
use anyhow::Result;
use console::{
    PolicyFlips,
    view::{FlipReport, FlipView},
};

pub async fn report(backend: &Backend, policy: Option<String>, as_json: bool) -> Result<Outcome> {
    let answer = backend.call("policy_flips", &PolicyFlips { policy }).await?;
    if as_json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let report: FlipReport = backend::read("policy_flips", answer)?;
    if report.flips.is_empty() {
        output::tell("No rule in shadow would have done anything.");
        return Ok(Outcome::NothingFound);
    }
    let mut table = Table::new(&[
        ("rule", Align::Left),
        ("would have", Align::Left),
        ("times", Align::Right),
        ("sessions", Align::Right),
        ("first at", Align::Left),
        ("exchange", Align::Left),
        ("", Align::Fill),
    ]);
    for flip in &report.flips {
        for (place, first) in flip.first.iter().enumerate() {
            let once = |text: String| if place == 0 { text } else { String::new() };
            table.row(vec![
                (once(format!("{}/{}", flip.policy, flip.rule)), Tone::Strong),
                (once(would(flip)), Tone::Warn),
                (once(flip.times.to_string()), Tone::Plain),
                (once(flip.sessions.to_string()), Tone::Plain),
                (first.at.clone(), Tone::Faint),
                (first.exchange.clone(), Tone::Faint),
                (plain(first.summary.trim_start_matches("Would have: ")), Tone::Plain),
            ]);
        }
    }
    output::put(&table.render())?;
    Ok(Outcome::Done)
}

/// `blocked (partial)`; `rerouted` where the word is the action's own.
fn would(flip: &FlipView) -> String {
    let kind = format!("{:?}", flip.would).to_lowercase();
    if kind.starts_with(&flip.action) { kind } else { format!("{kind} ({})", flip.action) }
}
