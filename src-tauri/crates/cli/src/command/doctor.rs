//! `doctor`: looks at everything that a runtime needs, and says what is wrong and what to do.

use super::Outcome;
use crate::{
    arguments::Doctor,
    backend::{self, Backend},
    config::Settings,
    output::{self, Tone, plain, size, tint},
    port,
    remote::Remote,
};
use anyhow::Result;
use bytes::Bytes;
use console::{
    NoArgs, key_source_name,
    view::{HealthView, PolicyState},
};
use domain::{KeySource, Provider, Upstream, UpstreamRequest};
use futures::future::join_all;
use http::{HeaderMap, Method};
use serde::Serialize;
use std::{net::TcpListener, time::Duration};
use upstream::{HttpUpstream, Options};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Good,
    /// Works, but somebody should look.
    Note,
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    grade: Grade,
    what: String,
    /// What to do.
    todo: Option<String>,
}

fn finding(about: &'static str, grade: Grade, what: impl Into<String>, todo: Option<String>) -> Finding {
    Finding { about, grade, what: what.into(), todo }
}

pub async fn doctor(settings: &Settings, words: Doctor) -> Result<Outcome> {
    let mut findings = vec![configuration(settings)];
    let live = Remote::find(&settings.data);
    match &live {
        Some(remote) => {
            let running = remote.running();
            findings.push(finding(
                "runtime",
                Grade::Good,
                format!(
                    "process {} serves the proxy at {} and the console at {}",
                    running.pid, running.proxy, running.console
                ),
                None,
            ));
        }
        None => {
            findings.push(finding(
                "runtime",
                Grade::Note,
                "none runs on this data folder",
                Some("start one with `switchtower serve`".to_owned()),
            ));
            findings.push(port_finding("proxy port", settings.listen, "--listen"));
            findings.push(port_finding("console port", settings.console, "--console"));
        }
    }
    findings.extend(health(settings).await);
    findings.extend(join_all(settings.providers.iter().map(provider)).await);
    let bad = findings.iter().any(|finding| finding.grade == Grade::Bad);
    if words.json {
        output::json(&serde_json::json!({ "ok": !bad, "findings": findings }))?;
    } else {
        output::put(&render(&findings))?;
    }
    Ok(if bad { Outcome::Code(1) } else { Outcome::Done })
}

fn configuration(settings: &Settings) -> Finding {
    let what = match &settings.file {
        Some(path) => format!("read from {}", path.display()),
        None => "no file; built-in settings".to_owned(),
    };
    finding("configuration", Grade::Good, what, None)
}

fn port_finding(about: &'static str, address: std::net::SocketAddr, flag: &str) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => finding(about, Grade::Good, format!("{address} is free"), None),
        Err(cause) => finding(about, Grade::Bad, port::busy(about, address, flag, &cause), None),
    }
}

/// Database and policies, as the runtime (or this command in its place) sees them.
async fn health(settings: &Settings) -> Vec<Finding> {
    let backend = match Backend::open(settings) {
        Ok(backend) => backend,
        Err(error) => return vec![finding("database", Grade::Bad, format!("{error:#}"), None)],
    };
    let answer = backend.call("health", &NoArgs {}).await;
    backend.close().await;
    let view: HealthView = match answer.map_err(anyhow::Error::from).and_then(|answer| backend::read("health", answer))
    {
        Ok(view) => view,
        Err(error) => return vec![finding("database", Grade::Bad, format!("{error:#}"), None)],
    };
    let mut findings = vec![database(&view)];
    for policy in &view.policies {
        let version =
            if policy.version.is_empty() { "nothing of it".to_owned() } else { format!("version {}", policy.version) };
        findings.push(match (policy.state, &policy.error) {
            (PolicyState::Active, _) => {
                finding("policy", Grade::Good, format!("{} {version} is in force", policy.name), None)
            }
            (_, error) => finding(
                "policy",
                Grade::Bad,
                format!("{}: {}; {version} is in force", policy.name, error.as_deref().unwrap_or("rejected")),
                Some("`switchtower policy check FILE` shows the place".to_owned()),
            ),
        });
    }
    findings
}

fn database(view: &HealthView) -> Finding {
    let ledger = &view.ledger;
    let place = format!("{}, {}", ledger.path, size(ledger.bytes));
    match &ledger.error {
        Some(error) => finding("database", Grade::Bad, format!("{place}: {error}"), None),
        None if view.dropped_events > 0 => {
            let what = format!("{place}: {} records were dropped since the runtime started", view.dropped_events);
            finding("database", Grade::Bad, what, Some("is the disk full or slow?".to_owned()))
        }
        None if ledger.recorded_late > 0 => {
            let what = format!("{place}: {} responses did not wait for their record", ledger.recorded_late);
            finding(
                "database",
                Grade::Note,
                what,
                Some("the disk was slow; recording = \"required\" waits instead".to_owned()),
            )
        }
        None => finding("database", Grade::Good, place, None),
    }
}

/// Any HTTP answer means that the provider is there.
async fn provider(provider: &Provider) -> Finding {
    let name = format!("{} at {} ({})", provider.name, provider.base_url, key_source_name(&provider.api_key));
    if let KeySource::Env(variable) = &provider.api_key
        && std::env::var_os(variable).is_none_or(|key| key.is_empty())
    {
        let todo = format!("set {variable} before `switchtower serve`");
        return finding("provider", Grade::Bad, format!("{name}: {variable} is not set"), Some(todo));
    }
    let limit = Duration::from_secs(5);
    let http = HttpUpstream::new(Options { connect_timeout: limit, idle_timeout: Some(limit), ..Options::default() });
    let request = UpstreamRequest {
        method: Method::GET,
        url: format!("{}/", provider.base_url),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    match http.send(request).await {
        Ok(_) => finding("provider", Grade::Good, format!("{name} answers"), None),
        // Only those that somebody uses need to answer.
        Err(failure) => finding("provider", Grade::Note, format!("{name}: {}", failure.message), None),
    }
}

fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (mark, tone) = match finding.grade {
            Grade::Good => ("✓", Tone::Good),
            Grade::Note => ("!", Tone::Warn),
            Grade::Bad => ("✗", Tone::Bad),
        };
        text += &format!("{} {:<14} {}\n", tint(mark, tone), finding.about, plain(&finding.what));
        if let Some(todo) = &finding.todo {
            text += &format!("  {:<14} → {}\n", "", plain(todo));
        }
    }
    text
}
