//! Circuit breakers: how providers, models and tools fare, shared between sessions, and which of them rules should take for broken.
//!
//! A call's end is heard from whoever saw it; a caller's own mistake, its leaving, or a person's waiting says nothing. Deciding what an
//! open breaker means is the rules'.

mod asked;
mod breaker;
mod forced;
mod hearing;
mod window;

pub(crate) use asked::Asked;
pub use window::Figures;

use breaker::{Breaker, Change};
use domain::*;
use parking_lot::Mutex;
use reason::{Breaker as Declared, PolicySet};
use std::collections::HashMap;
use window::Sample;

/// So many providers, models and tools are watched; of more, those that are well are forgotten first.
const MOST: usize = 4_096;

#[derive(Default)]
pub(crate) struct Breakers {
    /// By `policy/NAME`, and the provider, model or tool. Held for microseconds, never across an await.
    known: Mutex<HashMap<(String, String), Breaker>>,
}

/// A change, with what it is of.
pub(crate) struct Changed {
    pub breaker: String,
    pub per: BreakerPer,
    pub key: String,
    pub change: Change,
}

impl Changed {
    pub fn kind(&self) -> EventKind {
        match self.change.to {
            BreakerState::Closed => EventKind::BreakerClosed,
            BreakerState::HalfOpen => EventKind::BreakerHalfOpened,
            BreakerState::Open => EventKind::BreakerOpened,
            BreakerState::ForcedOpen | BreakerState::ForcedClosed => EventKind::BreakerForced,
        }
    }

    pub fn payload(&self) -> serde_json::Value {
        let Changed { breaker, per, key, change: Change { from, to, why, figures } } = self;
        let mut payload = serde_json::json!({
            "breaker": breaker, "per": per, "key": key, "from": from, "to": to, "why": why, "figures": figures,
        });
        if *per == BreakerPer::Tool {
            payload["measured"] = "the agent's own results and times".into();
        }
        payload
    }
}

/// A breaker as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerStatus {
    pub policy: String,
    pub name: String,
    pub per: BreakerPer,
    /// The provider, model or tool.
    pub key: String,
    pub state: BreakerState,
    pub since: Timestamp,
    pub figures: Figures,
}

/// A call as a breaker knows it: of which provider, model or tool, and which one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub per: BreakerPer,
    pub key: &'a str,
    pub call: &'a str,
}

impl Breakers {
    /// How the breakers of a file stand for these subjects. `asks`: the calls are about to go out.
    pub fn look(
        &self,
        policies: &PolicySet,
        subjects: &[Subject<'_>],
        asks: bool,
        now: Timestamp,
    ) -> (Vec<(String, BreakerFacts)>, Vec<Changed>) {
        let (mut facts, mut changes) = (Vec::new(), Vec::new());
        self.each(policies, subjects, |declared, subject, breaker| {
            let (seen, change) = breaker.look(subject.call, asks, now, &declared.limits);
            facts.push((declared.key.clone(), seen));
            changes.extend(change.map(|change| changed(declared, subject, change)));
        });
        (facts, changes)
    }

    /// What a call came to; none: it says nothing.
    pub fn heard(&self, policies: &PolicySet, subjects: &[Subject<'_>], sample: Option<Sample>) -> Vec<Changed> {
        let mut changes = Vec::new();
        self.each(policies, subjects, |declared, subject, breaker| match sample {
            Some(sample) => {
                let change = breaker.heard(subject.call, sample, &declared.limits);
                changes.extend(change.map(|change| changed(declared, subject, change)));
            }
            None => breaker.release(subject.call),
        });
        changes
    }

    fn each(
        &self,
        policies: &PolicySet,
        subjects: &[Subject<'_>],
        mut visit: impl FnMut(&Declared, &Subject<'_>, &mut Breaker),
    ) {
        let mut known = self.known.lock();
        for declared in policies.breakers() {
            let watched =
                subjects.iter().filter(|subject| subject.per == declared.per && declared.watches(subject.key));
            for subject in watched {
                make_room(&mut known);
                let key = (declared.key.clone(), subject.key.to_owned());
                visit(declared, subject, known.entry(key).or_default());
            }
        }
    }

    /// A person's word. None: no policy in force has that breaker, or it does not watch that key.
    pub fn force(&self, policies: &PolicySet, forced: &ForcedBreaker, now: Timestamp) -> Option<Changed> {
        let declared = policies.breakers().find(|declared| declared.key == forced.breaker)?;
        if !declared.watches(&forced.key) {
            return None;
        }
        let mut known = self.known.lock();
        let breaker = known.entry((forced.breaker.clone(), forced.key.clone())).or_default();
        let from = breaker.force(forced.state, now);
        let change = Change {
            from,
            to: breaker.state(),
            why: "a person said so".to_owned(),
            figures: breaker.figures(now, &declared.limits),
        };
        let subject = Subject { per: declared.per, key: &forced.key, call: "" };
        Some(changed(declared, &subject, change))
    }

    /// Those of an earlier life that a person holds.
    pub fn remember(&self, forced: impl IntoIterator<Item = (ForcedBreaker, Timestamp)>) {
        let mut known = self.known.lock();
        for (forced, at) in forced {
            known.entry((forced.breaker, forced.key)).or_default().force(forced.state, at);
        }
    }

    /// Every breaker that the policies declare and that has seen something, by name and key.
    pub fn list(&self, policies: &PolicySet, now: Timestamp) -> Vec<BreakerStatus> {
        let mut known = self.known.lock();
        let mut listed: Vec<BreakerStatus> = known
            .iter_mut()
            .filter_map(|((of, key), breaker)| {
                let declared = policies.breakers().find(|declared| declared.key == *of)?;
                let (policy, name) = of.split_once('/')?;
                Some(BreakerStatus {
                    policy: policy.to_owned(),
                    name: name.to_owned(),
                    per: declared.per,
                    key: key.clone(),
                    state: breaker.state(),
                    since: breaker.since(),
                    figures: breaker.figures(now, &declared.limits),
                })
            })
            .collect();
        listed.sort_by(|one, other| (&one.policy, &one.name, &one.key).cmp(&(&other.policy, &other.name, &other.key)));
        listed
    }
}

fn changed(declared: &Declared, subject: &Subject<'_>, change: Change) -> Changed {
    Changed { breaker: declared.key.clone(), per: declared.per, key: subject.key.to_owned(), change }
}

fn make_room(known: &mut HashMap<(String, String), Breaker>) {
    if known.len() < MOST {
        return;
    }
    let idle = known.iter().filter(|(_, breaker)| breaker.is_idle());
    let oldest = idle.min_by_key(|(_, breaker)| breaker.newest()).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        known.remove(&oldest);
    }
}
