//! How full budgets are, for people.

use super::{
    book::{Balance, Book},
    purse::{Whose, day},
};
use crate::{Runtime, record};
use domain::*;
use observe::{Focus, SessionState, Standing};
use reason::{BudgetInForce, PolicySet};
use std::collections::BTreeMap;

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

impl Runtime {
    /// The budgets that a live session falls under, with the limits that a person set for it; none where it is not live.
    pub async fn budgets(&self, session: SessionId) -> Vec<Gauge> {
        let core = self.core();
        let Some(handle) = core.session(session) else { return Vec::new() };
        let at = core.now();
        let looked = handle.with(move |session| {
            let exchange = session.state.latest_exchange().unwrap_or(ExchangeId(0));
            let seen = session.state.observation(Point::SessionIdle, at, exchange, Focus::Request);
            let orders = &session.desk.orders;
            (session.state.standing(exchange), seen, orders.muted.clone(), orders.budgets.clone())
        });
        let Some((standing, seen, muted, limits)) = looked.await else { return Vec::new() };
        let seen_times = (seen.session.elapsed_ms, seen.run.elapsed_ms);
        let agent = seen.session.agent;
        let policies = record::tailored(core.policies().for_agent(&agent), &muted, &limits);
        let today = day(at);
        let whose = Whose { session, agent: &agent, branch: false, day: &today };
        let all = standing_of(&core.budgets.book, &policies, &whose, &standing);
        let each = all.flat_map(|(known, holder, balance)| {
            of(&known, &holder, &balance, elapsed(known.budget.per, &seen_times), at)
        });
        each.collect()
    }

    /// The budgets that sessions share: of this day, and of each agent.
    pub fn shared_budgets(&self) -> Vec<Gauge> {
        let (core, at) = (self.core(), self.core().now());
        let today = day(at);
        let mut gauges = Vec::new();
        for known in core.policies().budgets().filter(|known| known.budget.per.is_shared()) {
            let mut accounts = core.budgets.book.shared(&known.key());
            accounts.retain(|(account, _)| account.per != Per::Day || account.holder == today);
            if accounts.is_empty() && known.budget.per == Per::Day {
                gauges.extend(of(&known, &today, &Balance::default(), 0, at));
            }
            for (account, balance) in accounts {
                gauges.extend(of(&known, &account.holder, &balance, 0, at));
            }
        }
        gauges
    }
}

/// What conditions read of a session's budgets while no exchange is under way.
pub(crate) fn between(
    book: &Book,
    policies: &PolicySet,
    state: &SessionState,
    seen: &Observation,
) -> BTreeMap<String, BudgetFacts> {
    if policies.budgets().next().is_none() {
        return BTreeMap::new();
    }
    let today = day(seen.at);
    let (session, agent) = (seen.trace.session, seen.session.agent.as_str());
    let whose = Whose { session, agent, branch: false, day: &today };
    let times = (seen.session.elapsed_ms, seen.run.elapsed_ms);
    let standing = state.standing(seen.trace.exchange);
    let each = standing_of(book, policies, &whose, &standing).map(|(known, _, balance)| {
        let time = known.budget.share_of_time(elapsed(known.budget.per, &times));
        let used = known.budget.share(balance.used()).max(time);
        let projected = known.budget.share(balance.spent.plus(balance.reserved())).max(time);
        (known.key(), BudgetFacts { used, projected, ..BudgetFacts::default() })
    });
    each.collect()
}

fn standing_of<'a>(
    book: &'a Book,
    policies: &'a PolicySet,
    whose: &'a Whose<'a>,
    standing: &'a Standing,
) -> impl Iterator<Item = (BudgetInForce<'a>, String, Balance)> {
    policies.budgets().filter(|known| known.budget.per != Per::Request).map(move |known| {
        let per = known.budget.per;
        let account = Account { budget: known.key(), per, holder: whose.holder(per, standing) };
        let seed = || Balance::spent(whose.spent(known.budget, standing));
        let balance = book.balance(&account).unwrap_or_else(seed);
        (known, account.holder, balance)
    })
}

fn elapsed(per: Per, (of_session, of_run): &(u64, u64)) -> u64 {
    if per == Per::Session { *of_session } else { *of_run }
}

/// One gauge a limit.
fn of(known: &BudgetInForce<'_>, holder: &str, balance: &Balance, elapsed_ms: u64, at: Timestamp) -> Vec<Gauge> {
    let (spent, whole) = (balance.used(), balance.spent.plus(balance.reserved()));
    let reserved = whole.less(spent);
    let each = known.budget.limits().map(|(unit, limit)| {
        let (used, reserved) = match unit {
            "tokens" => (spent.tokens as f64, reserved.tokens as f64),
            "usd" => (spent.usd, reserved.usd),
            _ => (elapsed_ms as f64, 0.0),
        };
        Gauge {
            policy: known.policy.name().to_owned(),
            name: known.budget.name.clone(),
            per: known.budget.per,
            holder: holder.to_owned(),
            unit,
            limit,
            used,
            reserved,
            projected: if limit > 0.0 { (used + reserved) / limit } else { 1.0 },
            resets_at: (known.budget.per == Per::Day)
                .then(|| Timestamp((at.0.div_euclid(DAY_MICROS) + 1) * DAY_MICROS)),
        }
    });
    each.collect()
}
