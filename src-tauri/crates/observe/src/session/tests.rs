use super::*;
use crate::{Client, Finder, Reader};
use bytes::Bytes;
use domain::{ErrorEvidence, Point, ToolCall};
use http::HeaderMap;
use serde_json::{Value, json};
use wire::{Answer, Decoder, Framer, Framing};

/// One session, spoken to in chat messages; each exchange takes a second and uses 100 tokens in, 10 out.
struct World {
    finder: Finder,
    reader: Reader,
    state: Option<SessionState>,
    now: i64,
    tools: Value,
}

fn user(text: &str) -> Value {
    json!({ "role": "user", "content": text })
}

fn calls(ids: &[&str]) -> Value {
    let calls: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "id": id, "type": "function", "function": { "name": "sh", "arguments": format!("{{\"c\":\"{id}\"}}") } }))
        .collect();
    json!({ "role": "assistant", "content": null, "tool_calls": calls })
}

fn says(text: &str) -> Value {
    json!({ "role": "assistant", "content": text })
}

fn result(id: &str, text: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": text })
}

fn answer(message: &Value) -> Answer {
    let body = json!({ "id": "c", "model": "gpt-4o", "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] });
    let (mut framer, mut decoder) = (Framer::new(Framing::Whole), Decoder::new(Dialect::OpenaiChat, Framing::Whole));
    let mut frames = framer.push(Bytes::from(body.to_string()));
    frames.extend(framer.finish());
    frames.iter().for_each(|frame| {
        decoder.push(frame);
    });
    decoder.into_answer()
}

impl World {
    fn new() -> Self {
        let tools = json!([{ "type": "function", "function": { "name": "sh" } }]);
        World { finder: Finder::new(1 << 20), reader: Reader::new(1 << 20), state: None, now: 0, tools }
    }

    fn state(&mut self) -> &mut SessionState {
        self.state.as_mut().unwrap()
    }

    fn ask(&mut self, messages: &[Value]) -> (ExchangeId, Arrived) {
        self.now += 500_000;
        let headers = HeaderMap::new();
        let body = json!({ "model": "gpt-4o", "messages": messages, "tools": self.tools, "max_tokens": 77 });
        let route = wire::route("/v1/chat/completions", None, &headers).unwrap();
        let request = wire::parse(&route, Bytes::from(body.to_string())).unwrap();
        let reading = self.reader.read(&request);
        let at = Timestamp(self.now);
        let caller =
            Caller { headers: &headers, agent_label: Some("tester"), session_label: Some("s"), peer: None, at };
        let found = self.finder.find(&caller, &request, &reading);
        let exchange = ExchangeId(self.now);
        self.finder.opened(&found, SessionId(1), exchange, &caller, &request, &reading);
        let state = self.state.get_or_insert_with(|| SessionState::new(SessionId(1), &found, &caller, request.dialect));
        (exchange, state.request(exchange, at, &found, &request, &reading, "openai"))
    }

    fn end(&mut self, exchange: ExchangeId, message: &Value) {
        self.now += 500_000;
        let answer = answer(message);
        self.finder.answered(exchange, Some(&answer), true);
        let usage = Usage { input: 100, cached: 40, output: 10, ..Usage::default() };
        let ended = Ended { answer: Some(&answer), model: "gpt-4o", provider: "openai", usage, cost_usd: Some(0.01) };
        let at = Timestamp(self.now);
        self.state().answered(exchange, at, &ended);
    }

    fn turn(&mut self, messages: &[Value], message: &Value) -> Arrived {
        let (exchange, arrived) = self.ask(messages);
        self.end(exchange, message);
        arrived
    }

    fn observe(&mut self, exchange: ExchangeId) -> domain::Observation {
        let at = Timestamp(self.now);
        self.state().observation(Point::ModelRequest, at, exchange, Focus::Request)
    }
}

#[test]
fn a_run_begins_with_a_user_message_and_a_step_with_each_turn() {
    let mut world = World::new();
    let mut talk = vec![user("do it")];
    let one = world.turn(&talk, &calls(&["a"]));
    talk.extend([calls(&["a"]), result("a", "fine")]);
    let two = world.turn(&talk, &says("done"));
    talk.extend([says("done"), user("<system-reminder>x</system-reminder>\nand this")]);
    let three = world.turn(&talk, &says("yes"));
    assert_eq!((one.step, two.step, three.step), (0, 1, 2));
    assert!(one.user_turn && !two.user_turn && three.user_turn);
    assert!(one.run == two.run && two.run != three.run);
    assert_eq!((one.first_new, two.first_new, three.first_new), (0, 2, 4));
    assert_eq!((two.preview.as_str(), three.preview.as_str()), ("sh → fine", "and this"));
    let row = world.state().row();
    assert_eq!((row.steps, row.title.as_str(), row.agent.as_str()), (3, "do it", "tester"));
    assert_eq!(row.basis, IdentityBasis::Label);
}

#[test]
fn a_reminder_alone_begins_no_run() {
    let mut world = World::new();
    let one = world.turn(&[user("do it")], &says("working"));
    let nudge = user("<system-reminder>\nthe list is empty\n</system-reminder>");
    let two = world.turn(&[user("do it"), says("working"), nudge], &says("done"));
    assert!(!two.user_turn && two.run == one.run);
}

#[test]
fn a_result_is_linked_to_its_call_once() {
    let mut world = World::new();
    let talk = [user("do it"), calls(&["a", "b"]), result("b", "two"), result("a", "one")];
    let one = world.ask(&talk[..1]).0;
    world.end(one, &calls(&["a", "b"]));
    let two = world.turn(&talk, &says("half"));
    let linked: Vec<_> =
        two.results.iter().map(|returned| (returned.record.call_id.as_str(), returned.record.called_by)).collect();
    assert_eq!(linked, [("b", one), ("a", one)]);
    assert_eq!((two.results[0].tool.as_str(), two.results[0].elapsed_ms), ("sh", 500));
    let again = world.ask(&[user("a summary"), calls(&["a"]), result("a", "one")]).1;
    assert!(again.results.is_empty(), "it came before");
}

#[test]
fn results_of_calls_that_nobody_served_here_count_for_nothing() {
    let mut world = World::new();
    let talk = [user("do it"), calls(&["a"]), result("a", "error: no")];
    let (exchange, arrived) = world.ask(&talk);
    assert!(arrived.results.is_empty());
    assert_eq!(world.observe(exchange).session.tool_errors, 0);
}

#[test]
fn tool_errors_count_in_run_and_session_and_are_named() {
    let mut world = World::new();
    let mut talk = vec![user("do it")];
    for (id, text) in [
        ("a", "Error: no such file\nat line 3"),
        ("b", "{\"error\":{\"message\":\"denied\"}}"),
        ("c", "fine"),
        ("e", "Chunk ID: 1a\nWall time: 0.1 seconds\nProcess exited with code 1\nOutput:\ncat: x: No such file\n"),
        ("d", "{\"exit_code\":2,\"stderr\":\"bad flag\"}"),
    ] {
        world.turn(&talk, &calls(&[id]));
        talk.extend([calls(&[id]), result(id, text)]);
    }
    let (exchange, arrived) = world.ask(&talk);
    let seen = world.observe(exchange);
    assert_eq!((seen.run.tool_errors, seen.run.tool_errors_in_row, seen.session.tool_errors_in_row), (4, 2, 2));
    let named = ["sh: Error: no such file", "sh: denied", "sh: cat: x: No such file", "sh: bad flag"];
    assert_eq!(seen.run.errors, named);
    assert_eq!(arrived.results[0].record.error, Some(ErrorEvidence::ExitCode));
    world.end(exchange, &says("sorry"));
    talk.extend([says("sorry"), user("again")]);
    let (exchange, _) = world.ask(&talk);
    let seen = world.observe(exchange);
    assert_eq!((seen.run.tool_errors, seen.run.errors.len(), seen.session.tool_errors), (0, 0, 4));
}

#[test]
fn an_observation_reads_what_its_point_shows() {
    let mut world = World::new();
    world.turn(&[user("do it")], &calls(&["a"]));
    let (exchange, arrived) = world.ask(&[user("do it"), calls(&["a"]), result("a", "failed: x")]);
    let at = Timestamp(world.now);
    let state = world.state();
    let request = state.observation(Point::ModelRequest, at, exchange, Focus::Request);
    assert_eq!(
        (request.request.messages, request.request.new_messages, request.request.text.as_str()),
        (3, 1, "do it")
    );
    assert_eq!(
        (request.request.max_output_tokens, request.request.tools.as_slice()),
        (Some(77), &["sh".to_owned()][..])
    );
    assert_eq!((request.session.tokens, request.session.input_tokens, request.session.cached_tokens), (70, 100, 40));
    assert_eq!((request.session.context_tokens, request.run.steps, request.run.elapsed_ms), (110, 2, 1000));
    assert!((request.session.context_used - 110.0 / 128_000.0).abs() < 1e-9);
    assert_eq!(request.session.tools_seen, ["sh"]);
    let result = state.observation(Point::ToolResult, at, exchange, Focus::Result(&arrived.results[0])).result.unwrap();
    assert!(result.error && result.guessed && result.text == "failed: x" && result.bytes == 9);
    let call = ToolCall { id: "z".into(), name: "rm".into(), arguments: "{\"path\":\"/\"}".into(), index: 0 };
    let seen = state.observation(Point::ToolCall, at, exchange, Focus::Call(&call));
    assert_eq!((seen.tool.unwrap().name.as_str(), seen.call.unwrap().args["path"].as_str()), ("rm", Some("/")));
    let done = answer(&says("ok"));
    let seen = state.observation(
        Point::ModelResponse,
        Timestamp(at.0 + 7_000),
        exchange,
        Focus::Response { status: 200, answer: &done },
    );
    let response = seen.response.unwrap();
    assert_eq!(
        (response.status, response.text.as_str(), response.elapsed_ms, response.model.as_str()),
        (200, "ok", 7, "gpt-4o")
    );
}

#[test]
fn a_side_call_advances_neither_step_nor_run() {
    let mut world = World::new();
    let main = world.turn(&[user("Fix the parser")], &says("ok"));
    let tools = std::mem::replace(&mut world.tools, json!([]));
    let (exchange, aside) = world.ask(&[user("Generate a title for this conversation: Fix the parser")]);
    world.end(exchange, &says("Parser"));
    world.tools = tools;
    let next = world.turn(&[user("Fix the parser"), says("ok"), user("thanks")], &says("sure"));
    assert_eq!((main.step, aside.step, next.step), (0, 0, 1));
    assert!(!aside.user_turn && aside.preview.starts_with("Side call: "));
    let row = world.state().row();
    assert_eq!((row.steps, row.input_tokens, row.title.as_str()), (2, 300, "Fix the parser"));
}

#[test]
fn a_retry_has_the_step_of_what_it_repeats() {
    let mut world = World::new();
    let (first, one) = world.ask(&[user("do it")]);
    world.finder.answered(first, None, false);
    let failed = Ended { answer: None, model: "", provider: "openai", usage: Usage::default(), cost_usd: None };
    world.state().answered(first, Timestamp(600_000), &failed);
    let two = world.turn(&[user("do it")], &says("ok"));
    assert_eq!((one.step, two.step, one.run == two.run, two.user_turn), (0, 0, true, false));
    assert_eq!(world.state().row().steps, 1);
}

#[test]
fn history_tells_what_came_of_a_rule() {
    let mut world = World::new();
    world.turn(&[user("do it")], &calls(&["a"]));
    let at = Timestamp(world.now);
    world.state().fired("errors", at);
    world.state().intervened();
    let talk = [user("do it"), calls(&["a"]), result("a", "error: x")];
    let (exchange, _) = world.ask(&talk);
    let seen = world.observe(exchange).history.remove("errors").unwrap();
    assert_eq!((seen.fires_in_session, seen.fires_in_run, seen.tool_errors_since, seen.steps_since), (1, 1, 1, 1));
    assert_eq!((seen.ms_since, seen.tokens_since), (500, 0));
    assert_eq!((seen.results_since, seen.errored_next, seen.repeated_next), (1, true, false));
    world.end(exchange, &says("no"));
    let (exchange, _) = world.ask(&[talk.as_slice(), &[says("no"), user("again")]].concat());
    let seen = world.observe(exchange).history.remove("errors").unwrap();
    assert_eq!((seen.fires_in_session, seen.fires_in_run, seen.tokens_since), (1, 0, 70));
    assert_eq!(world.state().row().interventions, 1);
}

#[test]
fn time_in_a_persons_hands_does_not_count() {
    let mut world = World::new();
    let (exchange, _) = world.ask(&[user("do it")]);
    world.now += 60_000_000;
    world.state().held(exchange, 59_000);
    let seen = world.observe(exchange);
    assert_eq!((seen.run.elapsed_ms, seen.session.elapsed_ms, seen.request.elapsed_ms), (1000, 1000, 1000));
}

#[test]
fn marks_are_kept_once() {
    let mut world = World::new();
    let (exchange, _) = world.ask(&[user("do it")]);
    assert!(world.state().taint("untrusted") && !world.state().taint("untrusted"));
    assert_eq!(world.observe(exchange).session.taints, ["untrusted"]);
}

#[test]
fn an_earlier_life_goes_on() {
    let mut world = World::new();
    world.turn(&[user("do it")], &calls(&["a"]));
    let row = world.state().row();
    let call = ToolCall { id: "a".into(), name: "sh".into(), arguments: "{}".into(), index: 0 };
    let remembered = RememberedSession {
        row: row.clone(),
        anchors: vec![],
        edits: vec![],
        open_calls: vec![(ExchangeId(9), call)],
        fires: vec![("errors".into(), 2)],
        taints: vec!["untrusted".into()],
        escalations: Vec::new(),
        orders: None,
    };
    world.state = Some(SessionState::remembered(&remembered));
    let (exchange, arrived) = world.ask(&[user("do it"), calls(&["a"]), result("a", "error: x")]);
    assert_eq!((arrived.step, arrived.results[0].record.called_by), (1, ExchangeId(9)));
    let seen = world.observe(exchange);
    assert_eq!((seen.session.tokens, seen.session.tool_errors, seen.history["errors"].fires_in_session), (70, 1, 2));
    assert_eq!(seen.session.taints, ["untrusted"]);
}

#[test]
fn a_process_names_a_session_that_nothing_else_names() {
    let process = domain::Process { pid: 1, name: "agent.py".into(), folder: None };
    let unknown = Client::default();
    let known = Client { family: Some("codex"), ..Client::default() };
    assert_eq!(agent_name(None, &unknown, Some(&process), Dialect::Gemini), "agent.py");
    assert_eq!(agent_name(None, &known, Some(&process), Dialect::Gemini), "codex");
    assert_eq!(agent_name(Some("mine"), &known, Some(&process), Dialect::Gemini), "mine");
    assert_eq!(agent_name(None, &unknown, None, Dialect::Gemini), "gemini");
}
