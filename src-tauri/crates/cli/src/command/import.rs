//! `import`: recorded sessions into the ledger.

use super::Outcome;
use crate::{
    arguments::Import,
    backend::{self, Backend},
    output,
};
use anyhow::{Context, Result};
use console::ImportView;
use std::{io::Read, path::Path};

pub async fn import(backend: &Backend, words: Import) -> Result<Outcome> {
    let text = read(&words.file)?;
    let answer = backend.call("import", &console::Import { text }).await?;
    let view: ImportView = backend::read("import", answer.clone())?;
    if words.json {
        output::json(&answer)?;
    } else {
        for problem in &view.problems {
            output::tell(&format!("  {problem}"));
        }
        let (sessions, exchanges) = (view.sessions.len(), view.exchanges);
        output::line(&format!(
            "{sessions} sessions with {exchanges} exchanges imported, {} lines left out",
            view.problems.len()
        ))?;
    }
    Ok(match (view.sessions.is_empty(), view.problems.is_empty()) {
        (false, true) => Outcome::Done,
        (true, true) => Outcome::NothingFound,
        _ => Outcome::Code(1),
    })
}

fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read stdin")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
