//! What rules read of a session: from its task where it lives, else from the record of its last observation.

use crate::{Console, RpcError, view::*};
use domain::{Facts, RuleHistory, RunFacts, SessionFacts, SessionId};

impl Console {
    /// None where no rule ever looked at the session.
    pub(super) async fn facts(&self, session: SessionId, ended: bool) -> Result<Option<FactsView>, RpcError> {
        if let Some(runtime) = &self.runtime
            && let Some(facts) = runtime.facts(session).await
        {
            return Ok(Some(view(facts, !ended)));
        }
        let seen = self.ledger.latest_observation(session).await?;
        Ok(seen.map(|seen| view(seen.observation.into(), false)))
    }
}

fn view(facts: Facts, live: bool) -> FactsView {
    let mut history: Vec<_> = facts.history.into_iter().map(rule).collect();
    history.sort_by_key(|rule| rule.ms_since);
    FactsView {
        live,
        at: facts.at.rfc3339(),
        under_way: facts.under_way,
        exchange: facts.exchange.map(|exchange| exchange.to_string()),
        session: session(facts.session),
        run: run(facts.run),
        history,
    }
}

fn session(facts: SessionFacts) -> SessionFactsView {
    SessionFactsView {
        steps: facts.steps,
        elapsed_ms: facts.elapsed_ms,
        tokens: facts.tokens,
        cost_usd: facts.cost_usd,
        context_tokens: facts.context_tokens,
        context_used: facts.context_used,
        tool_errors: facts.tool_errors,
        tool_errors_in_row: facts.tool_errors_in_row,
        taints: facts.taints,
        tools_seen: facts.tools_seen,
        risk: facts.risk,
    }
}

fn run(facts: RunFacts) -> RunFactsView {
    RunFactsView {
        steps: facts.steps,
        elapsed_ms: facts.elapsed_ms,
        tokens: facts.tokens,
        cost_usd: facts.cost_usd,
        tool_errors: facts.tool_errors,
        tool_errors_in_row: facts.tool_errors_in_row,
        errors: facts.errors,
    }
}

/// `key`: `policy/rule`.
fn rule((key, history): (String, RuleHistory)) -> RuleHistoryView {
    let (key, shadow) = RuleHistory::read_key(&key);
    let (policy, rule) = key.split_once('/').unwrap_or(("", key));
    RuleHistoryView {
        policy: policy.to_owned(),
        rule: rule.to_owned(),
        shadow,
        fires_in_session: history.fires_in_session,
        fires_in_run: history.fires_in_run,
        ms_since: history.ms_since,
        steps_since: history.steps_since,
        tokens_since: history.tokens_since,
        tool_errors_since: history.tool_errors_since,
        errored_next: history.errored_next,
        repeated_next: history.repeated_next,
    }
}
