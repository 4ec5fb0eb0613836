//! How many bytes of memory a record holds, near enough to bound the queue.

use domain::{Headers, Record, RequestImage, ResponseImage};
use std::mem::size_of;

pub fn of(records: &[Record]) -> usize {
    records.iter().map(|record| size_of::<Record>() + body(record)).sum()
}

fn body(record: &Record) -> usize {
    match record {
        Record::Session(row) => size_of_val(&**row) + row.title.len() + row.agent.len(),
        Record::ExchangeStarted(started) => {
            size_of_val(&**started)
                + image(&started.image)
                + headers(&started.headers)
                + started.search_text.iter().map(String::len).sum::<usize>()
                + started.preview.len()
                + started.path.len()
        }
        Record::RequestSent { image: sent, headers: names, .. } => image(sent) + headers(names),
        Record::ExchangeFinished(finished) => {
            size_of_val(&**finished)
                + finished.provider_response.as_ref().map_or(0, response)
                + finished.agent_response.as_ref().map_or(0, response)
                + finished.answer_text.len()
                + finished.preview.len()
        }
        Record::ToolCalled(called) => called.call.arguments.len() + called.call.id.len(),
        Record::ToolReturned(returned) => returned.preview.len() + returned.call_id.len(),
        // Its strings are bounded (4 KiB of text, 16 KiB of arguments) but mostly short.
        Record::Observed { observation, .. } => {
            size_of_val(&**observation)
                + observation.request.text.len()
                + observation.call.as_ref().map_or(0, |call| 2 * call.raw.len())
                + observation.result.as_ref().map_or(0, |result| result.text.len())
                + observation.response.as_ref().map_or(0, |response| response.text.len() + response.reasoning.len())
        }
        Record::Evaluated { evaluations, .. } => evaluations.len() * 512,
        Record::Intervened(intervention) => {
            size_of_val(&**intervention) + intervention.before.len() + intervention.after.len()
        }
        Record::Rewritten(edit) => edit.messages.iter().map(|message| message.len()).sum(),
        Record::Escalated(escalation) => {
            size_of_val(&**escalation)
                + 1024
                + escalation.arguments.len()
                + escalation.intent.len()
                + escalation.edit.as_ref().map_or(0, String::len)
        }
        Record::Held(held) => size_of_val(&**held) + held.body.len() + headers(&held.headers),
        Record::Unheld { request_digest } => request_digest.len(),
        Record::Ordered { orders, .. } => orders.len(),
        Record::Reserved { amounts: spendings, .. } | Record::Settled { spent: spendings, .. } => {
            spendings.iter().map(|(account, _)| 96 + account.budget.len() + account.holder.len()).sum()
        }
        Record::Policy(version) => version.source.len(),
        Record::Event(_) => 256,
    }
}

fn image(image: &RequestImage) -> usize {
    image.envelope.len()
        + image.system.as_ref().map_or(0, |system| system.len())
        + image.tools.as_ref().map_or(0, |tools| tools.len())
        + image.nodes.len() * 16
        + image.appended.iter().map(|(_, _, body)| body.len() + 48).sum::<usize>()
        + image.marks.iter().map(|mark| mark.bytes.len() + 32).sum::<usize>()
}

fn headers(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len() + 48).sum()
}

fn response(image: &ResponseImage) -> usize {
    image.body.len() + headers(&image.headers) + image.frames.len() * 8
}
