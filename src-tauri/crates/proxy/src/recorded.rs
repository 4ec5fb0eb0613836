//! Sessions that were recorded elsewhere, in the OpenAI message format: each assistant message becomes the exchange that brought it, folded
//! as a live one would have been. Nothing is judged: no policy was in force.

use bytes::Bytes;
use domain::*;
use http::HeaderMap;
use observe::{Caller, Ended, Estimator, Finder, Reader, SessionState};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use wire::{Answer, Decoder, Frame, Framing, Request};

/// One line: `{id, model, messages, …}`. `annot` holds, by a message's index, what is known of it beside: `usage`, `latency_ms`.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedSession {
    #[serde(default)]
    pub id: Option<Value>,
    #[serde(default)]
    pub agent: Option<String>,
    #[serde(default)]
    pub model: Option<String>,
    pub messages: Vec<Value>,
    #[serde(default)]
    pub tools: Option<Value>,
    #[serde(default)]
    pub annot: Option<Map<String, Value>>,
}

/// Under this name an imported exchange's provider stands in lists.
const PROVIDER: &str = "recorded";
/// What the reader and the finder of one import may keep.
const KEPT: usize = 4 << 20;

/// Turns recorded sessions into records, one after the other.
pub struct Recorder<'a> {
    clock: &'a dyn Clock,
    estimator: Estimator,
}

/// A session's records, an exchange's at a time.
pub struct Recorded {
    pub session: SessionId,
    pub exchanges: Vec<Vec<Record>>,
}

struct Folding<'a> {
    clock: &'a dyn Clock,
    estimator: &'a Estimator,
    reader: Reader,
    finder: Finder,
    label: Option<String>,
    agent: String,
    state: Option<SessionState>,
    known: HashSet<Hash>,
    at: Timestamp,
}

impl<'a> Recorder<'a> {
    pub fn new(clock: &'a dyn Clock) -> Self {
        Recorder { clock, estimator: Estimator::default() }
    }

    /// An error says what is wrong with the line.
    pub fn records(&self, session: &RecordedSession) -> Result<Recorded, String> {
        let label = session.id.as_ref().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let mut folding = Folding {
            clock: self.clock,
            estimator: &self.estimator,
            reader: Reader::new(KEPT),
            finder: Finder::new(KEPT),
            label,
            agent: session.agent.clone().unwrap_or_else(|| "imported".to_owned()),
            state: None,
            known: HashSet::new(),
            at: self.clock.now(),
        };
        let model = session.model.as_deref().unwrap_or("unknown");
        let said = |place: &usize| session.messages[*place]["role"] == "assistant";
        let mut exchanges = Vec::new();
        for place in (1..session.messages.len()).filter(said) {
            let mut body = json!({ "model": model, "messages": session.messages[..place] });
            if let Some(tools) = session.tools.as_ref().filter(|tools| tools.is_array()) {
                body["tools"] = tools.clone();
            }
            let known = session.annot.as_ref().and_then(|annot| annot.get(&place.to_string()));
            exchanges.push(folding.exchange(&body, &session.messages[place], model, known)?);
        }
        let state = folding.state.ok_or("it holds no assistant message after another")?;
        let mut row = state.row();
        row.state = domain::SessionState::Ended;
        let event = Event {
            session: Some(row.id),
            exchange: None,
            at: row.last_at,
            kind: EventKind::Imported,
            payload: json!({ "format": "openai-messages", "id": row.label }),
        };
        let session = row.id;
        exchanges.push(vec![Record::Event(event), Record::Session(Box::new(row))]);
        Ok(Recorded { session, exchanges })
    }
}

impl Folding<'_> {
    fn exchange(
        &mut self,
        body: &Value,
        said: &Value,
        model: &str,
        known: Option<&Value>,
    ) -> Result<Vec<Record>, String> {
        let headers = HeaderMap::new();
        let route = wire::route("/v1/chat/completions", None, &headers).ok_or("no route")?;
        let request = wire::parse(&route, Bytes::from(body.to_string())).map_err(|error| error.to_string())?;
        let reading = self.reader.read(&request);
        let (id, at) = (ExchangeId(self.clock.next_id()), self.at);
        let (agent, label) = (self.agent.clone(), self.label.clone());
        let caller =
            Caller { headers: &headers, agent_label: Some(&agent), session_label: label.as_deref(), peer: None, at };
        let mut found = self.finder.find(&caller, &request, &reading);
        found.session = self.state.as_ref().map(SessionState::id);
        let session = found.session.unwrap_or_else(|| SessionId(self.clock.next_id()));
        self.finder.opened(&found, session, id, &caller, &request, &reading);
        let state = self.state.get_or_insert_with(|| SessionState::new(session, &found, &caller, request.dialect));
        let arrived = state.request(id, at, &found, &request, &reading, PROVIDER);
        let known_nodes = &mut self.known;
        let image = wire::image(&request, &reading.bytes, &mut |node| !known_nodes.insert(node));
        let mut records = vec![
            Record::Session(Box::new(state.row())),
            Record::ExchangeStarted(Box::new(ExchangeStarted {
                id,
                session,
                run: arrived.run,
                step: arrived.step,
                at,
                dialect: request.dialect,
                provider: PROVIDER.to_owned(),
                model: model.to_owned(),
                stream: false,
                side_call: false,
                method: "POST".to_owned(),
                path: "/v1/chat/completions".to_owned(),
                headers: Headers::new(),
                image,
                search_text: arrived.search_text,
                preview: arrived.preview,
            })),
        ];
        records.extend(arrived.results.into_iter().map(|returned| Record::ToolReturned(returned.record)));
        let (answer, response) = answer(said, model, known.map(|known| &known["usage"]), &request);
        let usage = answer.usage.unwrap_or_else(|| self.estimator.usage(&request, &reading, &answer));
        let cost = observe::cost("openai", model, &usage, at);
        let took = known.and_then(|known| known["latency_ms"].as_f64()).unwrap_or(1.0).clamp(1.0, 86_400_000.0);
        // The next message comes after: what is not known of the time between takes none.
        self.at = Timestamp(at.0 + (took * 1000.0) as i64);
        state.answered(id, self.at, &Ended { answer: Some(&answer), model, provider: "openai", usage, cost_usd: cost });
        let anchor = self.finder.answered(id, Some(&answer), true);
        let called = |call: &ToolCall| {
            let (at, blocked, preview) = (self.at, false, String::new());
            Record::ToolCalled(ToolCalled { exchange: id, session, call: call.clone(), at, blocked, preview })
        };
        records.extend(answer.calls.iter().map(called));
        records.push(Record::ExchangeFinished(Box::new(ExchangeFinished {
            id,
            session,
            at: self.at,
            state: ExchangeState::Complete,
            origin: None,
            error: None,
            served_model: None,
            finish: answer.finish.clone(),
            attempts: Vec::new(),
            usage,
            cost_usd: cost,
            timing: Timing { first_token_ms: None, duration_ms: took, added_ms: 0.0, commit_ms: 0.0 },
            provider_response: Some(response),
            agent_response: None,
            preview: crate::record::preview(&answer),
            answer_text: answer.text,
            anchor,
        })));
        let payload = Value::Null;
        records.push(Record::Event(Event {
            session: None,
            exchange: Some(id),
            at,
            kind: EventKind::Imported,
            payload,
        }));
        Ok(records)
    }
}

/// The message as the response that it came in.
fn answer(said: &Value, model: &str, usage: Option<&Value>, request: &Request) -> (Answer, ResponseImage) {
    let calls = said["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty());
    let finish = if calls { "tool_calls" } else { "stop" };
    let choice = json!({ "index": 0, "message": said, "finish_reason": finish });
    let mut body = json!({ "object": "chat.completion", "model": model, "choices": [choice] });
    if let Some(usage) = usage.filter(|usage| usage.is_object()) {
        body["usage"] = usage.clone();
    }
    let body = Bytes::from(body.to_string());
    let mut decoder = Decoder::new(Dialect::OpenaiChat, Framing::Whole).at(request.messages.len() as u32);
    decoder.push(&Frame { raw: body.clone(), event: None, data: Some(body.clone()) });
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    (decoder.into_answer(), ResponseImage { status: 200, headers, body, frames: Vec::new() })
}
