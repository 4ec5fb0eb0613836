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

/// Where an exchange can wait for a person.
const HOLDS: &[Point] = &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse];

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
        name: "escalate",
        state: State::Acts,
        points: HOLDS,
        fields: &[
            field(
                "allow",
                Takes::Choices(&["approve", "edit", "deny"]),
                "How a person may answer; all three unless set.",
            ),
            field(
                "timeout",
                Takes::Duration,
                "How long it waits: `\"90s\"`, `\"9m\"` (unless set), `\"1h30m\"`; at most `\"168h\"`.",
            ),
            field(
                "on_timeout",
                Takes::Choice(&["deny", "stop"]),
                "What then: `deny` (unless set), or `stop`: deny and end the session. Nothing approves by time-out.",
            ),
            field("text", Takes::Text, "What the person is asked, a template; unless set the rule's name says it."),
        ],
        short: Some("text"),
        doc: "Hold for a person, who approves, edits or denies; the client is kept waiting. What is denied is refused as by `block`; an edit re-enters policy and the model is told of it. `\"escalate\"` alone is enough.",
    },
    ActionWord {
        name: "approve",
        state: State::Acts,
        points: HOLDS,
        fields: &[field("rule", Takes::Text, "Whose question: a rule's id in this file, or `policy/rule`. Required.")],
        short: Some("rule"),
        doc: "Answer a rule's question beforehand: where both match, what it would escalate goes on. It answers nothing else, and blocks stay.",
    },
    ActionWord {
        name: "pause",
        state: State::Acts,
        points: HOLDS,
        fields: &[field("text", Takes::Text, "Why, for the person, a template.")],
        short: Some("text"),
        doc: "Hold the session here, and at its next model call, until a person lets it go on. `\"pause\"` alone is enough.",
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
    planned("stop", "End the session."),
    planned("rollback", "Resume from an earlier context."),
    planned("alert", "Tell somebody."),
    planned("first", "The first of several actions that applies."),
];

pub fn action(name: &str) -> Option<&'static ActionWord> {
    ACTIONS.iter().find(|word| word.name == name)
}
