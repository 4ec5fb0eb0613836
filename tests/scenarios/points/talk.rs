//! The talk that every cell has: two tasks with a tool call each, then small talk. A person approves and resumes where that is asked.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use switchtower_tests::{Agent, Answer, Dialect, Received, Reply, Stage, Turn, agent::Outcome, judge, render};

#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub action: &'static str,
    pub point: &'static str,
}

impl Row {
    pub fn of(action: &'static str, point: &'static str) -> Row {
        Row { name: Box::leak(format!("{action} at {point}").into_boxed_str()), action, point }
    }

    /// Which upstream request the rule's effect holds from.
    pub fn from(self) -> usize {
        match (self.action, self.point) {
            ("compact", _) => 5,
            ("rollback", "tool.call") => 3,
            (_, "tool.call" | "tool.result") => 1,
            (_, "model.request" | "model.response") => 2,
            (_, "model.stream") => 3,
            _ => 7,
        }
    }
}

/// What came of a talk.
pub struct Seen {
    pub row: Row,
    pub dialect: Dialect,
    pub streamed: bool,
    pub answers: Vec<Answer>,
    /// Upstream.
    pub bodies: Vec<Value>,
    pub models: Vec<String>,
    pub session: Value,
    /// Newest first.
    pub acts: Vec<Value>,
}

const SAID: [&str; 5] = ["Go B-1234", "More", "Bye", "End", "Last"];

/// Of more than a hundred bytes.
const RESULT: &str = r#"{"id":"row-1","rows":["row-1","row-2","row-3","row-4","row-5","row-6","row-7","row-8","row-9","row-10","row-11"]}"#;

/// How long anything may take to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// A task brings a call, a result an answer, small talk small talk.
fn turn(body: &Value, round: usize) -> Turn {
    let newest = super::effects::conversation(body).last().map(Value::to_string).unwrap_or_default();
    let is_result = ["\"role\":\"tool\"", "function_call_output", "tool_result", "functionResponse"];
    let signature = STANDARD.encode(format!("signature {round}"));
    let turn = match () {
        () if is_result.iter().any(|mark| newest.contains(mark)) => Turn::text("Found A-1234."),
        () if newest.contains("Go B") || newest.contains("More") => {
            Turn::call("search", json!({"path": "C-4321"})).with_text("I look.")
        }
        () => Turn::text("Well."),
    };
    turn.thinking("So.", &signature).numbered(round)
}

fn script(row: Row, dialect: Dialect) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    let (rounds, more) = (AtomicUsize::new(0), AtomicUsize::new(0));
    judge::strict(move |request| {
        let round = rounds.fetch_add(1, Ordering::SeqCst);
        let body = request.json();
        let newest = super::effects::conversation(&body).last().map(Value::to_string).unwrap_or_default();
        let again = |word: &str| newest.contains(word) && more.fetch_add(1, Ordering::SeqCst) > 0;
        match (row.action, row.point) {
            ("retry", _) if newest.contains("More") && more.fetch_add(1, Ordering::SeqCst) == 0 => {
                return render::error(dialect, 503, "down");
            }
            ("cached", "model.response") if again("Last") => return render::error(dialect, 503, "down"),
            _ => {}
        }
        let reply = render::answer(request, &turn(&body, round));
        let late = row.point == "model.stream" && newest.contains("More") && !newest.contains("tool");
        if late { reply.delay(Duration::from_millis(500)) } else { reply }
    })
}

pub async fn talk(stage: &Arc<Stage>, row: Row, dialect: Dialect, streamed: bool) -> Seen {
    let agent = stage.scripted(row.name, dialect, streamed, script(row, dialect));
    let answers = tokio::select! {
        () = tokio::time::sleep(PATIENCE * 3) => panic!("it hangs"),
        answers = speak(stage, row, agent.clone()) => answers,
        () = person(stage, &agent), if matches!(row.action, "escalate" | "pause") => unreachable!(),
    };
    let (session, _) = stage.session(&agent).await;
    let session = stage.runtime.rpc("get_session", json!({"session": session["id"]})).await;
    let (_, acts) = stage.session(&agent).await;
    let received = stage.received(&agent);
    let model = |request: &Received| match request.json()["model"].as_str() {
        Some(model) => model.to_owned(),
        None => request.target().split("/models/").nth(1).unwrap().split(':').next().unwrap().to_owned(),
    };
    let models = received.iter().map(model).collect();
    Seen { row, dialect, streamed, answers, bodies: stage.bodies(&agent), models, session, acts }
}

async fn speak(stage: &Stage, row: Row, mut agent: Agent) -> Vec<Answer> {
    let mut answers = Vec::new();
    for text in SAID {
        if text == "Last" && row.point == "session.idle" {
            wait_for_an_act(stage, &agent).await;
        }
        agent.say(text);
        let asked = agent.clone();
        for round in 0.. {
            assert!(round < 6, "the task never ends: {answers:?}");
            let (answer, _) = agent.turn().await;
            let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), Outcome::good(RESULT))).collect();
            answers.push(answer);
            if results.is_empty() {
                break;
            }
            agent.give(&results);
        }
        if text == "Last" && row.action == "cached" {
            answers.push(asked.clone().turn().await.0);
        }
    }
    answers
}

async fn wait_for_an_act(stage: &Stage, agent: &Agent) {
    let begun = Instant::now();
    while stage.session(agent).await.1.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nothing came of the silence");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Approves what is asked, resumes what is paused.
async fn person(stage: &Stage, agent: &Agent) {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (session, _) = stage.session(agent).await;
        let listed = stage.runtime.rpc("list_escalations", json!({"state": "pending"})).await;
        let asked = listed["escalations"].as_array().unwrap().iter().find(|one| one["session"] == session["id"]);
        if let Some(asked) = asked {
            let answer = json!({"escalation": asked["id"], "decision": "approve"});
            stage.runtime.rpc("resolve_escalation", answer).await;
        }
        if session["state"] == "paused" {
            stage.runtime.rpc("control_session", json!({"session": session["id"], "command": "resume"})).await;
        }
    }
}
