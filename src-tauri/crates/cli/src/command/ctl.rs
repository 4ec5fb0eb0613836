//! `ctl`: a person's commands to live sessions, each one call of the console.

mod breaker;

use super::{Outcome, WrongWords, approvals::given, fork, session_id};
use crate::{
    arguments::{Ctl, Edit, Role, Scope, Stop, WhomAndWord, WhomOrAll},
    backend::{self, Backend},
    output::{self, Align, Table, Tone, ago, plain, span, tint},
};
use anyhow::{Context, Result};
use console::{
    ClearBreakpoint, ControlSession, GetSession, InjectRole, NoArgs, Order, OrderScope, PauseAll, SetBreakpoint,
    view::*,
};

pub async fn ctl(backend: &Backend, words: Ctl) -> Result<Outcome> {
    match words {
        Ctl::Pause(whom) => pause(backend, whom, true).await,
        Ctl::Resume(whom) => pause(backend, whom, false).await,
        Ctl::Held(whom) => held(backend, &whom.session, whom.json).await,
        Ctl::Fork(words) => fork::fork(backend, words).await,
        Ctl::Breakpoints { json } => {
            let answer = backend.call("list_breakpoints", &NoArgs {}).await?;
            breakpoints(answer, json)
        }
        Ctl::Break { on, when, rule, session, name, json } => {
            let session = match &session {
                Some(session) => Some(session_id(backend, session).await?),
                None => None,
            };
            let on = stop(on).to_owned();
            let answer = backend.call("set_breakpoint", &SetBreakpoint { on, session, when, rule, name }).await?;
            if json {
                output::json(&answer)?;
                return Ok(Outcome::Done);
            }
            let set: BreakpointView = backend::read("set_breakpoint", answer)?;
            output::line(&format!("{}  stops at {}: {}", tint(&set.id, Tone::Strong), set.on, plain(&set.name)))?;
            Ok(Outcome::Done)
        }
        Ctl::Breaker { breaker, key, state, json } => breaker::breaker(backend, breaker, key, state, json).await,
        Ctl::Clear { breakpoint, json } => {
            let answer = backend.call("clear_breakpoint", &ClearBreakpoint { breakpoint }).await?;
            breakpoints(answer, json).map(|_| Outcome::Done)
        }
        words => {
            let (session, order, json) = order(words)?;
            let session = session_id(backend, &session).await?;
            command(backend, ControlSession { session, order }, json).await
        }
    }
}

async fn pause(backend: &Backend, whom: WhomOrAll, pause: bool) -> Result<Outcome> {
    if let Some(session) = whom.session {
        let session = session_id(backend, &session).await?;
        let order = if pause { Order::Pause {} } else { Order::Resume {} };
        return command(backend, ControlSession { session, order }, whom.json).await;
    }
    let answer = backend.call("pause_all", &PauseAll { pause }).await?;
    if whom.json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let paused: PausedView = backend::read("pause_all", answer)?;
    let verb = if pause { "paused" } else { "resumed" };
    output::line(&format!("{} {verb}", sessions(paused.changed)))?;
    Ok(Outcome::Done)
}

fn sessions(count: u32) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

async fn command(backend: &Backend, args: ControlSession, json: bool) -> Result<Outcome> {
    let answer = backend.call("control_session", &args).await?;
    if json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let done: DoneView = backend::read("control_session", answer)?;
    let (state, tone) = super::sessions::state(done.state);
    let id = done.intervention.as_deref().unwrap_or_default();
    output::line(&format!("{}  {}  {}", plain(&done.summary), tint(&state, tone), tint(id, Tone::Faint)))?;
    Ok(Outcome::Done)
}

/// Words → session, order, whether as JSON.
fn order(words: Ctl) -> Result<(String, Order, bool)> {
    Ok(match words {
        Ctl::Step(whom) => (whom.session, Order::Step {}, whom.json),
        Ctl::StepOver(whom) => (whom.session, Order::StepOver {}, whom.json),
        Ctl::Kill { whom, text, as_error } => (whom.session, Order::Kill { text, as_error }, whom.json),
        Ctl::Inject { whom, text, role, standing } => {
            let (session, text) = both(&whom, text, "the message")?;
            let role = match role {
                Role::User => InjectRole::User,
                Role::System => InjectRole::System,
            };
            (session, Order::Inject { role, text, standing }, whom.json)
        }
        Ctl::Model { whom, model, scope } => {
            let (session, model) = both(&whom, model, "the model")?;
            let scope = match scope {
                Scope::Call => OrderScope::Call,
                Scope::Run => OrderScope::Run,
                Scope::Session => OrderScope::Session,
            };
            (session, Order::Model { model, scope }, whom.json)
        }
        Ctl::Edit { whom, edit } => (whom.session, edited(edit)?, whom.json),
        Ctl::Answer { whom, text, exchange } => {
            let (session, text) = both(&whom, text, "the answer")?;
            (session, Order::Answer { exchange, text }, whom.json)
        }
        Ctl::Budget { whom, name, set, raise } => {
            let (session, name) = both(&whom, name, "the budget's name")?;
            (session, Order::Budget { name, set, raise }, whom.json)
        }
        Ctl::Tools { whom, withhold, offer } => (whom.session, Order::Tools { withhold, offer }, whom.json),
        Ctl::Mute { whom, rule, off } => {
            let (session, rule) = both(&whom, rule, "the rule")?;
            (session, Order::Mute { rule, off }, whom.json)
        }
        Ctl::Rollback { whom, exchange, text } => {
            let (session, exchange) = both(&whom, exchange, "the exchange")?;
            (session, Order::Rollback { exchange, text }, whom.json)
        }
        // `ctl` itself carries these out.
        Ctl::Pause(_)
        | Ctl::Resume(_)
        | Ctl::Held(_)
        | Ctl::Fork(_)
        | Ctl::Breakpoints { .. }
        | Ctl::Break { .. }
        | Ctl::Breaker { .. }
        | Ctl::Clear { .. } => {
            return Err(WrongWords("this is no command to one session".to_owned()).into());
        }
    })
}

/// The session and the other word, which may stand before it, behind it, or under its flag.
fn both(whom: &WhomAndWord, flag: Option<String>, what: &str) -> Result<(String, String)> {
    let is_session = |word: &&String| word.starts_with("ses_") || *word == "last";
    let place = whom.words.iter().position(|word| is_session(&word));
    let place = place.ok_or_else(|| WrongWords("which session? Give its id, `ses_…`, or `last`".to_owned()))?;
    let other = whom.words.iter().enumerate().find(|(n, _)| *n != place).map(|(_, word)| word.clone());
    match (other, flag) {
        (Some(_), Some(_)) => Err(WrongWords(format!("{what} is given twice")).into()),
        (Some(word), None) | (None, Some(word)) => Ok((whom.words[place].clone(), word)),
        (None, None) => Err(WrongWords(format!("{what} is missing")).into()),
    }
}

fn edited(edit: Edit) -> Result<Order> {
    let Edit { arguments, text, raw, request, call, exchange } = edit;
    if let Some(request) = request {
        return Ok(Order::EditRequest { exchange, body: given(&request)?.into() });
    }
    Ok(Order::EditResponse {
        exchange,
        call,
        arguments: arguments.as_deref().map(given).transpose()?.map(Into::into),
        text,
        calls: Vec::new(),
        body: raw.as_deref().map(given).transpose()?,
    })
}

fn stop(on: Stop) -> &'static str {
    match on {
        Stop::Request => "model.request",
        Stop::Call => "tool.call",
        Stop::Response => "model.response",
    }
}

fn breakpoints(answer: serde_json::Value, json: bool) -> Result<Outcome> {
    let empty = answer["breakpoints"].as_array().is_none_or(Vec::is_empty);
    let outcome = if empty { Outcome::NothingFound } else { Outcome::Done };
    if json {
        output::json(&answer)?;
        return Ok(outcome);
    }
    let page: BreakpointPage = backend::read("list_breakpoints", answer)?;
    if empty {
        output::tell("No breakpoint is set. `switchtower ctl break tool.call --when \"tool.name == 'x'\"` sets one.");
        return Ok(outcome);
    }
    let mut table = Table::new(&[
        ("breakpoint", Align::Left),
        ("stops at", Align::Left),
        ("when", Align::Fill),
        ("session", Align::Left),
        ("hits", Align::Right),
    ]);
    for breakpoint in page.breakpoints {
        table.row(vec![
            (breakpoint.id, Tone::Strong),
            (breakpoint.on, Tone::Plain),
            (breakpoint.when.unwrap_or_else(|| "always".to_owned()), Tone::Plain),
            (breakpoint.session.unwrap_or_else(|| "every".to_owned()), Tone::Faint),
            (breakpoint.hits.to_string(), Tone::Plain),
        ]);
    }
    output::put(&table.render())?;
    Ok(outcome)
}

async fn held(backend: &Backend, session: &str, json: bool) -> Result<Outcome> {
    let session = session_id(backend, session).await?;
    let answer = backend.call("get_session", &GetSession { session }).await?;
    let empty = answer["held"].as_array().is_none_or(Vec::is_empty);
    let outcome = if empty { Outcome::NothingFound } else { Outcome::Done };
    if json {
        output::json(&serde_json::json!({ "held": answer["held"], "orders": answer["orders"] }))?;
        return Ok(outcome);
    }
    let detail: SessionDetail = backend::read("get_session", answer)?;
    if let Some(orders) = &detail.orders {
        output::line(&format!("{} {}", tint("orders", Tone::Faint), plain(&orders.to_string())))?;
    }
    if empty {
        output::tell("Nothing is held.");
        return Ok(outcome);
    }
    let mut table = Table::new(&[
        ("exchange", Align::Left),
        ("held at", Align::Left),
        ("why", Align::Left),
        ("what", Align::Fill),
        ("since", Align::Right),
        ("client waits", Align::Right),
    ]);
    for held in detail.held {
        let why = match held.cause {
            HoldCause::Paused => "paused".to_owned(),
            HoldCause::Breakpoint | HoldCause::Escalation => {
                format!("{} {}", held.cause_id.unwrap_or_default(), held.cause_name.unwrap_or_default())
            }
        };
        let what = held.call.map(|call| match call.arguments {
            Text::Whole(arguments) => format!("{} {arguments}", call.name),
            Text::Long(long) => format!("{} {}…", call.name, long.preview),
        });
        table.row(vec![
            (held.exchange, Tone::Plain),
            (held.point, Tone::Plain),
            (why, Tone::Warn),
            (what.unwrap_or_default(), Tone::Plain),
            (ago(&held.since, super::sessions::now()), Tone::Faint),
            (held.patience_ms.map_or("no limit known".to_owned(), |ms| span(ms as f64)), Tone::Faint),
        ]);
    }
    output::put(&table.render()).context("cannot write")?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whom(words: &[&str]) -> WhomAndWord {
        WhomAndWord { words: words.iter().map(|word| (*word).to_owned()).collect(), json: false }
    }

    #[test]
    fn the_session_is_known_by_its_id_wherever_it_stands() {
        let expected = ("ses_1".to_owned(), "gpt-4o".to_owned());
        assert_eq!(both(&whom(&["ses_1", "gpt-4o"]), None, "x").unwrap(), expected);
        assert_eq!(both(&whom(&["gpt-4o", "ses_1"]), None, "x").unwrap(), expected);
        assert_eq!(both(&whom(&["ses_1"]), Some("gpt-4o".into()), "x").unwrap(), expected);
        assert_eq!(both(&whom(&["last", "gpt-4o"]), None, "x").unwrap().0, "last");
    }

    #[test]
    fn what_is_missing_or_given_twice_is_wrong_words() {
        for (words, flag, told) in [
            (whom(&["gpt-4o"]), None, "which session?"),
            (whom(&["ses_1"]), None, "the model is missing"),
            (whom(&["ses_1", "a"]), Some("b".to_owned()), "the model is given twice"),
        ] {
            let error = both(&words, flag, "the model").unwrap_err();
            assert!(error.is::<WrongWords>() && error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn an_edit_says_what_takes_whose_place() {
        let edit = |arguments: Option<&str>, request: Option<&str>| Edit {
            arguments: arguments.map(str::to_owned),
            text: None,
            raw: None,
            request: request.map(str::to_owned),
            call: None,
            exchange: None,
        };
        let order = edited(edit(Some(r#"{"a":1}"#), None)).unwrap();
        assert!(matches!(order, Order::EditResponse { arguments: Some(arguments), .. } if arguments == r#"{"a":1}"#));
        let order = edited(edit(None, Some("{}"))).unwrap();
        assert!(matches!(order, Order::EditRequest { body, .. } if body == "{}"));
        assert!(
            edited(edit(Some("/no/such/file"), None)).unwrap_err().to_string().contains("cannot read /no/such/file")
        );
    }
}
