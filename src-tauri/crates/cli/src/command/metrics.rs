//! `metrics`: figures over a span of time.

use super::{Outcome, WrongWords, sessions::now};
use crate::{
    arguments::Metrics,
    backend::{self, Backend},
    config::duration,
    output::{self, Align, Table, Tone, count, money, span},
};
use anyhow::Result;
use console::view::MetricsView;

pub async fn metrics(backend: &Backend, words: Metrics) -> Result<Outcome> {
    let args = console::Metrics {
        from: words.from.as_deref().map(moment).transpose()?,
        to: words.to.as_deref().map(moment).transpose()?,
    };
    let answer = backend.call("metrics", &args).await?;
    if words.json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let view: MetricsView = backend::read("metrics", answer)?;
    output::put(&render(&view))?;
    Ok(Outcome::Done)
}

/// RFC 3339 from RFC 3339, a date, or an age.
fn moment(text: &str) -> Result<String> {
    if let Some(age) = duration(text) {
        let then = now().checked_sub(age).map_err(|error| WrongWords(error.to_string()))?;
        return Ok(format!("{then:.3}"));
    }
    if let Ok(then) = text.parse::<jiff::Timestamp>() {
        return Ok(format!("{then:.3}"));
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return Ok(format!("{day}T00:00:00.000Z"));
    }
    Err(WrongWords(format!("“{text}” is no time: write 24h, 7d, 2026-11-22 or 2026-11-22T10:00:00Z")).into())
}

fn render(view: &MetricsView) -> String {
    let plain = |text: String| (text, Tone::Plain);
    let mut head = Table::new(&[("", Align::Left), ("", Align::Left)]);
    for (name, value) in [
        ("sessions", format!("{} ({} running)", count(view.sessions), count(view.running))),
        ("model calls", format!("{} ({} failed)", count(view.exchanges), count(view.failed))),
        ("tool calls", format!("{} ({} with an error)", count(view.tool_calls), count(view.tool_errors))),
        ("tokens in", format!("{} ({} cached)", count(view.input_tokens), count(view.cached_tokens))),
        ("tokens out", count(view.output_tokens)),
        ("cost", money(view.cost_usd, view.estimated)),
    ] {
        head.row(vec![(name.to_owned(), Tone::Faint), plain(value)]);
    }
    let mut text = head.render().trim_start().to_owned();
    let mut models = Table::new(&[
        ("model", Align::Left),
        ("calls", Align::Right),
        ("in", Align::Right),
        ("out", Align::Right),
        ("cost", Align::Right),
    ]);
    for model in &view.models {
        models.row(vec![
            plain(model.model.clone()),
            plain(count(model.exchanges)),
            plain(count(model.input_tokens)),
            plain(count(model.output_tokens)),
            plain(money(model.cost_usd, view.estimated)),
        ]);
    }
    let mut tools =
        Table::new(&[("tool", Align::Left), ("calls", Align::Right), ("errors", Align::Right), ("mean", Align::Right)]);
    for tool in &view.tools {
        let errors = if tool.errors > 0 { Tone::Bad } else { Tone::Faint };
        tools.row(vec![
            plain(tool.name.clone()),
            plain(count(tool.calls)),
            (count(tool.errors), errors),
            plain(tool.mean_ms.map(span).unwrap_or_default()),
        ]);
    }
    let mut acts =
        Table::new(&[("rule", Align::Left), ("action", Align::Left), ("mode", Align::Left), ("times", Align::Right)]);
    for act in &view.interventions {
        let mode = format!("{:?}", act.mode).to_lowercase();
        acts.row(vec![
            plain(act.rule.clone().unwrap_or_else(|| "a person".to_owned())),
            plain(act.action.clone()),
            plain(mode),
            plain(count(act.count)),
        ]);
    }
    for table in [models, tools, acts].iter().filter(|table| !table.is_empty()) {
        text.push('\n');
        text += &table.render();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_age_a_date_or_a_time() {
        assert_eq!(moment("2026-11-22").unwrap(), "2026-11-22T00:00:00.000Z");
        assert_eq!(moment("2026-11-22T10:00:00+02:00").unwrap(), "2026-11-22T08:00:00.000Z");
        assert!(moment("24h").unwrap().ends_with('Z'));
        assert!(moment("yesterday").is_err());
    }
}
