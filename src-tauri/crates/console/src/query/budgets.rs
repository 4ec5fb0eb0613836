//! Budgets, as views.

use crate::view::BudgetView;
use domain::Gauge;

impl From<Gauge> for BudgetView {
    fn from(gauge: Gauge) -> BudgetView {
        BudgetView {
            policy: gauge.policy,
            name: gauge.name,
            per: gauge.per.name().to_owned(),
            holder: gauge.holder,
            unit: gauge.unit.to_owned(),
            limit: gauge.limit,
            used: gauge.used,
            reserved: gauge.reserved,
            projected: gauge.projected,
            resets_at: gauge.resets_at.map(domain::Timestamp::rfc3339),
        }
    }
}
