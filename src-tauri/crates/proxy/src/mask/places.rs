//! Where credentials stand in a request: which headers and query parameters hold one.

use super::forms;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;

const HEADERS: [&str; 4] = ["cookie", "x-amz-security-token", "x-amz-credential", "x-switchtower-token"];
/// Ends of names that gateways and hosts made up (`x-goog-api-key`, `cf-aig-authorization`, `helicone-auth`, `x-auth-token`).
const HEADER_ENDS: [&str; 9] = [
    "authorization",
    "api-key",
    "apikey",
    "api_key",
    "-auth",
    "auth-token",
    "access-token",
    "-secret",
    "subscription-key",
];
const QUERY: [&str; 3] = ["key", "sig", "signature"];
const QUERY_ENDS: [&str; 6] = ["api_key", "api-key", "apikey", "token", "secret", "-signature"];

fn is_credential(header: &str) -> bool {
    HEADERS.contains(&header) || HEADER_ENDS.iter().any(|end| header.ends_with(end))
}

fn is_credential_parameter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    QUERY.contains(&name.as_str()) || QUERY_ENDS.iter().any(|end| name.ends_with(end))
}

/// Every secret that the head of a request gives, as given and as meant.
pub(super) fn secrets(headers: &HeaderMap, query: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| is_credential(name.as_str())) {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        if name == http::header::COOKIE {
            let values = value.split(';').filter_map(|pair| pair.split_once('='));
            found.extend(values.map(|(_, value)| value.trim().to_owned()));
        }
        let (scheme, secret) = parted(value);
        found.push(secret.to_owned());
        if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
            && let Some(pair) = BASE64_STANDARD.decode(secret).ok().and_then(|pair| String::from_utf8(pair).ok())
        {
            found.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
            found.push(pair);
        }
    }
    for (_, value) in parameters(query.unwrap_or_default()).filter(|(name, _)| is_credential_parameter(name)) {
        found.push(forms::percent_decoded(value));
        found.push(value.to_owned());
    }
    found
}

/// The parameters that hold no credential.
pub(crate) fn without_credentials(query: &str) -> String {
    let harmless = |pair: &&str| !pair.split_once('=').is_some_and(|(name, _)| is_credential_parameter(name));
    query.split('&').filter(harmless).collect::<Vec<_>>().join("&")
}

/// The headers without those that hold a credential or name an account.
pub(crate) fn without_credential_headers(headers: &HeaderMap) -> HeaderMap {
    const ACCOUNTS: [&str; 4] = ["openai-organization", "openai-project", "chatgpt-account-id", "x-goog-user-project"];
    let harmless = |name: &str| !is_credential(name) && !ACCOUNTS.contains(&name);
    let kept = headers.iter().filter(|(name, _)| harmless(name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A scheme word, where one stands before the credential.
fn parted(value: &str) -> (Option<&str>, &str) {
    let value = value.trim();
    let is_scheme = |word: &str| !word.is_empty() && word.len() < 20 && !word.contains(['=', ';', ',']);
    match value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, secret)) => (Some(scheme), secret.trim()),
        None => (None, value),
    }
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// The header's value for the record, where it is a credential or hands one out.
pub(super) fn hidden(name: &str, value: &str, masked: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if name == "set-cookie" {
        let (cookie, attributes) = value.split_once(';').map_or((value, None), |(cookie, rest)| (cookie, Some(rest)));
        let (key, _) = cookie.split_once('=')?;
        return Some(match attributes {
            Some(attributes) => format!("{key}={masked};{attributes}"),
            None => format!("{key}={masked}"),
        });
    }
    is_credential(&name).then(|| match parted(value) {
        (Some(scheme), _) if name != "cookie" => format!("{scheme} {masked}"),
        _ => masked.to_owned(),
    })
}

/// The path with each credential parameter's value hidden.
pub(super) fn hidden_query(path_and_query: &str, masked: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else { return path_and_query.to_owned() };
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_credential_parameter(name) => format!("{name}={masked}"),
        _ => pair.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&"))
}
