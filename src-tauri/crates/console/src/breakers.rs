//! Circuit breakers as commands: how they stand, and a person's word on one.

use crate::{Console, ErrorCode, RpcError, SetBreaker, error::wrong, view::*};
use domain::{BreakerState, ForcedBreaker};
use proxy::BreakerStatus;

/// What a person can say of one, and what that means.
const STATES: [(&str, BreakerState); 3] = [
    ("forced_open", BreakerState::ForcedOpen),
    ("forced_closed", BreakerState::ForcedClosed),
    ("closed", BreakerState::Closed),
];

impl Console {
    pub async fn set_breaker(&self, args: SetBreaker) -> Result<BreakerView, RpcError> {
        let runtime = self.live()?;
        let known = || STATES.map(|(name, _)| name).join(", ");
        let state =
            STATES.into_iter().find(|(name, _)| *name == args.state).map(|(_, state)| state).ok_or_else(|| {
                wrong(format!("a breaker cannot be set to “{}”", args.state))
                    .with_hint(format!("one of {}; `closed` gives it back to what it sees", known()))
            })?;
        let declared: Vec<String> = runtime.policies().breakers().map(|breaker| breaker.key.clone()).collect();
        let breaker = named(&args.breaker, &declared)?;
        let forced = ForcedBreaker { breaker, key: args.key, state };
        let status = runtime.force_breaker(&forced).ok_or_else(|| {
            wrong(format!("{} does not watch “{}”", forced.breaker, forced.key))
                .with_hint("its key is a provider, a model as provider/model, or a tool that its `match` lets in")
        })?;
        Ok(status.into())
    }

    pub(crate) fn breakers(&self) -> Vec<BreakerView> {
        self.runtime.iter().flat_map(|runtime| runtime.breakers()).map(BreakerView::from).collect()
    }
}

/// `policy/NAME`, or the name alone where one policy has it.
fn named(given: &str, declared: &[String]) -> Result<String, RpcError> {
    let of_name = |known: &&String| known.split_once('/').is_some_and(|(_, name)| name == given);
    let meant: Vec<&String> = match given.contains('/') {
        true => declared.iter().filter(|known| *known == given).collect(),
        false => declared.iter().filter(of_name).collect(),
    };
    match meant[..] {
        [one] => Ok(one.clone()),
        [] => {
            let hint = match declared.is_empty() {
                true => "no policy in force declares one: write `[breaker.NAME]`".to_owned(),
                false => format!("declared are {}", declared.join(", ")),
            };
            Err(RpcError::new(ErrorCode::NotFound, format!("there is no breaker {given}")).with_hint(hint))
        }
        _ => {
            let several: Vec<&str> = meant.iter().map(|known| known.as_str()).collect();
            Err(wrong(format!("several policies have a breaker {given}"))
                .with_hint(format!("say which: {}", several.join(", "))))
        }
    }
}

impl From<BreakerStatus> for BreakerView {
    fn from(status: BreakerStatus) -> BreakerView {
        let figures = status.figures;
        BreakerView {
            policy: status.policy,
            name: status.name,
            per: status.per.name().to_owned(),
            key: status.key,
            state: status.state.name().to_owned(),
            since: (status.since.0 > 0).then(|| status.since.rfc3339()),
            samples: figures.samples,
            error_rate: figures.error_rate,
            slow_rate: figures.slow_rate,
            p99_ms: figures.p99_ms,
        }
    }
}
