//! Where a rewound run leaves the record: a difference, an end, an exchange without an answer, a person, a rule.

use super::*;
use switchtower_tests::{Fault, http::Client};

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_recorded_and_everything_after_it_is_live() {
    for dialect in Dialect::FIVE {
        let provider = provider(STEPS).await;
        let runtime = Runtime::start(&Options::to(&provider.base));
        let agent = first(&runtime, dialect, true);
        let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
        provider.forget();
        let (start, agent) = again(&runtime, &recorded.exchanges[FROM], &agent).await;
        // The tool says something else at the twentieth call: the request that brings it is the twenty-first.
        let rewound = run(agent, 99, |step, call| match step {
            19 => Outcome::good("result of another day"),
            _ => result(call),
        })
        .await;
        assert_eq!(provider.received().len(), STEPS + 1 - 20, "{dialect:?}");
        let rewind = rewind_of(&runtime, &start).await;
        assert_eq!(
            (&rewind["served"], &rewind["live"]["why"]),
            (&json!(20), &json!("differs")),
            "{dialect:?}: {rewind}"
        );
        let live = &rewind["live"];
        assert_eq!(live["exchange"], json!(rewound.exchanges[20]), "{dialect:?}");
        assert_eq!(live["recorded"], json!(recorded.exchanges[20]), "{dialect:?}");
        let differences = live["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 1, "{dialect:?}: only what differs: {live}");
        assert!(differences[0]["recorded"].as_str().unwrap().contains("in 0."), "{dialect:?}: {live}");
        assert!(differences[0]["now"].as_str().unwrap().ends_with("result of another day"), "{dialect:?}: {live}");
        let shown = runtime.exchange(&rewound.exchanges[20]).await;
        assert_eq!(shown["rewind"]["differences"], live["differences"], "{dialect:?}");
        assert_eq!(shown["replayed_from"], Value::Null, "{dialect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ends_early_has_asked_nobody() {
    let provider = provider(STEPS).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let agent = first(&runtime, Dialect::Anthropic, true);
    let recorded = run(agent.clone(), 12, |_, call| result(call)).await;
    provider.forget();
    let (start, agent) = again(&runtime, &recorded.exchanges[11], &agent).await;
    run(agent, 5, |_, call| result(call)).await;
    assert_eq!(provider.received().len(), 0);
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["answers"], &rewind["live"]), (&json!(5), &json!(11), &Value::Null));
}

/// A provider that breaks off the answer to the request that holds `mark`, the first `times` it comes.
async fn breaking(mark: &'static str, times: usize) -> Provider {
    let broken = std::sync::atomic::AtomicUsize::new(0);
    Provider::start(move |request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let reply = render::answer(request, &Turn::text("A somewhat longer answer than nothing."));
        let breaks = body.contains(mark) && !body.contains("Once more");
        if breaks && broken.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < times {
            return reply.fault(Fault::Cut(150));
        }
        reply
    })
    .await
}

async fn ask(agent: &mut Agent, text: &str) -> Response {
    agent.say(text);
    agent.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_was_interrupted_is_live_and_says_so() {
    let provider = breaking("Break", usize::MAX).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let talk = async |mut agent: Agent| {
        agent.say("Hello");
        agent.turn().await;
        ask(&mut agent, "Break").await;
        exchange_of(&ask(&mut agent, "Once more").await)
    };
    let agent = first(&runtime, Dialect::Chat, true);
    let target = talk(agent.clone()).await;
    provider.forget();
    let (start, agent) = again(&runtime, &target, &agent).await;
    talk(agent).await;
    assert_eq!(provider.received().len(), 2, "the interrupted one and what follows it");
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["live"]["why"]), (&json!(1), &json!("unfinished")), "{rewind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_repeated_after_a_failure_is_asked_once_and_gets_the_answer() {
    let provider = breaking("Break", 1).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let agent = first(&runtime, Dialect::Anthropic, true);
    let mut recorded = agent.clone();
    recorded.say("Break");
    recorded.send().await.unwrap();
    recorded.turn().await;
    let target = exchange_of(&ask(&mut recorded, "Then").await);
    provider.forget();
    let (start, mut agent) = again(&runtime, &target, &agent).await;
    agent.say("Break");
    let (answer, _) = agent.turn().await;
    assert!(answer.text.starts_with("A somewhat"), "{}", answer.text);
    assert_eq!(provider.received().len(), 0);
    ask(&mut agent, "Then").await;
    assert_eq!(rewind_of(&runtime, &start).await["live"]["why"], "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_the_provider_holds_goes_on_from_the_recorded_ids() {
    for streamed in [false, true] {
        let provider = Provider::start(|request| {
            let before = request.json()["previous_response_id"].as_str().map(str::to_owned).unwrap_or_default();
            let round = before.rsplit('_').next().and_then(|number| number.parse::<usize>().ok());
            let number = round.map_or(0, |round| round + 1);
            render::answer(request, &Turn::text(&format!("Answer {number}.")).numbered(number))
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base));
        let talk = async |prefix: &str| {
            let mut exchanges = Vec::new();
            let mut before = Value::Null;
            for turn in 0..4 {
                let body = json!({ "model": "gpt-4o-mini", "stream": streamed, "previous_response_id": before,
                    "input": format!("Question {turn}"), "prompt_cache_key": prefix });
                let mut request = Dialect::Responses.request(streamed, "sk-held", body.to_string());
                request.target = format!("{prefix}{}", request.target);
                let response = Client::once(&runtime.proxy, &request).await.unwrap();
                assert_eq!(response.status, 200, "{}", response.text());
                let id =
                    response.text().split("\"resp_").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
                before = json!(format!("resp_{id}"));
                exchanges.push(exchange_of(&response));
            }
            exchanges
        };
        let recorded = talk("/@held~first").await;
        provider.forget();
        let start = runtime.rpc("begin_rewind", json!({ "exchange": recorded[3] })).await;
        talk(&format!("/@held~{}", start["label"].as_str().unwrap())).await;
        let live = provider.received();
        assert_eq!(live.len(), 1, "streamed={streamed}");
        assert_eq!(live[0].json()["previous_response_id"], "resp_scripted_2", "streamed={streamed}");
    }
}

const BLOCK: &str = "version = 1\nname = \"block\"\n[[rule]]\nid = \"no-deletes\"\non = \"tool.call\"\n\
    when = \"tool.name == 'delete_file'\"\ndo = [{ block = { text = \"Deleting is not allowed here.\" } }]\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_took_out_then_stays_out_and_the_model_goes_on_hearing_of_it() {
    for dialect in Dialect::FIVE {
        for streamed in [false, true] {
            let provider = Provider::start(judge::strict(|request| {
                let round = String::from_utf8_lossy(&request.body).matches("result of ").count();
                let turn = match round {
                    0 => Turn::call("search", json!({"path": "a"})).and_call("delete_file", json!({"path": "b"})),
                    1 | 2 => Turn::call("search", json!({ "path": round })),
                    _ => Turn::text("Done."),
                };
                render::answer(request, &turn.numbered(round))
            }))
            .await;
            let runtime = Runtime::start(&Options::to(&provider.base).policy("block", BLOCK));
            let agent = Agent::new(&runtime.proxy, dialect, streamed);
            let result = |_: usize, call: &Call| Outcome::good(&format!("result of {}", call.name));
            let recorded = run(agent.clone(), 9, result).await;
            let upstream = provider.received();
            provider.forget();
            let start = runtime.rpc("begin_rewind", json!({ "exchange": recorded.exchanges[2] })).await;
            let again = agent.labelled(&format!("x~{}", start["label"].as_str().unwrap()));
            run(again, 9, result).await;
            let live = provider.received();
            assert_eq!(live.len(), upstream.len() - 2, "{dialect:?} streamed={streamed}");
            assert_eq!(live[0].json(), upstream[2].json(), "{dialect:?} streamed={streamed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_today_that_takes_a_recorded_call_out_ends_the_rewind() {
    let provider = provider(6).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let agent = first(&runtime, Dialect::Chat, true);
    let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
    provider.forget();
    let policy = BLOCK.replace("delete_file", "search");
    runtime.rpc("save_policy", json!({ "name": "block", "source": policy })).await;
    let (start, mut agent) = again(&runtime, &recorded.exchanges[5], &agent).await;
    agent.say("Find it");
    agent.send().await.unwrap();
    assert!(!provider.received().is_empty(), "the model has to go on by itself");
    assert_eq!(rewind_of(&runtime, &start).await["live"]["why"], "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_orders_is_heard_by_the_model() {
    let provider = provider(9).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let agent = first(&runtime, Dialect::Anthropic, false);
    let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
    provider.forget();
    let (start, mut agent) = again(&runtime, &recorded.exchanges[7], &agent).await;
    agent.say("Find it");
    let (answer, _) = agent.turn().await;
    let order = json!({ "session": start["session"], "command": "inject", "text": "Mind the time." });
    runtime.rpc("control_session", order).await;
    agent.give(&[(answer.calls[0].clone(), result(&answer.calls[0]))]);
    agent.turn().await;
    let live = provider.received();
    assert_eq!(live.len(), 1);
    assert!(live[0].json().to_string().contains("Mind the time."));
    assert_eq!(rewind_of(&runtime, &start).await["live"]["why"], "ordered");
}

#[tokio::test(flavor = "multi_thread")]
async fn side_calls_match_by_what_they_ask_and_one_of_todays_ends_nothing() {
    let provider = provider(9).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let title = async |prefix: &str, of: &str| {
        let asks = format!("Generate a concise title for this conversation: {of}");
        let body = json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": asks }] });
        let mut request = Dialect::Chat.request(false, "sk-title", body.to_string());
        request.target = format!("{prefix}{}", request.target);
        Client::once(&runtime.proxy, &request).await.unwrap()
    };
    let mut agent = first(&runtime, Dialect::Chat, true).labelled("aside~one");
    let recorded = run(agent.clone(), 3, |_, call| result(call)).await;
    title("/@aside~one", "Find it").await;
    agent.prefix = "/@aside~one".into();
    // Its own exchange is later than the title's.
    let more = run(agent.clone(), 5, |_, call| result(call)).await;
    drop(recorded);
    provider.forget();
    let (start, agent) = again(&runtime, &more.exchanges[4], &agent).await;
    title(&agent.prefix, "Find it").await;
    assert_eq!(provider.received().len(), 0, "the recorded title");
    title(&agent.prefix, "something that nobody asked then").await;
    assert_eq!(provider.received().len(), 1, "a title of today");
    run(agent, 2, |_, call| result(call)).await;
    assert_eq!(provider.received().len(), 1, "the conversation goes on from the record");
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["live"]), (&json!(2), &Value::Null), "{rewind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_the_provider_answered_with_is_served_again() {
    let provider = Provider::start(|request| match String::from_utf8_lossy(&request.body).contains("too much") {
        true if !String::from_utf8_lossy(&request.body).contains("Less") => {
            render::error(Dialect::Chat, 400, "context length exceeded")
        }
        _ => render::answer(request, &Turn::text("Well.")),
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let talk = async |mut agent: Agent| {
        let refused = ask(&mut agent, "too much").await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("context length exceeded"));
        exchange_of(&ask(&mut agent, "Less").await)
    };
    let agent = first(&runtime, Dialect::Chat, false);
    let target = talk(agent.clone()).await;
    provider.forget();
    let (start, agent) = again(&runtime, &target, &agent).await;
    talk(agent).await;
    assert_eq!(provider.received().len(), 1);
    assert_eq!(rewind_of(&runtime, &start).await["live"]["why"], "asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_restarts_meanwhile_goes_on_serving_where_it_was() {
    let provider = provider(9).await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options::to(&provider.base);
    let mut runtime = Runtime::start_in(folder.path(), &options);
    let agent = first(&runtime, Dialect::Anthropic, true);
    let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
    provider.forget();
    let (start, mut agent) = again(&runtime, &recorded.exchanges[7], &agent).await;
    let (_, early) = again(&runtime, &recorded.exchanges[7], &agent).await;
    agent.say("Find it");
    for _ in 0..3 {
        let (answer, _) = agent.turn().await;
        agent.give(&[(answer.calls[0].clone(), result(&answer.calls[0]))]);
    }
    runtime.kill();
    drop(runtime);
    let runtime = Runtime::start_in(folder.path(), &options);
    agent.base = runtime.proxy.clone();
    for _ in 3..7 {
        let (answer, _) = agent.turn().await;
        agent.give(&[(answer.calls[0].clone(), result(&answer.calls[0]))]);
    }
    assert_eq!(provider.received().len(), 0, "no model was asked before step 7");
    agent.turn().await;
    assert_eq!(provider.received().len(), 1);
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["live"]["why"]), (&json!(7), &json!("asked")), "{rewind}");

    // One that had asked nothing before is lost, and says so.
    let mut early = Agent { base: runtime.proxy.clone(), ..early };
    early.say("Find it");
    let (_, response) = early.turn().await;
    let shown = runtime.settled(&exchange_of(&response)).await;
    assert_eq!(shown["rewind"]["why"], "lost", "{shown}");
    assert_eq!(provider.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_that_run_side_by_side_may_come_in_another_order() {
    let provider = provider(3).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let talk = async |prefix: &str, order: [usize; 5]| {
        let mut agents: Vec<Agent> = ["Find this", "Look for that"]
            .map(|text| {
                let mut agent = first(&runtime, Dialect::Responses, true);
                agent.prefix = prefix.to_owned();
                agent.say(text);
                agent
            })
            .into();
        let mut exchanges = Vec::new();
        for one in order {
            let (answer, response) = agents[one].turn().await;
            agents[one].give(&[(answer.calls[0].clone(), result(&answer.calls[0]))]);
            exchanges.push(exchange_of(&response));
        }
        exchanges
    };
    let recorded = talk("/@side~one", [0, 1, 0, 1, 0]).await;
    provider.forget();
    let start = runtime.rpc("begin_rewind", json!({ "exchange": recorded[4] })).await;
    talk(&format!("/@side~{}", start["label"].as_str().unwrap()), [1, 0, 1, 0, 0]).await;
    assert_eq!(provider.received().len(), 1, "only the chosen one");
    let rewind = rewind_of(&runtime, &start).await;
    assert_eq!((&rewind["served"], &rewind["live"]["why"]), (&json!(4), &json!("asked")), "{rewind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_a_person_edits_on_its_way_is_asked_of_the_model() {
    let provider = provider(9).await;
    let mut options = Options::to(&provider.base);
    options.config = "[hold]\nbefore_head = \"300ms\"\nheartbeat = \"100ms\"\n".to_owned();
    let runtime = Runtime::start(&options);
    let agent = first(&runtime, Dialect::Chat, false);
    let recorded = run(agent.clone(), 99, |_, call| result(call)).await;
    provider.forget();
    let (start, mut agent) = again(&runtime, &recorded.exchanges[7], &agent).await;
    agent.say("Find it");
    let (answer, _) = agent.turn().await;
    let session = start["session"].clone();
    runtime.rpc("control_session", json!({ "session": session, "command": "pause" })).await;
    agent.give(&[(answer.calls[0].clone(), result(&answer.calls[0]))]);
    let mut body = agent.body();
    let asking = tokio::spawn(async move { agent.send().await.unwrap() });
    loop {
        let detail = runtime.rpc("get_session", json!({ "session": session })).await;
        if detail["held"].as_array().is_some_and(|held| !held.is_empty()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(provider.received().len(), 0);
    body["temperature"] = json!(0.5);
    runtime.rpc("control_session", json!({ "session": session, "command": "edit_request", "body": body })).await;
    runtime.rpc("control_session", json!({ "session": session, "command": "resume" })).await;
    assert_eq!(asking.await.unwrap().status, 200);
    assert_eq!(provider.last().json()["temperature"], 0.5);
    assert_eq!(rewind_of(&runtime, &start).await["live"]["why"], "ordered");
}
