//! What rules saw and concluded: asked at every point, every evaluation explained, a blocked call with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may panic and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use switchtower_tests::{
    Agent, Dialect, Options, Provider, Runtime, Stage, Turn, agent::Outcome, cells::forms, http::Response,
};

async fn exchange(runtime: &Runtime, response: &Response) -> Value {
    runtime.settled(response.header("x-switchtower-exchange").expect("an exchange")).await
}

/// Observe, reason, act runs at each point: one rule that marks the session at every one of them.
#[tokio::test(flavor = "multi_thread")]
async fn rules_are_asked_at_every_intervention_point_of_an_exchange() {
    let points = ["model.request", "model.stream", "tool.call", "model.response", "tool.result"];
    let rules = points.map(|point| {
        let id = point.replace('.', "-");
        format!("[[rule]]\nid = \"{id}\"\non = \"{point}\"\nmax_fires = 1\ndo = [{{ taint = \"{point}\" }}]\n")
    });
    let policy = format!("version = 1\nname = \"marks\"\n{}", rules.concat());
    for (dialect, streamed) in forms().filter(|(_, streamed)| *streamed) {
        let turns = [Turn::call("search", json!({"path": "a"})).with_text("I look."), Turn::text("Done.")];
        let provider = Provider::turns(turns).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("marks", &policy));
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
        agent.run("Go", 3, |_| Outcome::good("fine")).await;
        let session = runtime.sessions().await[0]["id"].clone();
        let listed = runtime.rpc("list_interventions", json!({"session": session})).await;
        let mut marked: Vec<&str> =
            listed["interventions"].as_array().unwrap().iter().map(|entry| entry["after"].as_str().unwrap()).collect();
        marked.sort_unstable();
        let mut expected = points;
        expected.sort_unstable();
        assert_eq!(marked, expected, "{dialect:?} streamed={streamed}");
    }
}

/// Rules that match nothing are explained as well as those that do, with what they read.
#[tokio::test(flavor = "multi_thread")]
async fn every_evaluation_of_an_exchange_is_explained() {
    let conditions = [
        ("model.request", "session.tokens > 100000", "session.tokens"),
        ("model.request", "session.steps >= 0", "session.steps"),
        ("tool.call", "tool.name == 'delete_file'", "tool.name"),
        ("tool.call", "call.args.path == 'a'", "call.args.path"),
        ("model.response", "response.text.contains('secret')", "response.text"),
        ("tool.result", "result.error", "result.error"),
    ];
    let rule = |place: usize, (point, when, _): (&str, &str, &str)| {
        format!("[[rule]]\nid = \"r{place}\"\non = \"{point}\"\nwhen = \"{when}\"\ndo = [{{ taint = \"t{place}\" }}]\n")
    };
    let rules: String = conditions.into_iter().enumerate().map(|(place, condition)| rule(place, condition)).collect();
    let policy = format!("version = 1\nname = \"explained\"\n{rules}");
    let changed = policy.replace("r0", "renamed");
    for (dialect, streamed) in forms() {
        let what = format!("{dialect:?} streamed={streamed}");
        let turns = [Turn::call("search", json!({"path": "a"})).with_text("I look."), Turn::text("Done.")];
        let provider = Provider::turns(turns).await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("explained", &policy));
        let mut agent = Agent::new(&runtime.proxy, dialect, streamed);
        agent.say("Go");
        let (answer, first) = agent.turn().await;
        agent.give(&[(answer.calls[0].clone(), Outcome::good("fine"))]);
        let (_, second) = agent.turn().await;
        // What was judged stays explained by the policy that judged it.
        std::fs::write(runtime.folder().join("policies/explained.toml"), &changed).unwrap();
        let (first, second) = (exchange(&runtime, &first).await, exchange(&runtime, &second).await);
        let told = |exchange: &Value| -> Vec<(String, String, bool, Value)> {
            let verdicts = exchange["verdicts"].as_array().unwrap().iter();
            let one = |verdict: &Value| {
                let text = |key: &str| verdict[key].as_str().unwrap().to_owned();
                assert_eq!(text("policy"), "explained", "{what}");
                assert!(!text("version").is_empty() && verdict["error"].is_null(), "{what}: {verdict}");
                (text("point"), text("rule"), verdict["matched"].as_bool().unwrap(), verdict["values"].clone())
            };
            verdicts.map(one).collect()
        };
        let expect = |told: &[(String, String, bool, Value)], place: usize, matched: bool, value: Value| {
            let (point, _, path) = conditions[place];
            let mine: Vec<_> = told.iter().filter(|(_, rule, ..)| *rule == format!("r{place}")).collect();
            assert_eq!(mine.len(), 1, "{what}: r{place} is told once: {told:?}");
            assert_eq!((mine[0].0.as_str(), mine[0].2), (point, matched), "{what}: r{place}");
            assert_eq!(mine[0].3[path], value, "{what}: r{place}: {:?}", mine[0]);
        };
        let told_first = told(&first);
        assert_eq!(told_first.len(), 5, "{what}: {told_first:?}");
        expect(&told_first, 0, false, json!(0));
        expect(&told_first, 1, true, told_first[1].3["session.steps"].clone());
        expect(&told_first, 2, false, json!("search"));
        expect(&told_first, 3, true, json!("a"));
        expect(&told_first, 4, false, json!("I look."));
        let told_second = told(&second);
        expect(&told_second, 5, false, json!(false));
        expect(
            &told_second,
            0,
            false,
            told_second.iter().find(|(_, rule, ..)| rule == "r0").unwrap().3["session.tokens"].clone(),
        );
        let live: Vec<&Value> =
            first["verdicts"].as_array().unwrap().iter().filter(|verdict| verdict["recomputed"] == false).collect();
        assert_eq!(live.len(), 2, "{what}: what matched stands in the record itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_call_says_in_the_timeline_why() {
    let turn = Turn::call("search", json!({"path": "a"})).and_call("delete_file", json!({"path": "/"}));
    let provider = Provider::turns([turn]).await;
    let policy = "version = 1\nname = \"block\"\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
        when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"Deleting is not allowed here.\" } }]\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("block", policy));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, true);
    agent.say("Clean up");
    let (_, response) = agent.turn().await;
    let exchange = exchange(&runtime, &response).await;
    let ask = json!({"session": exchange["session"], "from": 0, "count": 9});
    let rows = runtime.rpc("list_timeline", ask).await["rows"].as_array().unwrap().clone();
    let blocked = rows.iter().find(|row| row["state"] == "blocked").expect("a blocked row");
    assert!(blocked["preview"].as_str().unwrap().contains("Deleting is not allowed here."), "{blocked}");
}

/// What a person sees of a session is what its rules read: live from its task, of an imported or ended one from its last observation.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_what_its_rules_read() {
    let turns = [Turn::call("search", json!({"path": "a"})), Turn::text("Done.")];
    let provider = Provider::turns(turns).await;
    let policy = "version = 1\nname = \"marks\"\n[[rule]]\nid = \"mark\"\non = \"tool.result\"\nwhen = \"result.error\"\n\
        do = [{ taint = \"web\" }]\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("marks", policy));
    let mut agent = Agent::new(&runtime.proxy, Dialect::Chat, true);
    agent.say("Go");
    let (answer, first) = agent.turn().await;
    let session = exchange(&runtime, &first).await["session"].clone();
    let facts = async |session: &Value| runtime.rpc("get_session", json!({"session": session})).await["facts"].clone();
    let waiting = facts(&session).await;
    assert_eq!(
        (&waiting["live"], &waiting["under_way"], &waiting["exchange"]),
        (&json!(true), &json!(true), &json!(null))
    );
    assert_eq!(waiting["session"]["taints"], json!([]));
    agent.give(&[(answer.calls[0].clone(), Outcome::bad("Error: no such place"))]);
    let (_, second) = agent.turn().await;
    exchange(&runtime, &second).await;
    let done = facts(&session).await;
    assert_eq!((&done["live"], &done["under_way"]), (&json!(true), &json!(false)));
    assert_eq!((&done["session"]["taints"], &done["run"]["tool_errors_in_row"]), (&json!(["web"]), &json!(1)));
    let fired = &done["history"][0];
    assert_eq!((&fired["policy"], &fired["rule"]), (&json!("marks"), &json!("mark")));
    assert_eq!((&fired["fires_in_session"], &fired["fires_in_run"]), (&json!(1), &json!(1)));
    let later = facts(&session).await;
    assert_eq!(later["run"]["elapsed_ms"], done["run"]["elapsed_ms"], "nothing is under way: its clock stands");
    let file = runtime.rpc("export_session", json!({"session": session, "format": "jsonl"})).await["text"].clone();
    let elsewhere = Runtime::start(&Options::to(&provider.base));
    let imported = elsewhere.rpc("import", json!({"text": file})).await["sessions"][0].clone();
    let old = elsewhere.rpc("get_session", json!({"session": imported})).await["facts"].clone();
    assert!(old["live"] == false && old["exchange"].is_string(), "{old}");
    assert_eq!(old["session"]["taints"], json!(["web"]));
    let told = json!({"id": "told", "model": "m", "messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]});
    let told = elsewhere.rpc("import", json!({"text": told.to_string()})).await["sessions"][0].clone();
    assert!(elsewhere.rpc("get_session", json!({"session": told})).await["facts"].is_null(), "no rule looked at it");
}

/// A tool that fails in words of its own: the policy that knows them counts it, and the timeline says that it is a guess.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_knows_what_its_tools_failures_look_like() {
    let policy = "max_tool_errors = 0\n[tools]\nerrors = { \"sea*\" = '(?i)no rows' }\n".to_owned();
    let stage = Stage::start(&[("known", policy), ("unknown", "max_tool_errors = 0\n".to_owned())]).await;
    for (row, errors) in [("known", 1), ("unknown", 0)] {
        let mut agent = stage.agent(row, Dialect::Chat, false, |round| match round {
            0 => Turn::call("search", json!({"path": "a"})),
            _ => Turn::text("Done."),
        });
        agent.run("Go", 3, |_| Outcome::good("There are no rows.")).await;
        let (session, acts) = stage.session(&agent).await;
        assert_eq!(acts.len(), errors, "{acts:?}");
        let told = json!(stage.bodies(&agent).last()).to_string();
        assert_eq!(told.contains("1 tool calls of this run have failed"), errors == 1, "{told}");
        let listed = json!({"session": session["id"], "from": 0, "count": 10});
        let rows = stage.runtime.rpc("list_timeline", listed).await["rows"].clone();
        let tool = rows.as_array().unwrap().iter().find(|row| row["kind"] == "tool").unwrap().clone();
        assert_eq!(tool.to_string().contains("\"text\""), errors == 1, "{tool}");
    }
}
