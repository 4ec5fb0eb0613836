//! What is held back of an answer beside what rules need: where a person wants to look, or its agent gets other words than the model's.

use super::Whence;
use crate::exchange::Exchange;
use domain::Point;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    pub calls: bool,
    pub response: bool,
}

impl Watch {
    pub fn of(exchange: &Exchange, whence: Option<Whence>) -> Watch {
        // Tokens of redacted values stand in calls too; and of a stream that a rule may end no half call may have gone out.
        let words = !exchange.words_to_agent().is_empty() || exchange.policies.ends_streams();
        if exchange.side_call {
            // A person is not asked about them; rules are.
            return Watch { calls: words, response: exchange.policies.needs_response() };
        }
        let gate = exchange.gate();
        let breaks = |point| exchange.core.breakpoints.may_hit(point, exchange.session.id);
        Watch {
            calls: words || whence == Some(Whence::Held) || gate.holds(Point::ToolCall) || breaks(Point::ToolCall),
            response: gate.holds(Point::ModelResponse)
                || breaks(Point::ModelResponse)
                || exchange.policies.needs_response(),
        }
    }
}
