//! The pipeline of a session that has been silent: observe, reason, act, with no bytes under way. Only what marks the session, or the calls to
//! come, can be carried out.

use crate::{
    account, alarm, budgets,
    core::Core,
    hand::{given::When, orders::Due},
    session::Session,
};
use act::Scene;
use domain::*;
use observe::Focus;

pub(crate) fn intervene(core: &Core, session: &mut Session, exchange: ExchangeId) -> Vec<Record> {
    let (at, id) = (core.now(), session.state.id());
    let mut observation = session.state.observation(Point::SessionIdle, at, exchange, Focus::Request);
    let policies = core.policies().for_agent(&observation.session.agent);
    observation.named.budget = budgets::between(&core.budgets.book, &policies, &session.state, &observation);
    let nanos = || core.ports.clock.now().0 as u64 * 1_000;
    let verdict = reason::evaluate(&policies, &observation.session.agent, &observation, &nanos);
    let scene = Scene {
        session: id,
        exchange,
        at,
        clock: &*core.ports.clock,
        request: None,
        tip: Hash::default(),
        call: None,
        error_status: 0,
        result: None,
        spots: None,
        answer: None,
        failed: None,
        good: None,
        read_only: false,
        vault: session.desk.orders.vault.clone(),
        history: act::History::default(),
        context: act::Context::of(&observation.session),
        known: act::Known::default(),
        destination: act::Destination::default(),
        requests_before: session.desk.marks(),
    };
    let acts = act::carry_out(&verdict.decisions, &scene);
    alarm::raise(core, &acts);
    let when = When { at_request: false, main_line: true };
    let ordered = account::remember(session, account::done(&acts), at, when, &mut Due::default());
    let risk = (verdict.risk > 0.0).then(|| account::bear(session, verdict.risk)).flatten();
    let mut records = account::records(id, exchange, observation, verdict, &acts);
    records.extend(risk);
    records.extend(ordered);
    records
}
