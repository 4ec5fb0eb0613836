//! The timeline and its strip.

use super::{id, moment};
use crate::{Console, ErrorCode, GetStrip, ListTimeline, RpcError, view::*};
use domain::{ErrorEvidence, ExchangeState as State};

impl Console {
    pub async fn list_timeline(&self, args: ListTimeline) -> Result<TimelinePage, RpcError> {
        let page = self.ledger.list_timeline(id(&args.session)?, args.from, args.count.min(500)).await?;
        Ok(TimelinePage { rows: page.rows.into_iter().map(row).collect(), total: page.total })
    }

    pub async fn get_strip(&self, args: GetStrip) -> Result<StripView, RpcError> {
        let session = id(&args.session)?;
        let span = match (args.from.as_deref(), args.to.as_deref()) {
            (None, None) => None,
            (Some(from), Some(to)) => Some((moment(from)?, moment(to)?)),
            _ => {
                return Err(RpcError::new(
                    ErrorCode::BadRequest,
                    "a part of a session needs both its ends: from and to",
                ));
            }
        };
        let strip = self.ledger.strip(session, span, args.bins.clamp(1, 4096)).await?;
        Ok(StripView {
            from: strip.from.rfc3339(),
            to: strip.to.rfc3339(),
            lanes: strip.lanes.into_iter().map(|(lane, bins)| strip_lane(lane, &bins)).collect(),
        })
    }
}

fn strip_lane(lane: ledger::StripLane, bins: &[ledger::StripBin]) -> StripLane {
    StripLane {
        lane: match lane {
            ledger::StripLane::Model => Lane::Model,
            ledger::StripLane::Tool => Lane::Tool,
            ledger::StripLane::Policy => Lane::Policy,
            ledger::StripLane::Human => Lane::Human,
        },
        // Three digits draw any pixel; sixteen only cost time.
        fill: bins.iter().map(|bin| (f64::from(bin.fill) * 1000.0).round() / 1000.0).collect(),
        failed: bins.iter().map(|bin| u8::from(bin.failed)).collect(),
        row: bins.iter().map(|bin| bin.row.map_or(-1, |row| row as i64)).collect(),
    }
}

fn row(row: ledger::TimelineRow) -> TimelineRow {
    let state = state(&row);
    TimelineRow {
        index: row.index,
        step: row.step,
        run: row.run.to_string(),
        kind: match row.kind {
            ledger::RowKind::Model => RowKind::Model,
            ledger::RowKind::Tool => RowKind::Tool,
            ledger::RowKind::Mcp => RowKind::Mcp,
            ledger::RowKind::Person => RowKind::Person,
        },
        name: row.name,
        preview: row.preview,
        state,
        error: row.error,
        exchange: row.exchange.to_string(),
        started_at: row.started_at.rfc3339(),
        duration_ms: row.duration_ms,
        first_token_ms: row.first_token_ms,
        input_tokens: row.usage.input,
        cached_tokens: row.usage.cached,
        output_tokens: row.usage.output,
        cost_usd: row.cost_usd,
        estimated: row.usage.estimated,
        side_call: row.side_call,
        imported: row.imported,
        replayed: row.replayed,
        tool_calls: row
            .tool_calls
            .into_iter()
            .map(|call| RowToolCall {
                id: call.id,
                name: call.name,
                error: call.error.map(evidence),
                blocked: call.blocked,
                from_cache: call.from_cache,
            })
            .collect(),
        interventions: row.interventions.iter().map(|done| done.id.to_string()).collect(),
        acts: row
            .interventions
            .into_iter()
            .map(|done| RowAct {
                id: done.id.to_string(),
                action: done.action,
                mode: crate::policies::mode(done.mode),
                summary: done.summary,
            })
            .collect(),
    }
}

/// A tool row's own call says more than the exchange that proposed it.
fn state(row: &ledger::TimelineRow) -> RowState {
    let own = row.tool_calls.first().filter(|_| matches!(row.kind, ledger::RowKind::Tool | ledger::RowKind::Mcp));
    match own {
        Some(call) if call.blocked => RowState::Blocked,
        Some(call) if call.error.is_some() => RowState::Failed,
        Some(call) if call.returned => RowState::Complete,
        Some(_) => RowState::Open,
        None => match row.state {
            State::Open => RowState::Open,
            State::Complete => RowState::Complete,
            State::Answered => RowState::Answered,
            State::Cancelled => RowState::Cancelled,
            State::Failed => RowState::Failed,
            State::Interrupted => RowState::Interrupted,
        },
    }
}

pub(super) fn evidence(evidence: ErrorEvidence) -> String {
    match evidence {
        ErrorEvidence::Flag => "flag",
        ErrorEvidence::ErrorField => "error_field",
        ErrorEvidence::ExitCode => "exit_code",
        ErrorEvidence::Text => "text",
    }
    .to_owned()
}
