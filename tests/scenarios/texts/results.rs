//! Results and answers in forms that are rarer than one text: what rules make of them is valid still, and what they must not touch stays.

use crate::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use switchtower_tests::{Turn, render};

const CUT: &str = "version = 1\n[[rule]]\nid = \"cut\"\non = \"tool.result\"\nwhen = \"result.bytes > 500\"\ndo = [{ truncate = { head = 20, tail = 10 } }]\n";

/// A first request whose answer calls `f` twice, then the agent's second with what `results` makes of the calls; gives what went upstream then.
async fn second(policy: &str, dialect: Dialect, results: impl Fn(&Value) -> Value) -> Value {
    let asked = AtomicUsize::new(0);
    let provider = Provider::start(move |request| {
        let turn = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Turn::call("f", json!({"n": 1})).and_call("g", json!({})),
            _ => Turn::text("Done."),
        };
        render::answer(request, &turn)
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let (key, mut body) = match dialect {
        Dialect::Anthropic => (
            "messages",
            json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}),
        ),
        Dialect::Gemini => ("contents", json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})),
        Dialect::Responses => ("input", json!({"model": "gpt-4o-mini", "input": [{"role": "user", "content": "Hi"}]})),
        _ => ("messages", chat(json!([{"role": "user", "content": "Hi"}]))),
    };
    let send = async |body: &Value| {
        let request = dialect.request(false, "sk-x", body.to_string());
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        serde_json::from_slice::<Value>(&response.body).unwrap()
    };
    let answer = send(&body).await;
    let said = match dialect {
        Dialect::Anthropic => vec![json!({"role": "assistant", "content": answer["content"]})],
        Dialect::Gemini => vec![answer["candidates"][0]["content"].clone()],
        Dialect::Responses => answer["output"].as_array().unwrap().clone(),
        _ => vec![answer["choices"][0]["message"].clone()],
    };
    let told = results(&json!(said));
    let list = body[key].as_array_mut().unwrap();
    list.extend(said);
    list.extend(told.as_array().unwrap().clone());
    send(&body).await;
    provider.last().json()[key].clone()
}

fn long() -> String {
    format!("Ünïcode 😀 {} the end", "lorem ipsum ".repeat(60))
}

fn is_cut(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.starts_with("Ünïcode 😀 lorem")
        && text.ends_with("m  the end")
        && text.contains("left out by Switchtower rule texts/cut")
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_several_parts_are_cut_and_stay_valid() {
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let mark = json!({"type": "ephemeral"});
    let sent = second(CUT, Dialect::Anthropic, |said| {
        let calls: Vec<Value> = said[0]["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use").cloned().collect();
        json!([{"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": calls[0]["id"], "is_error": false, "content": [{"type": "text", "text": long()}, image], "cache_control": mark},
            {"type": "tool_result", "tool_use_id": calls[1]["id"], "content": [image]},
            {"type": "text", "text": long()},
        ]}])
    })
    .await;
    let last = sent.as_array().unwrap().last().unwrap()["content"].clone();
    assert!(is_cut(&last[0]["content"][0]["text"]), "{last}");
    assert_eq!((&last[0]["content"][1], &last[0]["is_error"]), (&image, &json!(false)), "{last}");
    assert_eq!(last.to_string().matches(&mark.to_string()).count(), 1, "the message bears its mark once: {last}");
    assert_eq!(
        (&last[1]["content"], &last[2]["text"]),
        (&json!([image]), &json!(long())),
        "what is no result stays whole"
    );

    let sent = second(CUT, Dialect::Gemini, |said| {
        let calls: Vec<Value> = said[0]["parts"].as_array().unwrap().iter().filter(|part| part["functionCall"].is_object()).cloned().collect();
        let answer = |call: &Value, response: Value| json!({"functionResponse": {"id": call["functionCall"]["id"], "name": call["functionCall"]["name"], "response": response}});
        json!([{"role": "user", "parts": [answer(&calls[0], json!({"result": long()})), answer(&calls[1], json!({"error": long()}))]}])
    })
    .await;
    let last = sent.as_array().unwrap().last().unwrap()["parts"].clone();
    assert!(is_cut(&last[0]["functionResponse"]["response"]["output"]), "{last}");
    assert!(is_cut(&last[1]["functionResponse"]["response"]["error"]), "{last}");

    let sent = second(CUT, Dialect::Responses, |said| {
        let calls: Vec<Value> = said.as_array().unwrap().iter().filter(|item| item["type"] == "function_call").cloned().collect();
        json!([
            {"type": "function_call_output", "call_id": calls[0]["call_id"], "output": [{"type": "input_text", "text": long()}, {"type": "input_image", "image_url": "data:image/png;base64,aGk="}]},
            {"type": "function_call_output", "call_id": calls[1]["call_id"], "output": long()},
        ])
    })
    .await;
    let items: Vec<&Value> =
        sent.as_array().unwrap().iter().filter(|item| item["type"] == "function_call_output").collect();
    assert!(is_cut(&items[0]["output"][0]["text"]) && items[0]["output"][1]["type"] == "input_image", "{}", items[0]);
    assert!(is_cut(&items[1]["output"]), "{}", items[1]);

    let sent = second(CUT, Dialect::Chat, |said| {
        let calls = &said[0]["tool_calls"];
        json!([
            {"role": "tool", "tool_call_id": calls[0]["id"], "content": [{"type": "text", "text": long()}]},
            {"role": "tool", "tool_call_id": calls[1]["id"], "content": ""},
        ])
    })
    .await;
    let tail = sent.as_array().unwrap().iter().rev().take(2).cloned().collect::<Vec<_>>();
    assert!(is_cut(&tail[1]["content"][0]["text"]) && tail[0]["content"] == "", "{tail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_answer_is_read_and_goes_out_right() {
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let reply = whole_chat(&format!("It is {KEY}.")).encoded(encoding);
        let (response, _) =
            once(SAFE, Dialect::Chat, false, chat(json!([{"role": "user", "content": "Hi"}])), reply).await;
        assert_eq!(response.header("content-encoding"), None, "{encoding}");
        assert!(response.text().contains(&format!("It is {TOKEN}.")), "{encoding}: {}", response.text());
        let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
        let reply =
            chat_stream("\n", &[chunk(0, "It is AKIAABCDEF"), chunk(0, "GHIJKLMNOP."), finish(0)]).encoded(encoding);
        let (response, _) = once(SAFE, Dialect::Chat, true, body, reply).await;
        assert_eq!(said(&response, 0), format!("It is {TOKEN}."), "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_calls_keep_their_signature_when_the_one_that_bears_it_goes() {
    let policy = "version = 1\n[[rule]]\nid = \"no\"\non = \"tool.call\"\nwhen = \"tool.name == 'rm'\"\ndo = [{ block = \"Not here.\" }]\n";
    let parts = json!([
        {"functionCall": {"name": "rm", "args": {}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "ls", "args": {"p": "/"}}},
    ]);
    let provider = Provider::start(move |_| {
        Reply::json(
            200,
            json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]})
                .to_string(),
        )
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let hi = json!({"role": "user", "parts": [{"text": "Hi"}]});
    let body = json!({"contents": [hi]});
    let response = Client::once(&runtime.proxy, &Dialect::Gemini.request(false, "k", body.to_string())).await.unwrap();
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    let said = answer["candidates"][0]["content"].clone();
    assert!(!said.to_string().contains("rm") && said.to_string().contains("\"ls\""), "{said}");
    let result =
        json!({"role": "user", "parts": [{"functionResponse": {"name": "ls", "response": {"output": "bin"}}}]});
    let body = json!({"contents": [hi, said, result]});
    Client::once(&runtime.proxy, &Dialect::Gemini.request(false, "k", body.to_string())).await.unwrap();
    let sent = provider.last().json()["contents"].clone();
    assert_eq!(
        sent[1]["parts"][0],
        json!({"functionCall": {"name": "rm", "args": {}}, "thoughtSignature": "c2ln"}),
        "{sent}"
    );
    assert_eq!(sent[1]["parts"].as_array().unwrap().len(), 2, "{sent}");
    let told = sent[2]["parts"].as_array().unwrap();
    assert_eq!(told.len(), 2, "both have a result, in one message: {sent}");
    assert!(told[0]["functionResponse"]["name"] == "rm" && told[0].to_string().contains("Not here."), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_injected_stands_before_the_words_that_an_answer_is_to_begin_with() {
    let policy =
        "version = 1\n[[rule]]\nid = \"hint\"\non = \"model.request\"\nmax_fires = 1\ndo = [{ inject = \"HINT\" }]\n";
    let reply = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "content": [{"type": "text", "text": "\"a\":1}"}], "usage": {"input_tokens": 3, "output_tokens": 2}});
    let provider = Provider::start(move |_| Reply::json(200, reply.to_string())).await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let send = async |messages: Value| {
        let body = json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": messages}).to_string();
        Client::once(
            &runtime.proxy,
            &Dialect::Anthropic.request(false, "k", body).header("x-switchtower-session", "one"),
        )
        .await
        .unwrap();
        provider.last().json()["messages"].clone()
    };
    let (ask, begun) =
        (json!({"role": "user", "content": "JSON, please"}), json!({"role": "assistant", "content": "{"}));
    let hint = json!({"role": "user", "content": [{"type": "text", "text": "HINT"}]});
    assert_eq!(send(json!([ask, begun])).await, json!([ask, hint, begun]));
    let (whole, more) =
        (json!({"role": "assistant", "content": "{\"a\":1}"}), json!({"role": "user", "content": "Again"}));
    assert_eq!(send(json!([ask, whole, more])).await, json!([ask, hint, whole, more]), "and in every later request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reroute_leaves_what_both_models_take() {
    let to = |model: &str| {
        format!("version = 1\n[[rule]]\nid = \"to\"\non = \"model.request\"\ndo = [{{ reroute = \"{model}\" }}]\n")
    };
    let reply = || {
        Reply::json(
            200,
            json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": []})
                .to_string(),
        )
    };
    let body = json!({"model": "gpt-5", "include": ["reasoning.encrypted_content", "web_search_call.action.sources"], "reasoning": {"effort": "low"}, "store": false, "input": "Hi"});
    let (_, sent) = once(&to("gpt-4o"), Dialect::Responses, false, body, reply()).await;
    assert_eq!(
        sent.json(),
        json!({"model": "gpt-4o", "include": ["web_search_call.action.sources"], "store": false, "input": "Hi"})
    );
    let body = json!({"model": "gpt-5", "include": ["reasoning.encrypted_content"], "input": "Hi"});
    let (_, sent) = once(&to("gpt-4o"), Dialect::Responses, false, body, reply()).await;
    assert_eq!(sent.json(), json!({"model": "gpt-4o", "input": "Hi"}));
    let body = json!({"model": "gpt-4o", "stop": ["END"], "temperature": 0.2, "max_tokens": 50, "seed": 7, "messages": [{"role": "user", "content": "Hi"}]});
    let (_, sent) = once(&to("o3"), Dialect::Chat, false, body, whole_chat("Hi")).await;
    assert_eq!(
        sent.json(),
        json!({"model": "o3", "max_completion_tokens": 50, "seed": 7, "messages": [{"role": "user", "content": "Hi"}]})
    );
}
