//! What can go wrong with the ledger, and what to do about it.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("cannot use {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} was written by a newer Switchtower (schema {found}, this one knows {known}): update Switchtower, or choose \
         another data folder with --data"
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error(
        "{path} cannot be used as the ledger ({source}): move it away to begin a new one, or choose another data folder with --data"
    )]
    Unusable { path: PathBuf, source: rusqlite::Error },
    #[error("the database refused: {0}")]
    Write(#[from] rusqlite::Error),
    #[error("the database refused a query: {0}")]
    Read(#[from] sqlx::Error),
    /// A query of the session list that cannot be understood; `offset` and `length` in bytes of the query.
    #[error("{message}")]
    Query { message: String, offset: usize, length: usize },
    #[error("no {what} {id}")]
    Missing { what: &'static str, id: String },
    /// Stored bytes that do not read back.
    #[error("stored {what} is damaged: {detail}")]
    Damaged { what: &'static str, detail: String },
    #[error("line {line}: {message}")]
    Import { line: u64, message: String },
    #[error("the ledger is closed")]
    Closed,
    #[error("cannot write the export: {0}")]
    Export(#[source] std::io::Error),
}

impl LedgerError {
    pub(crate) fn damaged(what: &'static str, detail: impl ToString) -> LedgerError {
        LedgerError::Damaged { what, detail: detail.to_string() }
    }

    pub(crate) fn missing(what: &'static str, id: impl ToString) -> LedgerError {
        LedgerError::Missing { what, id: id.to_string() }
    }
}
