//! What rules order: given to the request under way, and to the session's standing orders where it lasts. The same orders as a person's;
//! where both choose a model, the person's stands.

use super::{
    desk::Desk,
    orders::{Due, Killed, Limit, Model, Rollback},
};
use act::Order;
use domain::{InterventionId, Scope};

/// The moment at which a rule orders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    /// The request has not gone out: it is the first that the order concerns.
    pub at_request: bool,
    /// Of the session's main line, whose later requests it concerns too.
    pub main_line: bool,
}

/// Whether the standing orders changed.
pub(crate) fn give(desk: &mut Desk, due: &mut Due, order: Order, intervention: InterventionId, when: When) -> bool {
    let lasts = |scope: Scope| when.main_line && (scope != Scope::Call || !when.at_request);
    match order {
        Order::Model { model, provider, scope } => {
            let ordered = Model { model, scope, intervention, begun: true, provider, by_rule: true };
            if when.at_request {
                due.model = Some(ordered.clone());
            }
            let stands = desk.orders.model.as_ref().is_some_and(|known| !known.by_rule);
            let given = lasts(scope) && !stands;
            if given {
                desk.orders.model = Some(ordered);
            }
            given
        }
        Order::Limits(limits) => {
            let lasts = lasts(limits.scope);
            let ordered = Limit { limits, intervention, begun: true };
            if when.at_request {
                due.limits.push(ordered.clone());
            }
            if lasts {
                // The same again takes the earlier one's place.
                desk.orders.limits.retain(|known| known.limits != ordered.limits);
                desk.orders.limits.push(ordered);
            }
            lasts
        }
        Order::End { text, as_error } => {
            let killed = Killed { text, as_error, intervention };
            if when.at_request {
                due.killed = Some(killed.clone());
            }
            let first = desk.orders.killed.is_none();
            if first {
                desk.end(&killed);
                desk.orders.killed = Some(killed);
            }
            first
        }
        Order::Rollback { steps, text } => {
            let Some(to) = desk.mark_back(steps).filter(|_| when.main_line) else { return false };
            let rollback = Some(Rollback { to, text, intervention });
            if when.at_request {
                due.rollback = rollback;
                return false;
            }
            desk.orders.rollback = rollback;
            true
        }
    }
}
