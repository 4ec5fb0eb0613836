//! Interventions with their texts.

use super::{id, limit};
use crate::{Console, ListInterventions, RpcError, policies::mode, view::*};
use ledger::InterventionRow;

impl Console {
    pub async fn list_interventions(&self, args: ListInterventions) -> Result<InterventionPage, RpcError> {
        let session = args.session.as_deref().map(id).transpose()?;
        let query = args.query.unwrap_or_default();
        let page = self.ledger.list_interventions(session, &query, limit(args.limit), args.cursor.as_deref()).await?;
        let mut interventions = Vec::with_capacity(page.interventions.len());
        for row in page.interventions {
            interventions.push(self.intervention(row).await?);
        }
        Ok(InterventionPage { interventions, next: page.next })
    }

    async fn intervention(&self, row: InterventionRow) -> Result<InterventionView, RpcError> {
        let (before, after) = self.ledger.before_and_after(&row).await?;
        Ok(InterventionView {
            id: row.id.to_string(),
            session: row.session.to_string(),
            exchange: row.exchange.to_string(),
            at: row.at.rfc3339(),
            cause: match row.cause {
                domain::Cause::Rule => Cause::Rule,
                domain::Cause::Person => Cause::Person,
            },
            rule: row.rule,
            policy: row.policy,
            version: row.version,
            action: row.action,
            mode: mode(row.mode),
            summary: row.summary,
            before: before.into(),
            after: after.into(),
            effect: EffectView {
                tokens: row.effect.tokens,
                usd: row.effect.usd,
                ms: row.effect.ms,
                basis: match row.effect.basis {
                    domain::EffectBasis::Measured => EffectBasis::Measured,
                    domain::EffectBasis::Estimated => EffectBasis::Estimated,
                    domain::EffectBasis::Counterfactual => EffectBasis::Counterfactual,
                },
            },
        })
    }
}
