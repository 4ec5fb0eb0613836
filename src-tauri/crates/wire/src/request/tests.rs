use super::*;

fn route(dialect: Dialect) -> Route {
    Route { dialect, operation: Operation::Generate, model: None, stream: None, array: false }
}

fn parsed(dialect: Dialect, body: &'static str) -> Request {
    parse(&route(dialect), Bytes::from_static(body.as_bytes())).unwrap()
}

#[test]
fn a_chat_request_is_indexed() {
    let request = parsed(
        Dialect::OpenaiChat,
        r#"{"model":"m","messages":[{"role":"user","content":"a"}, {"role":"assistant"}],"stream":true,
            "max_tokens":5,"max_completion_tokens":7,"prompt_cache_key":"k","stream_options":{"include_usage":false},
            "tools":[{"type":"function","function":{"name":"f","parameters":{"name":1}}}],"response_format":{"type":"json_schema"}}"#,
    );
    assert_eq!(request.message(1), br#"{"role":"assistant"}"#);
    assert_eq!(request.message(9), b"");
    assert_eq!((request.model.as_str(), request.stream, request.max_output_tokens), ("m", true, Some(7)));
    assert_eq!((request.tool_names.as_slice(), request.json_schema), (&["f".to_owned()][..], true));
    assert_eq!((request.session_hint.as_deref(), request.include_usage), (Some("k"), Some(false)));
}

#[test]
fn a_lone_string_is_one_message_without_an_array() {
    let request =
        parsed(Dialect::OpenaiResponses, r#"{"input":"hi","previous_response_id":"resp_1","instructions":"s"}"#);
    assert_eq!((request.message(0), &request.messages_array), (&b"\"hi\""[..], &None));
    assert_eq!(request.previous_response.as_deref(), Some("resp_1"));
    assert!(request.system.is_some());
    let request = parsed(Dialect::Ollama, r#"{"model":"m","prompt":"hi"}"#);
    assert_eq!((request.messages.len(), request.stream), (1, true));
    let request = parsed(Dialect::Gemini, r#"{"contents":{"parts":[{"text":"x"}]}}"#);
    assert_eq!((request.messages.len(), request.messages_array), (1, None));
}

#[test]
fn the_session_in_anthropic_metadata_is_found_in_both_spellings() {
    let request = parsed(Dialect::Anthropic, r#"{"metadata":{"user_id":"{\"session_id\":\"s1\"}"},"messages":[]}"#);
    assert_eq!(request.session_hint.as_deref(), Some("s1"));
    let request = parsed(Dialect::Anthropic, r#"{"metadata":{"user_id":"user_x_account__session_s2"},"messages":[]}"#);
    assert_eq!(request.session_hint.as_deref(), Some("s2"));
}

#[test]
fn gemini_tools_are_named_by_declaration_or_kind() {
    let request = parsed(
        Dialect::Gemini,
        r#"{"tools":[{"functionDeclarations":[{"name":"a"},{"name":"b"}]},{"googleSearch":{}}]}"#,
    );
    assert_eq!(request.tool_names, ["a", "b", "googleSearch"]);
}

#[test]
fn what_is_no_object_is_refused() {
    for body in ["", "[]", "{\"a\":1", "{\"a\":1}{}", "nonsense", "{\"a\":[}"] {
        assert!(parse(&route(Dialect::OpenaiChat), Bytes::from(body)).is_err(), "{body}");
    }
}
