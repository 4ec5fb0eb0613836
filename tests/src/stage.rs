//! One runtime and one provider for a whole table: each cell is an agent under a name of its own, and its requests reach a script of its own by a
//! header that providers pass on. A process for each cell would cost more than what the cell shows.

use crate::{Agent, Dialect, Options, Provider, Received, Reply, Runtime, Turn, judge, render};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

const CELL: &str = "x-cell";

type Script = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

pub struct Stage {
    pub runtime: Runtime,
    provider: Provider,
    scripts: Arc<Mutex<HashMap<String, Script>>>,
    cells: AtomicUsize,
}

/// Stages by what they were started with, for as long as anybody holds them.
static SHARED: LazyLock<tokio::sync::Mutex<HashMap<String, Weak<Stage>>>> = LazyLock::new(Default::default);

impl Stage {
    /// `policies`: what each row's agents are under, as (row, TOML without `version` and `agents`).
    pub async fn start(policies: &[(&str, String)]) -> Arc<Stage> {
        Stage::under(Options::default(), policies).await
    }

    /// The same with further options.
    pub async fn under(mut options: Options, policies: &[(&str, String)]) -> Arc<Stage> {
        for (row, policy) in policies {
            let name = named(row);
            options =
                options.policy(&name, &format!("version = 1\nname = \"{name}\"\nagents = [\"{name}-c*\"]\n{policy}"));
        }
        Stage::with(options).await
    }

    /// The one that somebody holds already under the same options, else a new one.
    pub async fn shared(options: Options) -> Arc<Stage> {
        let mut shared = SHARED.lock().await;
        let key = format!("{options:?}");
        if let Some(known) = shared.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        let stage = Stage::with(options).await;
        shared.insert(key, Arc::downgrade(&stage));
        stage
    }

    /// `options` but for the provider, which is the stage's own.
    pub async fn with(mut options: Options) -> Arc<Stage> {
        let scripts: Arc<Mutex<HashMap<String, Script>>> = Arc::default();
        let known = scripts.clone();
        let provider = Provider::start(move |request| {
            let cell = request.header(CELL).unwrap_or_default();
            let script = known.lock().unwrap().get(cell).cloned();
            script.map_or_else(|| render::error(Dialect::Chat, 404, "no cell sent this"), |script| script(request))
        })
        .await;
        options.provider = provider.base.clone();
        let runtime = Runtime::start(&options);
        Arc::new(Stage { runtime, provider, scripts, cells: AtomicUsize::new(0) })
    }

    /// An agent of a row, whose model is strict and says `turns` one after the other.
    pub fn agent(
        &self,
        row: &str,
        dialect: Dialect,
        streamed: bool,
        turns: impl Fn(usize) -> Turn + Send + Sync + 'static,
    ) -> Agent {
        let count = AtomicUsize::new(0);
        self.scripted(
            row,
            dialect,
            streamed,
            judge::strict(move |request| {
                let round = count.fetch_add(1, Ordering::SeqCst);
                render::answer(request, &turns(round).numbered(round))
            }),
        )
    }

    /// An agent of a row and what its provider answers.
    pub fn scripted(
        &self,
        row: &str,
        dialect: Dialect,
        streamed: bool,
        script: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Agent {
        let cell = format!("c{}", self.cells.fetch_add(1, Ordering::SeqCst));
        self.scripts.lock().unwrap().insert(cell.clone(), Arc::new(script));
        let mut agent =
            Agent::new(&self.runtime.proxy, dialect, streamed).labelled(&format!("{}-{cell}~one", named(row)));
        agent.headers.push((CELL.into(), cell));
        agent
    }

    /// What came upstream from an agent.
    pub fn received(&self, agent: &Agent) -> Vec<Received> {
        let mine = |request: &Received| request.header(CELL) == Some(cell_of(agent));
        self.provider.received().into_iter().filter(mine).collect()
    }

    pub fn bodies(&self, agent: &Agent) -> Vec<Value> {
        self.received(agent).iter().map(Received::json).collect()
    }

    /// The agent's session, and what was done in it, newest first.
    pub async fn session(&self, agent: &Agent) -> (Value, Vec<Value>) {
        let name = agent.prefix.trim_start_matches("/@").trim_end_matches("~one");
        let listed = self.runtime.rpc("list_sessions", json!({"query": format!("agent:{name}"), "limit": 100})).await;
        let sessions = listed["sessions"].as_array().cloned().unwrap_or_default();
        let session = sessions.into_iter().find(|session| session["agent"] == name).unwrap_or(Value::Null);
        let acts = self.runtime.rpc("list_interventions", json!({"session": session["id"]})).await;
        let acts = acts["interventions"].as_array().cloned().unwrap_or_default();
        (session, acts)
    }
}

fn cell_of(agent: &Agent) -> &str {
    agent.headers.iter().find(|(name, _)| name == CELL).map(|(_, cell)| cell.as_str()).unwrap_or_default()
}

/// A row's name as an agent may have it.
fn named(row: &str) -> String {
    row.replace(' ', "-")
}
