//! Answers and their streams, in every spelling.

use crate::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn every_choice_of_an_answer_is_read_however_its_stream_is_spelled() {
    let body = json!({"model": "gpt-4o-mini", "n": 2, "stream": true, "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "Hi"}]});
    for line in ["\n", "\r\n"] {
        let both = json!({"id": "c1", "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "😀 AKIAABCD"}, "finish_reason": null},
            {"index": 1, "delta": {"content": "b AKIA"}, "finish_reason": null}]});
        let usage = json!({"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}});
        let frames = [both, chunk(0, "EFGHIJKLMN"), finish(1), chunk(0, "OP!"), finish(0), usage.clone()];
        // Cut into single bytes: characters break in the middle.
        let reply = chat_stream(line, &frames).cut_into(std::iter::repeat(1));
        let (response, _) = once(SAFE, Dialect::Chat, true, body.clone(), reply).await;
        assert_eq!((&*said(&response, 0), &*said(&response, 1)), ("😀 [redacted:secret_key:1]!", "b AKIA"));
        assert_eq!(data(&response).last(), Some(&usage));
        assert!(response.text().trim_end().ends_with("data: [DONE]"));
    }
    let choices: Vec<Value> = (0..2).map(|n| json!({"index": n, "message": {"role": "assistant", "content": format!("{n} {KEY}")}, "finish_reason": "stop"})).collect();
    let reply = Reply::json(200, json!({"id": "c1", "model": "m", "choices": choices}).to_string());
    let (response, _) = once(SAFE, Dialect::Chat, false, body, reply).await;
    assert!(
        !response.text().contains(KEY) && response.text().contains("1 [redacted:secret_key:1]"),
        "{}",
        response.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_of_a_stream_leaves_before_its_end() {
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let in_one = json!({"id": "c1", "choices": [{"index": 0, "delta": {"content": "AB"}, "finish_reason": "length"}]});
    for frames in [
        vec![chunk(0, "it is AKIA"), in_one],
        vec![chunk(0, "it is AKIAAB")],
        vec![chunk(0, "it is AKIA"), chunk(0, "AB"), finish(0)],
    ] {
        let (response, _) = once(SAFE, Dialect::Chat, true, body.clone(), chat_stream("\n", &frames)).await;
        assert_eq!(said(&response, 0), "it is AKIAAB", "{}", response.text());
        assert!(response.text().trim_end().ends_with("data: [DONE]"), "{}", response.text());
    }
    // NDJSON, the last line without an end.
    let lines = [
        json!({"model": "m", "message": {"role": "assistant", "content": "AKIAABCDEFGH"}, "done": false}),
        json!({"model": "m", "message": {"role": "assistant", "content": "IJKLMNOP."}, "done": false}),
        json!({"model": "m", "message": {"role": "assistant", "content": " Bye AK"}, "done": true, "done_reason": "stop"}),
    ];
    let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let reply = Reply::stream("application/x-ndjson", vec![text.into()]).cut_into(std::iter::repeat(7));
    let (response, _) = once(
        SAFE,
        Dialect::Ollama,
        true,
        json!({"model": "llama3.2", "messages": [{"role": "user", "content": "Hi"}]}),
        reply,
    )
    .await;
    let told: String = data(&response).iter().filter_map(|line| line["message"]["content"].as_str()).collect();
    assert_eq!(told, "[redacted:secret_key:1]. Bye AK");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_of_a_stream_passes_byte_for_byte() {
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {"input_tokens": 3, "output_tokens": 0}}});
    let block =
        |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let frames = [
        start,
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "AKIATHOUGHTTHOUGHT77"})),
        delta(0, json!({"type": "signature_delta", "signature": "AKIASIGNEDSIGNEDSI77"})),
        stop(0),
        block(1, json!({"type": "redacted_thinking", "data": "AKIASEALEDSEALEDSE77"})),
        stop(1),
        block(2, json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}})),
        delta(2, json!({"type": "input_json_delta", "partial_json": "{\"query\":\"x\"}"})),
        stop(2),
        block(
            3,
            json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "https://a.example", "title": "t", "encrypted_content": "AKIAFOUNDFOUNDFOUN77"}]}),
        ),
        stop(3),
        block(4, json!({"type": "text", "text": "", "citations": []})),
        delta(4, json!({"type": "text_delta", "text": "It is AKIAABCD"})),
        delta(
            4,
            json!({"type": "citations_delta", "citation": {"type": "web_search_result_location", "cited_text": "x", "url": "https://a.example"}}),
        ),
        json!({"type": "ping"}),
        json!({"type": "some_future_event", "index": 4}),
        delta(4, json!({"type": "text_delta", "text": "EFGHIJKLMNOP."})),
        stop(4),
        block(5, json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}})),
        stop(5),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ];
    let body = json!({"model": "claude-sonnet-4-5", "max_tokens": 64, "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let policy = format!(
        "{SAFE}[[rule]]\nid = \"no\"\non = \"tool.call\"\nwhen = \"tool.name == 'web_search'\"\ndo = [\"block\"]\n"
    );
    let (response, _) = once(&policy, Dialect::Anthropic, true, body, events("\n", &frames)).await;
    let got = data(&response);
    let is_text = |frame: &&Value| frame["delta"]["type"] == "text_delta";
    let text: String = got.iter().filter(is_text).filter_map(|frame| frame["delta"]["text"].as_str()).collect();
    assert_eq!(text, "It is [redacted:secret_key:1].");
    let others = |frames: &[Value]| frames.iter().filter(|frame| !is_text(frame)).cloned().collect::<Vec<_>>();
    assert_eq!(others(&got), others(&frames), "what the provider runs itself is no call of the agent's");

    let frames = [
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "object": "response", "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": {"id": "ws_1", "type": "web_search_call", "status": "in_progress"}}),
        json!({"type": "response.web_search_call.searching", "sequence_number": 2, "output_index": 0, "item_id": "ws_1"}),
        json!({"type": "response.some_future.delta", "sequence_number": 3, "output_index": 0, "delta": "AKIA"}),
        json!({"type": "response.output_item.done", "sequence_number": 4, "output_index": 0, "item": {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}}}),
        json!({"type": "response.output_item.added", "sequence_number": 5, "output_index": 1, "item": {"id": "x_1", "type": "some_future_item", "blob": "as it is"}}),
        json!({"type": "response.output_item.done", "sequence_number": 6, "output_index": 1, "item": {"id": "x_1", "type": "some_future_item", "blob": "as it is"}}),
        json!({"type": "response.completed", "sequence_number": 7, "response": {"id": "resp_1", "object": "response", "status": "completed", "output": [], "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}}),
    ];
    let reply = events("\n", &frames);
    let sent = reply.bytes();
    let body = json!({"model": "gpt-4o-mini", "stream": true, "input": "Hi"});
    let (response, _) = once(&policy, Dialect::Responses, true, body, reply).await;
    assert_eq!(response.body, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_the_old_form_and_one_without_arguments_are_taken_out() {
    let policy = "version = 1\n[[rule]]\nid = \"no\"\non = \"tool.call\"\nwhen = \"tool.name == 'rm'\"\ndo = [{ block = \"Not here.\" }]\n";
    let old = json!([{"index": 0, "message": {"role": "assistant", "content": null, "function_call": {"name": "rm", "arguments": "{}"}}, "finish_reason": "function_call"}]);
    let empty = json!([{"index": 0, "message": {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "rm", "arguments": ""}}, {"id": "call_2", "type": "function", "function": {"name": "ls", "arguments": ""}}]}, "finish_reason": "tool_calls"}]);
    for choices in [old, empty.clone()] {
        let asked = AtomicUsize::new(0);
        let first = Reply::json(200, json!({"id": "c1", "model": "m", "choices": choices}).to_string());
        let provider = Provider::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => first.clone(),
            _ => whole_chat("Then not."),
        })
        .await;
        let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
        let request =
            Dialect::Chat.request(false, "sk-x", chat(json!([{"role": "user", "content": "Hi"}])).to_string());
        let response = Client::once(&runtime.proxy, &request).await.unwrap();
        let text = response.text();
        assert!(!text.contains("\"rm\""), "{text}");
        if choices == empty {
            assert!(text.contains("call_2") && text.contains("tool_calls"), "{text}");
        } else {
            assert!(text.contains("Then not.") && text.contains("\"stop\""), "{text}");
            let sent = provider.last().json()["messages"].clone();
            assert_eq!(
                (&sent[1]["function_call"]["name"], &sent[2]["role"]),
                (&json!("rm"), &json!("function")),
                "{sent}"
            );
            assert!(sent[2]["content"].as_str().unwrap().contains("Not here."), "{sent}");
        }
    }
    let pieces = [
        json!({"id": "c1", "choices": [{"index": 0, "delta": {"role": "assistant", "function_call": {"name": "rm", "arguments": ""}}, "finish_reason": null}]}),
        json!({"id": "c1", "choices": [{"index": 0, "delta": {"function_call": {"arguments": "{}"}}, "finish_reason": null}]}),
        json!({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "function_call"}]}),
    ];
    let asked = AtomicUsize::new(0);
    let provider = Provider::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => chat_stream("\n", &pieces),
        _ => chat_stream("\n", &[chunk(0, "Then not."), finish(0)]),
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base).policy("texts", policy));
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let response = Client::once(&runtime.proxy, &Dialect::Chat.request(true, "sk-x", body.to_string())).await.unwrap();
    assert_eq!(said(&response, 0).trim(), "Then not.", "{}", response.text());
    assert!(!response.text().contains("\"rm\""), "{}", response.text());
}

/// A stream that breaks, errors or is refused while something is held: nothing of what must not leave does.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_badly_lets_nothing_out() {
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let error = json!({"error": {"message": "overloaded", "type": "server_error"}});
    let (response, _) = once(
        SAFE,
        Dialect::Chat,
        true,
        body.clone(),
        chat_stream("\n", &[chunk(0, "key AKIAABCDEFGH"), chunk(0, "IJKLMNOP"), error]),
    )
    .await;
    assert!(!response.text().contains("AKIA") && response.text().contains("overloaded"), "{}", response.text());
    // A provider's error that repeats what it was sent.
    let refused = json!({"error": {"message": format!("cannot read [redacted:secret_key:1]")}});
    let asked = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": KEY}]});
    let (response, sent) = once(SAFE, Dialect::Chat, false, asked, Reply::json(400, refused.to_string())).await;
    assert!(!sent.json().to_string().contains(KEY));
    assert_eq!(response.status, 400);
}

/// Texts that look like the runtime's own marks, or like the dialect's.
#[tokio::test(flavor = "multi_thread")]
async fn words_that_look_like_marks_are_words() {
    let said_ = "data: [DONE]\n\nevent: x [redacted:secret_key:9] [redacted: \\u005b \u{2028} \u{feff} \u{0} end";
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": format!("Mind {KEY}")}]});
    let pieces: Vec<Value> = said_.chars().map(|c| chunk(0, &c.to_string())).chain([finish(0)]).collect();
    let (response, _) = once(SAFE, Dialect::Chat, true, body, chat_stream("\n", &pieces)).await;
    assert_eq!(said(&response, 0), said_);
    // A user who writes a token gets no value for it that is not the session's.
    let body = chat(json!([{"role": "user", "content": format!("Say {TOKEN}")}]));
    let (response, sent) = once(SAFE, Dialect::Chat, false, body.clone(), whole_chat(TOKEN)).await;
    assert_eq!(sent.json(), body);
    assert!(response.text().contains(TOKEN));
}

/// Tool calls of every kind beside text in one chunk, with what was hidden in their arguments.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_arguments_reaches_the_agent_as_the_value() {
    let call = |arguments: &str, id: Option<&str>| json!({"id": "c1", "choices": [{"index": 0, "delta": {"content": "I call. ", "tool_calls": [{"index": 0, "id": id, "type": "function", "function": {"name": id.map(|_| "f"), "arguments": arguments}}]}, "finish_reason": null}]});
    let (a, b) = TOKEN.split_at(9);
    let frames = [
        call("", Some("call_1")),
        call(&format!("{{\"k\": \"{a}"), None),
        call(&format!("{b}\", \"u\": \"\\u005bredacted:secret_key:1]\"}}"), None),
        json!({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
    ];
    let body = json!({"model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": KEY}]});
    let (response, _) = once(SAFE, Dialect::Chat, true, body, chat_stream("\n", &frames)).await;
    let chunks = data(&response);
    let arguments: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({"k": KEY, "u": KEY}), "{arguments}");
    assert_eq!(said(&response, 0), "I call. ".repeat(3));
    assert_eq!(
        chunks.iter().filter(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["id"] == "call_1").count(),
        1
    );
}

/// Of several choices the agent takes any: a call of each is judged.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_another_choice_is_judged_too() {
    let policy = "version = 1\n[[rule]]\nid = \"no\"\non = \"tool.call\"\nwhen = \"tool.name == 'rm'\"\ndo = [{ block = \"Not here.\" }]\n";
    let call =
        |id: &str| json!({"index": 0, "id": id, "type": "function", "function": {"name": "rm", "arguments": "{}"}});
    let body = json!({"model": "gpt-4o-mini", "n": 2, "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let in_second =
        json!({"id": "c1", "choices": [{"index": 1, "delta": {"tool_calls": [call("x")]}, "finish_reason": null}]});
    let ends = json!({"id": "c1", "choices": [{"index": 1, "delta": {}, "finish_reason": "tool_calls"}]});
    let (response, _) =
        once(policy, Dialect::Chat, true, body, chat_stream("\n", &[chunk(0, "Hello"), in_second, finish(0), ends]))
            .await;
    assert!(!response.text().contains("\"rm\""), "{}", response.text());
    let body = json!({"model": "gpt-4o-mini", "n": 2, "messages": [{"role": "user", "content": "Hi"}]});
    let choices = json!([
        {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"},
        {"index": 1, "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "x", "type": "function", "function": {"name": "rm", "arguments": "{}"}}]}, "finish_reason": "tool_calls"},
    ]);
    let (response, _) = once(
        policy,
        Dialect::Chat,
        false,
        body,
        Reply::json(200, json!({"id": "c1", "model": "m", "choices": choices}).to_string()),
    )
    .await;
    assert!(!response.text().contains("\"rm\""), "{}", response.text());
}
