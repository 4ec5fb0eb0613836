//! Sessions, and the search over what was said in them.

use super::{id, limit};
use crate::{Console, GetSession, ListSessions, RpcError, Search, view::*};
use domain::SessionRow;

impl Console {
    pub async fn list_sessions(&self, args: ListSessions) -> Result<SessionPage, RpcError> {
        let query = args.query.unwrap_or_default();
        let page = self.ledger.list_sessions(&query, limit(args.limit), args.cursor.as_deref()).await?;
        Ok(SessionPage { sessions: page.sessions.into_iter().map(SessionView::from).collect(), next: page.next })
    }

    pub async fn get_session(&self, args: GetSession) -> Result<SessionDetail, RpcError> {
        let session = id(&args.session)?;
        let row = self.ledger.get_session(session).await?;
        let orders = self.ledger.standing_orders(session).await?;
        let held = match &self.runtime {
            Some(runtime) => runtime.held(Some(session)).await,
            None => Vec::new(),
        };
        let budgets = match &self.runtime {
            Some(runtime) => runtime.budgets(session).await,
            None => Vec::new(),
        };
        Ok(SessionDetail {
            facts: self.facts(session, row.state == domain::SessionState::Ended).await?,
            session: row.into(),
            held: held.into_iter().map(HeldView::from).collect(),
            budgets: budgets.into_iter().map(BudgetView::from).collect(),
            rewind: self.rewind_of(session).await?,
            forked_from: self.fork_of(session).await?,
            orders: orders.and_then(|orders| serde_json::from_str(&orders).ok()).map(without_values),
        })
    }

    pub async fn search(&self, args: Search) -> Result<SearchPage, RpcError> {
        let page = self.ledger.search(&args.query, limit(args.limit), args.cursor.as_deref()).await?;
        let hits = page.hits.into_iter().map(|hit| SearchHit {
            session: hit.session.to_string(),
            exchange: hit.exchange.to_string(),
            step: hit.step,
            in_answer: hit.in_answer,
            snippet: hit.snippet,
        });
        Ok(SearchPage { hits: hits.collect(), next: page.next })
    }
}

/// Of what was redacted only the tokens: its values stand in the record of what was said, and nowhere more often than they must.
fn without_values(mut orders: serde_json::Value) -> serde_json::Value {
    let kept = orders.pointer_mut("/vault/kept").and_then(serde_json::Value::as_array_mut);
    for kept in kept.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        kept.remove("value");
    }
    orders
}

impl From<domain::SessionState> for SessionState {
    fn from(state: domain::SessionState) -> SessionState {
        match state {
            domain::SessionState::Running => SessionState::Running,
            domain::SessionState::Paused => SessionState::Paused,
            domain::SessionState::Stepping => SessionState::Stepping,
            domain::SessionState::Waiting => SessionState::Waiting,
            domain::SessionState::Idle => SessionState::Idle,
            domain::SessionState::Ended => SessionState::Ended,
        }
    }
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> SessionView {
        SessionView {
            id: row.id.to_string(),
            agent: row.agent,
            title: row.title,
            state: row.state.into(),
            models: row.models,
            steps: row.steps,
            input_tokens: row.input_tokens,
            cached_tokens: row.cached_tokens,
            output_tokens: row.output_tokens,
            cost_usd: row.cost_usd,
            estimated: row.estimated,
            context_used: row.context_used,
            tool_errors: row.tool_errors,
            interventions: row.interventions,
            parent: row.parent.map(|parent| parent.to_string()),
            basis: match row.basis {
                domain::IdentityBasis::Label => IdentityBasis::Label,
                domain::IdentityBasis::ClientId => IdentityBasis::ClientId,
                domain::IdentityBasis::ToolCallId => IdentityBasis::ToolCallId,
                domain::IdentityBasis::Retry => IdentityBasis::Retry,
                domain::IdentityBasis::Prefix => IdentityBasis::Prefix,
                domain::IdentityBasis::New => IdentityBasis::New,
            },
            process: row.process.map(|process| ProcessView {
                pid: process.pid,
                name: process.name,
                folder: process.folder,
            }),
            label: row.label,
            client_id: row.client_id,
            started_at: row.started_at.rfc3339(),
            last_at: row.last_at.rfc3339(),
        }
    }
}
