//! Good results, kept in memory for rules that answer with them: what read-only tools gave for the same arguments, and what models answered
//! to the very same request. Only what some rule in force could use is kept. It must not know when they are used.

use crate::{
    answer::Ending,
    exchange::Exchange,
    headers,
    pipeline::Moment,
    relay::{self, Ready, Whence},
};
use act::Good;
use bytes::Bytes;
use domain::*;
use observe::{Bounded, Returned};
use parking_lot::Mutex;
use std::sync::Arc;

/// What may be kept of each, in bytes.
const RESULT_BYTES: usize = 16 << 20;
const ANSWER_BYTES: usize = 16 << 20;
/// One that is longer is not kept.
const LONGEST: usize = 1 << 20;

pub(crate) struct GoodResults {
    results: Mutex<Bounded<String, KeptResult>>,
    answers: Mutex<Bounded<String, Arc<KeptAnswer>>>,
}

#[derive(Clone)]
struct KeptResult {
    text: Arc<str>,
    at: Timestamp,
}

struct KeptAnswer {
    status: u16,
    headers: Headers,
    body: Bytes,
    text: String,
    exchange: ExchangeId,
    at: Timestamp,
}

impl Default for GoodResults {
    fn default() -> Self {
        let (results, answers) = (Bounded::new(RESULT_BYTES), Bounded::new(ANSWER_BYTES));
        GoodResults { results: Mutex::new(results), answers: Mutex::new(answers) }
    }
}

impl Exchange {
    /// Keeps what new results are good for.
    pub fn keep_results(&self, returned: &[Returned]) {
        if !self.policies.caches(Point::ToolCall) {
            return;
        }
        let good = |one: &&Returned| !one.is_error() && one.result.text.len() <= LONGEST;
        for one in returned.iter().filter(good).filter(|one| self.policies.read_only(&one.tool)) {
            let kept = KeptResult { text: one.result.text.as_str().into(), at: self.core.now() };
            let mut results = self.core.good.results.lock();
            for key in self.result_keys(&one.tool, &one.arguments) {
                let weight = key.len() + kept.text.len() + 64;
                results.put(key, kept.clone(), weight);
            }
        }
    }

    /// This session's first, then that of any session of the same agent.
    fn result_keys(&self, tool: &str, arguments: &str) -> [String; 2] {
        let digest = act::arguments_digest(tool, arguments);
        [format!("{} {digest}", self.session.id), format!("{} {digest}", self.agent)]
    }

    fn answer_key(&self) -> String {
        let (request, provider) = (&self.request, &self.provider.name);
        let form = (request.stream, request.array);
        // Of any session: what was asked counts, not who asked.
        let digest = act::request_digest(&request.body, None);
        format!("{} {provider} {} {form:?} {digest}", self.agent, request.model)
    }

    /// Keeps an answer that came whole and calls nothing.
    pub fn keep_answer(&self, ending: &Ending) {
        let caches = self.policies.caches(Point::ModelRequest) || self.policies.caches(Point::ModelResponse);
        let plain = ending.answer.calls.is_empty() && ending.removed.is_empty() && ending.answer.error.is_none();
        let good = ending.state == ExchangeState::Complete && ending.status == 200 && !ending.answer.text.is_empty();
        if !(caches && plain && good && self.whence.get().is_none()) {
            return;
        }
        let Some(image) = ending.agent_response.as_ref().or(ending.provider_response.as_ref()) else { return };
        if image.body.len() > LONGEST {
            return;
        }
        let kept = KeptAnswer {
            status: image.status,
            headers: image.headers.clone(),
            body: image.body.clone(),
            text: ending.answer.text.clone(),
            exchange: self.id,
            at: self.core.now(),
        };
        let key = self.answer_key();
        let weight = key.len() + kept.body.len() + kept.text.len() + 256;
        self.core.good.answers.lock().put(key, Arc::new(kept), weight);
    }

    /// What `cached` could answer with at this moment.
    pub fn good_for(&self, moment: &Moment) -> Option<Good> {
        match moment {
            Moment::Call(call) if self.policies.caches(Point::ToolCall) => {
                let mut results = self.core.good.results.lock();
                let keys = self.result_keys(&call.name, &call.arguments);
                let found = keys.iter().enumerate().find_map(|(place, key)| Some((place, results.get(key)?.clone())));
                let (place, kept) = found?;
                Some(Good::Result { text: kept.text.to_string(), at: kept.at, elsewhere: place > 0 })
            }
            Moment::Request if self.policies.caches(Point::ModelRequest) => self.good_answer(),
            Moment::Failed(_) if self.policies.caches(Point::ModelResponse) => self.good_answer(),
            _ => None,
        }
    }

    fn good_answer(&self) -> Option<Good> {
        let kept = self.core.good.answers.lock().get(&self.answer_key())?.clone();
        Some(Good::Answer { text: kept.text.clone(), at: kept.at, exchange: kept.exchange })
    }

    /// The kept answer, as if it came now; its head says how old it is.
    pub fn answer_again(&self) -> Option<Ready> {
        let kept = self.core.good.answers.lock().get(&self.answer_key())?.clone();
        let mut response = relay::again(kept.status, &kept.headers, kept.body.clone());
        let seconds = self.core.now().micros_since(kept.at) / 1_000_000;
        headers::put(&mut response.headers, http::header::AGE, &seconds.to_string());
        Some(Ready { response, whence: Whence::Cached(kept.exchange) })
    }
}
