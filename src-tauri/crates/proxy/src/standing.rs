//! How live sessions stand, for the console to show: what their rules would read.

use crate::Runtime;
use domain::{Facts, SessionId};

impl Runtime {
    /// None where the session does not live.
    pub async fn facts(&self, session: SessionId) -> Option<Facts> {
        let now = self.core().now();
        self.core().session(session)?.with(move |session| session.state.facts(now)).await
    }
}
