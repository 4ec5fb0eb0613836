//! `run --from`: an agent runs again, answered from the record; and what is told of it before and after.

use super::run::Where;
use crate::output::{plain, tell};
use anyhow::Result;
use console::{BeginRewind, GetSession, view::*};

pub async fn begin(runtime: &Where, exchange: &str, agent: Option<&str>) -> Result<RewindStart> {
    let args = BeginRewind { exchange: exchange.to_owned(), agent: agent.map(str::to_owned) };
    runtime.call("begin_rewind", &args).await
}

pub fn introduce(start: &RewindStart) {
    let RewindStart { session, recorded_session, exchange, step, answers, .. } = start;
    tell(&format!(
        "switchtower: rewinding {recorded_session} as {session}: {} from the record, live from step {step} ({exchange})",
        counted(*answers)
    ));
    tell("  the agent's own tools run again; the first difference to the record ends it");
}

/// How it went. A record that cannot be read any more is no fault of the agent's.
pub async fn tell_how(runtime: &Where, start: &RewindStart) {
    let detail: Result<SessionDetail> =
        runtime.call("get_session", &GetSession { session: start.session.clone() }).await;
    match detail.map(|detail| detail.rewind) {
        Ok(Some(rewind)) => summary(&rewind).iter().for_each(|line| tell(line)),
        Ok(None) | Err(_) => tell("switchtower: the agent asked nothing under this rewind's address"),
    }
}

fn counted(answers: u32) -> String {
    if answers == 1 { "1 answer".to_owned() } else { format!("{answers} answers") }
}

fn summary(rewind: &RewindView) -> Vec<String> {
    let served = format!("switchtower: {} of {} from the record", counted(rewind.served), rewind.answers);
    let Some(live) = &rewind.live else {
        return vec![format!("{served}; the agent ended before step {}", rewind.step)];
    };
    let since = live.exchange.as_deref().unwrap_or("then");
    let why = match live.why {
        RewindWhy::Asked => "as asked",
        RewindWhy::Differs => "its request differs from the record",
        RewindWhy::Unfinished => "the recorded exchange has no whole answer",
        RewindWhy::Ordered => "a person changed what goes to the model",
        RewindWhy::Blocked => "a rule took a call out of the recorded answer",
        RewindWhy::Lost => "the runtime was started again meanwhile",
    };
    let mut lines = vec![format!("{served}, live since {since}: {why}")];
    lines.extend(live.differences.iter().map(|one| format!("  {} differs", plain(&one.place))));
    if let Some(exchange) = live.exchange.as_ref().filter(|_| !live.differences.is_empty()) {
        lines.push(format!("  → `switchtower show {exchange}` shows what"));
    }
    lines
}
