//! Sessions go out as JSON Lines and come back into another ledger without loss; recorded ones in the OpenAI message format come in too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may panic; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use switchtower_tests::{Agent, Dialect, Options, Provider, Runtime, Turn, agent::Outcome, runtime};

const POLICY: &str = "version = 1\nname = \"all\"\nmax_tool_errors = 0\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"No.\" } }]\n";

fn switchtower(data: &Path, words: &[&str]) -> Output {
    Command::new(runtime::binary()).args(words).arg("--data").arg(data).output().unwrap()
}

fn json_of(data: &Path, words: &[&str]) -> Value {
    let out = switchtower(data, words);
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What of an exchange must come back.
fn kept(mut exchange: Value) -> Value {
    let fields = exchange.as_object_mut().unwrap();
    // Where it stands now, and that it came from a file.
    for field in ["imported", "row"] {
        fields.remove(field);
    }
    // Only live records name the policies that were in force; what matched is kept itself.
    if let Some(verdicts) = fields.get_mut("verdicts").and_then(Value::as_array_mut) {
        verdicts.retain(|verdict| verdict["recomputed"] == false);
    }
    exchange
}

async fn whole(runtime: &Runtime, id: &str) -> Value {
    let mut exchange = runtime.settled(id).await;
    for side in ["agent_request", "sent_request", "provider_response", "agent_response"] {
        let body = runtime.body(&exchange[side]).await;
        exchange[side]["body"] = json!(String::from_utf8(body).unwrap());
        exchange[side]["body_ref"] = Value::Null;
    }
    exchange
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_survives_export_and_import_whole() {
    let provider = Provider::start(|request| {
        let results = String::from_utf8_lossy(&request.body).matches("it failed").count();
        let turn = match results {
            0 => Turn::call("search", json!({"path": "ü ✓ ".repeat(9000)}))
                .and_call("delete_file", json!({}))
                .thinking("Hm.", "c2ln"),
            1 => Turn::call("read_file", json!({"path": "b"})),
            _ => Turn::text("Done."),
        };
        switchtower_tests::render::answer(request, &turn.numbered(results))
    })
    .await;
    let options = Options::to(&provider.base).policy("all", POLICY);
    let live = Runtime::start(&options);
    let other = tempfile::tempdir().unwrap();
    let mut exported = String::new();
    let mut exchanges = Vec::new();
    for dialect in Dialect::FIVE {
        let mut agent = Agent::new(&live.proxy, dialect, true).labelled(&format!("me~{dialect:?}"));
        agent.say("Go");
        for _ in 0..3 {
            let (answer, response) = agent.turn().await;
            exchanges.push(response.header("x-switchtower-exchange").unwrap().to_owned());
            agent.give(
                &answer.calls.iter().map(|call| (call.clone(), Outcome::bad("error: it failed"))).collect::<Vec<_>>(),
            );
        }
        let session = live.settled(exchanges.last().unwrap()).await["session"].as_str().unwrap().to_owned();
        let out = switchtower(&live.data, &["export", &session, "--format", "jsonl"]);
        assert!(out.status.success(), "{dialect:?}: {}", String::from_utf8_lossy(&out.stderr));
        exported += &String::from_utf8(out.stdout).unwrap();
    }
    let file = other.path().join("sessions.jsonl");
    fs::write(&file, &exported).unwrap();
    let brought = json_of(&other.path().join("data"), &["import", file.to_str().unwrap(), "--json"]);
    assert_eq!(
        (brought["sessions"].as_array().unwrap().len(), &brought["exchanges"], &brought["problems"]),
        (5, &json!(15), &json!([]))
    );
    let again = switchtower(&other.path().join("data"), &["import", file.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "what is there already is not taken twice");
    let copy = Runtime::start_in(other.path(), &Options::to(&provider.base));
    for id in &exchanges {
        assert_eq!(kept(whole(&copy, id).await), kept(whole(&live, id).await), "{id}");
    }
    let listed = |sessions: Vec<Value>| {
        let mut all: Vec<Value> = sessions
            .into_iter()
            .map(|s| json!([s["id"], s["title"], s["steps"], s["input_tokens"], s["interventions"]]))
            .collect();
        all.sort_by_key(Value::to_string);
        all
    };
    assert_eq!(listed(copy.sessions().await), listed(live.sessions().await));
    for session in live.sessions().await {
        let ask = json!({"session": session["id"]});
        let acts = [&live, &copy].map(|runtime| runtime.rpc("list_interventions", ask.clone()));
        let [here, there] = futures(acts).await;
        assert_eq!(here["interventions"], there["interventions"]);
        assert!(!here["interventions"].as_array().unwrap().is_empty());
    }
}

async fn futures<const N: usize, F: Future>(all: [F; N]) -> [F::Output; N] {
    let mut out = Vec::new();
    for one in all {
        out.push(one.await);
    }
    out.try_into().unwrap_or_else(|_| unreachable!("as many come out as went in"))
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_sessions_come_in_as_if_they_had_been_seen() {
    let folder = tempfile::tempdir().unwrap();
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "bash", "arguments": "{\"command\":\"ls\"}"}});
    let session = json!({
        "id": "rec-1", "model": "gpt-4o", "tools": [{"type": "function", "function": {"name": "bash", "parameters": {}}}],
        "messages": [
            {"role": "system", "content": "Be careful."}, {"role": "user", "content": "List the files"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "error: no such folder"},
            {"role": "assistant", "content": "There is none."}],
        "annot": {"4": {"usage": {"prompt_tokens": 70, "completion_tokens": 5, "total_tokens": 75}, "latency_ms": 1200}},
    });
    let lines = format!("{session}\n\nnot json\n{}\n{}\n", json!({"id": 2, "messages": []}), json!({"id": 3}));
    let file = folder.path().join("recorded.jsonl");
    fs::write(&file, lines).unwrap();
    let data = folder.path().join("data");
    let out = switchtower(&data, &["import", file.to_str().unwrap(), "--json"]);
    assert_eq!(out.status.code(), Some(1), "three lines could not be taken");
    let brought: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((brought["sessions"].as_array().unwrap().len(), &brought["exchanges"]), (1, &json!(2)), "{brought}");
    let problems: Vec<&str> =
        brought["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap()).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems[0].starts_with("line 3:") && problems[1].starts_with("line 4:") && problems[2].starts_with("line 5:"),
        "{problems:?}"
    );
    let provider = Provider::turns([Turn::text("Hi")]).await;
    let runtime = Runtime::start_in(folder.path(), &Options::to(&provider.base));
    let listed = runtime.sessions().await;
    assert_eq!(
        (&listed[0]["title"], &listed[0]["steps"], &listed[0]["state"]),
        (&json!("List the files"), &json!(2), &json!("ended"))
    );
    let rows =
        runtime.rpc("list_timeline", json!({"session": listed[0]["id"], "from": 0, "count": 9})).await["rows"].clone();
    let shown: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["state"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [("model", "complete"), ("tool", "failed"), ("model", "complete")]);
    let last = runtime.exchange(rows[2]["exchange"].as_str().unwrap()).await;
    assert_eq!((&last["usage"]["input_tokens"], &last["usage"]["estimated"]), (&json!(70), &json!(false)));
    assert_eq!((&last["timing"]["duration_ms"], &last["imported"]), (&json!(1200.0), &json!(true)));
    let asked: Value = serde_json::from_slice(&runtime.body(&last["agent_request"]).await).unwrap();
    assert_eq!(asked["messages"].as_array().unwrap()[..], session["messages"].as_array().unwrap()[..4]);
    // And through the console of a live runtime.
    let text = session.to_string().replace("rec-1", "rec-2");
    let brought = runtime.rpc("import", json!({"text": text})).await;
    assert_eq!(brought["exchanges"], 2, "{brought}");
    let hits = runtime.rpc("search", json!({"query": "folder"})).await;
    assert!(!hits["hits"].as_array().unwrap().is_empty(), "imported text is found");
}
