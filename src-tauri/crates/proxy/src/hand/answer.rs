//! A complete response before its agent gets any of it: judged, held where a rule, the gate or a breakpoint wants a person to look, and
//! replaced where the person said so.

use super::{
    call::Unsettled,
    desk::Release,
    request::Reasons,
    wait::{self, Asked, Subject, Waited},
};
use crate::{
    continuation,
    exchange::Exchange,
    outlet::Outlet,
    pipeline::{self, Moment},
};
use bytes::Bytes;
use domain::*;
use wire::{Answer, Framing, Saying};

/// The response in question.
pub(crate) struct Held<'a> {
    pub status: u16,
    pub answer: &'a Answer,
    pub framing: Framing,
    /// As it would go out.
    pub raw: &'a [u8],
}

pub(crate) enum Replacement {
    None,
    With {
        bytes: Bytes,
    },
    /// The response itself with words that its agent does not get.
    Reworded {
        bytes: Bytes,
    },
}

/// Judges it; why it waits, if it does.
pub(crate) async fn judge(exchange: &Exchange, held: &Held<'_>) -> Reasons {
    let moment = Moment::Response { status: held.status, answer: held.answer.clone() };
    let mut judged = pipeline::intervene(exchange, moment).await;
    exchange.response_was_judged();
    Reasons::of(&mut judged.acts, judged.stop)
}

/// Waits for everything that was asked; the first replacement counts.
pub(crate) async fn settle(
    exchange: &Exchange,
    outlet: &mut Outlet,
    held: &Held<'_>,
    reasons: Reasons,
) -> Result<Replacement, Unsettled> {
    let mut asked = Vec::new();
    // The session is over: nobody is asked any more.
    let asks = if reasons.ends.is_some() { &[][..] } else { &reasons.asks };
    for act in asks {
        asked.extend(wait::ask(exchange, act, subject(exchange, held)).await);
    }
    match reasons.ends {
        Some(ended) => asked.push(Asked::Answered(ended)),
        None => {
            if let Some(cause) = reasons.stops(exchange).await {
                asked.extend(wait::stop(exchange, cause, subject(exchange, held)).await.map(Asked::Waiting));
            }
        }
    }
    let mut replacement = Replacement::None;
    if reasons.rewords {
        let (dialect, raw) = (exchange.request.dialect, Bytes::copy_from_slice(held.raw));
        let bytes = wire::substitute_response(dialect, held.framing, &raw, &exchange.words_to_agent());
        replacement = Replacement::Reworded { bytes };
    }
    if let Some(note) = &reasons.shortens {
        let raw = match replacement {
            Replacement::Reworded { bytes } => bytes,
            _ => Bytes::copy_from_slice(held.raw),
        };
        replacement = Replacement::Reworded { bytes: wire::shorten_whole(exchange.request.dialect, &raw, note) };
    }
    if let Some(text) = &reasons.says {
        replacement = message(exchange, text, &[], false);
    }
    for next in asked {
        let released = match next {
            Asked::Answered(released) => released,
            Asked::Waiting(waiting) => match wait::wait(exchange, outlet, held.framing, waiting).await {
                Waited::Released(released) => released,
                Waited::TakenOver => return Err(Unsettled::TakenOver),
                Waited::AgentLeft => return Err(Unsettled::AgentLeft),
                Waited::RuntimeHalts => return Err(Unsettled::RuntimeHalts),
            },
        };
        match released.release {
            Release::Go | Release::Request(_) => {}
            Release::Response(edit) => replacement = replaced(exchange, held, &edit),
            Release::Edit(text) | Release::Answer(text) => replacement = message(exchange, &text, &[], false),
            Release::Deny(text) => return Ok(message(exchange, &text, &[], true)),
            Release::End(killed) => return Ok(message(exchange, &killed.text, &[], true)),
        }
    }
    Ok(replacement)
}

fn subject(exchange: &Exchange, held: &Held<'_>) -> Subject {
    let (request, framing) = (exchange.request.clone(), held.framing);
    let ids: Vec<String> = held.answer.calls.iter().map(|call| call.id.clone()).collect();
    Subject {
        point: Point::ModelResponse,
        call: None,
        before: String::from_utf8_lossy(held.raw).into_owned(),
        shown: held.answer.text.clone(),
        intent: held.answer.text.clone(),
        head_sent: held.framing != Framing::Whole,
        check: Box::new(move |release| match release {
            Release::Response(ResponseEdit::Raw { body }) => {
                let read = continuation::read(&request, framing, body.as_bytes());
                let whole = framing == Framing::Whole && (!read.text.is_empty() || !read.calls.is_empty());
                let sound = whole || read.complete || read.finish.is_some();
                sound.then_some(()).ok_or_else(|| {
                    format!(
                        "this is no complete answer of {}: it has no end that a client would know",
                        request.dialect.name()
                    )
                })
            }
            Release::Response(ResponseEdit::Arguments { call, arguments }) => {
                if !ids.contains(call) {
                    return Err(format!("the response has no call {call}; it has {}", ids.join(", ")));
                }
                let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(arguments);
                parsed.map(|_| ()).map_err(|error| format!("the arguments are no JSON object: {error}"))
            }
            Release::Response(ResponseEdit::Message { text, calls }) => {
                if text.is_empty() && calls.is_empty() {
                    return Err("the new message says nothing".to_owned());
                }
                calls.iter().try_for_each(|(name, arguments)| {
                    let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(arguments);
                    parsed.map(|_| ()).map_err(|error| format!("the arguments of {name} are no JSON object: {error}"))
                })
            }
            _ => Ok(()),
        }),
    }
}

fn replaced(exchange: &Exchange, held: &Held<'_>, edit: &ResponseEdit) -> Replacement {
    match edit {
        ResponseEdit::Raw { body } => Replacement::With { bytes: Bytes::copy_from_slice(body.as_bytes()) },
        ResponseEdit::Message { text, calls } => {
            let calls: Vec<ToolCall> = calls
                .iter()
                .zip(0..)
                .map(|((name, arguments), index)| ToolCall {
                    id: String::new(),
                    name: name.clone(),
                    arguments: arguments.clone(),
                    index,
                })
                .collect();
            message(exchange, text, &calls, false)
        }
        ResponseEdit::Arguments { call, arguments } => {
            let index = held.answer.calls.iter().find(|known| known.id == *call).map(|known| known.index);
            let position = exchange.request.messages.len() as u32;
            let edits: Vec<(u32, String)> = index.map(|index| (index, arguments.clone())).into_iter().collect();
            let raw = Bytes::copy_from_slice(held.raw);
            Replacement::With {
                bytes: wire::edit_response(exchange.request.dialect, held.framing, position, &raw, &edits),
            }
        }
    }
}

/// A message of the runtime's own in its place, in the form that the request asked for.
fn message(exchange: &Exchange, text: &str, calls: &[ToolCall], refuses: bool) -> Replacement {
    let seconds = exchange.core.now().0 / 1_000_000;
    let saying = Saying { text, calls, refuses, ..Saying::default() };
    let made = wire::answer(&exchange.request, saying, &exchange.id.to_string(), seconds);
    Replacement::With { bytes: made.frames.concat().into() }
}
