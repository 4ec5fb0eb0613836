//! Settings: flags and environment before the file before what is built in; every key of the file known, every error with its place.

use crate::arguments::{Common, LogFormat, Serve};
use domain::{Family, KeySource, Provider};
use serde::{Deserialize, Deserializer, de};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    Parse { path: PathBuf, source: Box<toml_edit::de::Error> },
    #[error("provider {name} in {path}: {problem}")]
    Provider { path: PathBuf, name: String, problem: String },
    #[error("no home folder is known; name the data folder with --data DIR or SWITCHTOWER_DATA")]
    NoHome,
}

/// Everything that a runtime is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub console: SocketAddr,
    pub data: PathBuf,
    /// Whether a person named the data folder.
    pub data_is_named: bool,
    pub policies: PathBuf,
    pub ui: Option<PathBuf>,
    pub allowed_hosts: Vec<String>,
    pub providers: Vec<Provider>,
    /// Silence of a provider after which its exchange fails; `None` waits for ever.
    pub idle_timeout: Option<Duration>,
    /// Silence of an agent after which its session is idle.
    pub session_idle: Duration,
    /// Whether a response waits for its record however long that takes.
    pub recording_required: bool,
    /// How an agent that waits for a person is kept: the silence before its answer's head, and between two no-ops after it.
    pub hold_before_head: Duration,
    pub heartbeat: Duration,
    pub log: String,
    pub log_format: LogFormat,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Names of providers that the file configures: `run` leaves these alone.
    pub configured: Vec<String>,
}

/// `switchtower.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    console: Option<SocketAddr>,
    data: Option<PathBuf>,
    policies: Option<PathBuf>,
    ui: Option<PathBuf>,
    allowed_hosts: Vec<String>,
    idle_timeout: Option<Patience>,
    session_idle: Option<Span>,
    recording: Option<RecordingWord>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    hold: HoldTable,
    providers: BTreeMap<String, ProviderTable>,
}

/// How an agent that waits for a person is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HoldTable {
    before_head: Option<Span>,
    heartbeat: Option<Span>,
}

/// `"45s"`: a duration that ends.
#[derive(Debug, Clone, Copy)]
struct Span(Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let span = duration(&text).filter(|span| !span.is_zero()).map(Span);
        span.ok_or_else(|| de::Error::custom(format!("“{text}” is no duration; write it as 500ms, 45s or 2m")))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderTable {
    dialect: Option<Family>,
    base_url: Option<String>,
    api_key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordingWord {
    BestEffort,
    Required,
}

/// `"90s"`, `"15m"`, `"2h"` or `"never"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Patience(Option<Duration>);

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "never" {
            return Ok(Patience(None));
        }
        duration(&text)
            .map(|duration| Patience(Some(duration)))
            .ok_or_else(|| de::Error::custom(format!("“{text}” is no duration; write it as 90s, 15m, 2h or never")))
    }
}

/// `250ms`, `90s`, `15m`, `2h`, `7d`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(ms)?))
}

impl Settings {
    /// `serve` gives the flags; other commands only need the folders.
    pub fn gather(common: &Common, serve: Option<&Serve>) -> Result<Settings, ConfigError> {
        let (path, file) = read(common.config.as_deref())?;
        let named = path.clone().unwrap_or_else(|| PathBuf::from("switchtower.toml"));
        let home = || dirs::config_dir().map(|dir| dir.join("switchtower"));
        let data = common.data.clone().or(file.data);
        let data_is_named = data.is_some();
        let data = data.or_else(|| dirs::data_dir().map(|dir| dir.join("switchtower"))).ok_or(ConfigError::NoHome)?;
        let policies = serve.and_then(|serve| serve.policies.clone()).or(file.policies);
        let policies =
            policies.or_else(|| home().map(|dir| dir.join("policies"))).unwrap_or_else(|| data.join("policies"));
        let flags = |flag: fn(&Serve) -> Option<SocketAddr>| serve.and_then(flag);
        let mut allowed_hosts = file.allowed_hosts;
        allowed_hosts.extend(serve.iter().flat_map(|serve| serve.allowed_host.iter().cloned()));
        let configured = file.providers.keys().cloned().collect();
        Ok(Settings {
            listen: flags(|serve| serve.listen).or(file.listen).unwrap_or(loopback(4100)),
            console: flags(|serve| serve.console).or(file.console).unwrap_or(loopback(4101)),
            data: absolute(data),
            data_is_named,
            policies: absolute(policies),
            ui: serve.and_then(|serve| serve.ui.clone()).or(file.ui),
            allowed_hosts,
            providers: providers(file.providers, &named)?,
            idle_timeout: file.idle_timeout.map_or(Some(Duration::from_secs(15 * 60)), |patience| patience.0),
            session_idle: file.session_idle.map_or(Duration::from_secs(15 * 60), |span| span.0),
            hold_before_head: file.hold.before_head.map_or(Duration::from_secs(45), |span| span.0),
            heartbeat: file.hold.heartbeat.map_or(Duration::from_secs(10), |span| span.0),
            recording_required: file.recording == Some(RecordingWord::Required),
            log: common.log.clone().or(file.log).unwrap_or_else(|| "warn".to_owned()),
            log_format: common.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            file: path,
            configured,
        })
    }
}

/// Other processes are told of it, and stand elsewhere.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A file that was named must be there; the default one may be missing.
fn read(named: Option<&Path>) -> Result<(Option<PathBuf>, File), ConfigError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => match dirs::config_dir().map(|dir| dir.join("switchtower").join("switchtower.toml")) {
            Some(path) if path.exists() => path,
            _ => return Ok((None, File::default())),
        },
    };
    let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    let file = toml_edit::de::from_str(&text)
        .map_err(|source| ConfigError::Parse { path: path.clone(), source: Box::new(source) })?;
    Ok((Some(path), file))
}

fn built_in() -> Vec<Provider> {
    let row = |name: &str, dialect, base_url: &str| Provider {
        name: name.to_owned(),
        dialect,
        base_url: base_url.to_owned(),
        api_key: KeySource::Passthrough,
    };
    vec![
        row("openai", Family::Openai, "https://api.openai.com/v1"),
        row("anthropic", Family::Anthropic, "https://api.anthropic.com"),
        row("gemini", Family::Gemini, "https://generativelanguage.googleapis.com"),
        row("ollama", Family::Ollama, "http://127.0.0.1:11434"),
        row("openrouter", Family::Openai, "https://openrouter.ai/api/v1"),
    ]
}

fn providers(tables: BTreeMap<String, ProviderTable>, path: &Path) -> Result<Vec<Provider>, ConfigError> {
    let mut providers = built_in();
    for (name, table) in tables {
        let wrong = |problem: String| ConfigError::Provider { path: path.to_owned(), name: name.clone(), problem };
        let known = providers.iter().position(|provider| provider.name == name);
        let before = known.map(|place| providers[place].clone());
        let dialect = table.dialect.or(before.as_ref().map(|known| known.dialect));
        let dialect =
            dialect.ok_or_else(|| wrong("dialect is missing: openai, anthropic, gemini or ollama".to_owned()))?;
        let base_url = table.base_url.or(before.as_ref().map(|known| known.base_url.clone()));
        let base_url = base_url.ok_or_else(|| wrong("base_url is missing".to_owned()))?;
        let base_url = checked_url(&base_url).map_err(wrong)?;
        let api_key = match table.api_key {
            Some(text) => key_source(&text).map_err(wrong)?,
            None => before.map_or(KeySource::Passthrough, |known| known.api_key),
        };
        let provider = Provider { name: name.clone(), dialect, base_url, api_key };
        match known {
            Some(place) => providers[place] = provider,
            None => providers.push(provider),
        }
    }
    Ok(providers)
}

/// Without the slash at its end.
pub fn checked_url(text: &str) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|_| format!("base_url “{text}” is no URL"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
        return Err(format!("base_url “{text}” must begin with http:// or https:// and name a host"));
    }
    if uri.query().is_some() {
        return Err("base_url must not hold a query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn key_source(text: &str) -> Result<KeySource, String> {
    match text.split_once(':') {
        None if text == "passthrough" => Ok(KeySource::Passthrough),
        Some(("env", name)) if !name.is_empty() => Ok(KeySource::Env(name.to_owned())),
        Some(("keychain", name)) if !name.is_empty() => Ok(KeySource::Keychain(name.to_owned())),
        // The text may be a key that somebody pasted: it is not repeated.
        _ => {
            Err("api_key is passthrough, env:NAME or keychain:NAME; a key itself does not belong into the file"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(text: &str) -> Result<Settings, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("switchtower.toml");
        std::fs::write(&config, text).unwrap();
        let common = Common { data: Some(folder.path().to_owned()), config: Some(config), log: None, log_format: None };
        Settings::gather(&common, None)
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line_and_the_known_ones() {
        let error = settings_of("listen = \"127.0.0.1:1\"\nlisten_on = 3\n").unwrap_err().to_string();
        assert!(error.contains("line 2, column 1"), "{error}");
        assert!(error.contains("unknown field `listen_on`"), "{error}");
    }

    #[test]
    fn an_unknown_key_of_a_provider_is_an_error_with_its_line() {
        let error = settings_of("[providers.openai]\nbase = \"https://x\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_built_in_provider_can_be_overridden_in_part() {
        let settings = settings_of("[providers.openai]\nbase_url = \"http://127.0.0.1:9/v1/\"\n").unwrap();
        let openai = settings.providers.iter().find(|provider| provider.name == "openai").unwrap();
        assert_eq!((openai.base_url.as_str(), openai.dialect), ("http://127.0.0.1:9/v1", Family::Openai));
        assert_eq!(settings.providers.len(), 5);
    }

    #[test]
    fn a_pasted_key_is_refused_without_repeating_it() {
        let error = settings_of("[providers.openai]\napi_key = \"sk-secret\"\n").unwrap_err().to_string();
        assert!(error.contains("env:NAME") && !error.contains("sk-secret"), "{error}");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(settings_of("idle_timeout = \"90s\"").unwrap().idle_timeout, Some(Duration::from_secs(90)));
        assert_eq!(settings_of("idle_timeout = \"never\"").unwrap().idle_timeout, None);
        assert!(settings_of("idle_timeout = \"90\"").is_err());
        assert_eq!(settings_of("").unwrap().session_idle, Duration::from_secs(15 * 60));
        assert_eq!(settings_of("session_idle = \"2m\"").unwrap().session_idle, Duration::from_secs(2 * 60));
    }
}
