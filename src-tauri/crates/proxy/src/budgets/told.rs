//! What budgets did to a call, told as interventions that cite the budget's rule.

use super::purse::Entry;
use crate::{account, exchange::Exchange, sent::Sent};
use act::{Act, Scene, Step};
use domain::*;
use std::time::Duration;
use wire::{Made, Request};

/// What an act cites.
pub(super) struct Cited {
    pub rule: String,
    pub policy: String,
    pub version: String,
    pub mode: Mode,
}

impl Entry {
    /// `395 of 400 tokens per session are used`.
    fn stands(&self, spent: Spending) -> String {
        let per = self.budget.per.name();
        let of_tokens = |limit: u64| format!("{} of {limit} tokens per {per} are used", spent.tokens);
        let of_money = |limit: f64| format!("{:.6} of {limit} USD per {per} are used", spent.usd);
        let tokens = self.budget.limit_tokens.map(of_tokens);
        let each: Vec<String> = tokens.into_iter().chain(self.budget.limit_usd.map(of_money)).collect();
        each.join(" and ")
    }

    fn figures(&self, why: String, spent: Spending) -> serde_json::Value {
        let Entry { rule, policy, budget, .. } = self;
        serde_json::json!({
            "why": why, "policy": policy, "rule": rule, "budget": budget.name, "per": budget.per.name(),
            "used": budget.share(spent), "tokens": spent.tokens, "usd": spent.usd,
            "limit_tokens": budget.limit_tokens, "limit_usd": budget.limit_usd,
        })
    }

    fn cited(&self) -> Cited {
        let Entry { rule, policy, version, mode, .. } = self.clone();
        Cited { rule, policy, version, mode }
    }
}

/// The output is capped to what remains; none: it asks for no more.
pub(super) async fn capped(exchange: &Exchange, request: &Request, entry: &Entry, most: u64) -> Option<Request> {
    let limits = cap(most);
    let limited = wire::limit(request, &limits);
    if limited.changes.is_empty() {
        return None;
    }
    let capped = wire::parse(&exchange.route, limited.body).ok()?;
    let scene = Scene { request: Some(request), ..exchange.scene(None) };
    carry_out(exchange, &entry.cited(), Action::Limit(limits), &scene).await;
    Some(capped)
}

pub(super) async fn would_cap(exchange: &Exchange, sent: &Sent, entry: &Entry, most: u64) {
    let scene = Scene { request: Some(&sent.request), ..exchange.scene(None) };
    carry_out(exchange, &entry.cited(), Action::Limit(cap(most)), &scene).await;
}

fn cap(most: u64) -> Limits {
    Limits { output_tokens: Some(most), reasoning: None, tools: None, without: Vec::new(), scope: Scope::Call }
}

/// The model stopped where its output was capped.
pub(super) fn ended_at_cap(exchange: &Exchange, entry: &Entry, most: u64, spent: Spending) {
    let Entry { rule, policy, .. } = entry;
    let why = format!(
        "The answer is cut at {most} output tokens, as much as {rule} of policy {policy} had left for it; now {}.",
        entry.stands(spent)
    );
    let mut payload = entry.figures(why, spent);
    payload["capped_to"] = most.into();
    exchange.event(EventKind::EndedAtCap, payload);
}

/// A call came to more than it had reserved, and to more than there was.
pub(super) fn overspent(exchange: &Exchange, entry: &Entry, reserved: Spending, came: Spending, spent: Spending) {
    let of = |amount: Spending| match entry.budget.limit_tokens {
        Some(_) => format!("{} tokens", amount.tokens),
        None => format!("{:.6} USD", amount.usd),
    };
    let why = format!(
        "The call came to {}, and {} were reserved: its provider did not heed the cap, or counts otherwise. By {} of policy {} now {}.",
        of(came),
        of(reserved),
        entry.rule,
        entry.policy,
        entry.stands(spent)
    );
    exchange.event(EventKind::Overspent, entry.figures(why, spent));
}

/// What rules added to it since it was reserved does not fit.
pub(super) async fn refused(exchange: &Exchange, entry: &Entry) -> Option<Made> {
    let text = format!(
        "Refused by {} of policy {}: with what was added to this request it does not fit into what is left of the budget.",
        entry.rule, entry.policy
    );
    let action = Action::Block { text, refuse_as: RefuseAs::Answer };
    let acts = carry_out(exchange, &entry.cited(), action, &exchange.scene(None)).await;
    acts.into_iter().find_map(|act| match act.step {
        Step::Refuse(made) => Some(made),
        _ => None,
    })
}

/// It waited until others were settled.
pub(super) async fn waited(exchange: &Exchange, entry: &Entry, time: Duration) {
    let summary = format!("Waited {} ms for calls under way, whose reservations filled the budget", time.as_millis());
    delayed(exchange, &entry.cited(), summary, time).await;
}

pub(super) async fn delayed(exchange: &Exchange, by: &Cited, summary: String, time: Duration) {
    let ms = time.as_secs_f64() * 1_000.0;
    let intervention = Intervention {
        id: InterventionId(exchange.core.ports.clock.next_id()),
        session: exchange.session.id,
        exchange: exchange.id,
        at: exchange.core.now(),
        cause: Cause::Rule,
        rule: Some(by.rule.clone()),
        policy: Some(by.policy.clone()),
        version: Some(by.version.clone()),
        action: "delay".to_owned(),
        mode: Mode::Enforce,
        summary,
        before: String::new(),
        after: String::new(),
        effect: Effect { tokens: 0, usd: 0.0, ms, basis: EffectBasis::Measured },
    };
    record(exchange, &[Act { step: Step::Nothing, intervention }]).await;
}

/// Carries an action out in the name of a budget or a rate.
pub(super) async fn carry_out(exchange: &Exchange, by: &Cited, action: Action, scene: &Scene<'_>) -> Vec<Act> {
    let decision = Decision {
        rule: by.rule.clone(),
        policy: by.policy.clone(),
        version: by.version.clone(),
        mode: by.mode,
        action,
    };
    let acts = act::carry_out(&[decision], scene);
    record(exchange, &acts).await;
    acts
}

async fn record(exchange: &Exchange, acts: &[Act]) {
    for act in acts {
        exchange.note([Record::Intervened(Box::new(act.intervention.clone()))]);
        if act.intervention.mode == Mode::Enforce {
            exchange.intervened(act.intervention.id);
        }
    }
    account::settle(exchange, acts, true).await;
}
