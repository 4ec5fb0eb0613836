//! An attempt that came to nothing: what is known of it, and what its agent gets if nobody mends it.

use crate::{continuation, exchange::Exchange, headers, relay};
use bytes::Bytes;
use domain::*;
use futures::StreamExt;
use http::HeaderMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wire::Framing;

/// An error's body that is read before it goes on, in bytes.
const READ: usize = 256 * 1024;
/// How long its body may take; then its status is all that is known of it.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Failing {
    pub fault: Fault,
    pub status: Option<u16>,
    pub said: String,
    /// `x-should-retry`.
    pub advice: Option<bool>,
    pub retry_after_ms: Option<u64>,
    pub left: Left,
}

pub(crate) enum Left {
    /// With everything that was read of it in its place again.
    Response(UpstreamResponse),
    Nothing(UpstreamFailure),
}

impl Failing {
    /// No head came.
    pub fn unreached(exchange: &Exchange, failure: UpstreamFailure) -> Failing {
        Failing {
            fault: Fault::of(failure.class),
            status: None,
            said: exchange.mask.masked(&failure.message),
            advice: None,
            retry_after_ms: None,
            left: Left::Nothing(failure),
        }
    }

    /// The provider answered with an error.
    pub async fn refused(exchange: &Exchange, mut response: UpstreamResponse) -> Failing {
        let mut rest = relay::taken(&mut response);
        let mut ahead = Vec::new();
        let mut body = Vec::new();
        let until = Instant::now() + PATIENCE;
        while body.len() < READ {
            let Ok(Some(chunk)) = timeout_at(until, rest.next()).await else { break };
            if let Ok(chunk) = &chunk {
                body.extend_from_slice(chunk);
            }
            let cut = chunk.is_err();
            ahead.push(chunk);
            if cut {
                break;
            }
        }
        let encoding = headers::text(&response.headers, "content-encoding");
        let clear = wire::decode_body(encoding, &Bytes::from(body)).unwrap_or_default();
        let status = response.status.as_u16();
        let said = continuation::read(&exchange.request, Framing::Whole, &clear).error.unwrap_or_default();
        let told = std::str::from_utf8(&clear).unwrap_or(&said);
        let retry_after_ms = asked_wait(&response.headers, exchange.core.now()).or_else(|| delay_in(&clear));
        let advice = advice(&response.headers);
        relay::put_back(&mut response, ahead, rest);
        Failing {
            fault: Fault::of_status(status, told),
            status: Some(status),
            said: exchange.mask.masked(&said),
            advice,
            retry_after_ms,
            left: Left::Response(response),
        }
    }

    /// As rules see it. `open`: the agent has a head already.
    pub fn failed(&self, exchange: &Exchange, open: bool) -> act::Failed {
        let waits = Patience::of(exchange.family).waits_ms(open, false);
        let elapsed = u64::from(exchange.elapsed()) / 1000;
        let mends = exchange.policies.mends_failures();
        act::Failed {
            fault: self.fault,
            status: self.status,
            said: self.said.clone(),
            before: if mends { exchange.core.tries.failed(exchange) } else { 0 },
            advice: self.advice,
            retry_after_ms: self.retry_after_ms,
            patience_ms: waits.map(|waits| waits.saturating_sub(elapsed)),
            chance: exchange.core.ports.chance.draw(),
        }
    }
}

/// The vendors' SDKs heed it before any status.
fn advice(headers: &HeaderMap) -> Option<bool> {
    match headers::text(headers, "x-should-retry")?.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// `retry-after-ms`; else `Retry-After` in seconds or as a date.
fn asked_wait(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let millis = headers::text(headers, "retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok());
    if let Some(millis) = millis.filter(|millis| *millis >= 0.0) {
        return Some(millis.ceil() as u64);
    }
    let text = headers::text(headers, "retry-after")?.trim();
    match text.parse::<f64>() {
        Ok(seconds) => (seconds >= 0.0).then(|| (seconds * 1000.0).ceil() as u64),
        Err(_) => Timestamp::of_http_date(text).map(|at| (at.micros_since(now) as u64).div_ceil(1000)),
    }
}

/// Google says it in the body: `"retryDelay": "34s"` among the error's details.
fn delay_in(body: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let details = value["error"]["details"].as_array()?;
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    (seconds >= 0.0).then(|| (seconds * 1000.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_wait_is_read_in_every_form_that_providers_use() {
        // 2026-11-25T12:00:00Z
        let now = Timestamp(1_795_608_000_000_000);
        for (name, value, expected) in [
            ("retry-after", "3", Some(3_000)),
            ("retry-after", "0.25", Some(250)),
            ("retry-after-ms", "1500", Some(1_500)),
            ("retry-after", "Wed, 25 Nov 2026 12:00:07 GMT", Some(7_000)),
            ("retry-after", "Wed, 25 Nov 2026 11:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after", "-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(asked_wait(&headers, now), expected, "{name}: {value}");
        }
        let body = br#"{"error":{"code":429,"details":[{"@type":"x"},{"retryDelay":"34.5s"}]}}"#;
        assert_eq!(delay_in(body), Some(34_500));
    }
}
