//! Escalations with what a person needs to answer them: the agent, the last messages, the tool's schema, the client's patience.

use super::{glimpse::glimpse, id, moment};
use crate::{Console, GetEscalationFigures, ListEscalations, RpcError, tools, view::*};
use domain::{Escalation, HeldCall, HoldCause as Cause, SessionId};
use std::collections::HashMap;

const MESSAGES: u32 = 3;

/// What several escalations of one page share.
#[derive(Default)]
struct Around {
    held: Vec<HeldCall>,
    /// Agent and title by session.
    sessions: HashMap<SessionId, (String, String)>,
}

/// Questions in one answer, at most.
const MOST: u32 = 1_000;

impl Console {
    pub async fn list_escalations(&self, args: ListEscalations) -> Result<EscalationPage, RpcError> {
        if let Some(one) = &args.escalation {
            let one = self.escalation(self.ledger.escalation(id(one)?).await?).await?;
            return Ok(EscalationPage { escalations: vec![one], next: None });
        }
        let session = args.session.as_deref().map(id).transpose()?;
        let states: Vec<domain::EscalationState> = args.state.map(stored).into_iter().collect();
        // A person who must answer wants to see everything that waits, not a page of it.
        let limit = args.limit.unwrap_or(MOST).clamp(1, MOST);
        let page = self.ledger.list_escalations(&states, session, limit, args.cursor.as_deref()).await?;
        let mut around = Around { held: self.held(session).await, ..Around::default() };
        let mut escalations = Vec::with_capacity(page.escalations.len());
        for escalation in page.escalations {
            escalations.push(self.escalation_view(escalation, &mut around).await?);
        }
        Ok(EscalationPage { escalations, next: page.next })
    }

    pub async fn escalation_figures(&self, args: GetEscalationFigures) -> Result<EscalationFiguresPage, RpcError> {
        let since = args.from.as_deref().map(moment).transpose()?;
        let rules = self.ledger.escalation_figures(since).await?.into_iter().map(|rule| {
            let answered = rule.approved + rule.edited + rule.denied;
            EscalationFigures {
                asked: rule.asked(),
                pending: rule.pending,
                orphaned: rule.orphaned,
                approved: rule.approved,
                edited: rule.edited,
                denied: rule.denied,
                expired: rule.expired,
                approval_rate: (answered > 0).then(|| f64::from(rule.approved) / f64::from(answered)),
                median_ms: rule.median_ms,
                fastest_ms: rule.fastest_ms,
                policy: rule.policy,
                rule: rule.rule,
            }
        });
        Ok(EscalationFiguresPage { rules: rules.collect() })
    }

    /// One escalation as a person sees it.
    pub(crate) async fn escalation(&self, escalation: Escalation) -> Result<EscalationView, RpcError> {
        let held = self.held(Some(escalation.session)).await;
        self.escalation_view(escalation, &mut Around { held, ..Around::default() }).await
    }

    async fn held(&self, session: Option<SessionId>) -> Vec<HeldCall> {
        match &self.runtime {
            Some(runtime) => runtime.held(session).await,
            None => Vec::new(),
        }
    }

    async fn escalation_view(&self, asked: Escalation, around: &mut Around) -> Result<EscalationView, RpcError> {
        let scene = self.ledger.scene(asked.exchange, MESSAGES).await?;
        let (agent, title) = match around.sessions.get(&asked.session) {
            Some(known) => known.clone(),
            None => {
                let row = self.ledger.get_session(asked.session).await?;
                around.sessions.insert(asked.session, (row.agent.clone(), row.title.clone()));
                (row.agent, row.title)
            }
        };
        let schema = asked.tool.as_deref().and_then(|tool| tools::schema(scene.tools.as_deref()?, tool));
        let waits = |held: &&HeldCall| matches!(held.cause, Cause::Escalation { id, .. } if id == asked.id);
        let hold = around.held.iter().find(waits).cloned().map(HeldView::from);
        Ok(EscalationView {
            id: asked.id.to_string(),
            session: asked.session.to_string(),
            exchange: asked.exchange.to_string(),
            state: shown(asked.state),
            rule: asked.rule,
            policy: asked.policy,
            version: asked.version,
            point: asked.point.name().to_owned(),
            agent,
            title,
            question: asked.question.text,
            opened_at: asked.opened_at.rfc3339(),
            expires_at: asked.expires_at.rfc3339(),
            on_timeout: asked.question.on_timeout.name().to_owned(),
            allow: asked.question.allow.iter().map(|choice| choice.name().to_owned()).collect(),
            tool: asked.tool,
            arguments: Some(asked.arguments.into()),
            schema: schema.map(|schema| schema.to_string().into()),
            intent: Some(asked.intent.into()),
            messages: scene.messages.iter().filter_map(|message| glimpse(message)).collect(),
            values: asked.values,
            digest: asked.digest,
            decided_at: asked.decided_at.map(domain::Timestamp::rfc3339),
            reason: asked.reason,
            edit: asked.edit.map(Text::from),
            used_by: asked.used_by.map(|exchange| exchange.to_string()),
            patience_ms: hold.as_ref().and_then(|hold| hold.patience_ms),
            hold,
        })
    }
}

fn shown(state: domain::EscalationState) -> EscalationState {
    match state {
        domain::EscalationState::Pending => EscalationState::Pending,
        domain::EscalationState::Approved => EscalationState::Approved,
        domain::EscalationState::Edited => EscalationState::Edited,
        domain::EscalationState::Denied => EscalationState::Denied,
        domain::EscalationState::Expired => EscalationState::Expired,
        domain::EscalationState::Orphaned => EscalationState::Orphaned,
    }
}

fn stored(state: EscalationState) -> domain::EscalationState {
    match state {
        EscalationState::Pending => domain::EscalationState::Pending,
        EscalationState::Approved => domain::EscalationState::Approved,
        EscalationState::Edited => domain::EscalationState::Edited,
        EscalationState::Denied => domain::EscalationState::Denied,
        EscalationState::Expired => domain::EscalationState::Expired,
        EscalationState::Orphaned => domain::EscalationState::Orphaned,
    }
}
