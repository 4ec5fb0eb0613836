//! What an earlier life of the runtime spent, taken up again. What it had reserved and never settled counts as spent, and is told.

use crate::core::Core;
use domain::*;

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

pub(crate) fn take_up(core: &Core) {
    let now = core.now();
    let kept = core.ports.memory.accounts(Timestamp(now.0 - 2 * DAY_MICROS));
    core.budgets.book.remember(&kept);
    let mut records = Vec::new();
    for known in kept.iter().filter(|known| !known.open.is_empty()) {
        let spent = core.budgets.book.balance(&known.account).unwrap_or_default().spent;
        for (exchange, amount) in &known.open {
            let payload = serde_json::json!({
                "budget": known.account.budget, "holder": known.account.holder, "tokens": amount.tokens, "usd": amount.usd,
            });
            let kind = EventKind::CountedAsSpent;
            records.push(Record::Event(Event { session: None, exchange: Some(*exchange), at: now, kind, payload }));
            let spent = vec![(known.account.clone(), spent)];
            records.push(Record::Settled { exchange: *exchange, session: None, at: now, spent });
        }
    }
    if !records.is_empty() {
        core.ports.sink.record(records);
    }
}
