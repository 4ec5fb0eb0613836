//! `search`: full text over everything said.

use super::Outcome;
use crate::{
    arguments::Search,
    backend::{self, Backend},
    output::{self, Align, Table, Tone},
};
use anyhow::Result;
use console::view::SearchPage;

pub async fn search(backend: &Backend, words: Search) -> Result<Outcome> {
    let args = console::Search { query: words.query.join(" "), limit: Some(words.limit.clamp(1, 200)), cursor: None };
    let answer = backend.call("search", &args).await?;
    let empty = answer["hits"].as_array().is_none_or(Vec::is_empty);
    let outcome = if empty { Outcome::NothingFound } else { Outcome::Done };
    if words.json {
        output::json(&answer)?;
        return Ok(outcome);
    }
    let page: SearchPage = backend::read("search", answer)?;
    if page.hits.is_empty() {
        output::tell("Nothing found.");
        return Ok(outcome);
    }
    let mut table = Table::new(&[
        ("session", Align::Left),
        ("step", Align::Right),
        ("exchange", Align::Left),
        ("where", Align::Fill),
    ]);
    for hit in page.hits {
        table.row(vec![
            (hit.session, Tone::Faint),
            (hit.step.to_string(), Tone::Plain),
            (hit.exchange, Tone::Faint),
            (hit.snippet, Tone::Plain),
        ]);
    }
    output::put(&table.render())?;
    Ok(outcome)
}
