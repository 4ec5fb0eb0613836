//! Answers that end early: what a stream still needs so that its client reads a whole answer, cut for length.
//!
//! Owns the dialects' length stops, the closing of blocks and items that are open, and the text that says why. It must not know who ends
//! an answer, nor what has to be held back: what it gets was delivered, and of tool calls only whole ones.

mod anthropic;
mod chat;
mod gemini;
mod ollama;
mod responses;

use crate::frames::{Frame, Framer, Framing};
use crate::synth::{self, Saying};
use crate::{Request, StreamSurgeon};
use bytes::Bytes;
use domain::{Dialect, Usage};
use serde_json::Value;

/// How an answer ends before its provider ends it.
#[derive(Debug, Clone, Copy)]
pub struct EndEarly<'a> {
    /// Its last words.
    pub note: &'a str,
    /// What the answer is taken to have used.
    pub usage: Usage,
    /// For ids, where no frame has named any: as of [`synth::answer`].
    pub id: &'a str,
    /// In seconds since 1970.
    pub created_at: i64,
}

/// What ends a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ended {
    /// In order; the last is the terminal frame.
    pub frames: Vec<Bytes>,
    /// The place of a block or item of reasoning that breaks off: no provider takes it back.
    pub unfinished: Option<u64>,
}

/// The frames that end a stream of which `delivered` has gone out. Whole bodies are for [`shorten_whole`].
pub fn end_early(request: &Request, framing: Framing, delivered: &[u8], ending: &EndEarly<'_>) -> Ended {
    let documents = documents(framing, delivered);
    let ended = match request.dialect {
        Dialect::OpenaiChat => chat::end(request, &documents, ending),
        Dialect::OpenaiResponses => responses::end(&documents, ending),
        Dialect::Anthropic => anthropic::end(&documents, ending),
        Dialect::Gemini => gemini::end(framing, &documents, ending),
        Dialect::Ollama => ollama::end(request, &documents, ending),
    };
    ended.unwrap_or_else(|| Ended { frames: said_early(request, ending).frames, unfinished: None })
}

/// An answer of which nothing has come: the note alone, with the length stop, in the form that the request asked for.
pub fn said_early(request: &Request, ending: &EndEarly<'_>) -> synth::Made {
    let saying = Saying { text: ending.note, early: true, ..Saying::default() };
    synth::answer(request, saying, ending.id, ending.created_at)
}

/// The frames of a stream without the calls that it breaks off in, and without reasoning that does: what the model said so far, ended.
pub fn whole_so_far(request: &Request, framing: Framing, frames: &[Frame], ending: &EndEarly<'_>) -> Vec<Frame> {
    let mut surgeon = StreamSurgeon::new(request.dialect, framing, Box::new(|_| true));
    let mut out: Vec<Bytes> = Vec::new();
    for frame in frames {
        let cut = surgeon.push(frame.clone());
        out.extend(cut.out);
        for call in cut.judge {
            out.extend(surgeon.keep(call.index));
        }
    }
    let delivered = out.concat();
    let ended = end_early(request, framing, &delivered, ending);
    let mut framer = Framer::new(framing);
    let mut frames = framer.push(Bytes::from([&delivered[..], &ended.frames.concat()[..]].concat()));
    frames.extend(framer.finish());
    frames.retain(|frame| ended.unfinished.is_none() || place(request.dialect, frame) != ended.unfinished);
    frames
}

/// Whether a model stopped because its output was capped, in any dialect's word for it.
pub fn is_length_stop(finish: &str) -> bool {
    ["length", "max_tokens", "max_output_tokens", "MAX_TOKENS"].contains(&finish)
}

/// A whole body with the note as its last words and the length stop; its calls stay. One that is no answer stays as it is.
pub fn shorten_whole(dialect: Dialect, body: &Bytes, note: &str) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(&crate::note_whole(dialect, body, note)) else {
        return body.clone();
    };
    let set = |object: &mut Value, key: &str, stop: Value| {
        if let Some(object) = object.as_object_mut() {
            object.insert(key.to_owned(), stop);
        }
    };
    match dialect {
        Dialect::OpenaiChat => each(&mut value, "choices", |choice| set(choice, "finish_reason", "length".into())),
        Dialect::Gemini => each(&mut value, "candidates", |one| set(one, "finishReason", "MAX_TOKENS".into())),
        Dialect::Anthropic => set(&mut value, "stop_reason", "max_tokens".into()),
        Dialect::Ollama => set(&mut value, "done_reason", "length".into()),
        Dialect::OpenaiResponses => {
            set(&mut value, "status", "incomplete".into());
            set(&mut value, "incomplete_details", serde_json::json!({ "reason": "max_output_tokens" }));
        }
    }
    Bytes::from(value.to_string())
}

fn each(value: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    value.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(change);
}

fn documents(framing: Framing, delivered: &[u8]) -> Vec<Value> {
    let mut framer = Framer::new(framing);
    let mut frames = framer.push(Bytes::copy_from_slice(delivered));
    frames.extend(framer.finish());
    let data = frames.iter().filter_map(|frame| frame.data.as_ref());
    data.filter_map(|data| serde_json::from_slice(data).ok()).filter(Value::is_object).collect()
}

/// The block or item that a frame belongs to.
fn place(dialect: Dialect, frame: &Frame) -> Option<u64> {
    let key = match dialect {
        Dialect::Anthropic => "index",
        Dialect::OpenaiResponses => "output_index",
        _ => return None,
    };
    let value: Value = serde_json::from_slice(frame.data.as_ref()?).ok()?;
    value[key].as_u64()
}

fn sse(event: Option<&str>, data: &Value) -> Bytes {
    match event {
        Some(event) => Bytes::from(format!("event: {event}\ndata: {data}\n\n")),
        None => Bytes::from(format!("data: {data}\n\n")),
    }
}

/// The note behind a text, as a paragraph of its own.
fn behind(has_text: bool, note: &str) -> String {
    if has_text { format!("\n\n{note}") } else { note.to_owned() }
}
