//! Edits on requests change what they name and nothing else, and give the same prefix on every later request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use bytes::Bytes;
use domain::{ContextEdit, Dialect, Hash, InjectRole, InterventionId, SessionId};
use proptest::prelude::*;
use switchtower_wire::*;

fn request(dialect: Dialect, body: &str) -> Request {
    let route = Route { dialect, operation: Operation::Generate, model: None, stream: None, array: false };
    parse(&route, Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn edit(at: u32, replaces: u32, messages: &[&str]) -> ContextEdit {
    let messages = messages.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
    let (session, intervention) = (SessionId(1), InterventionId(1));
    ContextEdit {
        session,
        intervention,
        from: Hash::default(),
        anchor: Hash::default(),
        at,
        replaces,
        messages,
        results: Vec::new(),
    }
}

fn results(at: u32, replaces: u32, messages: &[&str], results: &[(&str, &str, &str)]) -> ContextEdit {
    let results = results.iter().map(|(id, name, text)| (id.to_string(), name.to_string(), text.to_string())).collect();
    ContextEdit { results, ..edit(at, replaces, messages) }
}

fn applied(dialect: Dialect, body: &str, edits: &[&ContextEdit]) -> String {
    String::from_utf8(apply(&request(dialect, body), edits).to_vec()).unwrap()
}

#[test]
fn messages_are_inserted_and_replaced_by_place() {
    let body = r#"{"messages": [ 1, 2 ,3 ], "model": "m"}"#;
    let at = |at, replaces, with: &[&str]| applied(Dialect::OpenaiChat, body, &[&edit(at, replaces, with)]);
    assert_eq!(at(3, 0, &["9"]), r#"{"messages": [ 1, 2 ,3,9 ], "model": "m"}"#);
    assert_eq!(at(2, 0, &["8", "9"]), r#"{"messages": [ 1, 2,8,9 ,3 ], "model": "m"}"#);
    assert_eq!(at(0, 0, &["9"]), r#"{"messages": [ 9,1, 2 ,3 ], "model": "m"}"#);
    assert_eq!(at(2, 2, &["9"]), r#"{"messages": [ 9 ,3 ], "model": "m"}"#);
    assert_eq!(at(3, 1, &[]), r#"{"messages": [ 1, 2 ], "model": "m"}"#);
    assert_eq!(at(3, 3, &[]), r#"{"messages": [  ], "model": "m"}"#);
    assert_eq!(applied(Dialect::OpenaiChat, r#"{"messages":[]}"#, &[&edit(0, 0, &["9"])]), r#"{"messages":[9]}"#);
}

#[test]
fn several_edits_apply_together() {
    let body = r#"{"messages":[1,2,3,4]}"#;
    let edits = [&edit(1, 1, &["a"]), &edit(2, 0, &["b"]), &edit(4, 2, &["c", "d"]), &edit(4, 0, &["e"])];
    assert_eq!(applied(Dialect::OpenaiChat, body, &edits), r#"{"messages":[a,2,b,c,d,e]}"#);
}

#[test]
fn an_edit_gives_the_same_prefix_when_the_conversation_grows() {
    let short = r#"{"messages":[{"role":"user","content":"a"}, {"role":"tool","tool_call_id":"1","content":"x"}]}"#;
    let long = short.replace("]}", r#", {"role":"assistant","content":"b"}]}"#);
    let edits =
        [&edit(2, 0, &[r#"{"role":"user","content":"recover"}"#]), &edit(1, 1, &[r#"{"role":"user","content":"A"}"#])];
    let (before, after) = (applied(Dialect::OpenaiChat, short, &edits), applied(Dialect::OpenaiChat, &long, &edits));
    assert!(after.starts_with(before.trim_end_matches("]}")), "{before}\n{after}");
}

#[test]
fn an_insertion_never_parts_calls_from_results() {
    let after_assistant = edit(2, 0, &["{}"]);
    let cases = [
        (Dialect::OpenaiChat, r#"{"messages":[{"role":"user"},{"role":"assistant"},{"role":"tool"},{"role":"tool"}]}"#),
        (Dialect::Ollama, r#"{"messages":[{"role":"user"},{"role":"assistant"},{"role":"tool"},{"role":"tool"}]}"#),
        (
            Dialect::OpenaiResponses,
            r#"{"input":[{"role":"user"},{"type":"function_call"},{"type":"function_call_output"},{"type":"custom_tool_call_output"}]}"#,
        ),
        (
            Dialect::Anthropic,
            r#"{"messages":[{"role":"user"},{"role":"assistant"},{"role":"user","content":[{"type":"tool_result"}]}]}"#,
        ),
        (
            Dialect::Gemini,
            r#"{"contents":[{"role":"user"},{"role":"model"},{"role":"user","parts":[{"functionResponse":{}}]}]}"#,
        ),
    ];
    for (dialect, body) in cases {
        let expected = format!("{},{{}}]}}", body.strip_suffix("]}").unwrap());
        assert_eq!(applied(dialect, body, &[&after_assistant]), expected);
    }
}

#[test]
fn results_join_the_agents_own() {
    let own = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":"ok"}]}"#;
    let body = format!(r#"{{"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":[]}},{own}]}}"#);
    let edit = results(2, 1, &[r#"{"original":1}"#], &[("t1", "rm", "not allowed")]);
    let blocked = r#"{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"not allowed"}"#;
    let expected = format!(
        r#"{{"messages":[{{"role":"user","content":"x"}},{{"original":1}},{{"role":"user","content":[{blocked},{{"type":"tool_result","tool_use_id":"t2","content":"ok"}}]}}]}}"#
    );
    assert_eq!(applied(Dialect::Anthropic, &body, &[&edit]), expected);

    // A next message that is plain text becomes a list, and one that is missing is made.
    let plain = body.replace(own, r#"{"role":"user","content":"go \u00e9"}"#);
    let as_list = format!(r#"{{"role":"user","content":[{blocked},{{"type":"text","text":"go \u00e9"}}]}}"#);
    assert!(applied(Dialect::Anthropic, &plain, &[&edit]).contains(&as_list));
    let ends = body.replace(&format!(",{own}"), "");
    assert!(
        applied(Dialect::Anthropic, &ends, &[&edit])
            .ends_with(&format!(r#"{{"role":"user","content":[{blocked}]}}]}}"#))
    );

    let gemini = r#"{"contents":[{"role":"user"},{"role":"model"},{"role":"user","parts":[{"functionResponse":{"name":"ls"}}]}]}"#;
    let edit = results(2, 1, &["{}"], &[("call-1-0", "rm", "no")]);
    let part = r#"{"functionResponse":{"name":"rm","response":{"error":"no"}}},{"functionResponse":{"name":"ls"}}"#;
    assert!(applied(Dialect::Gemini, gemini, &[&edit]).contains(part));

    let chat = r#"{"messages":[{"role":"user"},{"role":"assistant"},{"role":"tool","tool_call_id":"t2"}]}"#;
    let edit = results(2, 1, &["{}"], &[("t1", "rm", "no")]);
    let expected = r#"{"messages":[{"role":"user"},{},{"role":"tool","tool_call_id":"t1","content":"no"},{"role":"tool","tool_call_id":"t2"}]}"#;
    assert_eq!(applied(Dialect::OpenaiChat, chat, &[&edit]), expected);

    let custom = r#"{"type":"custom_tool_call","call_id":"t1","name":"patch","input":""}"#;
    let responses = r#"{"input":[{"role":"user"},{"type":"function_call_output","call_id":"t2","output":"ok"}]}"#;
    let edit = results(1, 0, &[custom], &[("t1", "patch", "no")]);
    let text = applied(Dialect::OpenaiResponses, responses, &[&edit]);
    assert!(text.contains(r#"{"type":"custom_tool_call_output","call_id":"t1","output":"no"}"#), "{text}");
}

#[test]
fn messages_that_were_one_string_become_a_list() {
    let message = String::from_utf8(text_message(Dialect::OpenaiResponses, InjectRole::User, "b").to_vec()).unwrap();
    let text = applied(Dialect::OpenaiResponses, r#"{"input": "a\n", "x":1}"#, &[&edit(1, 0, &[&message])]);
    let list = r#"[{"type":"message","role":"user","content":"a\n"},{"type":"message","role":"user","content":[{"type":"input_text","text":"b"}]}]"#;
    assert_eq!(text, format!(r#"{{"input": {list}, "x":1}}"#));
    let one = r#"{"contents":{"parts":[{"text":"x"}]}}"#;
    assert_eq!(applied(Dialect::Gemini, one, &[&edit(1, 0, &["{}"])]), r#"{"contents":[{"parts":[{"text":"x"}]},{}]}"#);
    let prompt = r#"{"prompt":"a","model":"m"}"#;
    let added = applied(Dialect::Ollama, prompt, &[&edit(1, 0, &[r#"{"role":"user","content":"b"}"#])]);
    assert_eq!(added, r#"{"prompt":"a\n\nb","model":"m"}"#);
}

#[test]
fn a_model_is_exchanged_and_nothing_else() {
    let body = r#"{"n":12345678901234567890, "model" : "a","z":1.0}"#;
    assert_eq!(set_model(&request(Dialect::OpenaiChat, body), "b"), body.replace("\"a\"", "\"b\""));
    assert_eq!(
        set_model_in_path("/v1beta/models/gemini-a:streamGenerateContent", "b"),
        "/v1beta/models/b:streamGenerateContent"
    );
    assert_eq!(set_model_in_path("/v1beta/files", "b"), "/v1beta/files");
}

#[test]
fn usage_is_asked_for_only_where_a_stream_leaves_it_out() {
    let with = |body: &str| {
        add_include_usage(&request(Dialect::OpenaiChat, body)).map(|body| String::from_utf8(body.to_vec()).unwrap())
    };
    let added = r#"{"stream":true,"messages":[],"stream_options":{"include_usage":true}}"#;
    assert_eq!(with(r#"{"stream":true,"messages":[]}"#).unwrap(), added);
    assert_eq!(
        with(r#"{"stream":true,"stream_options":{ "x":1}}"#).map(|body| body.contains(r#""include_usage":true"#)),
        Some(true)
    );
    assert_eq!(
        with(r#"{"stream":true,"stream_options":{"include_usage":false, "x":1}}"#),
        None,
        "the client's own word"
    );
    assert_eq!(with(r#"{"stream":true,"stream_options":{"include_usage":true}}"#), None);
    assert_eq!(with(r#"{"messages":[]}"#), None);
    assert_eq!(add_include_usage(&request(Dialect::Anthropic, r#"{"stream":true}"#)), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is inserted or replaced, the other messages keep their bytes and order, and the list stays valid.
    #[test]
    fn an_edit_leaves_every_other_message_alone(
        count in 0usize..7, at in 0u32..9, replaces in 0u32..4, new in 0usize..3, gaps in prop::collection::vec("[ \n\t]{0,2}", 8),
    ) {
        let messages: Vec<String> = (0..count).map(|n| format!(r#"{{"role":"user","content":"m{n}","big":12345678901234567890}}"#)).collect();
        let spaced: Vec<String> = messages.iter().zip(&gaps).map(|(message, gap)| format!("{gap}{message}{gap}")).collect();
        let body = format!(r#"{{"a": 1.0,"messages":[{}],"b":{{}} }}"#, spaced.join(","));
        let new: Vec<String> = (0..new).map(|n| format!(r#"{{"new":{n}}}"#)).collect();
        let texts: Vec<&str> = new.iter().map(String::as_str).collect();
        let out = applied(Dialect::OpenaiChat, &body, &[&edit(at, replaces, &texts)]);

        let end = (at as usize).min(count);
        let start = end.saturating_sub(replaces as usize);
        let mut expected: Vec<&str> = messages[..start].iter().map(String::as_str).collect();
        expected.extend(&texts);
        expected.extend(messages[end..].iter().map(String::as_str));
        let after = request(Dialect::OpenaiChat, &out);
        let seen: Vec<&str> = (0..after.messages.len()).map(|n| std::str::from_utf8(after.message(n)).unwrap()).collect();
        prop_assert_eq!(seen, expected);
        let framed = out.starts_with(r#"{"a": 1.0,"messages":["#) && out.ends_with(r#"],"b":{} }"#);
        prop_assert!(framed, "{}", out);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
    }

    #[test]
    fn no_edits_change_nothing(text in "[ -~]{0,80}") {
        let body = format!(r#"{{ "input":{},"x":[1.0,1e3] }}"#, serde_json::json!(text));
        let request = request(Dialect::OpenaiResponses, &body);
        prop_assert_eq!(apply(&request, &[]), body.as_bytes());
    }
}
