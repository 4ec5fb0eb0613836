//! What the console answers when it cannot do as asked.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The arguments are wrong.
    BadRequest,
    /// No such command.
    UnknownCommand,
    /// No such session, exchange, policy, …
    NotFound,
    /// It changed since it was read.
    Conflict,
    /// The policy has errors.
    Invalid,
    /// It cannot be done here; the message says why.
    Refused,
    /// A later version brings it.
    NotYet,
    /// No or a wrong token.
    Unauthorized,
    /// A foreign host or origin.
    Forbidden,
    /// The ledger or the runtime failed.
    Failed,
    /// Nothing answers.
    Unreachable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    pub code: ErrorCode,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// The request says something that cannot be.
pub(crate) fn wrong(message: impl Into<String>) -> RpcError {
    RpcError::new(ErrorCode::BadRequest, message)
}

impl RpcError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        RpcError { code, message: message.into(), hint: None }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The HTTP status that carries it; always a 4xx.
    pub fn status(&self) -> u16 {
        match self.code {
            ErrorCode::Unauthorized => 401,
            ErrorCode::Forbidden => 403,
            ErrorCode::UnknownCommand | ErrorCode::NotFound => 404,
            ErrorCode::Conflict | ErrorCode::Refused => 409,
            ErrorCode::Invalid => 422,
            _ => 400,
        }
    }
}
