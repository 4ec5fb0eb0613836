//! `demo`: a scripted agent and a scripted model through the real runtime, on a data folder of its own. Says that it is scripted.

mod agent;
mod provider;
mod script;

use super::{
    Outcome,
    serve::{GRACE, Signals},
};
use crate::{
    arguments::Demo,
    config::{Settings, loopback},
    host::Host,
    output::{self, Tone, tint},
};
use anyhow::{Context, Result};
use console::{
    ListInterventions, ListSessions,
    view::{InterventionPage, SessionPage},
};
use domain::{Family, KeySource, Provider};
use std::{fs, time::Duration};

/// Its agent's name, which is also what its policy applies to.
const AGENT: &str = "scripted-demo";
const POLICY: &str = include_str!("policy.toml");

/// How long things take, so that a person can watch them.
#[derive(Debug, Clone, Copy)]
struct Pace {
    word: Duration,
    tool: Duration,
}

pub async fn demo(mut settings: Settings, words: Demo) -> Result<Outcome> {
    let pace = match words.fast {
        true => Pace { word: Duration::ZERO, tool: Duration::ZERO },
        false => Pace { word: Duration::from_millis(28), tool: Duration::from_millis(450) },
    };
    let mut signals = Signals::listen()?;
    let model = provider::start(pace).await?;
    prepare(&mut settings, &words, model.base_url())?;
    let host = Host::start(&settings).await?;
    let ready = host.ready().clone();
    output::line(
        "A scripted agent and a scripted model, through the real runtime. No key is used; nothing leaves this machine.",
    )?;
    output::line(&format!("Watch: {}/?token={}\n", ready.console, ready.token))?;
    let outcome = tokio::select! {
        played = agent::play(&ready.proxy, pace) => played.map(|()| Outcome::Done),
        () = signals.next() => Ok(Outcome::Code(1)),
    };
    if matches!(outcome, Ok(Outcome::Done)) {
        sum_up(&host, &settings).await?;
        if words.keep {
            output::line("\nThe runtime stays open until Ctrl-C.")?;
            signals.next().await;
        }
    }
    host.stop(GRACE).await;
    outcome
}

/// Its own folder unless one is named: the user's record holds only what really happened.
fn prepare(settings: &mut Settings, words: &Demo, base_url: String) -> Result<()> {
    if !settings.data_is_named {
        settings.data.set_file_name("switchtower-demo");
    }
    settings.policies = settings.data.join("demo-policies");
    fs::create_dir_all(&settings.policies)
        .and_then(|()| fs::write(settings.policies.join("scripted-demo.toml"), POLICY))
        .with_context(|| format!("cannot write the demo's policy into {}", settings.policies.display()))?;
    settings.listen = loopback(0);
    settings.console = words.console.unwrap_or(loopback(0));
    settings.providers = vec![Provider {
        name: "scripted".to_owned(),
        dialect: Family::Openai,
        base_url,
        api_key: KeySource::Passthrough,
    }];
    Ok(())
}

async fn sum_up(host: &Host, settings: &Settings) -> Result<()> {
    let console = host.console();
    let newest = ListSessions { query: Some(format!("agent:{AGENT}")), limit: Some(1), cursor: None };
    let page: SessionPage = console.list_sessions(newest).await?;
    let Some(session) = page.sessions.into_iter().next() else { return Ok(()) };
    let own = ListInterventions { session: Some(session.id.clone()), ..ListInterventions::default() };
    let done: InterventionPage = console.list_interventions(own).await?;
    output::line(&format!("\n{} steps, {} interventions:", session.steps, done.interventions.len()))?;
    for act in done.interventions.iter().rev() {
        let rule = act.rule.as_deref().unwrap_or("a person");
        output::line(&format!("  {} {} ({rule})", tint("◆", Tone::Warn), output::plain(&act.summary)))?;
    }
    let folder = settings.data.display();
    output::line(&format!(
        "\nAgain, later: switchtower show last --data {folder}\n              switchtower serve --data {folder}"
    ))?;
    Ok(())
}
