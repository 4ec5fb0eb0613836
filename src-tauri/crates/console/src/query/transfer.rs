//! Sessions out of the ledger and into it.

use crate::{Console, ErrorCode, ExportPage, ExportSession, Import, ImportView, RpcError};

impl Console {
    pub async fn export_session(&self, args: ExportSession) -> Result<ExportPage, RpcError> {
        Err(RpcError::new(ErrorCode::NotYet, format!("no export of {} yet", args.session)))
    }

    pub async fn import(&self, args: Import) -> Result<ImportView, RpcError> {
        Err(RpcError::new(ErrorCode::NotYet, format!("no import of {} bytes yet", args.text.len())))
    }
}
