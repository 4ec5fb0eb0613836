//! Rewind: a recorded run answers the agent that runs again, without a model call before the chosen exchange or the first difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may panic and spawn; clippy only knows its `#[test]` functions

mod departures;
mod words;

use serde_json::{Value, json};
use switchtower_tests::{
    Agent, Answer, Call, Dialect, Options, Provider, Runtime, Turn, agent::Outcome, http::Response, judge, render,
};

const STEPS: usize = 40;
const FROM: usize = 37;

/// A provider whose model calls a tool until it has `steps` results; what it says hangs on the request alone.
async fn provider(steps: usize) -> Provider {
    Provider::start(judge::strict(move |request| {
        let round = String::from_utf8_lossy(&request.body).matches("result of ").count();
        let turn = if round < steps { Turn::call("search", json!({ "path": round })) } else { Turn::text("Done.") };
        render::answer(request, &turn.numbered(round))
    }))
    .await
}

fn result(call: &Call) -> Outcome {
    Outcome::good(&format!("result of {} in 0.{} s", call.arguments, std::process::id()))
}

/// What one run asked and got.
struct Run {
    answers: Vec<Answer>,
    exchanges: Vec<String>,
}

/// Runs an agent to its end, or through `most` requests.
async fn run(mut agent: Agent, most: usize, tool: impl Fn(usize, &Call) -> Outcome) -> Run {
    agent.say("Find it");
    let mut run = Run { answers: Vec::new(), exchanges: Vec::new() };
    while run.answers.len() < most {
        let (answer, response) = agent.turn().await;
        let step = run.answers.len();
        let results: Vec<_> = answer.calls.iter().map(|call| (call.clone(), tool(step, call))).collect();
        run.answers.push(answer);
        run.exchanges.push(exchange_of(&response));
        if results.is_empty() {
            break;
        }
        agent.give(&results);
    }
    run
}

fn exchange_of(response: &Response) -> String {
    response.header("x-switchtower-exchange").expect("an exchange").to_owned()
}

/// The same agent again, under the address that a rewind gives it. What varies from run to run is other than before.
async fn again(runtime: &Runtime, from: &str, agent: &Agent) -> (Value, Agent) {
    let start = runtime.rpc("begin_rewind", json!({ "exchange": from })).await;
    let mut agent = Agent { history: Vec::new(), ..agent.clone() };
    agent.prefix = format!("/@{}~{}", start["agent"].as_str().unwrap(), start["label"].as_str().unwrap());
    agent.system = agent.system.replace("2026-11-25", "2026-12-01");
    if matches!(agent.dialect, Dialect::Chat | Dialect::Responses | Dialect::Anthropic) {
        agent.extra = json!({ "metadata": { "user_id": "another" } });
    }
    (start, agent)
}

fn first(runtime: &Runtime, dialect: Dialect, streamed: bool) -> Agent {
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
    agent.system = "Today is 2026-11-25.".into();
    agent
}

async fn rewind_of(runtime: &Runtime, start: &Value) -> Value {
    runtime.rpc("get_session", json!({ "session": start["session"] })).await["rewind"].clone()
}

async fn model_rows(runtime: &Runtime, start: &Value) -> Vec<Value> {
    let page = runtime.rpc("list_timeline", json!({ "session": start["session"], "from": 0, "count": 500 })).await;
    page["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "model").cloned().collect()
}

/// A recorded 40-step run resumes at step 37 with zero upstream calls before it.
async fn resumes(dialect: Dialect, streamed: bool) {
    let cell = format!("{dialect:?} streamed={streamed}");
    let provider = provider(STEPS).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let agent = first(&runtime, dialect, streamed);
    let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
    assert_eq!(recorded.answers.len(), STEPS + 1, "{cell}");
    let upstream = provider.received();
    provider.forget();

    let (start, agent) = again(&runtime, &recorded.exchanges[FROM], &agent).await;
    assert_eq!((&start["answers"], &start["step"]), (&json!(FROM), &json!(FROM)), "{cell}");
    let other = run(Agent { history: Vec::new(), ..agent.clone() }, FROM, |_, call| result(call)).await;
    assert_eq!(provider.received().len(), 0, "{cell}: no model is asked before step {FROM}");
    drop(other);
    let (start, agent) = again(&runtime, &recorded.exchanges[FROM], &agent).await;
    let rewound = run(agent, 99, |_, call| result(call)).await;
    let live = provider.received();
    assert_eq!(live.len(), STEPS + 1 - FROM, "{cell}: only what follows is asked");
    let conversation = |body: Value| {
        let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array().cloned());
        list.unwrap().into_iter().filter(|message| message["role"] != "system").collect::<Vec<_>>()
    };
    assert_eq!(
        conversation(live[0].json()),
        conversation(upstream[FROM].json()),
        "{cell}: it goes on from where it was"
    );
    for (was, is) in recorded.answers.iter().zip(&rewound.answers) {
        assert_eq!((&was.text, &was.calls, &was.messages), (&is.text, &is.calls, &is.messages), "{cell}");
    }

    let rows = model_rows(&runtime, &start).await;
    assert_eq!(rows.len(), STEPS + 1, "{cell}: one session");
    for (step, row) in rows.iter().enumerate() {
        assert_eq!((&row["replayed"], &row["state"]), (&json!(step < FROM), &json!("complete")), "{cell}: {row}");
        if step < FROM {
            let used = (&row["input_tokens"], &row["output_tokens"], &row["cost_usd"]);
            assert_eq!(used, (&json!(0), &json!(0), &Value::Null), "{cell}: {row}");
        }
    }
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["live"]["why"]), (&json!(FROM), &json!("asked")), "{cell}: {rewind}");
    assert_eq!(rewind["live"]["recorded"], json!(recorded.exchanges[FROM]), "{cell}");
    assert_eq!(rewind["live"]["differences"], json!([]), "{cell}");
    let served = runtime.exchange(&rewound.exchanges[3]).await;
    assert_eq!(served["replayed_from"], json!(recorded.exchanges[3]), "{cell}");
    assert_eq!(served["sent_request"], Value::Null, "{cell}: nothing went upstream");
    let bytes = |exchange: &Value| exchange["agent_response"]["body"].clone();
    assert_eq!(
        bytes(&served),
        bytes(&runtime.exchange(&recorded.exchanges[3]).await),
        "{cell}: the agent's very bytes"
    );
}

macro_rules! cells {
    ($($name:ident($dialect:ident, $streamed:literal);)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            resumes(Dialect::$dialect, $streamed).await;
        }
    )*};
}

cells! {
    chat_streamed_resumes_at_step_37(Chat, true);
    chat_whole_resumes_at_step_37(Chat, false);
    responses_streamed_resumes_at_step_37(Responses, true);
    responses_whole_resumes_at_step_37(Responses, false);
    anthropic_streamed_resumes_at_step_37(Anthropic, true);
    anthropic_whole_resumes_at_step_37(Anthropic, false);
    gemini_streamed_resumes_at_step_37(Gemini, true);
    gemini_array_resumes_at_step_37(GeminiArray, true);
    gemini_whole_resumes_at_step_37(Gemini, false);
    ollama_streamed_resumes_at_step_37(Ollama, true);
    ollama_whole_resumes_at_step_37(Ollama, false);
}
