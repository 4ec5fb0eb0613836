//! Queries over the ledger, brought to view types: one file per screen's need.

mod budgets;
mod cycles;
mod escalations;
mod exchange;
mod facts;
mod flips;
mod glimpse;
mod held;
mod interventions;
mod metrics;
mod sessions;
mod timeline;
mod transfer;
mod verdicts;

pub(crate) use exchange::{request, state};
pub(crate) use transfer::Exports;

use crate::{ErrorCode, RpcError};
use domain::Timestamp;
use ledger::LedgerError;
use std::{fmt::Display, str::FromStr};

impl From<LedgerError> for RpcError {
    fn from(error: LedgerError) -> RpcError {
        match &error {
            LedgerError::Missing { .. } => RpcError::new(ErrorCode::NotFound, error.to_string()),
            LedgerError::Query { offset, length, .. } => {
                let place = format!("at byte {offset}, {length} long");
                RpcError::new(ErrorCode::BadRequest, error.to_string()).with_hint(place)
            }
            LedgerError::Import { .. } => RpcError::new(ErrorCode::BadRequest, error.to_string()),
            _ => {
                tracing::error!(%error, "a query failed");
                RpcError::new(ErrorCode::Failed, error.to_string())
                    .with_hint("`switchtower doctor` looks for the cause")
            }
        }
    }
}

/// An id from its text. One of the right kind that does not exist is not found; anything else is a bad request.
pub(crate) fn id<T: FromStr<Err: Display>>(text: &str) -> Result<T, RpcError> {
    text.parse().map_err(|error: T::Err| RpcError::new(ErrorCode::BadRequest, error.to_string()))
}

fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(50).clamp(1, 200)
}

pub(crate) fn moment(text: &str) -> Result<Timestamp, RpcError> {
    let at: jiff::Timestamp = text.parse().map_err(|_| {
        RpcError::new(ErrorCode::BadRequest, format!("“{text}” is no time"))
            .with_hint("write it as 2026-11-22T10:00:00Z")
    })?;
    Ok(Timestamp(at.as_microsecond()))
}
