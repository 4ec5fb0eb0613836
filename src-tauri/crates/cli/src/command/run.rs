//! `run`: an agent's command with its model calls led through the runtime.

use super::{Outcome, WrongWords, rewind, serve::GRACE};
use crate::{
    arguments::Run,
    backend,
    config::{Settings, checked_url, loopback},
    host::Host,
    output::tell,
    remote::Remote,
};
use anyhow::{Context, Result};
use console::{Launch, launch};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{self, IsTerminal},
    process::ExitStatus,
};
use tokio::process::{Child, Command};

pub async fn run(mut settings: Settings, words: Run) -> Result<Outcome> {
    let mut label = label(words.agent.as_deref(), words.session.as_deref())?;
    let before = Before::read();
    let (runtime, proxy) = match Remote::find(&settings.data) {
        Some(remote) => (Where::There(remote.clone()), remote.running().proxy.clone()),
        None => {
            // Whoever runs one command does not want to know about ports.
            (settings.listen, settings.console) = (loopback(0), loopback(0));
            if let Some(policies) = words.policies.clone() {
                settings.policies = policies;
            }
            before.adopt(&mut settings);
            let host = Host::start(&settings).await?;
            let proxy = host.ready().proxy.clone();
            (Where::Here(Box::new(host)), proxy)
        }
    };
    let rewind = match &words.from {
        None => None,
        Some(exchange) => match rewind::begin(&runtime, exchange, words.agent.as_deref()).await {
            Ok(start) => Some(start),
            Err(error) => {
                runtime.leave().await;
                return Err(error);
            }
        },
    };
    if let Some(start) = &rewind {
        label = self::label(Some(&start.agent), Some(&start.label))?;
    }
    let launch = launch(&words.command, &format!("{proxy}{label}"));
    if !words.quiet {
        introduce(&launch, runtime.host(), &proxy);
        before.warn(&settings, runtime.host().is_some(), &proxy);
        if let Some(start) = &rewind {
            rewind::introduce(start);
        }
    }
    let ended = start_and_wait(&words.command, &launch).await;
    if let Some(start) = rewind.filter(|_| !words.quiet) {
        rewind::tell_how(&runtime, &start).await;
    }
    runtime.leave().await;
    Ok(Outcome::Code(code_of(ended?)))
}

/// The runtime that the agent calls through.
pub enum Where {
    /// Started for this command alone.
    Here(Box<Host>),
    There(Remote),
}

impl Where {
    pub async fn call<T: DeserializeOwned>(&self, name: &str, args: &impl Serialize) -> Result<T> {
        let args = serde_json::to_value(args)?;
        let answer = match self {
            Where::Here(host) => host.console().dispatch(name, args).await?,
            Where::There(remote) => remote.call(name, &args).await?,
        };
        backend::read(name, answer)
    }

    fn host(&self) -> Option<&Host> {
        match self {
            Where::Here(host) => Some(host),
            Where::There(_) => None,
        }
    }

    async fn leave(self) {
        if let Where::Here(host) = self {
            host.stop(GRACE).await;
        }
    }
}

/// `/@AGENT~SESSION`; a session needs an agent's name before it.
fn label(agent: Option<&str>, session: Option<&str>) -> Result<String> {
    match (agent, session) {
        (None, None) => Ok(String::new()),
        (Some(agent), None) => Ok(format!("/@{}", encoded(agent))),
        (Some(agent), Some(session)) => Ok(format!("/@{}~{}", encoded(agent), encoded(session))),
        (None, Some(_)) => Err(WrongWords("--session needs --agent NAME beside it".to_owned()).into()),
    }
}

fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn introduce(launch: &Launch, host: Option<&Host>, proxy: &str) {
    match host {
        Some(host) => tell(&format!(
            "switchtower: started a runtime at {proxy} (console {}/?token={})",
            host.ready().console,
            host.ready().token
        )),
        None => tell(&format!("switchtower: using the runtime at {proxy}")),
    }
    if let Some(client) = launch.client {
        tell(&format!("switchtower: recognised {client}"));
    }
    for (name, value) in &launch.variables {
        tell(&format!("  {name}={value}"));
    }
    if let Some((_, arguments)) = &launch.arguments {
        tell(&format!("  and on its command line: {}", arguments.join(" ")));
    }
}

/// Base URLs that stood in the environment: another gateway, or a server of the user's own.
struct Before(Vec<(&'static str, &'static str, String)>);

impl Before {
    fn read() -> Before {
        let known =
            [("openai", "OPENAI_BASE_URL"), ("anthropic", "ANTHROPIC_BASE_URL"), ("gemini", "GOOGLE_GEMINI_BASE_URL")];
        let set = known.into_iter().filter_map(|(provider, name)| {
            let url = std::env::var(name).ok().filter(|url| !url.is_empty())?;
            Some((provider, name, checked_url(&url).ok()?))
        });
        Before(set.collect())
    }

    /// Where this command starts the runtime, what they named stays where requests end up.
    fn adopt(&self, settings: &mut Settings) {
        for (name, _, url) in &self.0 {
            let free = !settings.configured.iter().any(|configured| configured == name);
            let provider = settings.providers.iter_mut().find(|provider| provider.name == *name);
            if let (true, Some(provider)) = (free, provider) {
                provider.base_url = url.clone();
            }
        }
    }

    fn warn(&self, settings: &Settings, own: bool, proxy: &str) {
        for (name, variable, url) in self.0.iter().filter(|(_, _, url)| !url.starts_with(proxy)) {
            let adopted =
                own && settings.providers.iter().any(|provider| provider.name == *name && provider.base_url == *url);
            if adopted {
                tell(&format!("switchtower: {variable} was {url}: requests go on to there"));
            } else {
                tell(&format!(
                    "switchtower: {variable} was {url}; requests go to the provider {name} as the runtime knows it instead"
                ));
            }
        }
    }
}

async fn start_and_wait(words: &[String], launch: &Launch) -> Result<ExitStatus> {
    let mut all = words.to_vec();
    if let Some((place, arguments)) = &launch.arguments {
        all.splice(place..place, arguments.iter().cloned());
    }
    let mut command = Command::new(&all[0]);
    command.args(&all[1..]).envs(launch.variables.iter().map(|(name, value)| (name, value)));
    past_proxies(&mut command);
    let child = command.spawn().with_context(|| format!("cannot start {}", all[0]))?;
    wait(child).await
}

/// Where the user has an HTTP proxy, calls to this machine must not go through it.
fn past_proxies(command: &mut Command) {
    let has_proxy = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    if !has_proxy.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return;
    }
    for name in ["NO_PROXY", "no_proxy"] {
        let before = std::env::var(name).unwrap_or_default();
        let separator = if before.is_empty() { "" } else { "," };
        command.env(name, format!("{before}{separator}127.0.0.1,localhost"));
    }
}

/// Passes signals on until the child has ended.
#[cfg(unix)]
async fn wait(mut child: Child) -> Result<ExitStatus> {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::signal::unix::{SignalKind, signal};
    let pid = child.id().and_then(|pid| Pid::from_raw(pid as i32));
    let pass = |signal| {
        if let Some(pid) = pid {
            // It may have ended just now.
            let _ = kill_process(pid, signal);
        }
    };
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for signals")?;
    let mut quit = signal(SignalKind::quit()).context("cannot listen for signals")?;
    // A terminal gives Ctrl-C to the child itself; a second one from us would mean "at once" to many agents.
    let terminal = io::stdin().is_terminal();
    loop {
        tokio::select! {
            ended = child.wait() => return ended.context("cannot wait for the command"),
            _ = interrupt.recv() => if !terminal { pass(Signal::INT) },
            _ = quit.recv() => if !terminal { pass(Signal::QUIT) },
            _ = terminate.recv() => pass(Signal::TERM),
            _ = hangup.recv() => pass(Signal::HUP),
        }
    }
}

#[cfg(not(unix))]
async fn wait(mut child: Child) -> Result<ExitStatus> {
    child.wait().await.context("cannot wait for the command")
}

/// As a shell says it: 128 and the signal's number where one ended the child.
fn code_of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128u8.saturating_add(signal as u8);
    }
    status.code().map_or(1, |code| code as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_survive_any_name() {
        assert_eq!(label(Some("me"), Some("first run")).unwrap(), "/@me~first%20run");
        assert_eq!(label(Some("a/b~c"), None).unwrap(), "/@a%2Fb%7Ec");
        assert_eq!(label(None, None).unwrap(), "");
        assert!(label(None, Some("x")).is_err());
    }
}
