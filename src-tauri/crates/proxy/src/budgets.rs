//! Budgets and rates: what calls may spend and how often they may come. A call reserves before it goes out, is capped to what remains,
//! and is settled with what it used; calls at the same time cannot exceed a budget together. Whether one is refused is for rules to say.

mod beside;
mod book;
mod counting;
mod gauges;
mod kept;
mod pacing;
mod purse;
mod rates;
mod reserving;
mod told;

pub(crate) use beside::reserve as reserve_beside;
pub(crate) use gauges::between;
pub(crate) use kept::take_up;
pub(crate) use pacing::{again as pace_again, call as pace};
pub(crate) use purse::{Purse, facts};
pub(crate) use reserving::{again, count_so_far, is_at_cap, reserve, settle};

use crate::{exchange::Exchange, outlet::Outlet, sent::Sent};
use book::Book;
use rates::Rates;

/// What all exchanges share of them.
#[derive(Default)]
pub(crate) struct Budgets {
    pub book: Book,
    pub rates: Rates,
}

/// Lets a request go out: in its turn, with its reservation fitted to it and its output to what remains. `None`: it ended here.
pub(crate) async fn admit(exchange: &Exchange, sent: Sent, outlet: Outlet) -> Option<(Sent, Outlet)> {
    let (sent, outlet) = pacing::request(exchange, sent, outlet).await?;
    reserving::confirm(exchange, sent, outlet).await
}
