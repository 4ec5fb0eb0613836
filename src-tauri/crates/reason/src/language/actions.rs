//! The words under `do`: their fields and the points where each can act.

use super::{Key, State, Takes};
use domain::Point;

#[derive(Debug, Clone, Copy)]
pub struct ActionWord {
    pub name: &'static str,
    pub state: State,
    /// Where this version carries it out.
    pub points: &'static [Point],
    pub fields: &'static [Key],
    /// The field that the short form `{ name = "…" }` fills.
    pub short: Option<&'static str>,
    pub doc: &'static str,
}

const fn field(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, state: State::Acts, doc }
}

const fn planned(name: &'static str, doc: &'static str) -> ActionWord {
    ActionWord { name, state: State::Planned, points: &[], fields: &[], short: None, doc }
}

pub const ACTIONS: &[ActionWord] = &[
    ActionWord {
        name: "block",
        state: State::Acts,
        points: &[Point::ModelRequest, Point::ToolCall],
        fields: &[
            field("text", Takes::Text, "The refusal, a template; unless set it names the rule and the policy."),
            field(
                "as",
                Takes::Choice(&["answer", "error"]),
                "`answer` (unless set): a normal assistant message. `error`: the vendor's error shape.",
            ),
        ],
        short: Some("text"),
        doc: "Refuse. At `model.request` the call is answered with the text; at `tool.call` the call is taken out of the response and the model is told the text. `\"block\"` alone is enough.",
    },
    ActionWord {
        name: "inject",
        state: State::Acts,
        points: &[Point::ModelRequest],
        fields: &[
            field("role", Takes::Choice(&["user", "system"]), "Whose message it is; `user` unless set."),
            field("text", Takes::Text, "The message, a template. Required."),
        ],
        short: Some("text"),
        doc: "Add a message after the newest one; it stands there in every later request too.",
    },
    ActionWord {
        name: "taint",
        state: State::Acts,
        points: &Point::ALL,
        fields: &[field("taint", Takes::Text, "The mark. Required.")],
        short: Some("taint"),
        doc: "Mark the session; other rules read it in `session.taints`.",
    },
    planned("reroute", "Another model, tier or provider."),
    planned("compact", "Evict or summarise the oldest turns."),
    planned("truncate", "A tool result to its ends."),
    planned("extract", "Named fields of a tool result."),
    planned("limit", "Output tokens, reasoning effort, tools offered."),
    planned("retry", "Try again, with backoff."),
    planned("cached", "Answer from the last good result."),
    planned("partial", "End now with what there is."),
    planned("redact", "Spans, reversibly."),
    planned("replace", "Spans or the whole."),
    planned("escalate", "Hold for a person."),
    planned("pause", "Hold the session."),
    planned("stop", "End the session."),
    planned("rollback", "Resume from an earlier context."),
    planned("alert", "Tell somebody."),
    planned("first", "The first of several actions that applies."),
];

pub fn action(name: &str) -> Option<&'static ActionWord> {
    ACTIONS.iter().find(|word| word.name == name)
}
