//! The console of one runtime (or, without one, of a ledger at rest): what commands run on.

use crate::{
    Change, ChangeKind, ErrorCode, RpcError, connections,
    policies::{self, Policies},
    query::Exports,
    view::*,
    *,
};
use domain::{Clock, KeySource, Provider, TraceSink};
use futures::{Stream, StreamExt};
use ledger::Ledger;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Where the runtime is, as health tells it.
#[derive(Debug, Clone)]
pub struct Place {
    pub version: String,
    pub data: PathBuf,
    /// `http://127.0.0.1:4100`; empty where no runtime runs.
    pub proxy: String,
    pub console: Option<String>,
    pub started_at: String,
}

/// Commands, queries and live events for any UI.
pub struct Console {
    pub(crate) ledger: Ledger,
    pub(crate) runtime: Option<Arc<proxy::Runtime>>,
    pub(crate) policies: Arc<Policies>,
    place: Place,
    /// What changed without the ledger: rejected policies.
    changes: broadcast::Sender<Change>,
    /// Where imported sessions get their numbers.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) exports: Exports,
}

impl Console {
    pub fn new(ledger: Ledger, runtime: Option<Arc<proxy::Runtime>>, policies: Arc<Policies>, place: Place) -> Console {
        let (changes, _) = broadcast::channel(64);
        let clock = runtime.as_ref().map(|runtime| runtime.clock());
        Console { ledger, runtime, policies, place, changes, clock, exports: Exports::default() }
    }

    /// For a ledger at rest, which has none.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Console {
        self.clock = Some(clock);
        self
    }

    /// Reads the policies folder again and puts what is good in force. Returns the problems, for the log.
    pub fn reload_policies(&self) -> Vec<String> {
        let before = self.policies.set().summaries();
        let (set, problems) = self.policies.reload();
        if set.summaries() != before {
            if let Some(runtime) = &self.runtime {
                runtime.set_policies(set);
            }
            // Nobody listens: then nobody needs to know.
            let _ = self.changes.send(Change { kind: ChangeKind::Policy, session: None, exchange: None });
        }
        problems
    }

    /// What changes from now on. A listener that lags is told that everything may have changed.
    pub fn changes(&self) -> impl Stream<Item = Change> + Send + use<> {
        let committed = BroadcastStream::new(self.ledger.subscribe()).map(|change| match change {
            Ok(change) => Change::from(change),
            Err(BroadcastStreamRecvError::Lagged(_)) => Change::everything(),
        });
        let own = BroadcastStream::new(self.changes.subscribe())
            .map(|change| change.unwrap_or_else(|_| Change::everything()));
        futures::stream::select(committed, own)
    }

    pub async fn list_policies(&self, _: NoArgs) -> Result<PolicyPage, RpcError> {
        Ok(self.policies.page())
    }

    pub async fn get_policy(&self, args: GetPolicy) -> Result<PolicySource, RpcError> {
        self.policies.source(&args.name)
    }

    pub async fn check_policy(&self, args: CheckPolicy) -> Result<PolicyCheck, RpcError> {
        Ok(policies::check("policy.toml", &args.source, Some(self.policies.folder())))
    }

    pub async fn save_policy(&self, args: SavePolicy) -> Result<PolicySource, RpcError> {
        self.policies.save(&args.name, &args.source, args.expected_version.as_deref())?;
        for problem in self.reload_policies() {
            tracing::warn!("{problem}");
        }
        let saved = policies::check("policy.toml", &args.source, None).name;
        self.policies.source(saved.as_deref().unwrap_or(&args.name))
    }

    /// The live runtime; commands to sessions need one.
    pub(crate) fn live(&self) -> Result<&proxy::Runtime, RpcError> {
        self.runtime.as_deref().ok_or_else(|| {
            RpcError::new(ErrorCode::Unreachable, "no runtime runs on this data folder")
                .with_hint("start one with `switchtower serve`")
        })
    }

    pub async fn connect(&self, _: NoArgs) -> Result<ConnectView, RpcError> {
        if self.place.proxy.is_empty() {
            self.live()?;
        }
        Ok(connections(&self.place.proxy))
    }

    pub async fn health(&self, _: NoArgs) -> Result<HealthView, RpcError> {
        let ledger = self.ledger.health();
        let proxy = self.runtime.as_ref().map(|runtime| runtime.health());
        let policies = self.policies.health();
        let well = ledger.ok
            && ledger.dropped_events == 0
            && self.policies.folder_error().is_none()
            && policies.iter().all(|policy| policy.state == PolicyState::Active);
        let budgets = self.runtime.as_ref().map(|runtime| runtime.shared_budgets()).unwrap_or_default();
        let providers = self.runtime.iter().flat_map(|runtime| runtime.providers()).map(provider).collect();
        Ok(HealthView {
            state: if well { HealthState::Ok } else { HealthState::Degraded },
            version: self.place.version.clone(),
            proxy: self.place.proxy.clone(),
            console: self.place.console.clone(),
            data: self.place.data.display().to_string(),
            started_at: self.place.started_at.clone(),
            ledger: LedgerView {
                ok: ledger.ok,
                error: ledger.error.or_else(|| self.policies.folder_error()),
                path: self.ledger.path().display().to_string(),
                bytes: bytes_on_disk(self.ledger.path()),
                recorded_late: ledger.recorded_late + proxy.as_ref().map_or(0, |proxy| proxy.recorded_late),
            },
            queue_bytes: ledger.queue_bytes,
            dropped_events: ledger.dropped_events,
            passed_through: proxy.as_ref().map_or(0, |proxy| proxy.passed_through),
            open_exchanges: proxy.as_ref().map_or(0, |proxy| proxy.open_exchanges),
            policies,
            providers,
            breakers: self.breakers(),
            budgets: budgets.into_iter().map(BudgetView::from).collect(),
        })
    }
}

impl Change {
    fn everything() -> Change {
        Change { kind: ChangeKind::Everything, session: None, exchange: None }
    }
}

impl From<ledger::Change> for Change {
    fn from(change: ledger::Change) -> Change {
        Change {
            kind: match change.kind {
                ledger::ChangeKind::Session => ChangeKind::Session,
                ledger::ChangeKind::Exchange => ChangeKind::Exchange,
                ledger::ChangeKind::Intervention => ChangeKind::Intervention,
                ledger::ChangeKind::Escalation => ChangeKind::Escalation,
                ledger::ChangeKind::Alert => ChangeKind::Alert,
                ledger::ChangeKind::Policy => ChangeKind::Policy,
                ledger::ChangeKind::Health => ChangeKind::Health,
            },
            session: change.session.map(|id| id.to_string()),
            exchange: change.exchange.map(|id| id.to_string()),
        }
    }
}

fn provider(provider: &Provider) -> ProviderView {
    let dialect = match provider.dialect {
        domain::Family::Openai => "openai",
        domain::Family::Anthropic => "anthropic",
        domain::Family::Gemini => "gemini",
        domain::Family::Ollama => "ollama",
    };
    ProviderView {
        name: provider.name.clone(),
        dialect: dialect.to_owned(),
        base_url: provider.base_url.clone(),
        api_key: key_source_name(&provider.api_key),
    }
}

/// How a key's source is written in the configuration and shown; never the key.
pub fn key_source_name(source: &KeySource) -> String {
    match source {
        KeySource::Passthrough => "passthrough".to_owned(),
        KeySource::Env(name) => format!("env:{name}"),
        KeySource::Keychain(name) => format!("keychain:{name}"),
    }
}

fn bytes_on_disk(database: &std::path::Path) -> u64 {
    let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
    size(database) + size(&database.with_extension("db-wal"))
}
