//! `show`: a session's timeline, or one exchange.

use super::{Outcome, session_id, sessions::state};
use crate::{
    arguments::Show,
    backend::{self, Backend},
    output::{self, Align, Table, Tone, count, money, plain, safe, size, span, tint},
};
use anyhow::Result;
use console::{GetExchange, GetSession, ListInterventions, ListTimeline, view::*};
use serde_json::json;

/// Rows of one `list_timeline` call.
const WINDOW: u32 = 500;

pub async fn show(backend: &Backend, words: Show) -> Result<Outcome> {
    if words.id.starts_with("exc_") {
        return exchange(backend, words).await;
    }
    if !words.id.starts_with("ses_") && words.id != "last" {
        return Err(super::WrongWords(format!("“{}” is no id: ses_…, exc_… or last", words.id)).into());
    }
    session(backend, words).await
}

async fn session(backend: &Backend, words: Show) -> Result<Outcome> {
    let id = session_id(backend, &words.id).await?;
    let head = backend.call("get_session", &GetSession { session: id.clone() }).await?;
    let mut rows: Vec<TimelineRow> = Vec::new();
    loop {
        let args = ListTimeline { session: id.clone(), from: rows.len() as u64, count: WINDOW };
        let page: TimelinePage = backend.ask("list_timeline", &args).await?;
        let done = page.rows.is_empty() || rows.len() + page.rows.len() >= page.total as usize;
        rows.extend(page.rows);
        if done {
            break;
        }
    }
    let acts = ListInterventions { session: Some(id.clone()), limit: Some(200), ..Default::default() };
    let acts = backend.call("list_interventions", &acts).await?;
    if words.json {
        output::json(&json!({ "session": head, "rows": rows, "interventions": acts["interventions"] }))?;
        return Ok(Outcome::Done);
    }
    let head: SessionDetail = backend::read("get_session", head)?;
    let acts: InterventionPage = backend::read("list_interventions", acts)?;
    output::put(&session_head(&head.session))?;
    output::put(&budgets(&head.budgets))?;
    output::put(&timeline(&rows, &acts.interventions).render())?;
    Ok(Outcome::Done)
}

fn session_head(session: &SessionView) -> String {
    let (state, tone) = state(session.state);
    let cost = money(session.cost_usd, session.estimated);
    let mut text = format!(
        "{}  {}  {}\n",
        tint(&plain(&session.title), Tone::Strong),
        tint(&state, tone),
        tint(&session.id, Tone::Faint)
    );
    text += &format!(
        "{} · {} · {} steps · {} in ({} cached) · {} out · {cost}\n\n",
        plain(&session.agent),
        plain(&session.models.join(", ")),
        session.steps,
        count(session.input_tokens),
        count(session.cached_tokens),
        count(session.output_tokens),
    );
    text
}

/// One line a limit; nothing where no policy has one, or the session is not live.
fn budgets(budgets: &[BudgetView]) -> String {
    let amount = |unit: &str, amount: f64| match unit {
        "usd" => money(amount, false),
        "ms" => span(amount),
        _ => count(amount as u64),
    };
    let line = |budget: &BudgetView| {
        let unit = budget.unit.as_str();
        let reserved = match budget.reserved > 0.0 {
            true => format!(", {} reserved", amount(unit, budget.reserved)),
            false => String::new(),
        };
        let tone = if budget.projected >= 1.0 { Tone::Warn } else { Tone::Plain };
        let text = format!(
            "budget {} of {}: {} of {} per {} ({:.0} %{reserved})",
            plain(&budget.name),
            plain(&budget.policy),
            amount(unit, budget.used),
            amount(unit, budget.limit),
            budget.per,
            budget.projected * 100.0
        );
        format!("{}\n", tint(&text, tone))
    };
    let lines: String = budgets.iter().map(line).collect();
    if lines.is_empty() { lines } else { lines + "\n" }
}

fn timeline(rows: &[TimelineRow], acts: &[InterventionView]) -> Table {
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("", Align::Left),
        ("name", Align::Left),
        ("what", Align::Fill),
        ("time", Align::Right),
        ("in", Align::Right),
        ("out", Align::Right),
        ("exchange", Align::Left),
    ]);
    for row in rows {
        let model = row.kind == RowKind::Model;
        let (mark, tone) = mark(row);
        let tokens = |n: u64| (if model { count(n) } else { String::new() }, Tone::Plain);
        table.row(vec![
            (if model { row.step.to_string() } else { String::new() }, Tone::Faint),
            (mark.to_owned(), tone),
            (row.name.clone(), if model { Tone::Strong } else { Tone::Plain }),
            (row.preview.clone(), Tone::Plain),
            (row.duration_ms.map(span).unwrap_or_default(), Tone::Faint),
            tokens(row.input_tokens),
            tokens(row.output_tokens),
            (if model { row.exchange.clone() } else { String::new() }, Tone::Faint),
        ]);
        let own = acts.iter().rev().filter(|act| row.interventions.contains(&act.id));
        for act in own {
            let shadow = if act.mode == Mode::Shadow { "would: " } else { "" };
            let rule = act.rule.as_deref().unwrap_or("a person");
            let mut cells = vec![(String::new(), Tone::Plain); 8];
            cells[1] = ("◆".to_owned(), Tone::Warn);
            cells[2] = (act.action.clone(), Tone::Warn);
            cells[3] = (format!("{shadow}{} ({rule})", act.summary), Tone::Warn);
            table.row(cells);
        }
    }
    table
}

fn mark(row: &TimelineRow) -> (&'static str, Tone) {
    match (row.state, row.kind) {
        (RowState::Open, _) => ("…", Tone::Good),
        (RowState::Failed | RowState::Interrupted, _) => ("✗", Tone::Bad),
        (RowState::Blocked, _) if row.tool_calls.first().is_some_and(|call| call.from_cache) => ("↻", Tone::Faint),
        (RowState::Blocked, _) => ("⊘", Tone::Warn),
        (RowState::Cancelled, _) => ("–", Tone::Warn),
        (_, RowKind::Model) if row.replayed => ("↻", Tone::Faint),
        (_, RowKind::Model) => ("▸", Tone::Plain),
        (_, RowKind::Tool | RowKind::Mcp) => ("·", Tone::Plain),
        (_, RowKind::Person) => ("☞", Tone::Plain),
    }
}

async fn exchange(backend: &Backend, words: Show) -> Result<Outcome> {
    let answer = backend.call("get_exchange", &GetExchange { exchange: words.id }).await?;
    if words.json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let exchange: ExchangeView = backend::read("get_exchange", answer)?;
    output::put(&exchange_head(&exchange))?;
    let sides = [
        ("agent sent", Some(&exchange.agent_request)),
        ("we sent", exchange.sent_request.as_ref().filter(|_| exchange.request_changed)),
        ("provider answered", exchange.provider_response.as_ref()),
        ("agent got", exchange.agent_response.as_ref().filter(|_| exchange.response_changed)),
    ];
    for (title, side) in sides {
        if let Some(side) = side {
            output::put(&message(title, side))?;
        }
    }
    Ok(Outcome::Done)
}

fn exchange_head(exchange: &ExchangeView) -> String {
    let served = exchange.served_model.as_deref().filter(|served| *served != exchange.model);
    let served = served.map_or_else(String::new, |served| format!(" (served by {served})"));
    let timing = &exchange.timing;
    let usage = &exchange.usage;
    let mut text = format!(
        "{}  {:?}  {}\n{} · step {} · {} · {}{served}\n",
        tint(&exchange.id, Tone::Strong),
        exchange.state,
        tint(&exchange.session, Tone::Faint),
        exchange.provider,
        exchange.step,
        exchange.dialect,
        plain(&exchange.model),
    );
    let first = timing.first_token_ms.map_or_else(String::new, |ms| format!(" · first token {}", span(ms)));
    let took = timing.duration_ms.map_or_else(|| "open".to_owned(), span);
    let cost = exchange.cost_usd.map_or_else(String::new, |usd| format!(" · {}", money(usd, usage.estimated)));
    text += &format!(
        "{} in ({} cached) · {} out{cost} · {took}{first} · added {}\n",
        count(usage.input_tokens),
        count(usage.cached_tokens),
        count(usage.output_tokens),
        span(timing.added_ms)
    );
    if let Some(error) = &exchange.error {
        text += &format!("{}\n", tint(&plain(error), Tone::Bad));
    }
    if let Some(rewind) = &exchange.rewind {
        text += &difference(rewind);
    }
    for attempt in exchange.attempts.iter().filter(|attempt| attempt.why.is_some() || attempt.error.is_some()) {
        let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let why = attempt.why.as_deref().or(attempt.error.as_deref()).unwrap_or_default();
        text += &format!(
            "attempt: {} at {}, {status}, {}: {}\n",
            attempt.model,
            attempt.provider,
            span(attempt.duration_ms),
            plain(why)
        );
    }
    text
}

/// Where a rewound run left the record.
fn difference(live: &RewindLive) -> String {
    let recorded = live.recorded.as_deref().unwrap_or("the record");
    let mut text = format!("rewind: live from here, beside {recorded}\n");
    for one in &live.differences {
        text += &format!("{}\n", tint(&format!("── {}", plain(&one.place)), Tone::Faint));
        for (sign, side, tone) in [("-", &one.recorded, Tone::Bad), ("+", &one.now, Tone::Good)] {
            let Text::Whole(side) = side else { continue };
            text.extend(side.lines().map(|line| format!("{}\n", tint(&format!("{sign} {}", plain(line)), tone))));
        }
    }
    text
}

fn message(title: &str, message: &MessageView) -> String {
    let status = message.status.map_or_else(String::new, |status| format!(" {status}"));
    let mut text = format!("\n{}\n", tint(&format!("── {title}{status}"), Tone::Faint));
    if let Some(body) = &message.body {
        text += safe(body).trim_end();
        text.push('\n');
    }
    if let Some(long) = &message.body_ref {
        text += &format!("{}\n", safe(&long.preview));
        text += &format!(
            "{}\n",
            tint(&format!("… {} in all; --json names where the rest is", size(long.length)), Tone::Faint)
        );
    }
    text
}
