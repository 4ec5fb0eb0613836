//! The written list of headers that are not carried through; every other one is, with its value untouched.

use domain::Headers;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Hop by hop (RFC 9110, 7.6.1), or made anew for the next hop.
const HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
];

/// Ours, never forwarded.
pub const AGENT: HeaderName = HeaderName::from_static("x-switchtower-agent");
pub const SESSION: HeaderName = HeaderName::from_static("x-switchtower-session");
pub const TOKEN: HeaderName = HeaderName::from_static("x-switchtower-token");
pub const EXCHANGE: HeaderName = HeaderName::from_static("x-switchtower-exchange");
pub const INTERVENTION: HeaderName = HeaderName::from_static("x-switchtower-intervention");

fn carried(name: &HeaderName, named_by_connection: &[String]) -> bool {
    !HOP.contains(name)
        && *name != header::CONTENT_LENGTH
        && ![&AGENT, &SESSION, &TOKEN].contains(&name)
        && !named_by_connection.iter().any(|other| other.eq_ignore_ascii_case(name.as_str()))
}

fn carry(from: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = from
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_owned()))
        .collect();
    let mut to = HeaderMap::with_capacity(from.len() + 4);
    for (name, value) in from {
        if carried(name, &named) {
            to.append(name.clone(), value.clone());
        }
    }
    to
}

/// What goes to the provider. `Expect` was answered by this hop.
pub fn to_provider(from: &HeaderMap) -> HeaderMap {
    let mut to = carry(from);
    to.remove(header::EXPECT);
    to
}

/// What goes back to the agent; the length stays where the body does.
pub fn to_agent(from: &HeaderMap, same_body: bool) -> HeaderMap {
    let mut to = carry(from);
    if same_body {
        if let Some(length) = from.get(header::CONTENT_LENGTH) {
            to.insert(header::CONTENT_LENGTH, length.clone());
        }
    } else {
        to.remove(header::CONTENT_ENCODING);
    }
    to
}

/// Adds one of ours; ids are ASCII, so that a value that is none means a defect and is left out.
pub fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}

pub fn put_length(headers: &mut HeaderMap, length: usize) {
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

/// For the record: in the order of the wire, as text.
pub fn written(headers: &HeaderMap) -> Headers {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// A record's headers as they were on the wire; one that is none any more is left out.
pub fn read(headers: &Headers) -> HeaderMap {
    let read = |(name, value): &(String, String)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_str(value).ok()?))
    };
    headers.iter().filter_map(read).collect()
}

pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_written_list_is_dropped() {
        let mut from = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, x-once"),
            ("x-once", "1"),
            ("anthropic-beta", "a,b"),
            ("x-switchtower-agent", "me"),
            ("accept-encoding", "gzip"),
            ("content-length", "3"),
            ("te", "trailers"),
        ] {
            from.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let to = to_provider(&from);
        let names: Vec<&str> = to.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["anthropic-beta", "accept-encoding"]);
    }
}
