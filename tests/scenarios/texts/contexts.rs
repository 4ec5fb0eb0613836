//! Contexts that grow for long or begin oddly, and models that are asked beside the turn.

use crate::*;
use std::time::{Duration, Instant};
use switchtower_tests::{Turn, Usage, judge, render};

/// What is asked of the agent's own model, and not of one beside it.
fn is_own(request: &Received) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    !body.contains("You condense the earlier part") && !body.contains("You take named fields")
}

/// A run of many turns, each larger than the last request by a long result: the window never overflows, however often it was compacted, and
/// between two compactions every request begins with the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_was_compacted_is_compacted_again_as_far() {
    const WINDOW: u64 = 128_000;
    let provider = Provider::start(|request| {
        let usage = Usage { input: request.body.len() as u64 / 4, output: 10, ..Usage::default() };
        let round = request.json()["messages"].as_array().unwrap().len();
        render::answer(
            request,
            &Turn::call("search", json!({"path": format!("p{round}")})).with_usage(usage).numbered(round),
        )
    })
    .await;
    let policy = "version = 1\n[[rule]]\nid = \"room\"\non = \"model.request\"\nwhen = \"session.context_used > 0.4\"\ndo = [{ compact = { to = 0.2 } }]\n";
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let mut messages =
        vec![json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": "Find ORD-1."})];
    for round in 0..50 {
        let body = json!({"model": "gpt-4o-mini", "messages": messages});
        let response =
            Client::once(&runtime.proxy, &Dialect::Chat.request(false, "sk-x", body.to_string())).await.unwrap();
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        let message = answer["choices"][0]["message"].clone();
        let id = message["tool_calls"][0]["id"].clone();
        messages.push(message);
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": format!("order ORD-{round}77: {}", "lorem ipsum ".repeat(900))}));
    }
    let sent: Vec<Vec<Value>> =
        provider.received().iter().map(|request| request.json()["messages"].as_array().unwrap().clone()).collect();
    let sizes: Vec<u64> = provider.received().iter().map(|request| request.body.len() as u64 / 4).collect();
    assert!(sizes.iter().all(|size| *size < WINDOW * 45 / 100), "never far over where it begins: {sizes:?}");
    let shorter: Vec<usize> = (1..sizes.len()).filter(|at| sizes[*at] < sizes[at - 1]).collect();
    assert!(shorter.len() >= 3 && shorter.windows(2).all(|pair| pair[1] - pair[0] >= 5), "{shorter:?} {sizes:?}");
    for at in 1..sent.len() {
        let body = json!({"messages": sent[at]});
        assert_eq!(judge::paired(Dialect::Chat, &body), Ok(()));
        assert_eq!(sent[at][..2], messages[..2]);
        if !shorter.contains(&at) {
            assert_eq!(sent[at][..sent[at - 1].len()], sent[at - 1][..], "{at}: begins with the one before");
        }
    }
    assert!(json!(sent[49]).to_string().contains("ORD-077"), "values of what left first still stand there");
}

/// A client's own compaction in between: what was left out of the history that it gave up is left out of nothing else, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_compacts_by_itself_loses_nothing_of_its_new_history() {
    let policy = "version = 1\n[[rule]]\nid = \"room\"\non = \"model.request\"\nwhen = \"request.messages > 14\"\ndo = [{ compact = { to = 0.4, of = \"context\" } }]\n";
    let provider = Provider::start(|request| {
        let round = request.json()["messages"].as_array().unwrap().len();
        let ended = request.json().to_string().contains("Conversation so far");
        let turn =
            if ended { Turn::text("I go on.") } else { Turn::call("search", json!({"path": format!("p{round}")})) };
        render::answer(request, &turn.numbered(round))
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let send = async |messages: &[Value]| {
        let request = Dialect::Chat
            .request(false, "sk-x", chat(json!(messages)).to_string())
            .header("x-switchtower-session", "one");
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        (answer["choices"][0]["message"].clone(), response.header("x-switchtower-session").unwrap().to_owned())
    };
    let mut messages =
        vec![json!({"role": "system", "content": "RULES"}), json!({"role": "user", "content": "THE TASK"})];
    for round in 0..10 {
        let (said, _) = send(&messages).await;
        let id = said["tool_calls"][0]["id"].clone();
        messages.extend([
            said,
            json!({"role": "tool", "tool_call_id": id, "content": format!("{round} {}", "lorem ".repeat(300))}),
        ]);
    }
    let last = provider.last().json()["messages"].as_array().unwrap().len();
    assert!(last < messages.len() - 2, "it was compacted: {last} of {}", messages.len());
    let own = [
        json!({"role": "system", "content": "RULES"}),
        json!({"role": "user", "content": "Conversation so far: all p were searched."}),
    ];
    let mut messages = own.to_vec();
    let mut session = String::new();
    for round in 0..10 {
        let (said, id) = send(&messages).await;
        session = id;
        let sent = provider.last().json()["messages"].clone();
        if messages.len() <= 14 {
            assert_eq!(sent, json!(messages), "{round}: its own history, whole");
        }
        assert_eq!(&sent.as_array().unwrap()[..2], own);
        messages.extend([said, json!({"role": "user", "content": format!("{round} {}", "more ".repeat(300))})]);
    }
    assert!(
        provider.last().json()["messages"].as_array().unwrap().len() < messages.len() - 2,
        "and compacted in its turn"
    );
    let acts = runtime.rpc("list_interventions", json!({"session": session})).await;
    assert!(
        acts["interventions"].as_array().unwrap().iter().filter(|act| act["action"] == "compact").count() >= 2,
        "{acts}"
    );
}

/// Histories as clients really send them, each over the limit: what goes out is a conversation still.
#[tokio::test(flavor = "multi_thread")]
async fn odd_histories_are_compacted_or_left_alone() {
    let policy = "version = 1\n[[rule]]\nid = \"room\"\non = \"model.request\"\ndo = [{ compact = { to = 0.3, of = \"context\" } }]\n";
    let provider = Provider::start(|request| render::answer(request, &Turn::text("Done."))).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let long = "lorem ipsum ".repeat(400);
    let call = |id: &str| json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"n\":7}"}}]});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": long});
    let turns = |count: usize| {
        (0..count).flat_map(|n| [call(&format!("c{n}")), result(&format!("c{n}"))]).collect::<Vec<Value>>()
    };
    let parallel = json!({"role": "assistant", "content": "Both.", "tool_calls": [call("a")["tool_calls"][0], call("b")["tool_calls"][0]]});
    let image = json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", "A".repeat(20_000))}}]});
    let (user, greeting) =
        (json!({"role": "user", "content": "THE TASK"}), json!({"role": "assistant", "content": "Hello."}));
    let odd: Vec<(Vec<Value>, bool)> = vec![
        ([vec![greeting.clone(), user.clone()], turns(6)].concat(), true),
        (turns(6), true),
        (
            [
                vec![
                    json!({"role": "developer", "content": "RULES"}),
                    json!({"role": "user", "content": "AGENTS.md"}),
                    user.clone(),
                ],
                turns(6),
            ]
            .concat(),
            true,
        ),
        ([vec![user.clone(), parallel, result("b"), result("a")], turns(5)].concat(), true),
        ([vec![user.clone(), greeting.clone(), image], turns(5)].concat(), true),
        (vec![json!({"role": "user", "content": long.repeat(20)})], false),
        (vec![user.clone(), call("x"), result("x")], false),
        ([turns(2), vec![user.clone()], turns(4)].concat(), true),
    ];
    for (place, (messages, shortens)) in odd.into_iter().enumerate() {
        let body = chat(json!(messages)).to_string();
        let request =
            Dialect::Chat.request(false, "sk-x", body.clone()).header("x-switchtower-session", &format!("odd{place}"));
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        let last = provider.last();
        assert_eq!(last.body.len() < body.len() / 2, shortens, "{place}: {} of {}", last.body.len(), body.len());
        assert_eq!(judge::paired(Dialect::Chat, &last.json()), Ok(()), "{place}");
        let told = last.json().to_string();
        for kept in ["THE TASK", "RULES", "AGENTS.md"] {
            assert_eq!(told.contains(kept), body.contains(kept), "{place}: {kept}");
        }
    }
}

/// A rule's own limit on a model that is asked beside the turn: past it, the turn goes on without.
#[tokio::test(flavor = "multi_thread")]
async fn a_summary_that_comes_too_late_is_done_without() {
    let policy = "version = 1\n[[rule]]\nid = \"room\"\non = \"model.request\"\ndo = [{ compact = { to = 0.3, of = \"context\", summary = \"small\", max = \"250ms\" } }]\n";
    let provider = Provider::start(|request| match is_own(request) {
        true => render::answer(request, &Turn::text("Done.")),
        false => render::answer(request, &Turn::text("Too late.")).delay(Duration::from_secs(20)),
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let told: Vec<Value> = (0..12)
        .map(|n| json!({"role": if n % 2 == 0 { "user" } else { "assistant" }, "content": format!("{n} {}", "lorem ipsum ".repeat(100))}))
        .collect();
    let begun = Instant::now();
    let response = Client::once(&runtime.proxy, &Dialect::Chat.request(false, "sk-x", chat(json!(told)).to_string()))
        .await
        .unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10) && response.text().contains("Done."), "{:?}", begun.elapsed());
    let sent = provider.received().into_iter().find(is_own).unwrap().json().to_string();
    assert!(sent.contains("earlier messages were left out") && !sent.contains("Too late"), "{sent}");
    let session = response.header("x-switchtower-session").unwrap();
    let acts = runtime.rpc("list_interventions", json!({"session": session})).await;
    let summary = acts["interventions"][0]["summary"].as_str().unwrap();
    assert!(summary.ends_with("there is no summary: small took longer than 250ms"), "{summary}");
}

/// Results that come together are asked about together.
#[tokio::test(flavor = "multi_thread")]
async fn several_extracts_are_asked_for_at_once() {
    let policy = "version = 1\n[[rule]]\nid = \"fields\"\non = \"tool.result\"\nwhen = \"result.bytes > 500\"\ndo = [{ extract = { fields = [\"order\"], model = \"small\" } }]\n";
    let provider = Provider::start(|request| match is_own(request) {
        true if request.json()["messages"].as_array().unwrap().len() > 1 => {
            render::answer(request, &Turn::text("Done."))
        }
        true => {
            let calls = (1..4).fold(Turn::call("f", json!({"n": 0})), |turn, n| turn.and_call("f", json!({"n": n})));
            render::answer(request, &calls)
        }
        false => {
            let body = request.json().to_string();
            let order = (0..4).find(|n| body.contains(&format!("ORD-{n}"))).unwrap();
            render::answer(request, &Turn::text(&format!("order: ORD-{order}"))).delay(Duration::from_millis(700))
        }
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let mut messages = vec![json!({"role": "user", "content": "Hi"})];
    let first = chat(json!(messages)).to_string();
    let answer = Client::once(&runtime.proxy, &Dialect::Chat.request(false, "sk-x", first)).await.unwrap();
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    let said = said["choices"][0]["message"].clone();
    let ids: Vec<Value> = said["tool_calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect();
    messages.push(said);
    messages.extend((0..4).map(
        |n| json!({"role": "tool", "tool_call_id": ids[n], "content": format!("ORD-{n} {}", "lorem ".repeat(200))}),
    ));
    let begun = Instant::now();
    let request = Dialect::Chat.request(false, "sk-x", chat(json!(messages)).to_string());
    Client::once(&runtime.proxy, &request).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(2_200), "four in the time of one: {:?}", begun.elapsed());
    let sent = provider.last().json()["messages"].clone();
    for n in 0..4 {
        let text = sent[n + 2]["content"].as_str().unwrap();
        assert!(text.ends_with(&format!("order: ORD-{n}")) && !text.contains("lorem"), "{text}");
    }
}

/// What is hidden stays so when a rule takes its text apart: in the values of turns that leave, in what is cut, in what another model reads.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_hidden_gets_out_in_pieces() {
    let line = |n: u32| format!("MIIEpAIBAAKCAQEAwY9Hi8WFO718yUjOLOfdVhdkQXif0w{n:02}AbCdEfGh0123456789");
    let pem = format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        (10..40).map(line).collect::<Vec<_>>().join("\n")
    );
    let iban = "DE89 3704 0044 0532 0130 00";
    let secret = format!("{pem} IBAN {iban} ");
    // The key stands across where the result is cut, and both rules act on it at once.
    let padded = format!("{}{secret}{}", "x".repeat(80), "lorem ipsum ".repeat(200));
    for more in [
        "[[rule]]\nid = \"cut\"\non = \"tool.result\"\ndo = [{ truncate = { head = 200, tail = 100 } }]\n",
        "[[rule]]\nid = \"found\"\non = \"tool.result\"\ndo = [{ extract = { fields = [\"all\"], model = \"small\" } }]\n",
        "[[rule]]\nid = \"room\"\non = \"model.request\"\nwhen = \"request.messages > 9\"\ndo = [{ compact = { to = 0.3, of = \"context\" } }]\n",
        "[[rule]]\nid = \"told\"\non = \"model.request\"\nwhen = \"request.messages > 9\"\ndo = [{ compact = { to = 0.3, of = \"context\", summary = \"small\" } }]\n",
    ] {
        let provider = Provider::start(|request| {
            let round = request.json()["messages"].as_array().unwrap().len();
            let turn = if is_own(request) {
                Turn::call("search", json!({"path": format!("p{round}")}))
            } else {
                Turn::text("Fine.")
            };
            render::answer(request, &turn.numbered(round))
        })
        .await;
        let policy = format!("{SAFE}{more}");
        let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", &policy));
        let mut messages = vec![json!({"role": "user", "content": "THE TASK"})];
        for round in 0..7 {
            let request = Dialect::Chat.request(false, "sk-x", chat(json!(messages)).to_string());
            let response = Client::once(&runtime.proxy, &request).await.unwrap();
            let answer: Value = serde_json::from_slice(&response.body).unwrap();
            let said = answer["choices"][0]["message"].clone();
            let id = said["tool_calls"][0]["id"].clone();
            let text = if round == 0 { padded.clone() } else { "lorem ipsum ".repeat(100) };
            messages.extend([said, json!({"role": "tool", "tool_call_id": id, "content": text})]);
        }
        let sent: String = provider.received().iter().map(|request| request.json().to_string()).collect();
        for piece in ["MIIEpAIB", "AbCdEfGh", "BEGIN RSA", "3704", "0532"] {
            assert!(!sent.contains(piece), "{more} lets {piece} out");
        }
        assert!(sent.contains("[redacted:private_key:1]"), "{more}");
    }
}
