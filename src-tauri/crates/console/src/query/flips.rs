//! What shadow rules would have flipped, from the record.

use crate::{Console, PolicyFlips, RpcError, view::*};
use ledger::{Flip, Flips};

/// Moments of each that the report gives.
const FIRST: u32 = 3;

impl Console {
    pub async fn policy_flips(&self, args: PolicyFlips) -> Result<FlipReport, RpcError> {
        let flips = self.ledger.flips(args.policy.as_deref(), FIRST).await?;
        Ok(FlipReport { flips: flips.into_iter().map(view).collect() })
    }
}

fn view(flips: Flips) -> FlipView {
    let moment = |flip: Flip| FlipMoment {
        session: flip.session.to_string(),
        exchange: flip.exchange.to_string(),
        at: flip.at.rfc3339(),
        summary: flip.summary,
    };
    FlipView {
        would: kind(&flips.action),
        policy: flips.policy,
        rule: flips.rule,
        action: flips.action,
        times: flips.times,
        sessions: flips.sessions,
        first: flips.first.into_iter().map(moment).collect(),
    }
}

fn kind(action: &str) -> FlipKind {
    match action {
        "block" | "stop" | "partial" | "cached" => FlipKind::Blocked,
        "escalate" | "pause" => FlipKind::Held,
        "reroute" => FlipKind::Rerouted,
        "taint" | "alert" => FlipKind::Noted,
        _ => FlipKind::Changed,
    }
}
