//! The name of an unlabelled session: that of the process behind its socket. Looking that up takes milliseconds, so it is done beside; only a
//! client of no known family waits a little, as rules would otherwise judge its first request under a name that it never bears again.

use crate::{core::Core, passage::Incoming, session::SessionHandle};
use domain::Record;
use observe::Found;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long a request waits for its agent's name at most, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) async fn by_process(core: &Arc<Core>, session: &SessionHandle, incoming: &Incoming, found: &Found) {
    let (dialect, peer) = (incoming.route.dialect, incoming.arrival.peer.clone());
    let named = core.tasks.spawn({
        let (core, session, found) = (core.clone(), session.clone(), found.clone());
        async move {
            let Some(process) = peer.process().await.cloned() else { return };
            let row = session.with(move |session| {
                session.state.set_process(process, false, &found, dialect);
                session.state.row()
            });
            if let Some(row) = row.await {
                core.ports.sink.record(vec![Record::Session(Box::new(row))]);
            }
        }
    });
    if found.client.family.is_none() {
        // Too late is no failure: it is named a moment after.
        let _ = timeout(PATIENCE, named).await;
    }
}
