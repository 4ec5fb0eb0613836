use super::*;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

fn request(path: &str, body: Value) -> Request {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let route = crate::route(path, query, &HeaderMap::new()).unwrap();
    crate::parse(&route, Bytes::from(body.to_string())).unwrap()
}

fn messages(body: Value) -> Request {
    request("/v1/messages", body)
}

#[test]
fn names_dates_and_marks_do_not_tell_two_runs_apart() {
    let one = messages(json!({
        "model": "m", "max_tokens": 10, "metadata": {"user_id": "session-1"},
        "system": [{"type": "text", "text": "Today is 2026-11-25. Working directory: /home/me/work", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<env>10 seconds</env>"}, {"type": "text", "text": "Go in /home/me/work"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "run", "input": {"a": 1, "b": 2}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "done in 0.5 s"}]}
        ]
    }));
    let other = messages(json!({
        "max_tokens": 10, "model": "m", "metadata": {"user_id": "session-2"},
        "system": [{"type": "text", "text": "Today is 2026-12-01. Working directory: /srv/elsewhere/x"}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<env>11 seconds</env>"}, {"text": "Go in /srv/elsewhere/x", "type": "text"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "run", "input": {"b": 2, "a": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "done in 7 s", "cache_control": {"type": "ephemeral"}}]}
        ]
    }));
    assert_eq!(likeness(&one), likeness(&other), "{:?}", differences(&one, &other));
}

#[test]
fn whatever_a_model_would_answer_otherwise_is_told_with_its_place() {
    let asks = |temperature: f64, said: &str, result: &str, model: &str| {
        request(
            "/v1/chat/completions",
            json!({
                "model": model, "temperature": temperature,
                "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": said},
                    {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "c", "content": result}]
            }),
        )
    };
    let recorded = asks(0.0, "Wait 30 seconds", "three files", "m");
    for (now, place, was, is) in [
        (asks(1.0, "Wait 30 seconds", "three files", "m"), "parameter temperature", "0.0", "1.0"),
        (
            asks(0.0, "Wait 60 seconds", "three files", "m"),
            "message 2",
            "User: Wait 30 seconds",
            "User: Wait 60 seconds",
        ),
        (
            asks(0.0, "Wait 30 seconds", "four files", "m"),
            "message 4",
            "Tool: result: three files",
            "Tool: result: four files",
        ),
        (asks(0.0, "Wait 30 seconds", "three files", "n"), "model", "m", "n"),
    ] {
        let told = differences(&recorded, &now);
        let expected = Difference { place: place.into(), recorded: was.into(), now: is.into() };
        assert_eq!(told, [expected]);
        assert_eq!(likeness(&recorded).distance(&likeness(&now)), 1);
    }
}

#[test]
fn a_history_that_the_provider_holds_is_part_of_what_is_asked() {
    let asks =
        |held: &str| request("/v1/responses", json!({"model": "m", "input": "Thanks", "previous_response_id": held}));
    assert_eq!(likeness(&asks("resp_1")), likeness(&asks("resp_1")));
    assert_eq!(differences(&asks("resp_1"), &asks("resp_2"))[0].place, "parameter previous_response_id");
}

#[test]
fn a_clients_notes_to_itself_do_not_count_and_another_form_of_the_same_words_does() {
    let asks = |item: Value| request("/v1/responses", json!({"model": "m", "input": [item]}));
    let noted = |time: f64| json!({"role": "user", "content": "Hi", "internal_metadata": {"create_time": time}});
    assert_eq!(likeness(&asks(noted(1.5))), likeness(&asks(noted(2.5))));
    let parts = json!({"role": "user", "content": [{"type": "input_text", "text": "Hi"}]});
    let told = differences(&asks(noted(1.5)), &asks(parts));
    assert!(told[0].now.contains("input_text") && told[0].recorded != told[0].now, "{told:?}");
}

#[test]
fn a_longer_conversation_differs_by_what_was_said_since() {
    let asks = |said: &[&str]| {
        let list: Vec<Value> = said.iter().map(|text| json!({"role": "user", "parts": [{"text": text}]})).collect();
        request("/v1beta/models/m:generateContent", json!({"contents": list}))
    };
    let told = differences(&asks(&["a", "b"]), &asks(&["a"]));
    assert_eq!(told, [Difference { place: "message 2".into(), recorded: "User: b".into(), now: String::new() }]);
    assert_ne!(likeness(&asks(&["a"])), likeness(&asks(&["a", "b"])));
}

#[test]
fn of_long_texts_the_place_where_they_part_is_told() {
    let asks = |end: &str| {
        messages(json!({"model": "m", "messages": [{"role": "user", "content": format!("{}{end}", "é".repeat(9000))}]}))
    };
    let told = differences(&asks("one"), &asks("other"));
    assert!(told[0].recorded.ends_with("one") && told[0].now.ends_with("other") && told[0].now.len() < 400, "{told:?}");
}
