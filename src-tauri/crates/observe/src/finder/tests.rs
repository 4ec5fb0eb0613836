use super::*;
use crate::Reader;
use bytes::Bytes;
use domain::{Dialect, Process, SessionRow, SessionState, Timestamp, ToolCall};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use wire::{Decoder, Framer, Framing};

/// A finder with a clock and ids, spoken to in chat messages.
struct World {
    finder: Finder,
    reader: Reader,
    now: i64,
    headers: HeaderMap,
    agent: Option<String>,
    label: Option<String>,
    peer: Option<Process>,
    model: &'static str,
}

/// One request as it was found.
struct Turn {
    session: SessionId,
    exchange: ExchangeId,
    found: Found,
}

fn user(text: &str) -> Value {
    json!({ "role": "user", "content": text })
}

fn says(text: &str) -> Value {
    json!({ "role": "assistant", "content": text })
}

fn calls(id: &str, tool: &str, arguments: Value) -> Value {
    let function = json!({ "name": tool, "arguments": arguments.to_string() });
    json!({ "role": "assistant", "content": null, "tool_calls": [{ "id": id, "type": "function", "function": function }] })
}

fn result(id: &str, text: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": text })
}

impl World {
    fn new() -> Self {
        let (finder, reader) = (Finder::new(1 << 20), Reader::new(1 << 20));
        World {
            finder,
            reader,
            now: 0,
            headers: HeaderMap::new(),
            agent: None,
            label: None,
            peer: None,
            model: "gpt-4o",
        }
    }

    fn header(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    fn in_process(&mut self, pid: u32) -> &mut Self {
        self.peer = Some(Process { pid, name: "agent.py".into(), folder: None });
        self
    }

    fn ask(&mut self, messages: &[&Value]) -> Turn {
        self.ask_body(json!({ "model": self.model, "messages": messages, "tools": [{ "type": "function", "function": { "name": "sh" } }] }))
    }

    fn ask_body(&mut self, body: Value) -> Turn {
        self.now += 1_000_000;
        let path = if body.get("input").is_some() { "/v1/responses" } else { "/v1/chat/completions" };
        let route = wire::route(path, None, &self.headers).unwrap();
        let request = wire::parse(&route, Bytes::from(body.to_string())).unwrap();
        let reading = self.reader.read(&request);
        let caller = Caller {
            headers: &self.headers,
            agent_label: self.agent.as_deref(),
            session_label: self.label.as_deref(),
            peer: self.peer.as_ref(),
            at: Timestamp(self.now),
        };
        let found = self.finder.find(&caller, &request, &reading);
        let exchange = ExchangeId(self.now);
        let session = found.session.unwrap_or(SessionId(self.now));
        self.finder.opened(&found, session, exchange, &caller, &request, &reading);
        Turn { session, exchange, found }
    }

    fn answer(&mut self, turn: &Turn, message: &Value) -> Hash {
        self.finder.answered(turn.exchange, Some(&answer(message)), true).unwrap()
    }

    fn fail(&mut self, turn: &Turn) {
        self.finder.answered(turn.exchange, None, false);
    }

    /// Asks and is answered at once.
    fn turn(&mut self, messages: &[&Value], message: &Value) -> Turn {
        let turn = self.ask(messages);
        self.answer(&turn, message);
        turn
    }
}

fn answer(message: &Value) -> Answer {
    let body = json!({ "id": "chatcmpl-1", "model": "gpt-4o", "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] });
    decode(Dialect::OpenaiChat, &body)
}

fn decode(dialect: Dialect, body: &Value) -> Answer {
    let (mut framer, mut decoder) = (Framer::new(Framing::Whole), Decoder::new(dialect, Framing::Whole));
    let mut frames = framer.push(Bytes::from(body.to_string()));
    frames.extend(framer.finish());
    frames.iter().for_each(|frame| {
        decoder.push(frame);
    });
    decoder.into_answer()
}

#[test]
fn a_conversation_goes_on_in_its_session() {
    let mut world = World::new();
    let (ask, call, out) = (user("list files"), calls("call_1", "sh", json!({ "c": "ls" })), result("call_1", "a b"));
    let first = world.turn(&[&ask], &call);
    let second = world.turn(&[&ask, &call, &out], &says("two files"));
    let third = world.ask(&[&ask, &call, &out, &says("two files"), &user("thanks")]);
    assert_eq!((first.found.session, first.found.basis), (None, IdentityBasis::New));
    assert_eq!((second.session, second.found.basis, second.found.known), (first.session, IdentityBasis::ToolCallId, 2));
    assert_eq!((third.session, third.found.basis, third.found.branch), (first.session, IdentityBasis::Prefix, false));
}

#[test]
fn a_label_decides_whatever_the_messages_say() {
    let mut world = World::new();
    world.label = Some("one".into());
    let first = world.turn(&[&user("hi")], &says("hello"));
    world.label = Some("two".into());
    let other = world.ask(&[&user("hi"), &says("hello"), &user("more")]);
    world.label = Some("one".into());
    let unlike = world.ask(&[&user("something else")]);
    assert_ne!(other.session, first.session);
    assert_eq!((unlike.session, unlike.found.basis), (first.session, IdentityBasis::Label));
}

#[test]
fn a_clients_own_id_decides_and_its_sub_agent_lies_beneath() {
    let mut world = World::new();
    world.header("user-agent", "claude-cli/2.1 (external, cli)").header("x-claude-code-session-id", "s-1");
    let main = world.turn(&[&user("hi")], &says("hello"));
    let again = world.turn(&[&user("a summary of what was before")], &says("go on"));
    world.header("x-claude-code-agent-id", "a-1");
    let child = world.turn(&[&user("look it up")], &says("done"));
    let more = world.ask(&[&user("look it up"), &says("done"), &user("and?")]);
    assert_eq!((again.session, again.found.basis), (main.session, IdentityBasis::ClientId));
    assert_eq!((child.found.session, child.found.parent), (None, Some(main.session)));
    assert_eq!(more.session, child.session);
    assert_eq!(more.found.client.family, Some("claude-code"));
}

#[test]
fn going_back_is_a_branch_of_the_same_session() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    let first = world.turn(&[&hi], &hello);
    world.turn(&[&hi, &hello, &user("one")], &says("1"));
    let rewound = world.ask(&[&hi, &hello, &user("two")]);
    assert_eq!(rewound.session, first.session);
    assert!(rewound.found.branch);
}

#[test]
fn equal_conversations_are_told_apart_by_who_still_waits() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    let one = world.turn(&[&hi], &hello);
    let two = world.turn(&[&hi], &hello);
    assert_ne!(one.session, two.session);
    let (a, b) =
        (world.turn(&[&hi, &hello, &user("a")], &says("A")), world.turn(&[&hi, &hello, &user("b")], &says("B")));
    assert_ne!(a.session, b.session);
    let more = world.ask(&[&hi, &hello, &user("a"), &says("A"), &user("c")]);
    assert_eq!(more.session, a.session);
}

#[test]
fn equal_bytes_that_are_open_together_are_a_retry_until_both_go_on() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    let one = world.ask(&[&hi]);
    let two = world.ask(&[&hi]);
    assert_eq!(
        (two.session, two.found.retry_of, two.found.basis),
        (one.session, Some(one.exchange), IdentityBasis::Retry)
    );
    world.answer(&one, &hello);
    world.answer(&two, &hello);
    let a = world.turn(&[&hi, &hello, &user("a")], &says("A"));
    assert_eq!(a.session, one.session);
    let b = world.turn(&[&hi, &hello, &user("b")], &says("B"));
    assert_eq!(b.found.session, None, "two conversations after all");
    let a2 = world.ask(&[&hi, &hello, &user("a"), &says("A"), &user("c")]);
    let b2 = world.ask(&[&hi, &hello, &user("b"), &says("B"), &user("c")]);
    assert_eq!((a2.session, b2.session), (a.session, b.session));
}

#[test]
fn a_client_that_says_it_never_tried_before_is_believed() {
    let mut world = World::new();
    world.header("x-stainless-retry-count", "0");
    let one = world.ask(&[&user("hi")]);
    let two = world.ask(&[&user("hi")]);
    assert_ne!(one.session, two.session);
    world.header("x-stainless-retry-count", "1");
    let again = world.ask(&[&user("hi")]);
    assert_eq!((again.session, again.found.retry_of), (two.session, Some(two.exchange)));
}

#[test]
fn what_failed_and_is_asked_again_is_a_retry() {
    let mut world = World::new();
    let one = world.ask(&[&user("hi")]);
    world.fail(&one);
    world.model = "gpt-4o-mini"; // falls back
    let again = world.turn(&[&user("hi")], &says("hello"));
    assert_eq!((again.session, again.found.retry_of), (one.session, Some(one.exchange)));
    let third = world.ask(&[&user("hi")]);
    assert_ne!(third.session, one.session, "what succeeded is asked anew by another run");
}

#[test]
fn a_person_who_says_more_after_a_failure_goes_on_in_the_session() {
    let mut world = World::new();
    let one = world.ask(&[&user("hi")]);
    world.fail(&one);
    let more = world.ask(&[&user("hi"), &user("are you there?")]);
    assert_eq!(more.session, one.session);
}

#[test]
fn served_calls_find_a_session_whose_history_was_rewritten() {
    let mut world = World::new();
    let call = calls("call_9f2k", "sh", json!({ "c": "ls" }));
    let first = world.turn(&[&user("list files")], &call);
    let spelled = calls("call_9f2k", "sh", json!({ "c": "ls" }));
    let compacted = world.ask(&[&user("summary: the user wants files"), &spelled, &result("call_9f2k", "a")]);
    assert_eq!((compacted.session, compacted.found.basis), (first.session, IdentityBasis::ToolCallId));
}

#[test]
fn a_call_id_served_to_two_sessions_counts_for_neither() {
    let mut world = World::new();
    let call = calls("call_0", "sh", json!({ "c": "ls" }));
    let one = world.turn(&[&user("first task")], &call);
    let two = world.turn(&[&user("second task")], &call);
    let lost = world.ask(&[&user("unknown task"), &call, &result("call_0", "a")]);
    assert!(lost.session != one.session && lost.session != two.session);
    let known = world.ask(&[&user("first task"), &call, &result("call_0", "a")]);
    assert_eq!((known.session, known.found.basis), (one.session, IdentityBasis::Prefix));
}

#[test]
fn a_call_id_beside_other_arguments_does_not_count() {
    let mut world = World::new();
    let one = world.turn(&[&user("first task")], &calls("call_0", "sh", json!({ "c": "ls" })));
    let foreign =
        world.ask(&[&user("elsewhere"), &calls("call_0", "sh", json!({ "c": "rm" })), &result("call_0", "a")]);
    assert_ne!(foreign.session, one.session);
}

#[test]
fn of_equal_prefixes_the_one_of_the_same_process_is_taken() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    let one = world.in_process(1).turn(&[&hi], &hello);
    let two = world.in_process(2).turn(&[&hi], &hello);
    let of_one = world.in_process(1).ask(&[&hi, &hello, &user("go")]);
    let of_two = world.in_process(2).ask(&[&hi, &hello, &user("go")]);
    assert_eq!((of_one.session, of_two.session), (one.session, two.session));
}

#[test]
fn an_answer_told_in_other_words_still_belongs() {
    let mut world = World::new();
    let first = world.turn(&[&user("weather?")], &calls("call_77aa", "sh", json!({ "c": "w" })));
    let told = says("Calling tools: [{'id': 'call_77aa', 'function': {'name': 'sh'}}]");
    let next = world.turn(&[&user("weather?"), &told, &user("Observation: 21C")], &says("21"));
    let last = world.ask(&[&user("weather?"), &told, &user("Observation: 21C"), &says("21"), &user("ok")]);
    assert_eq!((next.session, next.found.known), (first.session, 2));
    assert_eq!(last.session, first.session);
}

#[test]
fn examples_in_a_prompt_do_not_join_two_runs() {
    let mut world = World::new();
    let examples = [user("2+2?"), says("4")];
    let one = world.turn(&[&examples[0], &examples[1], &user("3+3?")], &says("6"));
    let two = world.ask(&[&examples[0], &examples[1], &user("5+5?")]);
    let same = world.ask(&[&examples[0], &examples[1], &user("3+3?")]);
    assert!(one.session != two.session && one.session != same.session);
}

#[test]
fn a_sub_agent_without_ids_is_known_by_its_task() {
    let mut world = World::new();
    let spawn = calls("call_s", "agent", json!({ "prompt": "Read hello.txt and report its content." }));
    let main = world.turn(&[&user("what is in hello.txt?")], &spawn);
    let child = world.turn(&[&user("<note>x</note>Read hello.txt and report its content.")], &says("it says hi"));
    assert_eq!((child.found.session, child.found.parent), (None, Some(main.session)));
    let back = world.ask(&[&user("what is in hello.txt?"), &spawn, &result("call_s", "it says hi")]);
    assert_eq!(back.session, main.session);
}

#[test]
fn a_sub_agent_without_ids_is_a_branch_of_a_labelled_session_too() {
    let mut world = World::new();
    world.label = Some("run".into());
    let spawn = calls("call_s", "agent", json!({ "prompt": "Read hello.txt and report its content." }));
    let main = world.turn(&[&user("what is in hello.txt?")], &spawn);
    let task = user("Read hello.txt and report its content.");
    let child = world.turn(&[&task], &says("it says hi"));
    let child_again = world.ask(&[&task, &says("it says hi"), &user("sure?")]);
    let back = world.ask(&[&user("what is in hello.txt?"), &spawn, &result("call_s", "it says hi")]);
    assert_eq!(child.found.parent, Some(main.session));
    assert_eq!((child_again.session, back.session), (child.session, main.session));
}

#[test]
fn a_side_call_joins_the_conversation_it_names_whichever_came_first() {
    let title = json!({ "model": "gpt-4o", "messages": [{ "role": "system", "content": "You are a title generator for this conversation." },
        { "role": "user", "content": "Fix the failing test in parser.rs" }] });
    let mut world = World::new();
    world.header("user-agent", "QwenCode/0.24 (linux)");
    let main = world.turn(&[&user("Fix the failing test in parser.rs")], &says("ok"));
    let aside = world.ask_body(title.clone());
    assert_eq!((aside.session, aside.found.side_call), (main.session, true));
    let mut world = World::new();
    world.header("user-agent", "QwenCode/0.24 (linux)");
    let aside = world.ask_body(title);
    let main = world.ask(&[&user("Fix the failing test in parser.rs")]);
    assert_eq!((aside.session, main.found.side_call), (main.session, false));
}

#[test]
fn history_that_the_provider_holds_is_found_by_its_name() {
    let mut world = World::new();
    let first = world.ask_body(json!({ "model": "gpt-5", "input": "hi" }));
    let body = json!({ "id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5",
        "output": [{ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "hello" }] }] });
    world.finder.answered(first.exchange, Some(&decode(Dialect::OpenaiResponses, &body)), true);
    let second = world.ask_body(json!({ "model": "gpt-5", "input": "hi", "previous_response_id": "resp_1" }));
    let other = world.ask_body(json!({ "model": "gpt-5", "input": "hi", "previous_response_id": "resp_0" }));
    assert_eq!((second.session, second.found.known), (first.session, 0));
    assert_ne!(other.session, first.session);
}

#[test]
fn two_agents_with_labels_are_never_one() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    world.agent = Some("a".into());
    let one = world.turn(&[&hi], &hello);
    world.agent = Some("b".into());
    let other = world.ask(&[&hi, &hello, &user("go")]);
    world.agent = Some("a".into());
    let same = world.ask(&[&hi, &hello, &user("go")]);
    assert!(other.session != one.session && same.session == one.session);
}

fn remembered(
    label: Option<&str>,
    client: Option<&str>,
    anchors: Vec<Hash>,
    calls: Vec<(ExchangeId, ToolCall)>,
) -> RememberedSession {
    let row = SessionRow {
        id: SessionId(5),
        agent: "claude-code".into(),
        title: "hi".into(),
        state: SessionState::Running,
        label: label.map(str::to_owned),
        client_id: client.map(str::to_owned),
        parent: None,
        basis: IdentityBasis::New,
        process: None,
        models: vec![],
        steps: 3,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        cost_usd: 0.0,
        estimated: false,
        context_used: None,
        tool_errors: 0,
        interventions: 0,
        started_at: Timestamp(0),
        last_at: Timestamp(0),
    };
    RememberedSession {
        row,
        anchors,
        edits: vec![],
        open_calls: calls,
        fires: vec![],
        taints: vec![],
        escalations: vec![],
        orders: None,
    }
}

#[test]
fn sessions_of_an_earlier_life_are_found_again() {
    let (hi, hello) = (user("hi"), says("hello"));
    let mut before = World::new();
    let first = before.ask(&[&hi]);
    let anchor = before.answer(&first, &hello);

    let mut world = World::new();
    world.finder.remember(&remembered(None, None, vec![anchor], vec![]));
    assert_eq!(world.ask(&[&hi, &hello, &user("more")]).session, SessionId(5));

    let mut world = World::new();
    let call = ToolCall { id: "call_x".into(), name: "sh".into(), arguments: "{}".into(), index: 0 };
    world.finder.remember(&remembered(None, None, vec![], vec![(ExchangeId(1), call)]));
    let found = world.ask(&[&user("compacted"), &calls("call_x", "sh", json!({})), &result("call_x", "ok")]);
    assert_eq!((found.session, found.found.basis), (SessionId(5), IdentityBasis::ToolCallId));

    let mut world = World::new();
    world.finder.remember(&remembered(Some("run"), None, vec![], vec![]));
    world.label = Some("run".into());
    assert_eq!(world.ask(&[&user("anything")]).session, SessionId(5));

    let mut world = World::new();
    world.finder.remember(&remembered(None, Some("s-1"), vec![], vec![]));
    world.header("x-claude-code-session-id", "s-1");
    assert_eq!(world.ask(&[&user("anything")]).session, SessionId(5));
}

#[test]
fn a_forgotten_session_is_not_found() {
    let mut world = World::new();
    let (hi, hello) = (user("hi"), says("hello"));
    let first = world.turn(&[&hi], &hello);
    world.finder.forget(first.session);
    assert_ne!(world.ask(&[&hi, &hello, &user("more")]).session, first.session);
}

#[test]
fn what_is_kept_stays_bounded() {
    let mut world = World::new();
    world.finder = Finder::new(64 << 10);
    for round in 0..500 {
        let text = format!("question {round} {}", "x".repeat(2000));
        world.turn(&[&user(&text)], &calls(&format!("call_{round}"), "sh", json!({ "prompt": "y".repeat(2000) })));
    }
    let memory = &world.finder.memory;
    assert!(
        memory.asks.len() < 200 && memory.sessions.len() < 50 && memory.served.len() < 100,
        "{}",
        memory.asks.len()
    );
}
