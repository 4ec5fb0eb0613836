//! One live session under a person's hand: a scripted provider, a runtime, an agent, and the console.
#![allow(dead_code)] // each test crate uses its own part

use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Received, Reply, Runtime, Stage, Turn, http::Response, judge, render,
};

pub fn text_of(response: &Response) -> String {
    response.text().trim_start().to_owned()
}

/// Worlds under the same policies share a runtime; each has an agent, a script and a session of its own.
pub struct World {
    stage: Arc<Stage>,
    agent: Agent,
}

/// How long anything may take to show.
const PATIENCE: Duration = Duration::from_secs(10);

impl World {
    pub async fn start(
        dialect: Dialect,
        streamed: bool,
        turns: impl Fn(usize) -> Turn + Send + Sync + 'static,
        policies: &[(&str, &str)],
    ) -> World {
        World::replying(
            dialect,
            streamed,
            move |request, round| render::answer(request, &turns(round).numbered(round)),
            policies,
        )
        .await
    }

    /// One whose provider replies as `replies` says, request by request.
    pub async fn replying(
        dialect: Dialect,
        streamed: bool,
        replies: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
        policies: &[(&str, &str)],
    ) -> World {
        let stage = Stage::shared(World::options(policies)).await;
        World::on(stage, dialect, streamed, replies)
    }

    /// One with a runtime of its own: for what concerns every session, such as a breakpoint.
    pub async fn alone(
        dialect: Dialect,
        streamed: bool,
        turns: impl Fn(usize) -> Turn + Send + Sync + 'static,
        policies: &[(&str, &str)],
    ) -> World {
        let replies = move |request: &Received, round| render::answer(request, &turns(round).numbered(round));
        World::replying_alone(dialect, streamed, replies, policies).await
    }

    /// The same with a provider that replies as `replies` says.
    pub async fn replying_alone(
        dialect: Dialect,
        streamed: bool,
        replies: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
        policies: &[(&str, &str)],
    ) -> World {
        let stage = Stage::with(World::options(policies)).await;
        World::on(stage, dialect, streamed, replies)
    }

    fn options(policies: &[(&str, &str)]) -> Options {
        let config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
        let options = Options { config, ..Options::default() };
        policies.iter().fold(options, |options, (name, source)| options.policy(name, source))
    }

    fn on(
        stage: Arc<Stage>,
        dialect: Dialect,
        streamed: bool,
        replies: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static,
    ) -> World {
        let count = AtomicUsize::new(0);
        let script = move |request: &Received| replies(request, count.fetch_add(1, Ordering::SeqCst));
        let agent = stage.scripted("hand", dialect, streamed, judge::strict(script));
        World { stage, agent }
    }

    pub fn runtime(&self) -> &Runtime {
        &self.stage.runtime
    }

    /// What the provider got from this world's agent.
    pub fn received(&self) -> Vec<Received> {
        self.stage.received(&self.agent)
    }

    pub fn agent(&self) -> Agent {
        self.agent.clone()
    }

    pub async fn rpc(&self, name: &str, body: Value) -> Value {
        self.runtime().rpc(name, body).await
    }

    pub async fn ask(&self, name: &str, body: Value) -> Result<Value, Value> {
        self.runtime().ask(name, body).await
    }

    pub async fn session(&self) -> Value {
        let (session, _) = self.stage.session(&self.agent).await;
        assert!(session.is_object(), "there is no session of {}", self.agent.prefix);
        session
    }

    pub async fn control(&self, command: Value) -> Value {
        self.try_control(command.clone()).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub async fn try_control(&self, mut command: Value) -> Result<Value, Value> {
        command["session"] = self.session().await["id"].clone();
        self.runtime().ask("control_session", command).await
    }

    /// What is held, once something is.
    pub async fn held(&self) -> Value {
        let id = self.session().await["id"].clone();
        let begun = Instant::now();
        loop {
            let session = self.rpc("get_session", json!({"session": id})).await;
            if let Some(held) = session["held"].as_array().and_then(|held| held.first()) {
                return held.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "nothing is held: {session}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The newest escalation in a state, once there is one.
    pub async fn escalation(&self, state: &str) -> Value {
        let begun = Instant::now();
        loop {
            let (session, _) = self.stage.session(&self.agent).await;
            let listed = self.rpc("list_escalations", json!({"state": state})).await;
            let mine = listed["escalations"].as_array().unwrap().iter().find(|one| one["session"] == session["id"]);
            if let Some(found) = mine.filter(|_| session.is_object()) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "no escalation is {state}: {listed}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Actions of the session's interventions, oldest first.
    pub async fn acts(&self) -> Vec<String> {
        let listed = self.rpc("list_interventions", json!({"session": self.session().await["id"]})).await;
        let acts = listed["interventions"].as_array().unwrap().iter();
        let mut acts: Vec<String> =
            acts.filter(|act| act["cause"] == "person").map(|act| act["action"].as_str().unwrap().to_owned()).collect();
        acts.reverse();
        acts
    }

    /// Each upstream request's conversation.
    pub fn upstream(&self) -> Vec<Vec<Value>> {
        self.bodies().iter().map(conversation).collect()
    }

    pub fn bodies(&self) -> Vec<Value> {
        self.stage.bodies(&self.agent)
    }

    /// The model of each upstream request, wherever the dialect names it.
    pub fn models(&self) -> Vec<String> {
        let of = |request: &switchtower_tests::provider::Received| match request.json()["model"].as_str() {
            Some(model) => model.to_owned(),
            None => {
                let target = request.target();
                target.split("/models/").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default().to_owned()
            }
        };
        self.received().iter().map(of).collect()
    }

    pub async fn exchange(&self, response: &Response) -> Value {
        self.runtime().settled(response.header("x-switchtower-exchange").expect("an exchange")).await
    }

    /// The payloads of the ledger's events of these kinds, once they are there.
    pub async fn events(&self, kinds: &[&str]) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let events = self.all_events().await;
            let mut found = Vec::new();
            for kind in kinds {
                let earlier = kinds.iter().take(found.len()).filter(|other| *other == kind).count();
                found.extend(
                    events.iter().filter(|(of, _)| of == kind).nth(earlier).map(|(_, payload)| payload.clone()),
                );
            }
            if found.len() == kinds.len() {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "no {kinds:?} in {events:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Those of the session.
    async fn all_events(&self) -> Vec<(String, String)> {
        let session = self.session().await["id"].as_str().unwrap_or_default().to_owned();
        let ledger = rusqlite::Connection::open(self.runtime().data.join("traces.db")).unwrap();
        let mut statement = ledger
            .prepare(
                "SELECT kind, payload FROM event WHERE session = (SELECT n FROM session WHERE id = ?1) ORDER BY seq",
            )
            .unwrap();
        let rows = statement.query_map([rowid(&session)], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub async fn body(&self, side: &Value) -> String {
        String::from_utf8(self.runtime().body(side).await).unwrap()
    }
}

/// An id as the ledger's tables have it: 13 digits in Crockford's base 32.
fn rowid(id: &str) -> i64 {
    let digits = id.split('_').nth(1).unwrap_or_default().bytes();
    digits.fold(0, |value, digit| {
        let place = b"0123456789abcdefghjkmnpqrstvwxyz".iter().position(|known| *known == digit).unwrap();
        value << 5 | place as i64
    })
}

pub async fn escalation(runtime: &Runtime, state: &str) -> Value {
    let begun = Instant::now();
    loop {
        let listed = runtime.rpc("list_escalations", json!({"state": state})).await;
        if let Some(found) = listed["escalations"].as_array().and_then(|all| all.first()) {
            return found.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "no escalation is {state}: {listed}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A strict provider that says `turns` one after the other.
pub async fn provider(turns: impl Fn(usize) -> Turn + Send + Sync + 'static) -> Provider {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let script = judge::strict(move |request| {
        let round = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        render::answer(request, &turns(round).numbered(round))
    });
    Provider::start(script).await
}

fn conversation(body: &Value) -> Vec<Value> {
    let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array());
    list.expect("a conversation").iter().filter(|message| message["role"] != "system").cloned().collect()
}
