//! Who may come in: the right host name, no foreign page, the right token.

use super::{Desk, refuse};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::Next,
    response::Response,
};
use console::{ErrorCode, RpcError};
use std::net::IpAddr;

/// Only the page itself may script, style and connect; nothing may frame it; nothing remote is loaded.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `Host` and `Origin` on every request; the same headers on every answer.
pub(super) async fn check(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let mut response = match admit(request.headers(), &desk.allowed_hosts) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refuse(refusal),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // The token may stand in the address.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn admit(headers: &HeaderMap, allowed: &[String]) -> Result<(), RpcError> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    if !is_own_name(&name, allowed) {
        let message = format!("the console is not served under the host name “{name}”");
        let hint = "use http://127.0.0.1, or allow the name with --allowed-host";
        return Err(RpcError::new(ErrorCode::Forbidden, message).with_hint(hint));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let own = [format!("http://{host}"), format!("https://{host}")];
    if own.iter().any(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes())) {
        return Ok(());
    }
    Err(RpcError::new(ErrorCode::Forbidden, "a page of another origin may not use the console"))
}

fn is_own_name(name: &str, allowed: &[String]) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

/// `Authorization: Bearer TOKEN`, compared in time that does not depend on where it differs.
pub(super) fn bearer(headers: &HeaderMap, token: &str) -> Result<(), RpcError> {
    let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
    let differs =
        given.iter().zip(token.bytes()).fold(given.len() ^ token.len(), |differs, (a, b)| differs | usize::from(a ^ b));
    if std::hint::black_box(differs) == 0 {
        return Ok(());
    }
    Err(RpcError::new(ErrorCode::Unauthorized, "the console's token is missing or wrong")
        .with_hint("`switchtower serve` prints it; it also stands in console.token in the data folder"))
}
