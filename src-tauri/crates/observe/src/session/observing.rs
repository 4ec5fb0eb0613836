//! The observation of one intervention point: everything that a condition can read there, and nothing that it cannot.

use super::{Returned, SessionState, Underway};
use crate::prompt;
use domain::{
    CallFacts, ExchangeId, Facts, Fault, NamedFacts, Observation, Point, RequestFacts, ResponseFacts, ResultFacts,
    RunFacts, SessionFacts, Timestamp, ToolCall, ToolFacts, TraceFacts,
};
use wire::Answer;

/// Arguments as the model wrote them, in bytes.
const ARGUMENTS_KEPT: usize = 16 * 1024;
/// A response's or result's text that a condition can read, in bytes.
const TEXT_KEPT: usize = 64 * 1024;
/// What a provider said of a failure, in bytes.
const ERROR_KEPT: usize = 2 * 1024;

/// What a point looks at beside the session.
#[derive(Debug, Clone, Copy)]
pub enum Focus<'a> {
    /// The request alone; time passing and idle sessions too.
    Request,
    /// One complete tool call, before the agent gets it.
    Call(&'a ToolCall),
    /// One result that came for the first time.
    Result(&'a Returned),
    /// A complete response, before release.
    Response { status: u16, answer: &'a Answer },
    /// An attempt that came to nothing: its status, if a head came, and what was said of it.
    Failed { status: Option<u16>, fault: Fault, said: &'a str },
}

impl SessionState {
    pub fn observation(&self, point: Point, at: Timestamp, exchange: ExchangeId, focus: Focus) -> Observation {
        let underway = self.exchanges.get(&exchange);
        let began = underway.map_or(at, |underway| underway.started_at);
        let mut observation = Observation {
            point,
            at,
            trace: TraceFacts { session: self.row.id, exchange },
            session: self.session_facts(at),
            run: self.run_facts(at),
            request: underway.map(|underway| underway.facts(at)).unwrap_or_default(),
            response: None,
            tool: None,
            call: None,
            result: None,
            history: self.history(at),
            named: NamedFacts::default(),
        };
        match focus {
            Focus::Request => {}
            Focus::Call(call) => {
                observation.tool = Some(tool(&call.name));
                observation.call = Some(call_facts(call));
            }
            Focus::Result(returned) => {
                observation.tool = Some(tool(&returned.tool));
                observation.result = Some(result_facts(returned));
            }
            Focus::Response { status, answer } => {
                observation.response = Some(response_facts(status, answer, millis(at, began)))
            }
            Focus::Failed { status, fault, said } => {
                observation.response = Some(ResponseFacts {
                    status: status.unwrap_or_default(),
                    failed: true,
                    class: fault.name().to_owned(),
                    error: prompt::head(said, ERROR_KEPT).to_owned(),
                    elapsed_ms: millis(at, began),
                    ..ResponseFacts::default()
                });
            }
        }
        observation
    }

    /// What conditions would read now; of a session in which nothing is under way, what they would have read when it fell silent.
    pub fn facts(&self, now: Timestamp) -> Facts {
        let under_way = self.is_answering() || self.calls.any();
        let at = if under_way { now } else { self.row.last_at };
        Facts {
            at,
            under_way,
            exchange: None,
            session: self.session_facts(at),
            run: self.run_facts(at),
            history: self.history(at),
        }
    }

    fn session_facts(&self, at: Timestamp) -> SessionFacts {
        SessionFacts {
            agent: self.row.agent.clone(),
            steps: self.steps,
            elapsed_ms: millis(at, self.row.started_at).saturating_sub(self.held_ms),
            tokens: self.tokens,
            input_tokens: self.row.input_tokens,
            cached_tokens: self.row.cached_tokens,
            output_tokens: self.row.output_tokens,
            cost_usd: self.row.cost_usd,
            context_tokens: self.context_tokens,
            context_used: self.row.context_used.unwrap_or_default(),
            tool_errors: self.row.tool_errors,
            tool_errors_in_row: self.tool_errors_in_row,
            taints: self.taints.clone(),
            tools_seen: self.tools_seen.clone(),
            risk: self.risk,
        }
    }

    fn run_facts(&self, at: Timestamp) -> RunFacts {
        RunFacts {
            steps: self.run.steps,
            elapsed_ms: millis(at, self.run.started_at).saturating_sub(self.run.held_ms),
            tokens: self.run.tokens,
            cost_usd: self.run.cost_usd,
            tool_errors: self.run.tool_errors,
            tool_errors_in_row: self.run.errors_in_row,
            errors: self.run.errors.iter().cloned().collect(),
            subtask_elapsed_ms: self.subtask_ms(at),
        }
    }

    /// A sub-agent's whole run is one subtask; elsewhere a tool loop is.
    fn subtask_ms(&self, at: Timestamp) -> u64 {
        let begun = match self.row.parent {
            Some(_) => Some((self.run.started_at, 0)),
            None => self.run.looped,
        };
        begun.map_or(0, |(begun, held)| millis(at, begun).saturating_sub(self.run.held_ms - held))
    }
}

impl Underway {
    fn facts(&self, at: Timestamp) -> RequestFacts {
        RequestFacts { elapsed_ms: millis(at, self.started_at).saturating_sub(self.held_ms), ..self.request.clone() }
    }
}

fn millis(to: Timestamp, from: Timestamp) -> u64 {
    (to.micros_since(from) / 1000) as u64
}

fn tool(name: &str) -> ToolFacts {
    ToolFacts { name: name.to_owned(), read_only: false }
}

fn call_facts(call: &ToolCall) -> CallFacts {
    CallFacts {
        id: call.id.clone(),
        name: call.name.clone(),
        args: serde_json::from_str(&call.arguments).unwrap_or_default(),
        raw: prompt::head(&call.arguments, ARGUMENTS_KEPT).to_owned(),
    }
}

fn result_facts(returned: &Returned) -> ResultFacts {
    ResultFacts {
        call_id: returned.record.call_id.clone(),
        text: prompt::head(&returned.result.text, TEXT_KEPT).to_owned(),
        error: returned.is_error(),
        guessed: returned.is_guessed(),
        bytes: returned.result.text.len() as u64,
        elapsed_ms: returned.elapsed_ms,
    }
}

fn response_facts(status: u16, answer: &Answer, elapsed_ms: u64) -> ResponseFacts {
    let usage = answer.usage.unwrap_or_default();
    ResponseFacts {
        status,
        model: answer.model.clone().unwrap_or_default(),
        finish: answer.finish.clone().unwrap_or_default(),
        text: prompt::head(&answer.text, TEXT_KEPT).to_owned(),
        reasoning: prompt::head(&answer.reasoning, TEXT_KEPT).to_owned(),
        tool_calls: answer.calls.len() as u32,
        input_tokens: usage.input,
        cached_tokens: usage.cached,
        output_tokens: usage.output,
        elapsed_ms,
        ..ResponseFacts::default()
    }
}
