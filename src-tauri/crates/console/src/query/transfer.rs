//! Sessions out of the ledger, as JSON Lines: first the session, then each exchange with its whole bodies, then the interventions.

use super::id;
use crate::{
    Console, ErrorCode, ExportPage, ExportSession, GetExchange, GetSession, Import, ImportView, ListInterventions,
    RpcError,
};
use domain::SessionId;
use ledger::RowKind;
use serde::Serialize;
use serde_json::json;

/// Timeline rows of one piece.
const ROWS: u32 = 64;
/// What the first line says of the rest.
const FORMAT: &str = "switchtower-session/1";

impl Console {
    /// Cursors: `rows:N` goes on at timeline row N, `acts:…` at a page of interventions.
    pub async fn export_session(&self, args: ExportSession) -> Result<ExportPage, RpcError> {
        if args.format != "jsonl" {
            let error = RpcError::new(ErrorCode::BadRequest, format!("there is no export as {}", args.format));
            return Err(error.with_hint("jsonl is the only format of this version"));
        }
        let session: SessionId = id(&args.session)?;
        match args.cursor.as_deref().unwrap_or("rows:0").split_once(':') {
            Some(("rows", from)) => self.export_rows(session, from.parse().map_err(|_| no_cursor())?).await,
            Some(("acts", page)) => self.export_acts(session, page).await,
            _ => Err(no_cursor()),
        }
    }

    async fn export_rows(&self, session: SessionId, from: u64) -> Result<ExportPage, RpcError> {
        let mut text = String::new();
        if from == 0 {
            let head = self.get_session(GetSession { session: session.to_string() }).await?;
            line(&mut text, &json!({ "format": FORMAT, "session": head }))?;
        }
        let page = self.ledger.list_timeline(session, from, ROWS).await?;
        for row in page.rows.iter().filter(|row| row.kind == RowKind::Model) {
            let exchange = self.get_exchange(GetExchange { exchange: row.exchange.to_string() }).await?;
            line(&mut text, &json!({ "exchange": exchange }))?;
        }
        let done = from + page.rows.len() as u64;
        let more = !page.rows.is_empty() && done < page.total;
        Ok(ExportPage { text, next: Some(if more { format!("rows:{done}") } else { "acts:".to_owned() }) })
    }

    async fn export_acts(&self, session: SessionId, page: &str) -> Result<ExportPage, RpcError> {
        let cursor = (!page.is_empty()).then(|| page.to_owned());
        let args = ListInterventions { session: Some(session.to_string()), query: None, limit: Some(200), cursor };
        let acts = self.list_interventions(args).await?;
        let mut text = String::new();
        for act in &acts.interventions {
            line(&mut text, &json!({ "intervention": act }))?;
        }
        Ok(ExportPage { text, next: acts.next.map(|next| format!("acts:{next}")) })
    }

    pub async fn import(&self, _: Import) -> Result<ImportView, RpcError> {
        Err(RpcError::new(ErrorCode::NotYet, "this version cannot import sessions yet"))
    }
}

fn line(text: &mut String, value: &impl Serialize) -> Result<(), RpcError> {
    let json = serde_json::to_string(value);
    text.push_str(&json.map_err(|error| RpcError::new(ErrorCode::Failed, error.to_string()))?);
    text.push('\n');
    Ok(())
}

fn no_cursor() -> RpcError {
    RpcError::new(ErrorCode::BadRequest, "this is no cursor that the export gave")
}
