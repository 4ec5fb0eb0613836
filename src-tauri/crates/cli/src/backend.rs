//! Where a command gets its answers: the live runtime of the data folder over HTTP, else the ledger at rest.

use crate::{clock::SystemClock, config::Settings, folder::DataFolder, remote::Remote};
use anyhow::{Context, Result};
use console::{Console, Place, Policies, RpcError};
use ledger::{Ledger, LedgerOptions};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Arc;

pub enum Backend {
    Live(Remote),
    /// Nobody runs: the folder is held while the command reads.
    Resting {
        console: Box<Console>,
        ledger: Ledger,
        _folder: DataFolder,
    },
}

impl Backend {
    pub fn open(settings: &Settings) -> Result<Backend> {
        if let Some(remote) = Remote::find(&settings.data) {
            return Ok(Backend::Live(remote));
        }
        let folder = DataFolder::hold(&settings.data)?;
        let ledger = Ledger::open(&settings.data, LedgerOptions::default())?;
        let place = Place {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: settings.data.clone(),
            proxy: String::new(),
            console: None,
            started_at: String::new(),
        };
        let policies = Arc::new(Policies::open(settings.policies.clone()));
        let console = Console::new(ledger.clone(), None, policies, place).with_clock(Arc::new(SystemClock::default()));
        Ok(Backend::Resting { console: Box::new(console), ledger, _folder: folder })
    }

    /// The answer as it is: what `--json` prints.
    pub async fn call(&self, name: &str, args: &impl Serialize) -> Result<Value, RpcError> {
        let args = serde_json::to_value(args).unwrap_or_default();
        match self {
            Backend::Live(remote) => remote.call(name, &args).await,
            Backend::Resting { console, .. } => console.dispatch(name, args).await,
        }
    }

    pub async fn ask<T: DeserializeOwned>(&self, name: &str, args: &impl Serialize) -> Result<T> {
        let answer = self.call(name, args).await?;
        read(name, answer)
    }

    pub async fn close(self) {
        if let Backend::Resting { ledger, .. } = self {
            ledger.close().await;
        }
    }
}

/// An answer as its view type.
pub fn read<T: DeserializeOwned>(name: &str, answer: Value) -> Result<T> {
    serde_json::from_value(answer).with_context(|| {
        format!("the answer to {name} reads differently than expected; is the runtime of another version?")
    })
}
