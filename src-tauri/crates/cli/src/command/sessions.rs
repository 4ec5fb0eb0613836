//! `sessions`: the list.

use super::Outcome;
use crate::{
    arguments::Sessions,
    backend::{self, Backend},
    output::{self, Align, Table, Tone, ago, count, money},
};
use anyhow::Result;
use console::{
    ListSessions,
    view::{SessionPage, SessionState, SessionView},
};
use domain::Clock;

pub async fn sessions(backend: &Backend, words: Sessions) -> Result<Outcome> {
    let query = words.query.join(" ");
    let args = ListSessions {
        query: (!query.is_empty()).then(|| query.clone()),
        limit: Some(words.limit.clamp(1, 200)),
        cursor: None,
    };
    let answer = backend.call("list_sessions", &args).await?;
    if words.json {
        output::json(&answer)?;
        let empty = answer["sessions"].as_array().is_none_or(Vec::is_empty);
        return Ok(if empty { Outcome::NothingFound } else { Outcome::Done });
    }
    let page: SessionPage = backend::read("list_sessions", answer)?;
    if page.sessions.is_empty() {
        output::tell(if query.is_empty() {
            "No session is recorded yet. `switchtower demo` records one; `switchtower run -- COMMAND` watches your agent."
        } else {
            "No session matches."
        });
        return Ok(Outcome::NothingFound);
    }
    output::put(&table(&page.sessions).render())?;
    if page.next.is_some() {
        output::tell(&format!("There are more: -n {} shows them.", words.limit.saturating_mul(2).min(200)));
    }
    Ok(Outcome::Done)
}

fn table(sessions: &[SessionView]) -> Table {
    let now = now();
    let mut table = Table::new(&[
        ("state", Align::Left),
        ("session", Align::Left),
        ("agent", Align::Left),
        ("title", Align::Fill),
        ("steps", Align::Right),
        ("in", Align::Right),
        ("cached", Align::Right),
        ("out", Align::Right),
        ("cost", Align::Right),
        ("acts", Align::Right),
        ("last", Align::Right),
    ]);
    for session in sessions {
        let plain = |text: String| (text, Tone::Plain);
        let acts = if session.interventions > 0 { Tone::Warn } else { Tone::Faint };
        table.row(vec![
            state(session.state),
            (session.id.clone(), Tone::Faint),
            (session.agent.clone(), Tone::Strong),
            plain(session.title.clone()),
            plain(session.steps.to_string()),
            plain(count(session.input_tokens)),
            plain(count(session.cached_tokens)),
            plain(count(session.output_tokens)),
            plain(money(session.cost_usd, session.estimated)),
            (session.interventions.to_string(), acts),
            (ago(&session.last_at, now), Tone::Faint),
        ]);
    }
    table
}

pub(super) fn state(state: SessionState) -> (String, Tone) {
    let (word, tone) = match state {
        SessionState::Running => ("● running", Tone::Good),
        SessionState::Paused => ("‖ paused", Tone::Warn),
        SessionState::Stepping => ("› stepping", Tone::Warn),
        SessionState::Waiting => ("? waiting", Tone::Warn),
        SessionState::Idle => ("○ idle", Tone::Faint),
        SessionState::Ended => ("■ ended", Tone::Faint),
    };
    (word.to_owned(), tone)
}

pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(crate::clock::SystemClock::default().now().0).unwrap_or_default()
}
