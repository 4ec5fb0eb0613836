//! `ctl breaker`: how the circuit breakers stand, and a person's word on one.

use crate::{
    arguments::Hold,
    backend::{self, Backend},
    command::{Outcome, WrongWords},
    output::{self, Align, Table, Tone, plain},
};
use anyhow::Result;
use console::{NoArgs, SetBreaker, view::*};

pub async fn breaker(
    backend: &Backend,
    breaker: Option<String>,
    key: Option<String>,
    state: Option<Hold>,
    json: bool,
) -> Result<Outcome> {
    let Some(hold) = state else { return list(backend, breaker.as_deref(), key.as_deref(), json).await };
    let (Some(breaker), Some(key)) = (breaker, key) else {
        return Err(WrongWords("say which breaker, and of what: `ctl breaker main openai open`".to_owned()).into());
    };
    let state = match hold {
        Hold::Open => "forced_open",
        Hold::Closed => "forced_closed",
        Hold::Auto => "closed",
    };
    let answer = backend.call("set_breaker", &SetBreaker { breaker, key, state: state.to_owned() }).await?;
    if json {
        output::json(&answer)?;
        return Ok(Outcome::Done);
    }
    let set: BreakerView = backend::read("set_breaker", answer)?;
    let what = match hold {
        Hold::Open => "is held open",
        Hold::Closed => "is held closed",
        Hold::Auto => "is what it sees again",
    };
    output::line(&format!("{}/{} of {} {what}", set.policy, set.name, plain(&set.key)))?;
    Ok(Outcome::Done)
}

async fn list(backend: &Backend, breaker: Option<&str>, key: Option<&str>, json: bool) -> Result<Outcome> {
    let answer = backend.call("health", &NoArgs {}).await?;
    let health: HealthView = backend::read("health", answer)?;
    let is_meant = |view: &BreakerView| {
        let name = format!("{}/{}", view.policy, view.name);
        breaker.is_none_or(|breaker| breaker == name || breaker == view.name) && key.is_none_or(|key| key == view.key)
    };
    let breakers: Vec<BreakerView> = health.breakers.into_iter().filter(is_meant).collect();
    let outcome = if breakers.is_empty() { Outcome::NothingFound } else { Outcome::Done };
    if json {
        output::json(&serde_json::json!({ "breakers": breakers }))?;
        return Ok(outcome);
    }
    if breakers.is_empty() {
        output::tell(
            "No breaker has seen a call yet. A policy declares one with `[breaker.NAME]` or `[circuit_breaker]`.",
        );
        return Ok(outcome);
    }
    let mut table = Table::new(&[
        ("breaker", Align::Left),
        ("of", Align::Fill),
        ("state", Align::Left),
        ("calls", Align::Right),
        ("failed", Align::Right),
        ("p99", Align::Right),
    ]);
    for view in breakers {
        let tone = if view.state.contains("open") { Tone::Strong } else { Tone::Plain };
        table.row(vec![
            (format!("{}/{}", view.policy, view.name), Tone::Plain),
            (view.key, Tone::Plain),
            (view.state.replace('_', " "), tone),
            (view.samples.to_string(), Tone::Plain),
            (format!("{:.0} %", view.error_rate * 100.0), Tone::Plain),
            (view.p99_ms.map_or_else(|| "—".to_owned(), |ms| format!("{ms:.0} ms")), Tone::Plain),
        ]);
    }
    output::put(&table.render())?;
    Ok(outcome)
}
