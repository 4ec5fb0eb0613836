//! Every evaluation of an exchange, explained. The ledger keeps those that matched or failed; the others follow from what was observed and
//! the policies that were in force, since reasoning is pure: they are evaluated again.

use crate::{Console, RpcError, policies::mode, view::*};
use domain::{Evaluation, ExchangeId, Timestamp};
use reason::PolicySet;

impl Console {
    /// In the order of their moments; within one, of the policies and their rules.
    pub(super) async fn verdicts(
        &self,
        exchange: ExchangeId,
        mut stored: Vec<(Timestamp, Evaluation)>,
    ) -> Result<Vec<VerdictView>, RpcError> {
        let versions = self.ledger.policies_in_force(exchange).await?;
        let mut told = Vec::new();
        if !versions.is_empty() {
            let files = versions.into_iter().map(|version| (format!("{}.toml", version.name), version.source));
            let set = PolicySet::load(files.collect()).set;
            for moment in self.ledger.observations(exchange).await? {
                let agent = &moment.observation.session.agent;
                for evaluation in reason::evaluate(&set, agent, &moment.observation, &|| 0).evaluations {
                    let kept = stored.iter().position(|(at, kept)| *at == moment.at && is_same(kept, &evaluation));
                    told.push(match kept {
                        Some(place) => {
                            let (at, kept) = stored.remove(place);
                            (at, kept, false)
                        }
                        None => (moment.at, evaluation, true),
                    });
                }
            }
        }
        told.extend(stored.into_iter().map(|(at, kept)| (at, kept, false)));
        told.sort_by_key(|(at, ..)| *at);
        Ok(told.into_iter().map(|(at, evaluation, recomputed)| verdict(at, evaluation, recomputed)).collect())
    }
}

fn is_same(a: &Evaluation, b: &Evaluation) -> bool {
    (a.point, &a.rule, &a.policy, &a.version) == (b.point, &b.rule, &b.policy, &b.version)
}

fn verdict(at: Timestamp, evaluation: Evaluation, recomputed: bool) -> VerdictView {
    VerdictView {
        at: at.rfc3339(),
        point: evaluation.point.name().to_owned(),
        rule: evaluation.rule,
        policy: evaluation.policy,
        version: evaluation.version,
        mode: mode(evaluation.mode),
        matched: evaluation.matched,
        micros: evaluation.micros,
        recomputed,
        values: evaluation.values,
        error: evaluation.error,
    }
}
