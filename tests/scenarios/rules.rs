//! The three first rules on all dialects, streamed and not: what the agent gets, and message by message what goes
//! upstream next. The provider is strict: a changed reasoning block or an unpaired call is a 400.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use serde_json::{Value, json};
use switchtower_tests::{
    Agent, Answer, Dialect, Options, Provider, Runtime, Turn, agent::Outcome, cells::forms, http::Response, judge,
    render,
};

const POLICIES: [(&str, &str); 3] = [
    ("errors", "version = 1\nname = \"errors\"\nagents = [\"errors-*\"]\nmax_tool_errors = 2\n"),
    ("budget", "version = 1\nname = \"budget\"\nagents = [\"budget-*\"]\ntoken_budget_per_session = 330\n"),
    (
        "block",
        "version = 1\nname = \"block\"\nagents = [\"block-*\"]\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
         when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"Deleting is not allowed here.\" } }]\n",
    ),
];

/// What a rule came to in each cell; a cell that failed panicked.
type Row = Vec<(Dialect, bool, &'static str)>;

/// A provider that says `turns` one after the other per agent (by the number of its upstream requests), strictly.
async fn scripted(turns: impl Fn(usize) -> Turn + Send + Sync + 'static) -> (Provider, Runtime) {
    let counts = std::sync::Mutex::new(std::collections::HashMap::<String, usize>::new());
    let script = judge::strict(move |request| {
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(request.header("x-cell").unwrap_or_default().to_owned()).or_default();
        *count += 1;
        render::answer(request, &turns(*count - 1).numbered(*count - 1))
    });
    let provider = Provider::start(script).await;
    let mut options = Options::to(&provider.base);
    for (name, source) in POLICIES {
        options = options.policy(name, source);
    }
    let runtime = Runtime::start(&options);
    (provider, runtime)
}

fn agent(runtime: &Runtime, rule: &str, dialect: Dialect, streamed: bool) -> Agent {
    let cell = format!("{rule}-{dialect:?}-{streamed}").to_lowercase();
    let mut agent = Agent::new(&runtime.proxy, dialect, streamed).labelled(&cell).filling(rule);
    agent.headers.push(("x-cell".into(), cell));
    agent
}

/// What went upstream for this agent: each request's conversation.
fn upstream(provider: &Provider, agent: &Agent) -> Vec<Vec<Value>> {
    let cell = &agent.headers[0].1;
    let received = provider.received();
    let mine = received.iter().filter(|request| request.header("x-cell") == Some(cell));
    mine.map(|request| conversation(&request.json())).collect()
}

fn conversation(body: &Value) -> Vec<Value> {
    let list = ["messages", "input", "contents"].iter().find_map(|key| body[*key].as_array());
    list.expect("a conversation").iter().filter(|message| message["role"] != "system").cloned().collect()
}

async fn exchange(runtime: &Runtime, response: &Response) -> Value {
    runtime.settled(response.header("x-switchtower-exchange").expect("an exchange")).await
}

/// The rule's evaluation is explained, and the intervention stands in the list and in the timeline.
async fn assert_recorded(runtime: &Runtime, exchange: &Value, rule: &str, action: &str, what: &str) {
    let verdicts = exchange["verdicts"].as_array().unwrap();
    let verdict =
        verdicts.iter().find(|verdict| verdict["matched"] == true && verdict["rule"].as_str().unwrap().contains(rule));
    let verdict = verdict.unwrap_or_else(|| panic!("{what}: no verdict of {rule} in {verdicts:?}"));
    assert!(verdict["values"].as_object().is_some_and(|values| !values.is_empty()), "{what}: values read: {verdict}");
    assert!(!verdict["version"].as_str().unwrap().is_empty(), "{what}: {verdict}");
    let listed = runtime.rpc("list_interventions", json!({"session": exchange["session"]})).await;
    let of_exchange = |entry: &&Value| entry["exchange"] == exchange["id"] && entry["action"] == action;
    let listed = listed["interventions"].as_array().unwrap().iter().find(of_exchange).cloned();
    let listed = listed.unwrap_or_else(|| panic!("{what}: no {action} listed for the exchange"));
    assert_eq!(listed["cause"], "rule", "{what}");
    let timeline = runtime.rpc("list_timeline", json!({"session": exchange["session"], "from": 0, "count": 500})).await;
    let in_place = timeline["rows"]
        .as_array()
        .unwrap()
        .iter()
        .any(|row| row["interventions"].as_array().is_some_and(|list| list.contains(&listed["id"])));
    assert!(in_place, "{what}: the timeline shows {} in its place", listed["id"]);
}

/// The one thing that `sent` has beyond `agent`: its place and text. An added message, or a block added to one.
fn added(agent: &[Value], sent: &[Value]) -> Option<(usize, String)> {
    if agent.len() + 1 == sent.len() {
        let place = agent.iter().zip(sent).position(|(a, b)| a != b).unwrap_or(agent.len());
        return (agent[place..] == sent[place + 1..]).then(|| (place, sent[place].to_string()));
    }
    let place = (0..agent.len()).find(|place| agent[*place] != sent[*place])?;
    let rest_equal = agent.len() == sent.len() && agent[place + 1..] == sent[place + 1..];
    let (a, b) = ["content", "parts"]
        .iter()
        .find_map(|key| Some((agent[place][*key].as_array()?, sent[place][*key].as_array()?)))?;
    (rest_equal && b.len() == a.len() + 1 && b[..a.len()] == a[..]).then(|| (place, b[a.len()].to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tool_errors_bring_a_recovery_prompt_that_stays() {
    errors_row().await;
}

async fn errors_row() -> Row {
    let mut row = Row::new();
    let (provider, runtime) = scripted(|round| {
        if round < 5 {
            Turn::call("search", json!({"path": round})).thinking("Hm.", "c2ln")
        } else {
            Turn::text("I give up.")
        }
    })
    .await;
    for (dialect, streamed) in forms() {
        let what = format!("max_tool_errors {dialect:?} streamed={streamed}");
        let mut agent = agent(&runtime, "errors", dialect, streamed);
        agent.say("Find it");
        let mut views = Vec::new();
        let mut fired = None;
        for _ in 0..5 {
            views.push(agent.history.clone());
            let (answer, response) = agent.turn().await;
            if fired.is_none() && response.header("x-switchtower-intervention").is_some() {
                fired = Some((views.len(), exchange(&runtime, &response).await));
            }
            assert_eq!(answer.calls.len(), 1, "{what}");
            agent.give(&[(answer.calls[0].clone(), Outcome::bad("Error: quota exceeded for index 7"))]);
        }
        views.push(agent.history.clone());
        agent.turn().await;
        let sent = upstream(&provider, &agent);
        assert_eq!(sent.len(), 6, "{what}");
        for round in 0..3 {
            assert_eq!(sent[round], views[round], "{what}: round {round} is untouched");
        }
        let (place, text) = added(&views[3], &sent[3]).unwrap_or_else(|| panic!("{what}: sent {:#?}", sent[3]));
        assert!(text.contains("quota exceeded"), "{what}: names the errors: {text}");
        for round in 4..6 {
            assert_eq!(sent[round][..sent[3].len()], sent[3][..], "{what}: round {round} re-applies it byte for byte");
        }
        assert_eq!(place, added(&views[3], &sent[4][..sent[3].len()]).unwrap().0, "{what}");
        let (round, exchange) = fired.unwrap_or_else(|| panic!("{what}: no x-switchtower-intervention"));
        assert_eq!(round, 4, "{what}: fires when the third error is delivered");
        assert_recorded(&runtime, &exchange, "max_tool_errors", "inject", &what).await;
        assert!(
            text.contains(exchange["session"].as_str().unwrap()) || text.contains(exchange["id"].as_str().unwrap()),
            "{what}: names the trace: {text}"
        );
        row.push((dialect, streamed, "fired at request 4; prompt stays in 5 and 6"));
    }
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_refuses_as_a_normal_answer() {
    budget_row().await;
}

async fn budget_row() -> Row {
    let mut row = Row::new();
    let (provider, runtime) = scripted(|round| Turn::text(&format!("Answer {round}."))).await;
    for (dialect, streamed) in forms() {
        let what = format!("token_budget_per_session {dialect:?} streamed={streamed}");
        let mut agent = agent(&runtime, "budget", dialect, streamed);
        agent.tools.clear();
        for round in 0..2 {
            agent.say(&format!("Question {round}"));
            let (answer, response) = agent.turn().await;
            assert_eq!(answer.text, format!("Answer {round}."), "{what}");
            let exchange = exchange(&runtime, &response).await;
            let listed = runtime.rpc("list_interventions", json!({"session": exchange["session"]})).await;
            let capped = &listed["interventions"][0];
            assert_eq!(capped["exchange"], exchange["id"], "{what}: round {round}: {listed}");
            let capped = (&capped["action"], &capped["rule"]);
            assert_eq!(capped, (&json!("limit"), &json!("token_budget_per_session")), "{what}: capped to what remains");
        }
        for round in 2..4 {
            agent.say(&format!("Question {round}"));
            let (answer, response) = agent.turn().await;
            assert!(answer.text.contains("token_budget_per_session"), "{what}: names the rule: {}", answer.text);
            assert!(response.header("x-switchtower-intervention").is_some(), "{what}: in the header");
            let exchange = exchange(&runtime, &response).await;
            assert_eq!(exchange["state"], "answered", "{what}");
            assert_recorded(&runtime, &exchange, "token_budget_per_session", "block", &what).await;
        }
        assert_eq!(upstream(&provider, &agent).len(), 2, "{what}: nothing went out after the budget");
        row.push((dialect, streamed, "refused twice, nothing went out"));
    }
    row
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.calls.iter().map(|call| call.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_call_is_taken_out_and_the_model_is_told() {
    block_row().await;
}

async fn block_row() -> Row {
    let mut row = Row::new();
    let (provider, runtime) = scripted(|round| match round {
        0 => Turn::call("search", json!({"path": "a ✓"}))
            .and_call("delete_file", json!({"path": "/etc"}))
            .and_call("read_file", json!({}))
            .with_text("I begin.")
            .thinking("Let me think.", "c2ln")
            .redacted("b3BhcXVl")
            .interleaved(),
        1 => Turn::call("search", json!({"path": "b"})).thinking("Again.", "c2lnMg=="),
        _ => Turn::text("Done."),
    })
    .await;
    for (dialect, streamed) in forms() {
        let what = format!("block {dialect:?} streamed={streamed}");
        let mut agent = agent(&runtime, "block", dialect, streamed);
        agent.say("Clean up");
        let (answer, response) = agent.turn().await;
        assert_eq!(names(&answer), ["search", "read_file"], "{what}");
        assert_eq!(answer.text, "I begin.", "{what}");
        let exchange = exchange(&runtime, &response).await;
        assert_recorded(&runtime, &exchange, "no-deletes", "block", &what).await;
        agent.give(&answer.calls.iter().map(|call| (call.clone(), Outcome::good("fine"))).collect::<Vec<_>>());
        let (second, _) = agent.turn().await;
        agent.give(&[(second.calls[0].clone(), Outcome::good("fine too"))]);
        let (last, _) = agent.turn().await;
        assert_eq!(last.text, "Done.", "{what}");
        let sent = upstream(&provider, &agent);
        assert_eq!(sent.len(), 3, "{what}");
        let told = json!(sent[1]).to_string();
        assert_eq!(told.matches("\"delete_file\"").count().min(1), 1, "{what}: the call stands in the history: {told}");
        assert!(told.contains("Deleting is not allowed here."), "{what}: and a result that says why: {told}");
        assert!(
            told.contains("\"search\"") && told.contains("\"read_file\"") && told.contains("fine"),
            "{what}: {told}"
        );
        let original = Answer::read(dialect, streamed, &direct(dialect, streamed)).unwrap();
        let as_made =
            |list: &[Value]| list.iter().take(original.messages.len() + 1).skip(1).cloned().collect::<Vec<_>>();
        assert_eq!(signatures(&as_made(&sent[1])), signatures(&original.messages), "{what}: signatures kept");
        assert_eq!(sent[2][..sent[1].len()], sent[1][..], "{what}: the same each time");
        row.push((dialect, streamed, "taken out of 3, model told, signatures kept"));
    }
    row
}

fn signatures(messages: &[Value]) -> Vec<String> {
    messages.iter().flat_map(judge::signed).collect()
}

/// The first answer as the provider sent it.
fn direct(dialect: Dialect, streamed: bool) -> Vec<u8> {
    let turn = Turn::call("search", json!({"path": "a ✓"}))
        .and_call("delete_file", json!({"path": "/etc"}))
        .and_call("read_file", json!({}))
        .with_text("I begin.")
        .thinking("Let me think.", "c2ln")
        .redacted("b3BhcXVl")
        .numbered(0);
    render::render(dialect, streamed, false, &turn).bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_call_is_left_the_runtime_goes_on_with_the_model() {
    alone_row().await;
}

async fn alone_row() -> Row {
    let mut row = Row::new();
    let (provider, runtime) = scripted(|round| match round {
        0 => Turn::call("delete_file", json!({"path": "/"})).with_text("Deleting. ").thinking("So.", "c2ln"),
        1 => Turn::text("Then I leave it."),
        _ => Turn::text("Bye."),
    })
    .await;
    for (dialect, streamed) in forms() {
        let what = format!("block of the only call {dialect:?} streamed={streamed}");
        let mut agent = agent(&runtime, "block", dialect, streamed).filling("block alone");
        agent.headers[0].1.push_str("-only");
        agent.say("Clean up");
        let (answer, response) = agent.turn().await;
        assert!(answer.calls.is_empty(), "{what}: {answer:?}");
        assert!(answer.text.contains("Then I leave it."), "{what}: {}", answer.text);
        let sent = upstream(&provider, &agent);
        assert_eq!(sent.len(), 2, "{what}: one more request inside the same response");
        assert!(json!(sent[1]).to_string().contains("Deleting is not allowed here."), "{what}");
        let exchange = exchange(&runtime, &response).await;
        assert_eq!(exchange["attempts"].as_array().map(Vec::len), Some(2), "{what}: {}", exchange["attempts"]);
        agent.say("Thanks");
        let (last, _) = agent.turn().await;
        assert_eq!(last.text, "Bye.", "{what}");
        let sent = upstream(&provider, &agent);
        assert_eq!(sent[2][..sent[1].len()], sent[1][..], "{what}: call and result stand in every later request");
        row.push((dialect, streamed, "went on in the same response, told ever after"));
    }
    row
}

/// The table of the three rules: every dialect, streamed and not. Written to `tests/out/rules.md`.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_rules_has_no_empty_cell() {
    let rows = [
        ("`max_tool_errors` → inject", errors_row().await),
        ("`token_budget_per_session` → refuse", budget_row().await),
        ("`block` of one call of three", block_row().await),
        ("`block` of the only call", alone_row().await),
    ];
    let mut table = "| rule |".to_owned();
    for (dialect, streamed) in forms() {
        table += &format!(" {dialect:?}, {} |", if streamed { "streamed" } else { "whole" });
    }
    table += &format!("\n|---|{}\n", "---|".repeat(forms().count()));
    for (rule, row) in &rows {
        table += &format!("| {rule} |");
        for (dialect, streamed) in forms() {
            let cell = row.iter().find(|(of, mode, _)| (*of, *mode) == (dialect, streamed));
            let (.., came_to) = cell.unwrap_or_else(|| panic!("{rule}: {dialect:?} streamed={streamed} is empty"));
            table += &format!(" {came_to} |");
        }
        table += "\n";
    }
    println!("{table}");
    let out = concat!(env!("CARGO_MANIFEST_DIR"), "/out");
    std::fs::create_dir_all(out).unwrap();
    std::fs::write(format!("{out}/rules.md"), table).unwrap();
}
