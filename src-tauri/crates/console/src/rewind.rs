//! Rewinding a recorded run: its start, and what the record tells of it afterwards.

use crate::{BeginRewind, Console, ErrorCode, RpcError, query::id, view::*};
use domain::{EventKind, ExchangeId, SessionId};
use ledger::{LedgerError, Told};
use serde_json::Value;

impl Console {
    pub async fn begin_rewind(&self, args: BeginRewind) -> Result<RewindStart, RpcError> {
        let until: ExchangeId = id(&args.exchange)?;
        let recording = self.ledger.recording(until).await.map_err(|error| match error {
            LedgerError::Missing { .. } => RpcError::new(ErrorCode::NotFound, format!("there is no exchange {until}"))
                .with_hint(
                    "`switchtower show SESSION` lists a session's exchanges, the console shows them in the timeline",
                ),
            other => other.into(),
        })?;
        let main = recording.exchanges.iter().filter(|head| !head.side_call);
        let answers = main.filter(|head| head.id != until).count() as u32;
        let step = recording.exchanges.last().map_or(0, |head| head.step);
        let recorded_session = recording.session.to_string();
        let agent = args.agent.filter(|agent| !agent.trim().is_empty());
        let begun = self.live()?.begin_rewind(recording, agent);
        Ok(RewindStart {
            session: begun.session.to_string(),
            agent: begun.agent,
            label: begun.label,
            recorded_session,
            exchange: until.to_string(),
            step,
            answers,
        })
    }

    /// How a session's rewind went; none where it is no rewind.
    pub(crate) async fn rewind_of(&self, session: SessionId) -> Result<Option<RewindView>, RpcError> {
        let told = self.ledger.told(session, EventKind::Rewound).await?;
        let Some(begun) = told.iter().find(|told| told.payload["is"] == "begun") else { return Ok(None) };
        let number = |key: &str| begun.payload[key].as_u64().unwrap_or_default() as u32;
        let asides = told.iter().filter(|told| told.payload["is"] == "served" && told.payload["side_call"] == true);
        let served = told.iter().filter(|told| told.payload["is"] == "served").count() - asides.count();
        Ok(Some(RewindView {
            recorded_session: text(&begun.payload["session"]).unwrap_or_default(),
            exchange: text(&begun.payload["recorded"]).unwrap_or_default(),
            step: number("step"),
            answers: number("answers"),
            served: served as u32,
            live: told.iter().find(|told| told.payload["is"] == "live").map(live),
        }))
    }

    /// The recorded exchange that answered this one, and where it left the record.
    pub(crate) async fn rewound(
        &self,
        session: SessionId,
        exchange: ExchangeId,
    ) -> Result<(Option<String>, Option<RewindLive>), RpcError> {
        let mut told = self.ledger.told(session, EventKind::Rewound).await?;
        told.retain(|told| told.exchange == Some(exchange));
        let served = told.iter().find(|told| told.payload["is"] == "served");
        let from = served.and_then(|told| text(&told.payload["recorded"]));
        Ok((from, told.iter().find(|told| told.payload["is"] == "live").map(live)))
    }
}

fn live(told: &Told) -> RewindLive {
    let difference = |one: &Value| RewindDifference {
        place: text(&one["place"]).unwrap_or_default(),
        recorded: text(&one["recorded"]).unwrap_or_default().into(),
        now: text(&one["now"]).unwrap_or_default().into(),
    };
    RewindLive {
        exchange: told.exchange.map(|exchange| exchange.to_string()),
        at: told.at.rfc3339(),
        why: serde_json::from_value(told.payload["why"].clone()).unwrap_or(RewindWhy::Differs),
        recorded: text(&told.payload["recorded"]),
        differences: told.payload["differences"].as_array().into_iter().flatten().map(difference).collect(),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
