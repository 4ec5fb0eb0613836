//! `approvals`, `approve`, `deny`: what waits for a person, and their answer.

use super::{Outcome, session_id, sessions::now};
use crate::{
    arguments::{Approvals, Approve, Asked, Deny},
    backend::{self, Backend},
    output::{self, Align, Table, Tone, plain, safe, span, tint},
};
use anyhow::{Context, Result};
use console::{Decision, ListEscalations, ResolveEscalation, view::*};
use std::io::Read;

pub async fn approvals(backend: &Backend, words: Approvals) -> Result<Outcome> {
    if let Some(id) = words.id {
        let one = ListEscalations { escalation: Some(id), ..ListEscalations::default() };
        let answer = backend.call("list_escalations", &one).await?;
        if words.json {
            output::json(&answer)?;
            return Ok(Outcome::Done);
        }
        let page: EscalationPage = backend::read("list_escalations", answer)?;
        for escalation in &page.escalations {
            output::put(&in_full(escalation))?;
        }
        return Ok(Outcome::Done);
    }
    let session = match &words.session {
        Some(session) => Some(session_id(backend, session).await?),
        None => None,
    };
    let args = ListEscalations {
        state: state(words.state),
        session,
        limit: Some(words.limit.clamp(1, 200)),
        ..ListEscalations::default()
    };
    let answer = backend.call("list_escalations", &args).await?;
    let empty = answer["escalations"].as_array().is_none_or(Vec::is_empty);
    if words.json {
        output::json(&answer)?;
        return Ok(if empty { Outcome::NothingFound } else { Outcome::Done });
    }
    let page: EscalationPage = backend::read("list_escalations", answer)?;
    if empty {
        output::tell(match words.state {
            Asked::Pending => "Nothing waits for a person. `--state all` shows what did.",
            _ => "There is no such question.",
        });
        return Ok(Outcome::NothingFound);
    }
    output::put(&table(&page.escalations).render())?;
    if words.state == Asked::Pending {
        output::tell(
            "`switchtower approvals ID` shows one in full; `approve ID`, `approve ID --edit FILE` or `deny ID` answers it.",
        );
    }
    if page.next.is_some() {
        output::tell(&format!("There are more: -n {} shows them.", words.limit.saturating_mul(2).min(200)));
    }
    Ok(Outcome::Done)
}

pub async fn approve(backend: &Backend, words: Approve) -> Result<Outcome> {
    let edit = words.edit.as_deref().map(given).transpose()?;
    let decision = if edit.is_some() { Decision::Edit } else { Decision::Approve };
    let args = ResolveEscalation { escalation: words.id, decision, edit: edit.map(Into::into), reason: words.reason };
    answer(backend, args, words.json).await
}

pub async fn deny(backend: &Backend, words: Deny) -> Result<Outcome> {
    let args = ResolveEscalation { escalation: words.id, decision: Decision::Deny, edit: None, reason: words.reason };
    answer(backend, args, words.json).await
}

async fn answer(backend: &Backend, args: ResolveEscalation, json: bool) -> Result<Outcome> {
    let one = ListEscalations { escalation: Some(args.escalation.clone()), ..ListEscalations::default() };
    let before: EscalationPage = backend.ask("list_escalations", &one).await?;
    let answer = backend.call("resolve_escalation", &args).await?;
    if json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let answered: EscalationView = backend::read("resolve_escalation", answer)?;
    let what = answered.tool.as_deref().map_or_else(|| answered.point.clone(), |tool| format!("the call to {tool}"));
    let (word, tone) = word(answered.state);
    output::line(&format!("{}  {} of {}", tint(word, tone), plain(&what), plain(&answered.agent)))?;
    if before.escalations.iter().all(|asked| asked.hold.is_none()) {
        output::tell("Its client is not connected; it gets the answer when it asks again.");
    }
    Ok(Outcome::Done)
}

/// The text of a file, of stdin for `-`, or the words themselves where they are JSON.
pub(super) fn given(words: &str) -> Result<String> {
    if words.trim_start().starts_with('{') {
        return Ok(words.to_owned());
    }
    let mut text = String::new();
    if words == "-" {
        std::io::stdin().read_to_string(&mut text).context("cannot read stdin")?;
        return Ok(text);
    }
    std::fs::read_to_string(words).with_context(|| format!("cannot read {words}"))
}

fn state(asked: Asked) -> Option<EscalationState> {
    match asked {
        Asked::Pending => Some(EscalationState::Pending),
        Asked::Approved => Some(EscalationState::Approved),
        Asked::Edited => Some(EscalationState::Edited),
        Asked::Denied => Some(EscalationState::Denied),
        Asked::Expired => Some(EscalationState::Expired),
        Asked::Orphaned => Some(EscalationState::Orphaned),
        Asked::All => None,
    }
}

fn word(state: EscalationState) -> (&'static str, Tone) {
    match state {
        EscalationState::Pending => ("? pending", Tone::Warn),
        EscalationState::Approved => ("✓ approved", Tone::Good),
        EscalationState::Edited => ("✎ edited", Tone::Good),
        EscalationState::Denied => ("⊘ denied", Tone::Bad),
        EscalationState::Expired => ("– expired", Tone::Faint),
        EscalationState::Orphaned => ("○ orphaned", Tone::Faint),
    }
}

/// `4 m 10 s`, or when it was decided.
fn deadline(escalation: &EscalationView) -> String {
    if let Some(decided) = &escalation.decided_at {
        return output::ago(decided, now());
    }
    let Ok(at) = escalation.expires_at.parse::<jiff::Timestamp>() else { return escalation.expires_at.clone() };
    let left = at.as_millisecond() - now().as_millisecond();
    if left > 0 { format!("in {}", span(left as f64)) } else { "over".to_owned() }
}

fn text(text: Option<&Text>) -> String {
    match text {
        Some(Text::Whole(text)) => text.clone(),
        Some(Text::Long(long)) => format!("{}…", long.preview),
        None => String::new(),
    }
}

fn table(escalations: &[EscalationView]) -> Table {
    let mut table = Table::new(&[
        ("state", Align::Left),
        ("escalation", Align::Left),
        ("agent", Align::Left),
        ("what", Align::Fill),
        ("rule", Align::Left),
        ("deadline", Align::Right),
    ]);
    for asked in escalations {
        let (word, tone) = word(asked.state);
        let arguments = text(asked.arguments.as_ref());
        let what = match &asked.tool {
            Some(tool) => format!("{tool} {arguments}"),
            None => format!("{}: {arguments}", asked.point),
        };
        table.row(vec![
            (word.to_owned(), tone),
            (asked.id.clone(), Tone::Plain),
            (asked.agent.clone(), Tone::Strong),
            (what, Tone::Plain),
            (format!("{}/{}", asked.policy, asked.rule), Tone::Faint),
            (deadline(asked), Tone::Plain),
        ]);
    }
    table
}

fn in_full(asked: &EscalationView) -> String {
    let (state, _) = word(asked.state);
    let mut out = String::new();
    let mut say = |name: &str, text: &str| {
        if !text.trim().is_empty() {
            let text = safe(text.trim()).replace('\n', "\n           ");
            out += &format!("{}{text}\n", tint(&format!("{name:<11}"), Tone::Faint));
        }
    };
    say("question", &asked.question);
    say("state", &format!("{state}, {}", deadline(asked)));
    say("agent", &format!("{} · {} · {}", asked.agent, asked.session, asked.exchange));
    say("rule", &format!("{}/{} at {}", asked.policy, asked.rule, asked.point));
    say("intent", &text(asked.intent.as_ref()));
    for message in &asked.messages {
        say(&message.role, &message.text);
    }
    say("tool", asked.tool.as_deref().unwrap_or_default());
    say("arguments", &pretty(&text(asked.arguments.as_ref())));
    say("schema", &text(asked.schema.as_ref()));
    for (path, value) in &asked.values {
        say("read", &format!("{path} = {value}"));
    }
    if let Some(hold) = &asked.hold {
        let client = hold.client.as_deref().unwrap_or("an unknown client");
        let patience = asked.patience_ms.map_or("as long as was tried".to_owned(), |ms| span(ms as f64));
        say("client", &format!("{client} waits {patience}, then it {}", hold.afterwards));
    }
    say("answers", &asked.allow.join(", "));
    say("reason", asked.reason.as_deref().unwrap_or_default());
    say("edit", &pretty(&text(asked.edit.as_ref())));
    out
}

/// JSON over several lines, anything else as it is.
fn pretty(text: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(text);
    value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}
