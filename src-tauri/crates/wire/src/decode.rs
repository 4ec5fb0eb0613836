//! Decoders: fold the frames of one response into an answer, while it streams or when it is whole. They read what matters and skip the
//! rest; what they cannot read changes nothing. They must not know how frames are forwarded or changed.

mod anthropic;
mod calls;
mod chat;
mod error;
mod gemini;
mod ollama;
mod responses;
mod usage;

pub use usage::usage;

use crate::frames::{Frame, Framer, Framing};
use crate::json::{self, Span};
use crate::{atoms, facts};
use domain::{Dialect, Hash, MessageFacts, Role, ToolCall, Usage};
use smallvec::SmallVec;

/// What one response says, as far as it has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The model that served, where the response names it.
    pub model: Option<String>,
    pub id: Option<String>,
    /// The visible text; parts joined by line feeds.
    pub text: String,
    pub reasoning: String,
    /// Complete calls only.
    pub calls: Vec<ToolCall>,
    /// The stop reason in the dialect's own word.
    pub finish: Option<String>,
    pub usage: Option<Usage>,
    /// The provider's error message, where the response is or ends in one.
    pub error: Option<String>,
    /// The response ended as its dialect says that it should.
    pub complete: bool,
    /// Equal to the facts' atoms when an agent sends this answer back. Known once it is complete.
    pub atoms: Vec<Hash>,
}

/// What one frame meant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// This frame ends the response in its dialect.
    pub terminal: bool,
    /// The first one that carries text, reasoning or a call.
    pub first_token: bool,
    pub calls_complete: SmallVec<[ToolCall; 2]>,
    /// Chat: the chunk that `include_usage` adds, and nothing else.
    pub usage_only: bool,
}

/// Folds one response.
#[derive(Debug)]
pub struct Decoder {
    dialect: Dialect,
    framing: Framing,
    position: u32,
    started: bool,
    ended: bool,
    answer: Answer,
    state: State,
}

#[derive(Debug)]
enum State {
    Chat(chat::State),
    Responses(responses::State),
    Anthropic(anthropic::State),
    Gemini,
    Ollama,
}

impl Decoder {
    pub fn new(dialect: Dialect, framing: Framing) -> Self {
        let state = match dialect {
            Dialect::OpenaiChat => State::Chat(chat::State::default()),
            Dialect::OpenaiResponses => State::Responses(responses::State::default()),
            Dialect::Anthropic => State::Anthropic(anthropic::State::default()),
            Dialect::Gemini => State::Gemini,
            Dialect::Ollama => State::Ollama,
        };
        let answer = Answer::default();
        Decoder { dialect, framing, position: 0, started: false, ended: false, answer, state }
    }

    /// Where the answer will stand among the messages of the next request: calls without an id are named by it.
    pub fn at(mut self, position: u32) -> Self {
        self.position = position;
        self
    }

    /// Takes in the next frame.
    pub fn push(&mut self, frame: &Frame) -> Seen {
        let mut seen = Seen::default();
        let Some(data) = &frame.data else { return seen };
        let calls = self.answer.calls.len();
        match self.framing {
            Framing::Whole => self.whole(data, &mut seen),
            _ => self.chunk(data, &mut seen),
        }
        seen.calls_complete.extend(self.answer.calls[calls..].iter().cloned());
        let answer = &self.answer;
        if !self.started
            && (!answer.text.is_empty() || !answer.reasoning.is_empty() || !answer.calls.is_empty() || self.building())
        {
            self.started = true;
            seen.first_token = true;
        }
        if seen.terminal {
            self.settle();
        }
        seen
    }

    /// The stream ended. Where a dialect has no terminal frame, or the provider left it out after the stop reason, the answer is
    /// complete now.
    pub fn end(&mut self) -> Seen {
        let calls = self.answer.calls.len();
        self.settle();
        Seen { calls_complete: self.answer.calls[calls..].iter().cloned().collect(), ..Seen::default() }
    }

    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The answer when nothing more will come.
    pub fn into_answer(mut self) -> Answer {
        self.settle();
        self.answer
    }

    fn chunk(&mut self, data: &[u8], seen: &mut Seen) {
        if data == b"[DONE]" {
            // Others than Chat end with it too behind some gateways; there it means nothing.
            if let State::Chat(state) = &mut self.state {
                state.finish_calls(&mut self.answer, self.position);
                self.answer.complete = self.answer.error.is_none();
                seen.terminal = true;
            }
            return;
        }
        let Some(root) = json::root(data).filter(|root| data[root.start] == b'{') else { return };
        let answer = &mut self.answer;
        match &mut self.state {
            State::Chat(state) => state.chunk(answer, data, root, self.position, seen),
            State::Responses(state) => state.event(answer, data, root, seen),
            State::Anthropic(state) => state.event(answer, data, root, seen),
            State::Gemini => gemini::chunk(answer, data, root, self.position),
            State::Ollama => ollama::chunk(answer, data, root, self.position, seen),
        }
    }

    /// An unstreamed body. One that turns out to be events after all is read as such.
    fn whole(&mut self, data: &bytes::Bytes, seen: &mut Seen) {
        seen.terminal = true;
        let Some(root) = json::root(data) else {
            let framing = if data.starts_with(b"{") { Framing::Ndjson } else { Framing::Sse };
            let mut framer = Framer::new(framing);
            let mut frames = framer.push(data.clone());
            frames.extend(framer.finish());
            frames.iter().filter_map(|frame| frame.data.as_ref()).for_each(|data| self.chunk(data, seen));
            return;
        };
        // Gemini's error can be an array of one.
        let elements = json::elements(data, root.clone());
        let root = elements.and_then(|elements| elements.first().cloned()).unwrap_or(root);
        if data[root.start] != b'{' {
            return;
        }
        if let Some(message) = error::of_body(data, root.clone()) {
            self.answer.error = Some(message);
            return;
        }
        let (answer, position) = (&mut self.answer, self.position);
        match &mut self.state {
            State::Chat(_) => chat::whole(answer, data, root, position),
            State::Responses(state) => responses::whole(answer, state, data, root),
            State::Anthropic(_) => anthropic::whole(answer, data, root, position),
            State::Gemini => gemini::chunk(answer, data, root, position),
            State::Ollama => ollama::chunk(answer, data, root, position, seen),
        }
        answer.complete = answer.error.is_none();
        seen.terminal = true;
    }

    /// A tool call has begun and is not whole yet: how many bytes of arguments have come.
    pub fn calling(&self) -> Option<usize> {
        self.building().then(|| match &self.state {
            State::Chat(state) => state.under_way(),
            State::Responses(state) => state.under_way(),
            State::Anthropic(state) => state.under_way(),
            State::Gemini | State::Ollama => 0,
        })
    }

    fn building(&self) -> bool {
        match &self.state {
            State::Chat(state) => state.building(),
            State::Responses(state) => state.building(),
            State::Anthropic(state) => state.building(),
            State::Gemini | State::Ollama => false,
        }
    }

    /// Completes what the end of the stream completes, and names the answer's atoms.
    fn settle(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let answer = &mut self.answer;
        if let State::Chat(state) = &mut self.state
            && answer.finish.is_some()
        {
            state.finish_calls(answer, self.position);
        }
        let last_byte_ends = matches!(self.dialect, Dialect::OpenaiChat | Dialect::Gemini);
        if last_byte_ends && answer.finish.is_some() && answer.error.is_none() {
            answer.complete = true;
        }
        if let State::Responses(state) = &mut self.state {
            answer.calls.sort_by_key(|call| call.index);
            answer.atoms = state.atoms();
            return;
        }
        answer.atoms = atoms::text(Role::Assistant, &answer.text).into_iter().collect();
        let ids = facts::ids_come_back(self.dialect);
        for call in &answer.calls {
            let id = (ids && call.id != facts::made_id(self.position, call.index)).then_some(call.id.as_str());
            answer.atoms.push(atoms::call(id, &call.name, &call.arguments));
        }
    }
}

/// Takes a whole message's facts into the answer.
fn adopt(answer: &mut Answer, said: MessageFacts) {
    join(&mut answer.text, &said.text);
    let first = answer.calls.len() as u32;
    answer.calls.extend(said.calls.into_iter().map(|call| ToolCall { index: first + call.index, ..call }));
}

/// Adds a part's text after a line feed.
fn join(text: &mut String, part: &str) {
    if !text.is_empty() && !part.is_empty() {
        text.push('\n');
    }
    text.push_str(part);
}

/// Adds a string value to a text; anything else adds nothing.
fn append(text: &mut String, data: &[u8], value: Span) {
    if let Some(more) = json::text(data, value) {
        text.push_str(&more);
    }
}

fn string(data: &[u8], value: Span) -> Option<String> {
    json::text(data, value).map(|text| text.into_owned())
}

fn object(data: &[u8], value: &Span) -> bool {
    data.get(value.start) == Some(&b'{')
}

#[cfg(test)]
mod tests;
