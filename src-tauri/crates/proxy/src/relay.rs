//! Relays an answer: frames at once, the completing part after its record, a cut as a cut.

mod asking;
mod breaking;
mod capped;
mod closing;
mod early;
mod framing;
mod lookout;
mod ready;
mod response;
mod spots;
mod watch;
mod way;

pub(crate) use asking::{keep_response, notes, waiting_response};
pub(crate) use capped::at_cap;
pub(crate) use closing::{give_up, gone, interrupted, replaced_calls, used};
use early::Early;
pub(crate) use early::{give as give_early, hold_said};
pub(crate) use framing::{framing, put_back, taken};
pub(crate) use lookout::{EndNow, Lookout};
pub(crate) use ready::{Ready, Whence, again};
use watch::Watch;
pub(crate) use way::Way;
pub(crate) use way::attempt;

use crate::{
    budgets,
    continuation::{self, Round},
    exchange::Exchange,
    hand::call::{Edited, Pending},
    headers,
    outlet::Outlet,
    pipeline::{self, Moment},
    sent::Sent,
    stream::{AnswerStream, Leaving},
    whole, window,
};
use bytes::Bytes;
use domain::*;
use futures::{StreamExt, stream::BoxStream};
use std::sync::Arc;
use tokio::time::Instant;
use wire::{Framing, Shapes, StreamSurgeon};

/// A response that is here, and what it belongs to.
pub(crate) struct Came {
    pub exchange: Arc<Exchange>,
    pub sent: Sent,
    pub attempt: Attempt,
    /// Microseconds since the request when it went upstream.
    pub sent_at: u32,
    pub response: UpstreamResponse,
    /// Set: this exchange asked no model.
    pub whence: Option<Whence>,
    pub lookout: Lookout,
}

/// Relays it in the way that fits it.
pub(crate) async fn begin(came: Came, mut outlet: Outlet) {
    let Came { exchange, sent, mut attempt, sent_at, mut response, whence, mut lookout } = came;
    let halt = exchange.core.halt.clone();
    let status = response.status.as_u16();
    attempt.status = Some(status);
    let framing = tokio::select! {
        () = outlet.closed() => return closing::gone(&exchange).await,
        () = halt.cancelled() => return closing::interrupted(&exchange).await,
        framing = lookout.unless_ended(&exchange, status, framing(&sent.request, &mut response)) => match framing {
            Ok(framing) => framing,
            Err(end) => return early::give(&exchange, &sent.request, end, vec![attempt], outlet).await,
        },
    };
    let good = response.status.is_success();
    let watch = Watch::of(&exchange, whence);
    let judging = good && (watch.calls || exchange.policies.needs_any_calls());
    let shapes = if good { window::shapes(&exchange) } else { Shapes::default() };
    let way = Way { exchange, sent, attempt, sent_at, framing, whence, watch, shapes, lookout };
    let changes = judging || way.watch.response || !way.shapes.is_empty() || outlet.is_open();
    if !good && outlet.is_open() {
        closing::late_failure(way, response, outlet).await;
    } else if good && changes && framing == Framing::Whole {
        whole::answer(way, response, outlet).await;
    } else {
        stream(way, response, judging, outlet).await;
    }
}

async fn stream(way: Way, response: UpstreamResponse, judging: bool, mut outlet: Outlet) {
    let Way { exchange, sent, attempt, sent_at, framing, whence, watch, shapes, lookout } = way;
    let holding = watch.response && response.status.is_success();
    let dialect = exchange.request.dialect;
    // A provider that calls its stream something else hardly heeds the option: its usage chunk, if any, is its own.
    let kind = headers::text(&response.headers, "content-type");
    let without_usage =
        sent.without_usage && framing != Framing::Whole && wire::is_certain(dialect, kind, &sent.request);
    let leaving = if judging {
        let policies = exchange.policies.clone();
        let every = watch.calls;
        let holds = Box::new(move |name: &str| every || policies.needs_calls(name));
        Leaving::Judged {
            surgeon: Box::new(StreamSurgeon::new(dialect, framing, holds).at(exchange.request.messages.len() as u32)),
            without_usage,
        }
    } else if without_usage || !shapes.is_empty() {
        Leaving::Clear { without_usage }
    } else {
        Leaving::AsTheyCame
    };
    let same_body = matches!(leaving, Leaving::AsTheyCame);
    let holds_end = judging && exchange.policies.ends_streams() && exchange.policies.reads_budgets(Point::ModelStream);
    let encoding = headers::text(&response.headers, "content-encoding").map(str::to_owned);
    let answer = AnswerStream::new(&exchange.request, framing, encoding.as_deref(), leaving)
        .in_words(exchange.words_to_agent(), shapes)
        .holding_its_end(holds_end);

    let mut head = headers::to_agent(&response.headers, same_body);
    exchange.label(&mut head);
    let mut relay = Relay {
        status: response.status.as_u16(),
        provider_head: headers::written(&response.headers),
        agent_head: headers::written(&head),
        exchange,
        sent,
        attempts: vec![attempt],
        sent_at,
        judging,
        whence,
        every_call: watch.calls,
        holding,
        kept: Vec::new(),
        replaced: None,
        reworded: false,
        ending: None,
        pending: Vec::new(),
        edits: Vec::new(),
        beat: None,
        answer,
        outlet: Outlet::Ended,
        rounds: Vec::new(),
        removals: Vec::new(),
        first_token_us: None,
        first_byte_us: None,
        lookout,
        early: None,
        closed: false,
        body: Some(response.body),
    };
    let opened = outlet.open(response.status, head);
    relay.outlet = outlet;
    match opened {
        Ok(()) => relay.run().await,
        Err(_) => relay.left().await,
    }
}

/// A call that was taken out, by which intervention, and what the model is told.
pub(crate) struct Removal {
    pub call: ToolCall,
    pub text: String,
    pub intervention: InterventionId,
}

/// One answer under way.
pub(crate) struct Relay {
    pub exchange: Arc<Exchange>,
    pub sent: Sent,
    pub attempts: Vec<Attempt>,
    sent_at: u32,
    judging: bool,
    /// Set: no model was asked for the first round, so nothing was used.
    pub whence: Option<Whence>,
    /// A person wants to see every call.
    every_call: bool,
    /// Nothing goes out before the whole response was looked at.
    holding: bool,
    kept: Vec<Bytes>,
    /// What the agent gets in the response's place.
    replaced: Option<Bytes>,
    /// It is the response itself, but for words that its agent does not get.
    reworded: bool,
    /// The session was ended while a call waited: nothing is continued.
    ending: Option<String>,
    /// Calls that wait for a person, in order.
    pending: Vec<Pending>,
    /// Calls of the round under way that leave with other arguments.
    pub edits: Vec<Edited>,
    /// When the agent needs its next no-op.
    beat: Option<Instant>,
    pub answer: AnswerStream,
    outlet: Outlet,
    /// Rounds that ended in removed calls only.
    pub rounds: Vec<Round>,
    /// Removals of the round under way.
    pub removals: Vec<Removal>,
    status: u16,
    provider_head: Headers,
    agent_head: Headers,
    first_token_us: Option<u32>,
    first_byte_us: Option<u32>,
    lookout: Lookout,
    /// A rule ended it before the model did.
    pub early: Option<Early>,
    closed: bool,
    /// The provider's bytes; dropping it closes the connection to the provider.
    body: Option<Chunks>,
}

type Chunks = BoxStream<'static, Result<Bytes, UpstreamFailure>>;

/// Why relaying stopped before the response was complete.
enum Stopped {
    /// A retry of the same request waits in this one's place.
    TakenOver,
    AgentLeft,
    RuntimeHalts,
}

impl Relay {
    async fn run(&mut self) {
        let halt = self.exchange.core.halt.clone();
        loop {
            let Some(body) = self.body.as_mut() else { return };
            let chunk = tokio::select! {
                biased;
                chunk = body.next() => Some(chunk),
                () = self.outlet.closed() => return self.left().await,
                () = halt.cancelled() => return self.halted().await,
                () = Relay::beat_due(self.beat) => {
                    if self.beat().await.is_err() {
                        return self.left().await;
                    }
                    continue;
                }
                () = self.lookout.due() => None,
            };
            let stopped = match chunk {
                None => self.look().await.map(drop),
                Some(Some(Ok(chunk))) => self.take(chunk).await,
                Some(Some(Err(failure))) => return self.cut(&failure.message).await,
                Some(None) => self.end().await,
            };
            match stopped {
                Ok(()) => {}
                Err(Stopped::AgentLeft) => return self.left().await,
                Err(Stopped::TakenOver) => return self.taken_over().await,
                Err(Stopped::RuntimeHalts) => return self.halted().await,
            }
        }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<(), Stopped> {
        let at = self.exchange.elapsed();
        self.first_byte_us.get_or_insert(at);
        let passed = self.answer.pass(chunk, at);
        if passed.first_token {
            self.first_token_us.get_or_insert(at);
        }
        let first_token = passed.first_token;
        self.pass_on(passed).await?;
        if self.answer.complete() && self.end_at_cap().await? {
            return Ok(());
        }
        if self.answer.complete() {
            self.settle_pending().await?;
        }
        if self.answer.wants_continuation() {
            return self.go_on().await;
        }
        if self.lookout.is_due(first_token) && self.look().await? {
            return Ok(());
        }
        if self.answer.complete() {
            self.complete().await?;
        }
        Ok(())
    }

    async fn judge(
        &mut self,
        held: impl IntoIterator<Item = ToolCall>,
        seen: impl IntoIterator<Item = ToolCall>,
    ) -> Result<(), Stopped> {
        for call in seen {
            if !(self.judging && (self.every_call || self.exchange.policies.needs_calls(&call.name))) {
                pipeline::intervene(&self.exchange, Moment::Call(call.clone())).await;
                // Only rates in shadow count what is not held.
                budgets::pace(&self.exchange, &call, &mut self.outlet).await?;
            }
        }
        self.judge_held(held).await
    }

    /// The model hears that its calls were not carried out, and goes on inside the same response.
    async fn go_on(&mut self) -> Result<(), Stopped> {
        if let Some(why) = self.ending.take() {
            self.answer.abandon(&why);
            return self.complete().await;
        }
        let halt = self.exchange.core.halt.clone();
        let mut outlet = std::mem::replace(&mut self.outlet, Outlet::Ended);
        let next = tokio::select! {
            () = outlet.closed() => return Err(Stopped::AgentLeft),
            () = halt.cancelled() => return Err(Stopped::RuntimeHalts),
            next = continuation::next(self) => next,
        };
        self.outlet = outlet;
        match next {
            Ok(next) => {
                self.body = Some(next);
                // Text that stood behind a removed call, freed when the provider's end was already seen.
                let freed = self.answer.take_tail();
                self.forward(freed).await?;
            }
            Err(why) => {
                self.answer.abandon(&why);
                self.complete().await?;
            }
        }
        Ok(())
    }

    async fn forward(&mut self, out: impl IntoIterator<Item = Bytes>) -> Result<(), Stopped> {
        for bytes in out {
            if self.holding {
                self.kept.push(bytes);
            } else if self.outlet.say(bytes).await.is_err() {
                return Err(Stopped::AgentLeft);
            }
        }
        Ok(())
    }

    /// Records, then lets the completing part go.
    async fn complete(&mut self) -> Result<(), Stopped> {
        if self.holding && !self.closed {
            self.hold_response().await?;
        }
        if !self.closed {
            self.close(ExchangeState::Complete, None, None).await;
        }
        let tail = self.answer.take_tail();
        match self.replaced.take() {
            Some(replaced) => self.forward([replaced]).await,
            None => self.forward(tail).await,
        }
    }

    async fn end(&mut self) -> Result<(), Stopped> {
        self.body = None;
        if self.end_at_cap().await? {
            return Ok(());
        }
        let at = self.exchange.elapsed();
        let (passed, proper) = self.answer.end(at);
        self.pass_on(passed).await?;
        if proper {
            self.settle_pending().await?;
        }
        if self.answer.wants_continuation() {
            // The follow-up's frames come by the same loop.
            return self.go_on().await;
        }
        if !proper && !self.closed {
            self.cut("the provider ended its stream before the terminal frame").await;
            return Ok(());
        }
        self.complete().await
    }

    async fn taken_over(&mut self) {
        self.body = None;
        if !self.closed {
            let why = "a retry of the same request took this one's place".to_owned();
            self.close(ExchangeState::Cancelled, Some(Origin::Agent), Some(why.clone())).await;
            std::mem::replace(&mut self.outlet, Outlet::Ended).cut(why).await;
        }
    }
}
