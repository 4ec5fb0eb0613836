//! Alerts on their way out: beside the traffic, in tasks of their own; what became of each is an event.

use crate::core::Core;
use act::{Act, Step};
use domain::*;
use std::{sync::Arc, time::Duration};

/// How long an alert may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn raise(core: &Core, acts: &[Act]) {
    for act in acts {
        let Step::Alert { target, notice } = &act.step else { continue };
        let (alarm, sink, clock) = (core.ports.alarm.clone(), core.ports.sink.clone(), core.ports.clock.clone());
        core.tasks.spawn(tell(alarm, sink, clock, target.clone(), notice.clone()));
    }
}

async fn tell(
    alarm: Arc<dyn Alarm>,
    sink: Arc<dyn TraceSink>,
    clock: Arc<dyn Clock>,
    target: AlertTarget,
    notice: Notice,
) {
    let told = tokio::time::timeout(PATIENCE, alarm.raise(target.clone(), notice.clone())).await;
    let failed = match told {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(why),
        Err(_) => Some(format!("it took longer than {} seconds", PATIENCE.as_secs())),
    };
    let mut payload = serde_json::json!({
        "alert": notice.alert, "kind": target.name(), "text": notice.text,
        "policy": notice.policy, "rule": notice.rule, "intervention": notice.intervention,
    });
    let kind = match failed {
        Some(why) => {
            payload["why"] = why.into();
            EventKind::AlertFailed
        }
        None => EventKind::Alerted,
    };
    let (session, exchange) = (Some(notice.session), Some(notice.exchange));
    sink.record(vec![Record::Event(Event { session, exchange, at: clock.now(), kind, payload })]);
}
