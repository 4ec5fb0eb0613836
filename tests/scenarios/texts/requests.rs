//! Every part of a request, in each dialect.

use crate::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_chat_request_lets_a_key_out() {
    let pem = format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----",
        "MHcCAQEEIIrYSSNQFaA2Hwf583QmKbyuylnk".repeat(2)
    );
    let messages = json!([
        {"role": "developer", "content": format!("Use {KEY}.")},
        {"role": "user", "name": "mia", "content": [
            {"type": "text", "text": format!("密钥{KEY}。"), "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{KEY}")}},
            {"type": "input_audio", "input_audio": {"data": KEY, "format": "wav"}},
        ]},
        {"role": "assistant", "content": null, "function_call": {"name": "old", "arguments": json!({"k": KEY, "pem": pem}).to_string()}},
        {"role": "function", "name": "old", "content": format!("{{\"out\":\"a\\n{KEY}\"}}")},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "new", "arguments": json!({"url": KEY, "data": {"id": pem}}).to_string()}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": KEY}]},
        {"role": "user", "content": "Go on"},
    ]);
    let (response, sent) =
        once(SAFE, Dialect::Chat, false, chat(messages.clone()), whole_chat(&format!("It is {TOKEN}."))).await;
    let told = sent.json()["messages"].clone();
    let text = told.to_string();
    assert!(!text.contains("BEGIN EC") && !text.contains("MHcCAQEE"), "{text}");
    assert_eq!(text.matches(KEY).count(), 2, "only what carries a picture and a sound: {text}");
    assert_eq!(
        (&told[1]["content"][1], &told[1]["content"][2]),
        (&messages[1]["content"][1], &messages[1]["content"][2])
    );
    assert_eq!(told[1]["content"][0]["cache_control"], messages[1]["content"][0]["cache_control"]);
    let arguments: Value =
        serde_json::from_str(told[4]["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments["url"], TOKEN);
    assert!(response.text().contains(&format!("It is {KEY}.")), "{}", response.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_responses_request_lets_a_key_out() {
    let item = |text: &str| {
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": "data:image/png;base64,AKIAPICTUREPICTURE77"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "AKIATHOUGHTTHOUGHT77"}], "encrypted_content": "AKIASEALEDSEALEDSE77"},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": json!({"name": text, "type": text}).to_string()},
            {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": text}]},
            {"type": "custom_tool_call", "id": "ct_1", "call_id": "call_2", "name": "apply_patch", "input": text},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": text},
            {"type": "local_shell_call", "id": "ls_1", "call_id": "call_3", "status": "completed", "action": {"type": "exec", "command": ["sh", "-c", text], "env": {"K": text}}},
            {"type": "local_shell_call_output", "call_id": "call_3", "output": json!({"output": text}).to_string()},
            {"type": "mcp_call", "id": "mcp_1", "name": "m", "server_label": "s", "arguments": json!({"id": text}).to_string(), "output": text},
            {"type": "some_future_item", "id": "x_1", "note": {"deep": [text]}},
        ])
    };
    let body = |text: &str| json!({"model": "gpt-4o-mini", "instructions": format!("Keep {text}"), "input": item(text), "store": false});
    let reply = json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": format!("It is {TOKEN}."), "annotations": []}]},
        {"type": "some_future_item", "id": "x_2", "note": "as it is"}]});
    let (response, sent) = once(SAFE, Dialect::Responses, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
    assert!(response.text().contains(&format!("It is {KEY}.")), "{}", response.text());
    // A prompt that is one text.
    let body =
        |text: &str| json!({"model": "gpt-4o-mini", "input": format!("Keep {text}"), "previous_response_id": "resp_0"});
    let (_, sent) = once(SAFE, Dialect::Responses, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_an_anthropic_request_lets_a_key_out() {
    let mark = json!({"type": "ephemeral"});
    let body = |text: &str| {
        json!({"model": "claude-sonnet-4-5", "max_tokens": 64,
        "system": [{"type": "text", "text": format!("Keep {text}"), "cache_control": mark}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "cache_control": mark}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": text, "cache_control": mark},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AKIAPICTUREPICTURE77"}},
                {"type": "document", "title": text, "context": text, "source": {"type": "text", "media_type": "text/plain", "data": text}, "citations": {"enabled": true}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": text}]}},
                {"type": "search_result", "source": "https://a.example", "title": "t", "content": [{"type": "text", "text": text}]},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "AKIATHOUGHTTHOUGHT77", "signature": "AKIASIGNEDSIGNEDSI77"},
                {"type": "redacted_thinking", "data": "AKIASEALEDSEALEDSE77"},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": text}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "https://a.example", "title": "t", "encrypted_content": "AKIAFOUNDFOUNDFOUN77"}]},
                {"type": "text", "text": text, "citations": [{"type": "char_location", "cited_text": text, "document_index": 0}]},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"url": text, "data": text, "name": text, "id": text, "source": text, "thinking": text, "deep": [{"type": "reasoning", "x": text}]}, "cache_control": mark},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": text}], "cache_control": mark}]},
        ]})
    };
    let reply = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "content": [
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "text", "text": format!("It is {TOKEN}."), "citations": null}], "usage": {"input_tokens": 3, "output_tokens": 2}});
    let (response, sent) = once(SAFE, Dialect::Anthropic, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
    assert!(
        response.text().contains(&format!("It is {KEY}.")) && response.text().contains("c2VhbGVk"),
        "{}",
        response.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_gemini_or_ollama_request_lets_a_key_out() {
    let body = |text: &str| {
        json!({
        "systemInstruction": {"parts": [{"text": format!("Keep {text}")}]},
        "contents": [
            {"role": "user", "parts": [{"text": text}, {"inlineData": {"mimeType": "image/png", "data": "AKIAPICTUREPICTURE77"}}, {"fileData": {"fileUri": "AKIAFILEFILEFILEFI77"}}]},
            {"role": "model", "parts": [
                {"text": "AKIATHOUGHTTHOUGHT77", "thought": true},
                {"functionCall": {"id": "a", "name": "f", "args": {"url": text, "status": [text], "data": {"id": text}}}, "thoughtSignature": "AKIASIGNEDSIGNEDSI77"},
                {"functionCall": {"id": "b", "name": "g", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "a", "name": "f", "response": {"output": text, "name": text}}},
                {"functionResponse": {"id": "b", "name": "g", "response": {"url": text, "n": 1700000000000_u64}}},
            ]},
            {"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": format!("k='{text}'")}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": text}}]},
            {"role": "user", "parts": [{"text": "Go on"}]},
        ]})
    };
    let reply = json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": format!("It is {TOKEN}."), "thoughtSignature": "c2ln"}]}, "finishReason": "STOP"}]});
    let (response, sent) = once(SAFE, Dialect::Gemini, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
    assert!(
        response.text().contains(&format!("It is {KEY}.")) && response.text().contains("c2ln"),
        "{}",
        response.text()
    );

    let body = |text: &str| {
        json!({"model": "llama3.2", "stream": false, "messages": [
            {"role": "system", "content": text},
            {"role": "user", "content": text, "images": ["AKIAPICTUREPICTURE77"]},
            {"role": "assistant", "content": "", "thinking": "AKIATHOUGHTTHOUGHT77", "tool_calls": [{"function": {"name": "f", "arguments": {"url": text, "name": [text]}}}]},
            {"role": "tool", "tool_name": "f", "content": text},
        ]})
    };
    let reply = json!({"model": "llama3.2", "message": {"role": "assistant", "content": format!("It is {TOKEN}.")}, "done": true, "done_reason": "stop"});
    let (response, sent) = once(SAFE, Dialect::Ollama, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
    assert!(response.text().contains(&format!("It is {KEY}.")), "{}", response.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_s_number_is_none_less_for_being_a_json_number() {
    let (card, plain) = (4111111111111111_u64, json!("4111111111111111"));
    let messages = json!([
        {"role": "user", "content": "Pay"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "pay", "arguments": json!({"card": card, "at": 1700000000000_u64, "n": [card]}).to_string()}}]},
        {"role": "tool", "tool_call_id": "c", "content": json!({"card": card, "ratio": 0.5555555555554444}).to_string()},
    ]);
    let (_, sent) = once(SAFE, Dialect::Chat, false, chat(messages), whole_chat("Done.")).await;
    let told = sent.json()["messages"].clone();
    assert!(!told.to_string().contains(plain.as_str().unwrap()), "{told}");
    let arguments: Value =
        serde_json::from_str(told[1]["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"card": "[redacted:card:1]", "at": 1700000000000_u64, "n": ["[redacted:card:1]"]}));
    assert!(told[2]["content"].as_str().unwrap().contains("\"ratio\":0.5555555555554444"), "{told}");
    let input = json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Pay"}, {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "pay", "input": {"card": card}}]}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]}]});
    let reply = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "content": [{"type": "text", "text": "Done."}], "usage": {"input_tokens": 3, "output_tokens": 2}});
    let (_, sent) = once(SAFE, Dialect::Anthropic, false, input, Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json()["messages"][1]["content"][0]["input"]["card"], "[redacted:card:1]");
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_without_messages_are_read_too() {
    let body = |text: &str| json!({"model": "llama3.2", "stream": false, "system": format!("Keep {text}"), "prompt": text, "suffix": "", "images": ["AKIAPICTUREPICTURE77"]});
    let reply = json!({"model": "llama3.2", "response": format!("It is {TOKEN}."), "done": true, "done_reason": "stop", "context": [1, 2]});
    let (response, sent) =
        once(SAFE, Dialect::OllamaGenerate, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
    assert!(response.text().contains(&format!("It is {KEY}.")), "{}", response.text());
    let body = |text: &str| json!({"model": "gpt-4o-mini", "input": [{"role": "developer", "content": text}, {"role": "user", "content": [{"type": "input_text", "text": text}]}, {"type": "item_reference", "id": "msg_1"}]});
    let reply = json!({"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": []});
    let (_, sent) = once(SAFE, Dialect::Responses, false, body(KEY), Reply::json(200, reply.to_string())).await;
    assert_eq!(sent.json(), body(TOKEN));
}
