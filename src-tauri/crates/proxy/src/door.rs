//! The door: who may speak to the proxy at all. No web page may spend the user's keys.

use crate::headers;
use http::{HeaderMap, header};

/// Host names besides loopback ones under which the proxy may be addressed, for containers.
#[derive(Debug, Clone, Default)]
pub struct Door {
    pub allowed_hosts: Vec<String>,
}

impl Door {
    /// Why a request is turned away, with what to do; `None` lets it in.
    pub fn refuses(&self, request_headers: &HeaderMap) -> Option<String> {
        let host = headers::text(request_headers, "host").unwrap_or_default();
        if !self.knows(host_name(host)) {
            return Some(format!(
                "The Host “{host}” is not one of this proxy's names. Use its loopback address, or allow the name with --allowed-host."
            ));
        }
        if let Some(origin) = headers::text(request_headers, header::ORIGIN.as_str()) {
            let name = origin.split_once("://").map(|(_, rest)| host_name(rest));
            if !name.is_some_and(|name| self.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(name))) {
                return Some(format!(
                    "Requests from web pages are refused (Origin “{origin}”): a page could spend your keys. Allow its host with --allowed-host."
                ));
            }
        }
        let site = headers::text(request_headers, "sec-fetch-site");
        if matches!(site, Some("cross-site" | "same-site")) {
            return Some("Requests from web pages are refused: a page could spend your keys.".to_owned());
        }
        None
    }

    fn knows(&self, name: &str) -> bool {
        is_loopback(name) || self.allowed_hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `name` of `name:port`, brackets of an IPv6 address kept.
fn host_name(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn refused(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Door { allowed_hosts: vec!["host.docker.internal".into()] }.refuses(&headers).is_some()
    }

    #[test]
    fn a_foreign_host_or_any_web_page_is_refused() {
        assert!(!refused(&[("host", "127.0.0.1:4100")]));
        assert!(!refused(&[("host", "localhost:4100")]));
        assert!(!refused(&[("host", "[::1]:4100")]));
        assert!(!refused(&[("host", "host.docker.internal:4100")]));
        assert!(refused(&[("host", "evil.example:4100")]));
        assert!(refused(&[("host", "127.0.0.1.evil.example")]));
        assert!(refused(&[]));
        assert!(refused(&[("host", "127.0.0.1"), ("origin", "https://evil.example")]));
        assert!(refused(&[("host", "127.0.0.1"), ("origin", "null")]));
        assert!(refused(&[("host", "127.0.0.1"), ("origin", "http://localhost:3000")]));
        assert!(refused(&[("host", "127.0.0.1"), ("sec-fetch-site", "cross-site")]));
    }
}
