//! Sessions of an earlier life of this runtime: found again by their names, their last answers, and the calls that still wait.

use super::known::{Ask, AskState, Gist, Known, Memory, Shape, Tip};
use domain::{ExchangeId, Hash, RememberedSession, SessionId, Timestamp};

impl Memory {
    pub fn remember(&mut self, remembered: &RememberedSession) {
        let row = &remembered.row;
        let own = row.client_id.as_deref().unwrap_or_default();
        let keys = match &row.label {
            // The name may be the label's or another; a sub-agent's own id stands beside the label.
            Some(label) => {
                let own = if row.parent.is_some() { own } else { "" };
                vec![format!("@{}~{label}\n{own}", row.agent), format!("@~{label}\n{own}")]
            }
            None if own.is_empty() => vec![],
            None => vec![own.to_owned()],
        };
        let known = Known {
            parent: row.parent,
            inferred: row.parent.is_some() && keys.is_empty(),
            family: None,
            agent_label: None,
            keyed: !keys.is_empty(),
            pid: row.process.as_ref().map(|process| process.pid),
            opening: row.title.clone(),
            only_aside: false,
            latest: None,
            newest: None,
            at: row.last_at,
        };
        self.know(row.id, known, false);
        for key in keys {
            let weight = key.len() + 80;
            self.keys.put(key, row.id, weight);
        }
        let last = remembered.anchors.len().saturating_sub(1);
        for (place, anchor) in remembered.anchors.iter().enumerate() {
            self.remembered -= 1;
            let exchange = ExchangeId(self.remembered);
            self.asks.put(exchange, earlier(row.id, row.last_at, (place < last).then_some(exchange)), 420);
            self.tip(*anchor, Tip { exchange, answered: true });
        }
        for (exchange, call) in &remembered.open_calls {
            if self.asks.peek(exchange).is_none() {
                self.asks.put(*exchange, earlier(row.id, row.last_at, None), 420);
            }
            self.serve(*exchange, row.id, call);
        }
    }
}

fn earlier(session: SessionId, at: Timestamp, advanced: Option<ExchangeId>) -> Ask {
    Ask {
        session,
        shape: Shape::default(),
        digest: Hash::default(),
        end: Hash::default(),
        words: String::new(),
        messages: 0,
        state: AskState::Good,
        advanced,
        retried: false,
        twins: None,
        from: None,
        aside: false,
        pid: None,
        gist: Gist::default(),
        at,
    }
}
