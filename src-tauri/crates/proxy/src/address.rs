//! Where a request is meant to go, read from its path: labels, the named provider, and what is appended to its base URL.

use domain::{Dialect, Family, Provider};
use http::HeaderMap;
use wire::Route;

/// A path taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub agent: Option<String>,
    pub session: Option<String>,
    /// Named by `/p/NAME/`.
    pub provider: Option<String>,
    /// The rest, beginning with a slash, as the agent wrote it.
    pub path: String,
}

/// Takes `/@AGENT~SESSION` and `/p/NAME` off the front.
pub fn parse(path: &str) -> Address {
    let mut address = Address { agent: None, session: None, provider: None, path: path.to_owned() };
    if let Some(label) = path.strip_prefix("/@") {
        let (label, rest) = label.split_once('/').unwrap_or((label, ""));
        let (agent, session) = match label.split_once('~') {
            Some((agent, session)) => (agent, Some(session)),
            None => (label, None),
        };
        address.agent = Some(percent_decoded(agent)).filter(|name| !name.is_empty());
        address.session = session.map(percent_decoded).filter(|name| !name.is_empty());
        address.path = format!("/{rest}");
    }
    if let Some(named) = address.path.strip_prefix("/p/") {
        let (name, rest) = named.split_once('/').unwrap_or((named, ""));
        address.provider = Some(percent_decoded(name));
        address.path = format!("/{rest}");
    }
    address
}

pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escape = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()));
        match escape {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The provider of a request and the URL that it reaches there.
///
/// OpenAI's base URL ends where an SDK's does (`…/v1`), so what follows `/v1` is appended; elsewhere the whole path is. A path that
/// clients double or leave short (`/v1/v1/messages`, `/messages`) is put right for a default provider and left alone for a named one.
pub fn resolve<'a>(
    address: &Address,
    route: Option<&Route>,
    query: Option<&str>,
    headers: &HeaderMap,
    providers: &'a [Provider],
) -> Option<(&'a Provider, String)> {
    let with_query = |path: String| match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if let Some(name) = &address.provider {
        let provider = providers.iter().find(|provider| provider.name == *name)?;
        return Some((provider, with_query(format!("{}{}", provider.base_url, address.path))));
    }
    let family = match route.map(|route| route.dialect) {
        Some(Dialect::OpenaiChat | Dialect::OpenaiResponses) => Family::Openai,
        Some(dialect) => dialect.family(),
        None => family_of_path(&address.path, headers),
    };
    let name = match family {
        Family::Openai => "openai",
        Family::Anthropic => "anthropic",
        Family::Gemini => "gemini",
        Family::Ollama => "ollama",
    };
    let provider = providers.iter().find(|provider| provider.name == name)?;
    Some((provider, with_query(format!("{}{}", provider.base_url, vendor_path(family, &address.path)))))
}

/// The URL of a recorded request at a provider, which may be another than the one that answered `then`.
pub fn resolve_to(provider: &Provider, address: &Address, then: &str, query: Option<&str>) -> String {
    let verbatim = address.provider.is_some() && provider.name == then;
    let path = if verbatim { address.path.clone() } else { vendor_path(provider.dialect, &address.path) };
    let url = format!("{}{path}", provider.base_url);
    query.map_or(url.clone(), |query| format!("{url}?{query}"))
}

/// The address of a request at another provider of its dialect. A credential in the query stays behind.
pub fn redirected(address: &Address, query: Option<&str>, provider: &Provider) -> String {
    let path = match address.provider {
        Some(_) => address.path.clone(),
        None => vendor_path(provider.dialect, &address.path),
    };
    match crate::mask::without_credentials(query.unwrap_or_default()) {
        query if query.is_empty() => format!("{}{path}", provider.base_url),
        query => format!("{}{path}?{query}", provider.base_url),
    }
}

fn family_of_path(path: &str, headers: &HeaderMap) -> Family {
    if headers.contains_key("anthropic-version") || path.contains("/messages") {
        Family::Anthropic
    } else if path.starts_with("/v1beta") || headers.contains_key("x-goog-api-key") {
        Family::Gemini
    } else if path == "/v1" || path.starts_with("/v1/") {
        Family::Openai
    } else if path.starts_with("/api/") && !path.starts_with("/api/hello") {
        Family::Ollama
    } else if path.starts_with("/api/") {
        Family::Anthropic
    } else {
        Family::Openai
    }
}

/// The path that the vendor knows: doubled versions folded, a missing one added where the vendor needs it.
fn vendor_path(family: Family, path: &str) -> String {
    match family {
        Family::Openai => {
            let mut rest = path;
            while let Some(tail) = rest.strip_prefix("/v1").filter(|tail| tail.is_empty() || tail.starts_with('/')) {
                rest = tail;
            }
            rest.to_owned()
        }
        Family::Anthropic => {
            let mut rest = path;
            while let Some(tail) = rest.strip_prefix("/v1").filter(|tail| tail.starts_with("/v1/")) {
                rest = tail;
            }
            match rest.strip_prefix("/messages") {
                Some(tail) => format!("/v1/messages{tail}"),
                None => rest.to_owned(),
            }
        }
        Family::Gemini => {
            let mut rest = path;
            while let Some(tail) = strip_version(rest).filter(|tail| strip_version(tail).is_some()) {
                rest = tail;
            }
            if rest.starts_with("/models/") { format!("/v1beta{rest}") } else { rest.to_owned() }
        }
        Family::Ollama => path.to_owned(),
    }
}

fn strip_version(path: &str) -> Option<&str> {
    ["/v1beta", "/v1alpha", "/v1"]
        .iter()
        .find_map(|version| path.strip_prefix(version).filter(|tail| tail.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::KeySource;

    fn provider(name: &str, dialect: Family, base_url: &str) -> Provider {
        Provider { name: name.into(), dialect, base_url: base_url.into(), api_key: KeySource::Passthrough }
    }

    fn url(path: &str) -> String {
        let providers = [
            provider("openai", Family::Openai, "https://o/v1"),
            provider("anthropic", Family::Anthropic, "https://a"),
            provider("gemini", Family::Gemini, "https://g"),
            provider("ollama", Family::Ollama, "http://l"),
            provider("mine", Family::Openai, "http://m/base"),
        ];
        let address = parse(path);
        let headers = HeaderMap::new();
        let route = wire::route(&address.path, None, &headers);
        match resolve(&address, route.as_ref(), None, &headers, &providers) {
            Some((_, url)) => url,
            None => "nowhere".into(),
        }
    }

    #[test]
    fn labels_come_off_before_the_provider_is_chosen() {
        let address = parse("/@coder~run%201/p/mine/x/y");
        assert_eq!(address.agent.as_deref(), Some("coder"));
        assert_eq!(address.session.as_deref(), Some("run 1"));
        assert_eq!(address.provider.as_deref(), Some("mine"));
        assert_eq!(address.path, "/x/y");
        assert_eq!(url("/@coder/v1/chat/completions"), "https://o/v1/chat/completions");
    }

    #[test]
    fn paths_that_clients_double_or_cut_reach_the_vendor() {
        assert_eq!(url("/v1/chat/completions"), "https://o/v1/chat/completions");
        assert_eq!(url("/chat/completions"), "https://o/v1/chat/completions");
        assert_eq!(url("/v1/v1/responses"), "https://o/v1/responses");
        assert_eq!(url("/v1/models"), "https://o/v1/models");
        assert_eq!(url("/v1/messages"), "https://a/v1/messages");
        assert_eq!(url("/v1/v1/messages"), "https://a/v1/messages");
        assert_eq!(url("/messages"), "https://a/v1/messages");
        assert_eq!(url("/v1beta/models/m:generateContent"), "https://g/v1beta/models/m:generateContent");
        assert_eq!(url("/v1beta/v1beta/models/m:generateContent"), "https://g/v1beta/models/m:generateContent");
        assert_eq!(url("/models/m:streamGenerateContent"), "https://g/v1beta/models/m:streamGenerateContent");
        assert_eq!(url("/api/chat"), "http://l/api/chat");
        assert_eq!(url("/p/mine/v1/chat/completions"), "http://m/base/v1/chat/completions");
        assert_eq!(url("/p/nobody/v1/chat/completions"), "nowhere");
    }
}
