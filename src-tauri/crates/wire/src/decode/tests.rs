use super::*;
use bytes::Bytes;

fn streamed(dialect: Dialect, framing: Framing, stream: &str) -> (Answer, Vec<Seen>) {
    let (mut framer, mut decoder) = (Framer::new(framing), Decoder::new(dialect, framing).at(5));
    let mut frames = framer.push(Bytes::copy_from_slice(stream.as_bytes()));
    frames.extend(framer.finish());
    let seen = frames.iter().map(|frame| decoder.push(frame)).collect();
    (decoder.into_answer(), seen)
}

fn whole(dialect: Dialect, body: &str) -> Answer {
    streamed(dialect, Framing::Whole, body).0
}

fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

/// Ids of chunks and counts aside, the two answers say the same.
fn assert_alike(streamed: &Answer, whole: &Answer) {
    assert_eq!(streamed, whole);
    assert!(streamed.complete && !streamed.atoms.is_empty());
}

#[test]
fn interleaved_chat_calls_accumulate_as_unstreamed() {
    let stream = events(&[
        r#"{"id":"x","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"I "}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"look."}},{"index":1,"delta":{"content":"other choice"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":":2}"}},{"index":0,"function":{"arguments":"{\"x\":1}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#,
        "[DONE]",
    ]);
    let (answer, seen) = streamed(Dialect::OpenaiChat, Framing::Sse, &stream);
    let body = r#"{"id":"x","model":"m","choices":[{"finish_reason":"tool_calls","message":{"role":"assistant","content":"I look.","tool_calls":[
        {"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"g","arguments":"{\"y\":2}"}}]}}],
        "usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}}"#;
    assert_alike(&answer, &whole(Dialect::OpenaiChat, body));
    assert!(seen[0].first_token && !seen[1].first_token);
    assert_eq!(seen[4].calls_complete.len(), 2);
    assert!(seen[5].usage_only && seen[6].terminal);
    assert_eq!(answer.usage.map(|usage| (usage.input, usage.cached, usage.output)), Some((10, 4, 7)));
}

#[test]
fn hosts_that_count_every_call_as_zero_still_make_two() {
    let stream = events(&[
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
    ]);
    let (answer, _) = streamed(Dialect::OpenaiChat, Framing::Sse, &stream);
    let names: Vec<_> = answer.calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!((names, answer.complete), (vec!["f", "g"], true));
}

#[test]
fn a_chat_stream_cut_inside_arguments_has_no_call() {
    let stream = events(&[
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]}"#,
    ]);
    let (answer, _) = streamed(Dialect::OpenaiChat, Framing::Sse, &stream);
    assert!(answer.calls.is_empty() && !answer.complete);
}

#[test]
fn responses_items_accumulate_as_unstreamed() {
    let output = r#"[{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"hm"}]},
        {"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"I look."}]},
        {"type":"function_call","id":"fc","call_id":"a","name":"f","arguments":"{\"x\":1}"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done."}]}]"#
        .replace('\n', "");
    let response = |output: &str| {
        format!(
            r#"{{"id":"resp_1","model":"m","status":"completed","error":null,"output":{output},"usage":{{"input_tokens":9,"input_tokens_details":{{"cached_tokens":3}},"output_tokens":8,"output_tokens_details":{{"reasoning_tokens":5}}}}}}"#
        )
    };
    let items = json::elements(output.as_bytes(), 0..output.len()).unwrap();
    let done = |place: usize| {
        format!(
            r#"{{"type":"response.output_item.done","output_index":{place},"item":{}}}"#,
            &output[items[place].clone()]
        )
    };
    let full = whole(Dialect::OpenaiResponses, &response(&output));
    for last in [output.as_str(), "[]"] {
        let stream = events(&[
            r#"{"type":"response.created","response":{"id":"resp_1","model":"m","status":"in_progress"}}"#,
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"hm"}"#,
            &done(0),
            r#"{"type":"response.output_text.delta","output_index":1,"delta":"I lo"}"#,
            r#"{"type":"response.output_text.delta","output_index":1,"delta":"ok."}"#,
            &done(1),
            r#"{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"x\":1}"}"#,
            &done(2),
            r#"{"type":"response.output_text.delta","output_index":3,"delta":"Done."}"#,
            &done(3),
            &format!(r#"{{"type":"response.completed","response":{}}}"#, response(last)),
        ]);
        let (answer, seen) = streamed(Dialect::OpenaiResponses, Framing::Sse, &stream);
        assert_alike(&answer, &full);
        assert_eq!((answer.text.as_str(), answer.atoms.len()), ("I look.\nDone.", 3));
        assert!(seen[1].first_token && seen[10].terminal && seen[7].calls_complete.len() == 1);
    }
    let only_end = events(&[&format!(r#"{{"type":"response.completed","response":{}}}"#, response(&output))]);
    let (answer, _) = streamed(Dialect::OpenaiResponses, Framing::Sse, &only_end);
    assert_eq!((answer.calls, answer.atoms), (full.calls, full.atoms));
}

#[test]
fn responses_that_fail_say_why() {
    let failed = events(&[
        r#"{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"x","message":"no"}}}"#,
    ]);
    let (answer, seen) = streamed(Dialect::OpenaiResponses, Framing::Sse, &failed);
    assert!(seen[0].terminal && !answer.complete);
    assert_eq!(answer.error.as_deref(), Some("no"));
    let cut = events(&[
        r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#,
    ]);
    let (answer, _) = streamed(Dialect::OpenaiResponses, Framing::Sse, &cut);
    assert_eq!((answer.finish.as_deref(), answer.complete), (Some("max_output_tokens"), true));
}

#[test]
fn anthropic_blocks_accumulate_as_unstreamed() {
    let stream = events(&[
        r#"{"type":"message_start","message":{"id":"msg","model":"m","usage":{"input_tokens":5,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I look."}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":30}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    let (answer, seen) = streamed(Dialect::Anthropic, Framing::Sse, &stream);
    let body = r#"{"id":"msg","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","content":[{"type":"thinking","thinking":"hm","signature":"s"},
        {"type":"text","text":"I look."},{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{}}],
        "usage":{"input_tokens":5,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":30}}"#;
    assert_alike(&answer, &whole(Dialect::Anthropic, body));
    assert!(seen[2].first_token && seen[12].calls_complete.len() == 1 && seen[16].terminal);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input, usage.cached, usage.cache_write, usage.output), (125, 100, 20, 30));
}

#[test]
fn an_anthropic_error_ends_the_stream() {
    let (answer, seen) = streamed(
        Dialect::Anthropic,
        Framing::Sse,
        &events(&[r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#]),
    );
    assert!(seen[0].terminal && !answer.complete);
    assert_eq!(answer.error.as_deref(), Some("Overloaded"));
}

#[test]
fn gemini_parts_accumulate_in_both_kinds_of_stream() {
    let chunks = [
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true}]}}],"modelVersion":"g"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"I lo"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"ok."},{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"s"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"toolUsePromptTokenCount":3,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":6,"totalTokenCount":24}}"#,
    ];
    let (sse, seen) = streamed(Dialect::Gemini, Framing::Sse, &events(&chunks));
    let (array, _) = streamed(Dialect::Gemini, Framing::JsonArray, &format!("[{}\n]\n", chunks.join(",\r\n")));
    assert_alike(&sse, &array);
    let body = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"I look."},{"functionCall":{"name":"f","args":{"x":1.0}}}]},"finishReason":"STOP"}]}"#;
    let full = whole(Dialect::Gemini, body);
    assert_eq!((full.text, full.atoms, full.reasoning), (sse.text, sse.atoms, sse.reasoning));
    assert_eq!(sse.calls[0].id, "call-5-0");
    assert!(seen[0].first_token && seen[2].calls_complete.len() == 1 && seen.iter().all(|seen| !seen.terminal));
    let usage = sse.usage.unwrap();
    assert_eq!((usage.input, usage.cached, usage.output, usage.reasoning), (13, 4, 11, 6));
}

#[test]
fn ollama_lines_accumulate_and_the_last_one_says_done() {
    let lines = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"I \"},\"done\":false}\n\
        {\"message\":{\"content\":\"look.\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]},\"done\":false}\n\
        {\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":7}\n";
    let (answer, seen) = streamed(Dialect::Ollama, Framing::Ndjson, lines);
    assert!(seen[0].first_token && seen[1].calls_complete.len() == 1 && seen[2].terminal);
    assert_eq!((answer.text.as_str(), answer.complete, answer.calls[0].id.as_str()), ("I look.", true, "call-5-0"));
    assert_eq!(answer.usage.map(|usage| (usage.input, usage.output)), Some((0, 7)));
    let said = facts::facts(Dialect::Ollama, br#"{"role":"assistant","content":"I look.","tool_calls":[{"id":"x","function":{"name":"f","arguments":{"x":1}}}]}"#, 5);
    assert_eq!(answer.atoms, said.atoms);
    let generate =
        whole(Dialect::Ollama, r#"{"model":"m","response":"hi","done":true,"prompt_eval_count":3,"eval_count":4}"#);
    assert_eq!((generate.text.as_str(), generate.complete), ("hi", true));
}

#[test]
fn errors_in_every_shape_are_named() {
    for (dialect, body, expected) in [
        (Dialect::OpenaiChat, r#"{"error":{"message":"no key","type":"x"}}"#, "no key"),
        (Dialect::Ollama, r#"{"error":"model not found"}"#, "model not found"),
        (Dialect::Anthropic, r#"{"type":"error","error":{"type":"x","message":"bad"}}"#, "bad"),
        (Dialect::Gemini, r#"[{"error":{"code":400,"message":"bad"}}]"#, "bad"),
        (Dialect::OpenaiChat, r#"{"error":17}"#, "17"),
    ] {
        let answer = whole(dialect, body);
        assert_eq!((answer.error.as_deref(), answer.complete, answer.usage), (Some(expected), false, None));
        assert_eq!(usage(dialect, body.as_bytes()), None);
    }
}

#[test]
fn events_without_their_content_type_are_read_all_the_same() {
    let stream = events(&[r#"{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}"#, "[DONE]"]);
    let answer = whole(Dialect::OpenaiChat, &stream);
    assert_eq!((answer.text.as_str(), answer.complete), ("hi", true));
}

#[test]
fn reasoning_counted_beside_the_completion_is_seen_by_the_total() {
    let xai = br#"{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}}"#;
    let openai = br#"{"usage":{"prompt_tokens":10,"completion_tokens":105,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}}"#;
    assert_eq!(usage(Dialect::OpenaiChat, xai), usage(Dialect::OpenaiChat, openai));
}

#[test]
fn nonsense_changes_nothing() {
    for data in [
        "",
        "x",
        "[]",
        "null",
        "{",
        "{}",
        r#"{"choices":7,"usage":[],"candidates":{},"type":[],"delta":1,"message":"x"}"#,
    ] {
        for dialect in Dialect::ALL {
            for framing in [Framing::Sse, Framing::Whole] {
                let mut decoder = Decoder::new(dialect, framing);
                decoder.push(&Frame {
                    raw: Bytes::new(),
                    event: None,
                    data: Some(Bytes::copy_from_slice(data.as_bytes())),
                });
                let answer = decoder.into_answer();
                assert!(
                    answer.text.is_empty() && answer.calls.is_empty() && answer.usage.is_none(),
                    "{dialect:?} {data}"
                );
            }
        }
    }
}
