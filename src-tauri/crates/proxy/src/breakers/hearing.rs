//! What calls came to, and how breakers stand for a moment: an exchange's way to them. Nothing is done where no policy declares any.

use super::{Changed, Subject, asked::Destination, window::Sample};
use crate::{answer::Ending, exchange::Exchange, moment::Moment};
use domain::*;
use observe::Returned;
use std::collections::BTreeMap;

impl Exchange {
    /// An attempt begins.
    pub fn asks(&self, provider: &str, model: &str) {
        if self.policies.has_breakers() {
            let (provider, model) = (provider.to_owned(), model.to_owned());
            self.asked.begin(Destination { provider, model, sent_at: self.elapsed() });
        }
    }

    /// An attempt came to nothing.
    pub fn attempt_failed(&self, fault: Fault) {
        if let Some(asked) = self.asked.end() {
            self.heard_of(&asked, fault_sample(fault, self.core.now()));
        }
    }

    /// A follow-up came to nothing; the answer that it belongs to is heard of by itself.
    pub fn follow_up_failed(&self, fault: Fault) {
        self.heard_of(&self.bound_for(), fault_sample(fault, self.core.now()));
    }

    /// The exchange is over, as `ending` says.
    pub fn attempt_ended(&self, ending: &Ending) {
        let Some(asked) = self.asked.end() else {
            // It was to be a probe, perhaps, and never went out: another may be.
            return self.heard_of(&self.bound_for(), None);
        };
        let now = self.core.now();
        let sample = match ending.state {
            ExchangeState::Complete if ending.status < 400 => {
                let until = ending.first_token_us.unwrap_or_else(|| self.elapsed());
                let ms = until.saturating_sub(asked.sent_at) as f32 / 1000.0;
                Some(Sample { at: now, failed: false, limited: false, ms: Some(ms) })
            }
            ExchangeState::Complete | ExchangeState::Failed if ending.origin == Some(Origin::Provider) => {
                let said = ending.error.as_deref().unwrap_or_default();
                let fault = match (ending.status, &ending.answer.error) {
                    (status @ 400.., _) => Fault::of_status(status, said),
                    (_, Some(error)) => Fault::of_stream(error),
                    (_, None) => Fault::Cut,
                };
                fault_sample(fault, now)
            }
            _ => None,
        };
        self.heard_of(&asked, sample);
    }

    fn heard_of(&self, asked: &Destination, sample: Option<Sample>) {
        if !self.policies.has_breakers() {
            return;
        }
        let (call, model) = (self.id.to_string(), asked.model_key());
        let subjects = [
            Subject { per: BreakerPer::Provider, key: &asked.provider, call: &call },
            Subject { per: BreakerPer::Model, key: &model, call: &call },
        ];
        self.tell(self.core.breakers.heard(&self.policies, &subjects, sample));
    }

    /// Results of the agent's own tools. Of calls that ran beside each other only the failures say something.
    pub fn tools_returned(&self, returned: &[Returned]) {
        if !self.policies.has_breakers() {
            return;
        }
        for one in returned {
            let beside = returned.iter().filter(|other| other.record.called_by == one.record.called_by).count();
            let ms = (beside == 1).then_some(one.elapsed_ms as f32);
            let sample = Sample { at: self.core.now(), failed: one.is_error(), limited: false, ms };
            let subject = Subject { per: BreakerPer::Tool, key: &one.tool, call: &one.record.call_id };
            self.tell(self.core.breakers.heard(&self.policies, &[subject], Some(sample)));
        }
    }

    /// What policies say of a moment's tool, and how the breakers stand for it.
    pub fn watched(&self, moment: &Moment, observation: &mut Observation) {
        if let Some(tool) = &mut observation.tool {
            tool.read_only = self.policies.read_only(&tool.name);
        }
        let call = match moment {
            Moment::Call(call) => Some((call.name.as_str(), call.id.as_str())),
            Moment::Result(returned) => Some((returned.tool.as_str(), returned.record.call_id.as_str())),
            _ => None,
        };
        observation.named.breaker = self.breakers_at(observation.point, call);
    }

    /// How the breakers stand at a point. `call`: the tool call in question, by its tool and id.
    fn breakers_at(&self, point: Point, call: Option<(&str, &str)>) -> BTreeMap<String, BreakerFacts> {
        if !self.policies.has_breakers() {
            return BTreeMap::new();
        }
        let (bound, id) = (self.bound_for(), self.id.to_string());
        let model = bound.model_key();
        let mut subjects = vec![
            Subject { per: BreakerPer::Provider, key: &bound.provider, call: &id },
            Subject { per: BreakerPer::Model, key: &model, call: &id },
        ];
        let mut facts = BTreeMap::new();
        if let Some((tool, id)) = call {
            let tool = Subject { per: BreakerPer::Tool, key: tool, call: id };
            self.take_in(&mut facts, &[tool], point == Point::ToolCall);
            subjects.retain(|_| point != Point::ToolResult);
        }
        self.take_in(&mut facts, &subjects, point == Point::ModelRequest);
        facts
    }

    fn take_in(&self, facts: &mut BTreeMap<String, BreakerFacts>, subjects: &[Subject<'_>], asks: bool) {
        let (seen, changes) = self.core.breakers.look(&self.policies, subjects, asks, self.core.now());
        facts.extend(seen);
        self.tell(changes);
    }

    fn tell(&self, changes: Vec<Changed>) {
        changes.iter().for_each(|changed| self.event(changed.kind(), changed.payload()));
    }
}

/// None: it is not the provider's ill health.
fn fault_sample(fault: Fault, at: Timestamp) -> Option<Sample> {
    fault.is_ill_health().then_some(Sample { at, failed: true, limited: fault == Fault::RateLimit, ms: None })
}
