//! Moments: where rules may look and act, what is observed there, and what is at hand for their actions.

use crate::{exchange::Exchange, mask::Mask, rewrites};
use act::{Good, Scene};
use domain::*;
use observe::{Focus, Returned};
use wire::{Answer, Spot};

/// A moment at which rules may look and act.
#[derive(Clone)]
pub(crate) enum Moment {
    /// Before the model call.
    Request,
    /// A new tool result, before the request that brings it goes out.
    Result(Returned),
    /// One complete tool call.
    Call(ToolCall),
    /// Frames on their way, or time passing: the answer so far, the bytes of a call of it that is under way, and what matched in it just
    /// now.
    Stream { status: u16, answer: Answer, calling: Option<usize>, spots: Vec<Spot> },
    /// The complete response, before its completing part is released.
    Response { status: u16, answer: Answer },
    /// An attempt that came to nothing, before anything went out.
    Failed(act::Failed),
}

impl Moment {
    /// What is observed is recorded: the agent's own credential is masked first, should the model have said it.
    pub fn masked(self, mask: &Mask) -> Moment {
        match self {
            Moment::Call(mut call) => {
                mask.text(&mut call.arguments);
                Moment::Call(call)
            }
            Moment::Stream { status, mut answer, calling, spots } => {
                mask.answer_so_far(&mut answer);
                Moment::Stream { status, answer, calling, spots }
            }
            // Of requests and responses that were masked as a whole.
            Moment::Request | Moment::Result(_) | Moment::Response { .. } | Moment::Failed(_) => self,
        }
    }

    pub fn focus(&self) -> (Point, Focus<'_>) {
        match self {
            Moment::Request => (Point::ModelRequest, Focus::Request),
            Moment::Result(returned) => (Point::ToolResult, Focus::Result(returned)),
            Moment::Call(call) => (Point::ToolCall, Focus::Call(call)),
            Moment::Stream { status, answer, .. } => (Point::ModelStream, Focus::Response { status: *status, answer }),
            Moment::Response { status, answer } => (Point::ModelResponse, Focus::Response { status: *status, answer }),
            Moment::Failed(act::Failed { status, fault, said, .. }) => {
                (Point::ModelResponse, Focus::Failed { status: *status, fault: *fault, said })
            }
        }
    }

    /// The request that brings it has not gone out, or goes out again.
    pub fn is_at_request(&self) -> bool {
        matches!(self, Moment::Request | Moment::Result(_) | Moment::Failed(_))
    }
}

/// What actions need of a moment beside the moment itself.
pub(crate) struct AtHand<'m> {
    result: Option<ToolResult>,
    good: Option<Good>,
    read_only: bool,
    context: act::Context,
    known: act::Known<'m>,
}

impl<'m> AtHand<'m> {
    pub fn of(exchange: &Exchange, moment: &'m Moment, observation: &'m Observation) -> AtHand<'m> {
        let result = match moment {
            Moment::Result(returned) => Some(returned.named()),
            _ => None,
        };
        let said = match moment {
            Moment::Stream { answer, calling, .. } => Some((answer, calling.is_some())),
            Moment::Response { answer, .. } => Some((answer, false)),
            _ => None,
        };
        let known = act::Known::of(observation, said);
        let read_only = observation.tool.as_ref().is_some_and(|tool| tool.read_only);
        AtHand {
            result,
            good: exchange.good_for(moment),
            read_only,
            context: act::Context::of(&observation.session),
            known,
        }
    }

    /// How much of the agent's request earlier rewrites keep from the model.
    pub async fn measure(&mut self, exchange: &Exchange) {
        let (reading, request) = (exchange.reading.clone(), exchange.request.clone());
        let grown = exchange.session.with(move |session| {
            let bytes: Vec<usize> = request.messages.iter().map(|span| span.len()).collect();
            rewrites::grown(&session.edits, &reading.chains, &bytes)
        });
        self.context.rewritten = grown.await.unwrap_or_default();
    }

    pub fn scene<'a>(&'a self, exchange: &'a Exchange, moment: &'a Moment) -> Scene<'a> {
        let call = match moment {
            Moment::Call(call) => Some(call),
            _ => None,
        };
        let (result, known) = (self.result.as_ref(), self.known);
        let mut scene = Scene { result, context: self.context, known, ..exchange.scene(call) };
        (scene.good, scene.read_only) = (self.good.as_ref(), self.read_only);
        match moment {
            Moment::Response { answer, .. } => scene.answer = Some(answer),
            Moment::Stream { spots, .. } => scene.spots = Some(spots),
            Moment::Failed(failed) => scene.failed = Some(failed),
            Moment::Request | Moment::Result(_) | Moment::Call(_) => {}
        }
        scene
    }
}
