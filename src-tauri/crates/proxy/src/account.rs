//! The account of one moment: what was seen, how it was judged, what was done. Nothing is silent, and later moments know it.

use crate::{
    alarm,
    exchange::Exchange,
    hand::{
        given::{self, When},
        orders::Due,
    },
    session::Session,
};
use act::{Act, Order, Redaction, Side, Step};
use domain::*;
use std::sync::Arc;

pub(crate) fn records(
    session: SessionId,
    exchange: ExchangeId,
    observation: Observation,
    verdict: Verdict,
    acts: &[Act],
) -> Vec<Record> {
    let (at, point) = (observation.at, observation.point);
    let mut records = vec![Record::Observed { exchange, session, point, at, observation: Box::new(observation) }];
    // The others can be recomputed from the observation.
    let told: Vec<Evaluation> =
        verdict.evaluations.into_iter().filter(|evaluation| evaluation.matched || evaluation.error.is_some()).collect();
    records.extend(judged(session, exchange, at, told));
    records.extend(acts.iter().flat_map(done_by));
    records
}

/// Of a moment that is recorded already; its observation does not hold what these rules read, so that each evaluation is kept.
pub(crate) fn records_late(exchange: &Exchange, at: Timestamp, verdict: Verdict, acts: &[Act]) -> Vec<Record> {
    let mut records = judged(exchange.session.id, exchange.id, at, verdict.evaluations);
    records.extend(acts.iter().flat_map(done_by));
    records
}

fn judged(session: SessionId, exchange: ExchangeId, at: Timestamp, told: Vec<Evaluation>) -> Vec<Record> {
    let mut records = Vec::new();
    for failed in told.iter().filter(|evaluation| evaluation.error.is_some()) {
        let payload = serde_json::json!({ "rule": failed.rule, "policy": failed.policy, "error": failed.error });
        let kind = EventKind::EvaluationFailed;
        records.push(Record::Event(Event { session: Some(session), exchange: Some(exchange), at, kind, payload }));
    }
    if !told.is_empty() {
        records.push(Record::Evaluated { exchange, at, evaluations: told });
    }
    records
}

fn done_by(act: &Act) -> impl Iterator<Item = Record> {
    let edge = match &act.step {
        Step::Edit(edit) => Some(Record::Rewritten(edit.clone())),
        _ => None,
    };
    [Record::Intervened(Box::new(act.intervention.clone()))].into_iter().chain(edge)
}

/// A question keeps what its rule's condition read: its verdict is frozen with it.
pub(crate) fn freeze(acts: &mut [Act], verdict: &Verdict) {
    for act in acts {
        let Step::Escalate { values, .. } = &mut act.step else { continue };
        let mine = |seen: &&Evaluation| {
            act.intervention.rule.as_ref() == Some(&seen.rule) && act.intervention.policy.as_ref() == Some(&seen.policy)
        };
        if let Some(seen) = verdict.evaluations.iter().find(mine) {
            *values = seen.values.clone();
        }
    }
}

/// What a session remembers of an act.
pub(crate) struct Done {
    /// `policy/rule`.
    rule: String,
    /// The rule's history has this firing already.
    counted: bool,
    mode: Mode,
    taint: Option<String>,
    order: Option<(Order, InterventionId)>,
    redacted: Vec<Redaction>,
}

pub(crate) fn done(acts: &[Act]) -> Vec<Done> {
    let one = |act: &Act| {
        let Intervention { policy, rule, mode, .. } = &act.intervention;
        let (policy, rule) = (policy.as_deref().unwrap_or_default(), rule.as_deref().unwrap_or_default());
        let taint = match &act.step {
            Step::Taint(taint) => Some(taint.clone()),
            _ => None,
        };
        let redacted = match &act.step {
            Step::Redact(redacted) => redacted.clone(),
            _ => Vec::new(),
        };
        let order = match &act.step {
            Step::Order(order) => Some((order.clone(), act.intervention.id)),
            _ => None,
        };
        Done { rule: format!("{policy}/{rule}"), mode: *mode, counted: false, taint, order, redacted }
    };
    acts.iter().map(one).collect()
}

/// What acts mean beside the bytes under way: somebody is told, the session remembers, orders hold from now on.
pub(crate) async fn settle(exchange: &Exchange, acts: &[Act], at_request: bool) {
    alarm::raise(&exchange.core, acts);
    bring(exchange, done(acts), at_request).await;
}

/// What a rule does at a request after all, where something that it tried there failed.
pub(crate) async fn add(exchange: &Exchange, acts: &[Act]) {
    if acts.is_empty() {
        return;
    }
    exchange.note(acts.iter().flat_map(done_by));
    acts.iter().for_each(|act| exchange.intervened(act.intervention.id));
    alarm::raise(&exchange.core, acts);
    let counted = done(acts).into_iter().map(|done| Done { counted: true, ..done }).collect();
    bring(exchange, counted, true).await;
}

async fn bring(exchange: &Exchange, done: Vec<Done>, at_request: bool) {
    let (at, mut due) = (exchange.core.now(), exchange.due());
    let when = When { at_request, main_line: !exchange.side_call && !exchange.branch };
    let remembered = exchange.session.with(move |session| {
        let records = remember(session, done, at, when, &mut due);
        (due, records)
    });
    if let Some((due, records)) = remembered.await {
        exchange.set_due(due);
        exchange.note(records);
    }
}

/// Adds to the session's risk, which is kept with its orders.
pub(crate) fn bear(session: &mut Session, risk: f64) -> Option<Record> {
    session.state.set_risk(session.state.risk() + risk);
    session.keep_risk()
}

/// Brings the session up to what was done, and `due` up to what was ordered. Returns the records of that.
pub(crate) fn remember(
    session: &mut Session,
    done: Vec<Done>,
    at: Timestamp,
    when: When,
    due: &mut Due,
) -> Vec<Record> {
    let mut ordered = false;
    let mut fired: Vec<String> = Vec::new();
    for act in done {
        let counted = if act.mode == Mode::Shadow { RuleHistory::of_shadow(&act.rule) } else { act.rule };
        if !act.counted && !fired.contains(&counted) {
            // However much it did.
            session.state.fired(&counted, at);
            fired.push(counted);
        }
        if act.mode == Mode::Enforce {
            session.state.intervened();
        }
        if let Some(taint) = act.taint {
            session.state.taint(&taint);
        }
        if !act.redacted.is_empty() {
            let said_by = if when.at_request { Side::Agent } else { Side::Model };
            let vault = Arc::make_mut(&mut session.desk.orders.vault);
            act.redacted.iter().for_each(|redaction| vault.keep(redaction, said_by));
            due.vault = session.desk.orders.vault.clone();
            ordered = true;
        }
        if let Some((order, intervention)) = act.order {
            ordered |= given::give(&mut session.desk, due, order, intervention, when);
        }
    }
    if !ordered {
        return Vec::new();
    }
    session.stand(at);
    vec![session.ordered(), Record::Session(Box::new(session.state.row()))]
}
