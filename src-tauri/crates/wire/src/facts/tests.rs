use super::*;
use ErrorEvidence::{ErrorField, ExitCode, Flag};

fn of(dialect: Dialect, message: &str) -> MessageFacts {
    facts(dialect, message.as_bytes(), 3)
}

/// Everything that a list of messages says, in order.
fn atoms(dialect: Dialect, messages: &[&str]) -> Vec<Hash> {
    messages.iter().flat_map(|message| of(dialect, message).atoms).collect()
}

#[test]
fn the_same_conversation_has_the_same_atoms_in_chat_responses_and_anthropic() {
    let chat = atoms(
        Dialect::OpenaiChat,
        &[
            r#"{"role":"user","content":"Weather?"}"#,
            r#"{"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{\"b\":1, \"a\":\"\u00e9\"}"}}]}"#,
            r#"{"role":"tool","tool_call_id":"c1","content":"sunny"}"#,
        ],
    );
    let responses = atoms(
        Dialect::OpenaiResponses,
        &[
            r#"{"role":"user","content":[{"type":"input_text","text":"Weather?"}]}"#,
            r#"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]}"#,
            r#"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.\n"}]}"#,
            r#"{"type":"function_call","call_id":"c1","id":"fc_1","name":"w","arguments":"{\"a\":\"é\",\"b\":1}"}"#,
            r#"{"type":"function_call_output","call_id":"c1","output":"sunny"}"#,
        ],
    );
    let anthropic = atoms(
        Dialect::Anthropic,
        &[
            r#"{"role":"user","content":"Weather?"}"#,
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"w","input":{"a":"é","b":1.0}}]}"#,
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"sunny"}]}]}"#,
        ],
    );
    assert_eq!(chat.len(), 4);
    assert_eq!(chat, responses);
    assert_eq!(chat, anthropic);
}

#[test]
fn a_legacy_function_call_gets_an_id_from_its_place() {
    let facts =
        of(Dialect::OpenaiChat, r#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}"#);
    assert_eq!((facts.calls[0].id.as_str(), facts.calls[0].name.as_str()), ("call-3-0", "f"));
    let facts = of(Dialect::OpenaiChat, r#"{"role":"function","name":"f","content":"done"}"#);
    assert_eq!(
        (facts.role, facts.results[0].name.as_deref(), facts.results[0].call_id.as_str()),
        (Role::Tool, Some("f"), "")
    );
}

#[test]
fn an_anthropic_result_carries_its_flag() {
    let facts = of(
        Dialect::Anthropic,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no"}]}"#,
    );
    assert_eq!((facts.role, facts.results[0].error), (Role::Tool, Some(Flag)));
    let both = of(
        Dialect::Anthropic,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"ok"},{"type":"text","text":"go on"}]}"#,
    );
    assert_eq!((both.role, both.text.as_str(), both.results.len()), (Role::User, "go on", 1));
}

#[test]
fn what_the_provider_runs_itself_is_no_call_of_the_agents() {
    let facts = of(
        Dialect::Anthropic,
        r#"{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]}]}"#,
    );
    assert!(facts.calls.is_empty() && facts.atoms.is_empty());
    let facts = of(Dialect::OpenaiResponses, r#"{"type":"web_search_call","id":"ws_1","status":"completed"}"#);
    assert!(facts.calls.is_empty() && facts.role == Role::Assistant);
}

#[test]
fn responses_calls_of_every_kind_are_calls() {
    for (item, name, arguments) in [
        (
            r#"{"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"*** Begin"}"#,
            "apply_patch",
            "*** Begin",
        ),
        (
            r#"{"type":"local_shell_call","call_id":"c","action":{"command":["ls"]}}"#,
            "local_shell",
            r#"{"command":["ls"]}"#,
        ),
        (r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#, "f", "{}"),
    ] {
        let facts = of(Dialect::OpenaiResponses, item);
        assert_eq!((facts.calls[0].name.as_str(), facts.calls[0].arguments.as_str()), (name, arguments));
    }
    let result = of(
        Dialect::OpenaiResponses,
        r#"{"type":"custom_tool_call_output","call_id":"c","output":"{\"exit_code\":2}"}"#,
    );
    assert_eq!(result.results[0].error, Some(ExitCode));
}

#[test]
fn gemini_parts_read_in_both_spellings_and_thoughts_are_skipped() {
    let facts = of(
        Dialect::Gemini,
        r#"{"role":"model","parts":[{"text":"hm","thought":true},{"text":"I look."},{"functionCall":{"name":"w","args":{"a":1}},"thoughtSignature":"x"}]}"#,
    );
    assert_eq!((facts.role, facts.text.as_str(), facts.calls[0].id.as_str()), (Role::Assistant, "I look.", "call-3-0"));
    let result = of(
        Dialect::Gemini,
        r#"{"role":"user","parts":[{"function_response":{"name":"w","response":{"error":"no such city"}}}]}"#,
    );
    assert_eq!((result.role, result.results[0].text.as_str()), (Role::Tool, "no such city"));
    assert_eq!(result.results[0].error, Some(ErrorField));
    assert_eq!(of(Dialect::Gemini, r#"{"parts":{"text":"hi"}}"#).text, "hi");
    assert_eq!(of(Dialect::Gemini, r#"{"text":"hi"}"#).text, "hi");
}

#[test]
fn an_image_is_part_of_what_a_user_said() {
    let message = |image: &str| {
        format!(
            r#"{{"role":"user","content":[{{"type":"text","text":"see"}},{{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}"#
        )
    };
    let (one, other) = (of(Dialect::OpenaiChat, &message("a")), of(Dialect::OpenaiChat, &message("b")));
    assert_eq!(one.atoms[0], other.atoms[0]);
    assert_ne!(one.atoms[1], other.atoms[1]);
}

#[test]
fn nothing_readable_says_nothing() {
    for message in
        ["", "null", "17", "{", "[]", "{\"role\":5,\"content\":7}", "{\"role\":\"assistant\",\"tool_calls\":[1,{}]}"]
    {
        for dialect in Dialect::ALL {
            assert!(of(dialect, message).atoms.is_empty(), "{message}");
        }
    }
    assert_eq!(of(Dialect::Ollama, "\"hi\"").text, "hi");
}
