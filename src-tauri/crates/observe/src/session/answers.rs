//! An exchange ends: what it used, and the calls that now wait for their results.

use super::{SessionState, Window};
use domain::{ExchangeId, RunId, Timestamp, ToolCall, Usage};
use wire::Answer;

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// As the agent got it: calls that were taken out are not in it. `None` where the agent got no answer.
    pub answer: Option<&'a Answer>,
    /// The model that served it, for the window of its context.
    pub model: &'a str,
    pub provider: &'a str,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
}

impl SessionState {
    pub fn answered(&mut self, exchange: ExchangeId, at: Timestamp, ended: &Ended) {
        let side_call = self.exchanges.get(&exchange).is_some_and(|underway| underway.request.side_call);
        let this_run = self.exchanges.get(&exchange).is_some_and(|underway| Some(underway.run) == self.run.id);
        self.spend(&ended.usage, ended.cost_usd, this_run);
        if !ended.model.is_empty() && !self.row.models.iter().any(|model| model == ended.model) {
            self.row.models.push(ended.model.to_owned());
        }
        if !side_call && ended.usage.input > 0 {
            self.context_tokens = ended.usage.input + ended.usage.output;
            self.served_by_cache = ended.usage.cached;
            let window = self.window(ended.provider, ended.model);
            self.row.context_used = window.map(|window| self.context_tokens as f64 / window as f64);
        }
        for call in ended.answer.iter().flat_map(|answer| &answer.calls) {
            self.called(exchange, call, at);
        }
        if let Some(underway) = self.exchanges.get_mut(&exchange) {
            underway.ended = true;
        }
        self.row.last_at = self.row.last_at.max(at);
    }

    /// The runtime asked a model beside the agent's turn: what it used is the session's. Gives the run and the step that it stands beside.
    pub fn asked_beside(&mut self, exchange: ExchangeId, usage: &Usage, cost_usd: Option<f64>) -> (RunId, u32) {
        self.spend(usage, cost_usd, true);
        (self.run.id.unwrap_or(RunId(exchange.0)), self.steps.saturating_sub(1))
    }

    fn window(&mut self, provider: &str, model: &str) -> Option<u64> {
        let known = self.window.as_ref().filter(|window| window.provider == provider && window.model == model);
        if let Some(window) = known {
            return window.tokens;
        }
        let tokens = crate::context_window(provider, model).filter(|tokens| *tokens > 0);
        self.window = Some(Window { provider: provider.to_owned(), model: model.to_owned(), tokens });
        tokens
    }

    fn spend(&mut self, usage: &Usage, cost_usd: Option<f64>, this_run: bool) {
        self.tokens += usage.budgeted();
        self.row.input_tokens += usage.input;
        self.row.cached_tokens += usage.cached;
        self.row.output_tokens += usage.output;
        self.row.cost_usd += cost_usd.unwrap_or_default();
        self.row.estimated |= usage.estimated;
        if this_run {
            self.run.tokens += usage.budgeted();
            self.run.all_tokens += usage.input + usage.output;
            self.run.cost_usd += cost_usd.unwrap_or_default();
        }
    }

    /// The agent got this call and will bring its result.
    fn called(&mut self, exchange: ExchangeId, call: &ToolCall, at: Timestamp) {
        self.calls.opened(exchange, call, at);
        self.saw_call(call);
        if !self.tools_seen.contains(&call.name) {
            self.tools_seen.push(call.name.clone());
        }
    }
}
