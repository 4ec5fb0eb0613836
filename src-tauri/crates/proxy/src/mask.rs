//! Masks an exchange's own credentials wherever they would reach the record.

use bytes::Bytes;
use domain::Headers;
use http::HeaderMap;
use memchr::memmem;

const MASKED: &str = "[masked]";
/// Headers whose value is a credential, or holds one after a scheme word.
const CREDENTIAL_HEADERS: [&str; 8] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "proxy-authorization",
    "cookie",
    "x-switchtower-token",
    "x-amz-security-token",
];
const CREDENTIAL_QUERY: [&str; 5] = ["key", "api_key", "api-key", "access_token", "token"];
/// Shorter values are words, not keys: masking them would tear the record.
const SHORTEST: usize = 8;

/// The credentials of one exchange; lives as long as the exchange, in memory only.
#[derive(Clone, Default)]
pub struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    pub fn of(headers: &HeaderMap, query: Option<&str>, held: Option<&str>) -> Mask {
        let mut mask = Mask::default();
        for name in CREDENTIAL_HEADERS {
            for value in headers.get_all(name).iter().filter_map(|value| value.to_str().ok()) {
                let secret = value
                    .split_once(' ')
                    .filter(|(scheme, _)| scheme.len() < SHORTEST)
                    .map_or(value, |(_, secret)| secret);
                mask.add(secret.trim());
            }
        }
        for (name, value) in query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
            if CREDENTIAL_QUERY.contains(&name.to_ascii_lowercase().as_str()) {
                mask.add(value);
            }
        }
        if let Some(held) = held {
            mask.add(held);
        }
        // Longest first, so that no rest of a longer one stays behind.
        mask.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        mask
    }

    fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST && !self.secrets.iter().any(|known| known == secret) {
            self.secrets.push(secret.to_owned());
        }
    }

    pub fn touches(&self, bytes: &[u8]) -> bool {
        self.secrets.iter().any(|secret| memmem::find(bytes, secret.as_bytes()).is_some())
    }

    /// The bytes with each credential masked; the same buffer where there is none.
    pub fn bytes(&self, bytes: &Bytes) -> Bytes {
        if !self.touches(bytes) {
            return bytes.clone();
        }
        let mut masked = bytes.to_vec();
        for secret in &self.secrets {
            masked = replaced(&masked, secret.as_bytes());
        }
        Bytes::from(masked)
    }

    pub fn text(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASKED);
            }
        }
    }

    pub fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.text(&mut text);
        text
    }

    pub fn headers(&self, mut headers: Headers) -> Headers {
        for (_, value) in &mut headers {
            self.text(value);
        }
        headers
    }
}

fn replaced(bytes: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memmem::find_iter(bytes, secret) {
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(MASKED.as_bytes());
        from = at + secret.len();
    }
    out.extend_from_slice(&bytes[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_key_is_masked_wherever_it_stands_and_nothing_else_is() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer sk-secret-123456"));
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let mask = Mask::of(&headers, Some("alt=sse&key=AIza-999999"), None);
        assert_eq!(mask.masked("?alt=sse&key=AIza-999999"), "?alt=sse&key=[masked]");
        assert_eq!(
            &mask.bytes(&Bytes::from_static(b"{\"e\":\"bad key sk-secret-123456!\"}"))[..],
            b"{\"e\":\"bad key [masked]!\"}"
        );
        let clean = Bytes::from_static(b"nothing here");
        assert_eq!(mask.bytes(&clean).as_ptr(), clean.as_ptr());
        let written = mask.headers(super::super::headers::written(&headers));
        assert_eq!(written[0].1, "Bearer [masked]");
        assert_eq!(written[1].1, "application/json");
    }
}
