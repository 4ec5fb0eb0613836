//! Alerts going out: a notice posted to a webhook, or given to a program. What a desktop is told, it hears from the console's events.

use crate::HttpUpstream;
use domain::{Alarm, AlertTarget, Notice, Upstream, UpstreamRequest};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, header};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

/// Carries notices by the same client as requests.
#[derive(Clone)]
pub struct Alarms {
    client: HttpUpstream,
}

impl Alarms {
    pub fn new(client: HttpUpstream) -> Alarms {
        Alarms { client }
    }
}

impl Alarm for Alarms {
    fn raise(&self, target: AlertTarget, notice: Notice) -> BoxFuture<'static, Result<(), String>> {
        let client = self.client.clone();
        Box::pin(async move {
            let body = serde_json::to_vec(&notice).map_err(|error| error.to_string())?;
            match target {
                AlertTarget::Desktop => Ok(()),
                AlertTarget::Webhook(url) => post(client, url, body).await,
                AlertTarget::Command(words) => run(&words, &body).await,
            }
        })
    }
}

async fn post(client: HttpUpstream, url: String, body: Vec<u8>) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let request = UpstreamRequest { method: Method::POST, url, headers, body: body.into() };
    let response = client.send(request).await.map_err(|failure| failure.message)?;
    match response.status.is_success() {
        true => Ok(()),
        false => Err(format!("the webhook answered with status {}", response.status.as_u16())),
    }
}

/// The program gets the notice on its standard input; what it prints is not read.
async fn run(words: &[String], notice: &[u8]) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else { return Err("no program is named".to_owned()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input is told all the same, by having been started.
        let _ = input.write_all(notice).await;
    }
    let status = child.wait().await.map_err(|error| format!("{program}: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{program} ended with {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use domain::{ExchangeId, InterventionId, SessionId, Timestamp};

    fn notice() -> Notice {
        Notice {
            alert: "desk".into(),
            text: "Look.".into(),
            session: SessionId(1),
            exchange: ExchangeId(2),
            intervention: InterventionId(3),
            policy: "p".into(),
            rule: "r".into(),
            at: Timestamp(0),
        }
    }

    async fn raised(target: AlertTarget) -> Result<(), String> {
        Alarms::new(HttpUpstream::new(Options::default())).raise(target, notice()).await
    }

    #[tokio::test]
    async fn a_program_reads_the_notice_and_its_failure_is_told() {
        let words = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
        let reads = words("grep -q '\"text\":\"Look.\"'");
        assert_eq!(raised(AlertTarget::Command(reads)).await, Ok(()));
        let failed = raised(AlertTarget::Command(words("exit 3"))).await.unwrap_err();
        assert!(failed.contains("sh ended with") && failed.contains('3'), "{failed}");
        let missing = raised(AlertTarget::Command(vec!["no-such-program-here".into()])).await.unwrap_err();
        assert!(missing.starts_with("cannot start no-such-program-here"), "{missing}");
    }
}
