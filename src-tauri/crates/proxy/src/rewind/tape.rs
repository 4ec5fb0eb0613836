//! A tape: the exchanges of an earlier run, and which of them were served again. Requests are told apart by content, so that side calls
//! and sub-agents may come in another order. Bodies are fetched as they are needed; only hashes are kept.

use crate::{address, headers};
use domain::*;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Mutex;
use wire::{Likeness, Request};

/// So far ahead of the next one an exchange of the conversation is recognised: sub-agents that run side by side.
const AHEAD: usize = 16;
/// A client that repeats a request is looked for among so many that were served last.
const BEHIND: usize = 8;

pub(crate) struct Tape {
    /// The run's own session.
    session: SessionId,
    recorded: SessionId,
    until: ExchangeId,
    /// Held while one request is compared: requests of one run are decided one after the other.
    state: Mutex<State>,
    given: parking_lot::Mutex<Option<SessionId>>,
}

struct State {
    begun: bool,
    live: bool,
    /// The runtime has forgotten what was recorded.
    lost: bool,
    places: Vec<Place>,
    edits: HashMap<SessionId, Vec<ContextEdit>>,
}

struct Place {
    head: RecordedHead,
    served: bool,
    likeness: Known,
}

/// What is known of a recorded request.
enum Known {
    Unread,
    Read(Likeness),
    /// Its record is not whole.
    Damaged,
}

/// Why the model answers from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The chosen exchange is reached.
    Asked,
    Differs,
    /// The recorded exchange came to no whole answer, or its record is damaged.
    Unfinished,
    /// A person ordered or edited what goes to the model.
    Ordered,
    /// A rule of today took a call out of a recorded answer, so that the model has to go on from there.
    Blocked,
    /// The runtime was started again before the run's first request, and knows nothing of it.
    Lost,
}

impl Why {
    fn name(self) -> &'static str {
        match self {
            Why::Asked => "asked",
            Why::Differs => "differs",
            Why::Unfinished => "unfinished",
            Why::Ordered => "ordered",
            Why::Blocked => "blocked",
            Why::Lost => "lost",
        }
    }
}

pub(super) struct Served {
    pub of: ExchangeId,
    pub response: ResponseImage,
}

pub(super) enum Told {
    Serve(Served),
    /// The model answers; the event that tells it.
    Live(Value),
    /// It has been live before.
    Nothing,
}

pub(super) struct Asked {
    pub told: Told,
    /// The event of the run's first request.
    pub begun: Option<Value>,
    /// Rewrites of the recorded conversation that this request's goes on from.
    pub edits: Vec<ContextEdit>,
}

type Record = Arc<dyn Memory>;

impl Tape {
    pub fn new(session: SessionId, recording: Recording) -> Tape {
        let mut edits: HashMap<SessionId, Vec<ContextEdit>> = HashMap::new();
        for edit in recording.edits {
            edits.entry(edit.session).or_default().push(edit);
        }
        let place = |head| Place { head, served: false, likeness: Known::Unread };
        let places = recording.exchanges.into_iter().map(place).collect();
        Tape {
            session,
            recorded: recording.session,
            until: recording.until,
            state: Mutex::new(State { begun: false, live: false, lost: false, places, edits }),
            given: parking_lot::Mutex::new(Some(session)),
        }
    }

    /// One that an earlier life of the runtime began; `None` where nothing is known of it any more.
    pub fn again(session: SessionId, rewinding: Option<Rewinding>) -> Tape {
        let lost =
            Recording { until: ExchangeId(0), session, agent: String::new(), exchanges: Vec::new(), edits: Vec::new() };
        let known = rewinding.is_some();
        let (recording, served, live) =
            rewinding.map_or((lost, Vec::new(), false), |one| (one.recording, one.served, one.live));
        let mut tape = Tape::new(session, recording);
        let state = tape.state.get_mut();
        state.begun = true;
        (state.live, state.lost) = (live, !known);
        // Rewrites came along with what was served, and are remembered with the session.
        state.edits.clear();
        for place in &mut state.places {
            place.served = served.contains(&place.head.id);
        }
        tape.given = parking_lot::Mutex::new(None);
        tape
    }

    /// The run's session, for its first request.
    pub fn take_session(&self) -> Option<SessionId> {
        self.given.lock().take()
    }

    pub(super) async fn ask(&self, record: &Record, request: &Request, side_call: bool) -> Asked {
        let mut state = self.state.lock().await;
        let begun = (!std::mem::replace(&mut state.begun, true)).then(|| self.begun(&state));
        if state.live {
            return Asked { told: Told::Nothing, begun, edits: Vec::new() };
        }
        if state.lost {
            state.live = true;
            return Asked { told: Told::Live(live(Why::Lost, None, Vec::new())), begun, edits: Vec::new() };
        }
        let wanted = wire::likeness(request);
        let alike = state.alike(record, &wanted).await;
        let mut edits = Vec::new();
        let told = match alike {
            Some(at) => {
                let session = state.places[at].head.session;
                edits = state.edits.remove(&session).unwrap_or_default();
                self.serve(&mut state, record, at, &wanted).await
            }
            None if side_call => Told::Live(json!({ "is": "aside", "why": Why::Differs.name() })),
            None => {
                let nearest = state.nearest(&wanted);
                let session = nearest.map(|at| state.places[at].head.session);
                edits = session.and_then(|session| state.edits.remove(&session)).unwrap_or_default();
                self.differ(&mut state, record, nearest, request).await
            }
        };
        Asked { told, begun, edits }
    }

    /// Ends it, if it was not over; the event that tells it.
    pub async fn depart(&self, why: Why) -> Option<Value> {
        let mut state = self.state.lock().await;
        let was_live = std::mem::replace(&mut state.live, true);
        (!was_live).then(|| live(why, None, Vec::new()))
    }

    fn begun(&self, state: &State) -> Value {
        let answers = state.places.iter().filter(|place| place.head.id != self.until && !place.head.side_call).count();
        json!({
            "is": "begun", "recorded": self.until, "session": self.recorded, "rewound_by": self.session,
            "step": state.places.last().map(|place| place.head.step), "answers": answers,
        })
    }

    async fn serve(&self, state: &mut State, record: &Record, at: usize, wanted: &Likeness) -> Told {
        let first = state.places[at].head.id;
        let mut next = Some(at);
        while let Some(at) = next {
            let head = state.places[at].head;
            if head.id == self.until {
                state.live = true;
                return Told::Live(live(Why::Asked, Some(head.id), Vec::new()));
            }
            state.places[at].served = true;
            if let Some(response) = answer(record, head).await {
                return Told::Serve(Served { of: head.id, response });
            }
            // A client that asked again after a failure asks once now: it gets the answer that came in the end.
            next = state.next(record, wanted).await;
        }
        state.live = true;
        Told::Live(live(Why::Unfinished, Some(first), Vec::new()))
    }

    async fn differ(&self, state: &mut State, record: &Record, nearest: Option<usize>, request: &Request) -> Told {
        state.live = true;
        let Some(at) = nearest else { return Told::Live(live(Why::Differs, None, Vec::new())) };
        let of = state.places[at].head.id;
        let (why, differences) = match fetch(record, of).await {
            Some((recorded, _)) => (Why::Differs, wire::differences(&recorded, request)),
            None => (Why::Unfinished, Vec::new()),
        };
        // The chosen exchange was to be live anyway; what is asked otherwise now is worth telling all the same.
        let why = if of == self.until { Why::Asked } else { why };
        Told::Live(live(why, Some(of), differences))
    }
}

fn live(why: Why, recorded: Option<ExchangeId>, differences: Vec<wire::Difference>) -> Value {
    json!({ "is": "live", "why": why.name(), "recorded": recorded, "differences": differences })
}

impl State {
    /// Where this very request stands: among those that were not served yet, else among those that were.
    async fn alike(&mut self, record: &Record, wanted: &Likeness) -> Option<usize> {
        if let Some(next) = self.next(record, wanted).await {
            return Some(next);
        }
        let served = (0..self.places.len()).rev().filter(|at| self.places[*at].served).take(BEHIND);
        served.into_iter().find(|at| matches!(&self.places[*at].likeness, Known::Read(likeness) if likeness == wanted))
    }

    async fn next(&mut self, record: &Record, wanted: &Likeness) -> Option<usize> {
        let mut ahead = 0;
        for at in 0..self.places.len() {
            let place = &self.places[at];
            if place.served || ahead >= AHEAD && !place.head.side_call {
                continue;
            }
            ahead += usize::from(!place.head.side_call);
            if self.likeness(record, at).await == Some(wanted) {
                return Some(at);
            }
        }
        None
    }

    /// The one that was most likely meant: of those that come next the one that differs least.
    fn nearest(&self, wanted: &Likeness) -> Option<usize> {
        let next = (0..self.places.len()).filter(|at| !self.places[*at].served && !self.places[*at].head.side_call);
        let distance = |at: &usize| match &self.places[*at].likeness {
            Known::Read(likeness) => likeness.distance(wanted),
            Known::Unread | Known::Damaged => usize::MAX,
        };
        next.take(AHEAD).min_by_key(distance)
    }

    async fn likeness(&mut self, record: &Record, at: usize) -> Option<&Likeness> {
        if matches!(self.places[at].likeness, Known::Unread) {
            let read = fetch(record, self.places[at].head.id).await;
            self.places[at].likeness =
                read.map_or(Known::Damaged, |(request, _)| Known::Read(wire::likeness(&request)));
        }
        match &self.places[at].likeness {
            Known::Read(likeness) => Some(likeness),
            Known::Unread | Known::Damaged => None,
        }
    }
}

/// What the agent got, where it got something whole: an answer, or an error that a provider answered with.
async fn answer(record: &Record, head: RecordedHead) -> Option<ResponseImage> {
    let whole = |response: &ResponseImage| match head.state {
        ExchangeState::Complete | ExchangeState::Answered => true,
        ExchangeState::Failed => response.status >= 400,
        ExchangeState::Open | ExchangeState::Cancelled | ExchangeState::Interrupted => false,
    };
    fetch(record, head.id).await?.1.filter(whole)
}

async fn fetch(record: &Record, id: ExchangeId) -> Option<(Request, Option<ResponseImage>)> {
    as_sent(record.recorded(id).await?)
}

/// A recorded request as it was sent, and what came of it.
pub(crate) fn as_sent(recorded: RecordedExchange) -> Option<(Request, Option<ResponseImage>)> {
    let RecordedExchange { path, headers: sent, envelope, system, tools, messages, marks, response, .. } = recorded;
    let body = wire::rebuild(&envelope, system.as_deref(), tools.as_deref(), &messages, &marks).ok()?;
    let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
    let route = wire::route(&address::parse(path).path, query, &headers::read(&sent))?;
    // A body that was no JSON is like no other.
    Some((wire::parse(&route, body).ok()?, response))
}
