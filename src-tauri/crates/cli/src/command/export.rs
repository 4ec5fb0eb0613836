//! `export`: a session as a file.

use super::{Outcome, session_id};
use crate::{arguments::Export, backend::Backend, output};
use anyhow::{Context, Result};
use console::{ExportPage, ExportSession};
use std::{fs::File, io::Write};

pub async fn export(backend: &Backend, words: Export) -> Result<Outcome> {
    let session = session_id(backend, &words.id).await?;
    let mut args = ExportSession { session, format: words.format, cursor: None };
    // Asked before the file is made: what is not there leaves no empty file.
    let mut page: ExportPage = backend.ask("export_session", &args).await?;
    let mut file = match &words.output {
        Some(path) => Some(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => None,
    };
    loop {
        match &mut file {
            Some(file) => file.write_all(page.text.as_bytes()).context("cannot write the export")?,
            None => output::put(&page.text)?,
        }
        let Some(next) = page.next else { break };
        args.cursor = Some(next);
        page = backend.ask("export_session", &args).await?;
    }
    if let Some(path) = &words.output {
        output::tell(&format!("Written to {}", path.display()));
    }
    Ok(Outcome::Done)
}
