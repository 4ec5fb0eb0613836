//! `ctl fork`: a recorded request asked again, changed, and both answers beside each other.

use super::{Outcome, approvals::given};
use crate::{
    arguments::Fork,
    backend::{self, Backend},
    output::{self, Align, Table, Tone, count, money, plain, safe, span, tint},
};
use anyhow::Result;
use console::{ForkSession, view::*};

pub async fn fork(backend: &Backend, words: Fork) -> Result<Outcome> {
    let Fork { exchange, model, message, body, without, provider, json } = words;
    let body = body.as_deref().map(given).transpose()?.map(Into::into);
    let answer =
        backend.call("fork_session", &ForkSession { exchange, model, message, body, without, provider }).await?;
    if json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let fork: ForkView = backend::read("fork_session", answer)?;
    let ComparisonView { before, after } = &fork.comparison;
    output::line(&format!("forked as {}  {}", tint(&fork.session, Tone::Strong), tint(&fork.exchange, Tone::Faint)))?;
    output::put(&figures(before, after).render())?;
    for (title, side) in [("recorded", before), ("fork", after)] {
        output::line(&format!("\n{}", tint(&format!("── {title}"), Tone::Faint)))?;
        said(side)?;
    }
    Ok(Outcome::Done)
}

fn figures(before: &ComparedAnswer, after: &ComparedAnswer) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("recorded", Align::Left), ("fork", Align::Left)]);
    let mut row = |name: &str, of: &dyn Fn(&ComparedAnswer) -> String| {
        table.row(vec![(name.to_owned(), Tone::Faint), (of(before), Tone::Plain), (of(after), Tone::Strong)]);
    };
    row("model", &|side| plain(&side.model));
    row("state", &|side| format!("{:?}", side.state).to_lowercase());
    row("tool calls", &|side| side.calls.len().to_string());
    row("tokens in", &|side| count(side.input_tokens));
    row("tokens out", &|side| count(side.output_tokens));
    row("cost", &|side| side.cost_usd.map_or_else(|| "–".to_owned(), |usd| money(usd, side.estimated)));
    row("took", &|side| side.duration_ms.map_or_else(|| "–".to_owned(), span));
    table
}

fn said(side: &ComparedAnswer) -> Result<()> {
    if let Some(error) = &side.error {
        output::line(&tint(&plain(error), Tone::Bad))?;
    }
    match &side.text {
        Text::Whole(text) if !text.is_empty() => output::line(safe(text).trim_end())?,
        Text::Whole(_) => {}
        Text::Long(long) => output::line(&format!("{}…", safe(&long.preview)))?,
    }
    for call in &side.calls {
        let arguments = match &call.arguments {
            Text::Whole(arguments) => plain(arguments),
            Text::Long(long) => format!("{}…", plain(&long.preview)),
        };
        output::line(&format!("{} {arguments}", tint(&plain(&call.name), Tone::Strong)))?;
    }
    Ok(())
}
