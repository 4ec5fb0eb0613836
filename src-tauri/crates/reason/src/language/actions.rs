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

impl ActionWord {
    /// Whether its name alone says enough.
    pub fn stands_alone(&self) -> bool {
        let needs_more = matches!(self.name, "limit" | "first" | "redact");
        !needs_more && !self.fields.iter().any(|field| field.doc.ends_with("Required."))
    }
}

const fn field(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, state: State::Acts, doc }
}

/// Before a request goes out: it changes that request. Anywhere else it holds from the next request on.
const CALLS: &[Point] =
    &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse, Point::ToolResult, Point::ModelStream];
const RESULT: &[Point] = &[Point::ToolResult];
const RESPONSE: &[Point] = &[Point::ModelResponse];
const TEXTS: &[Point] =
    &[Point::ModelRequest, Point::ToolResult, Point::ModelStream, Point::ToolCall, Point::ModelResponse];
const EFFORTS: Takes = Takes::Choice(&["none", "minimal", "low", "medium", "high"]);
const SCOPES: Takes = Takes::Choice(&["call", "run", "session"]);
const FORMS: Takes = Takes::Choice(&["answer", "error"]);

/// Where an exchange can wait for a person.
const HOLDS: &[Point] = &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse];

pub const ACTIONS: &[ActionWord] = &[
    ActionWord {
        name: "block",
        state: State::Acts,
        points: &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse],
        fields: &[
            field("text", Takes::Text, "The refusal, a template; unless set it names the rule and the policy."),
            field(
                "as",
                FORMS,
                "`answer` (unless set): a normal assistant message. `error`: the vendor's error shape, not at `model.response`.",
            ),
        ],
        short: Some("text"),
        doc: "Refuse. At `model.request` the call is answered with the text; at `tool.call` the call is taken out of the response and the model is told the text; at `model.response` the agent gets the text in the answer's place, calls included, or in that of an attempt that failed, and so does the model in every later request. `\"block\"` alone is enough.",
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
        doc: "Answer a rule's question beforehand: where both match, what it would escalate goes on. It answers nothing else, and blocks stay; the trace says who answered.",
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
    ActionWord {
        name: "reroute",
        state: State::Acts,
        points: CALLS,
        fields: &[
            field("model", Takes::Text, "A model's name, or `tier:NAME` of `[tiers]`. Required."),
            field(
                "provider",
                Takes::Text,
                "Another provider of the same dialect, whose key the runtime holds; a key that clients pass through never goes to another provider.",
            ),
            field("scope", SCOPES, "`call`, `run` (unless set: until the next user message) or `session`."),
        ],
        short: Some("model"),
        doc: "Another model of the same dialect. Parameters and reasoning that it is known not to take are left out, and named. A person's own choice of a model stands. Where an attempt failed (`response.failed` at `model.response`) the same call goes there at once. It does not apply where the model is in use already.",
    },
    ActionWord {
        name: "limit",
        state: State::Acts,
        points: CALLS,
        fields: &[
            field("output_tokens", Takes::Count, "The most that an answer may have; from 1."),
            field("reasoning", EFFORTS, "The most effort, for models that reason."),
            field("tools", Takes::Texts, "Only these tools are offered."),
            field("without", Takes::Texts, "These tools are not offered."),
            field("scope", SCOPES, "`call`, `run` (unless set) or `session`."),
        ],
        short: None,
        doc: "Ask for less: it lowers what the client asked for and never raises it.",
    },
    ActionWord {
        name: "stop",
        state: State::Acts,
        points: &Point::ALL,
        fields: &[
            field("text", Takes::Text, "What the agent is told, a template; unless set it names the rule."),
            field("as", FORMS, "As of `block`."),
        ],
        short: Some("text"),
        doc: "End the session: this request, or the next, and every later one is answered with the text; at `tool.call` the call is taken out and the answer ends. `\"stop\"` alone is enough.",
    },
    ActionWord {
        name: "rollback",
        state: State::Acts,
        points: CALLS,
        fields: &[
            field("steps", Takes::Count, "How many requests back; 1 unless set."),
            field("text", Takes::Text, "What the model is told in the place of what was undone, a template."),
        ],
        short: Some("text"),
        doc: "Go on from an earlier request of the session: what came after it is replaced by the text, in every later request too. What tools did stays done. `\"rollback\"` alone is enough.",
    },
    ActionWord {
        name: "alert",
        state: State::Acts,
        points: &Point::ALL,
        fields: &[
            field("to", Takes::Text, "The NAME of an `[alert.NAME]`. Required."),
            field("text", Takes::Text, "What it says, a template; unless set it names the rule."),
        ],
        short: Some("to"),
        doc: "Tell somebody, beside the traffic: nothing waits for it, and a failure is an event.",
    },
    ActionWord {
        name: "first",
        state: State::Acts,
        points: &Point::ALL,
        fields: &[],
        short: None,
        doc: "`{ first = [ACTION, ACTION] }`: the first that applies; those before it say why they did not.",
    },
    ActionWord {
        name: "compact",
        state: State::Acts,
        points: &[Point::ModelRequest],
        fields: &[
            field(
                "to",
                Takes::Number,
                "The share of the model's window that the context may fill then, above 0 and below 1; 0.5 unless set. Where the window is unknown: of the context as it is.",
            ),
            field(
                "of",
                Takes::Choice(&["window", "context"]),
                "What `to` is a share of: the model's `window` (unless set), or the `context` as it is.",
            ),
            field("pin", Takes::Texts, "Messages that contain one of these texts stay."),
            field(
                "summary",
                Takes::Text,
                "A model's name, or `tier:NAME`, of the caller's own provider: it is asked, with the caller's key, to say what leaves; the call stands in the record as one beside the turn, its cost is the session's. Where it fails or is late the turns leave without.",
            ),
            field(
                "max",
                Takes::Duration,
                "How long the request waits for the summary; `\"20s\"` unless set, at most `\"1m\"`.",
            ),
        ],
        short: None,
        doc: "The oldest turns leave the context: whole turns, never a call without its result. The system prompt, the messages up to the first user's, pinned ones and the newest two turns stay, and a line with the names, ids and numbers that stood in what left, behind the summary where one is asked for. It stands so in every later request. `\"compact\"` alone is enough.",
    },
    ActionWord {
        name: "truncate",
        state: State::Acts,
        points: RESULT,
        fields: &[
            field("head", Takes::Count, "Characters of the beginning that stay; 2000 unless set."),
            field("tail", Takes::Count, "Characters of the end that stay; 1000 unless set."),
        ],
        short: None,
        doc: "A tool's result cut to its ends, for the model, in every later request too; the record has the whole. `\"truncate\"` alone is enough.",
    },
    ActionWord {
        name: "extract",
        state: State::Acts,
        points: RESULT,
        fields: &[
            field(
                "fields",
                Takes::Texts,
                "JSON paths: `$.items[*].id`, `$.total`; with `model` words for what to keep: `order id`. Required.",
            ),
            field(
                "model",
                Takes::Text,
                "A model's name, or `tier:NAME`, of the caller's own provider: it is asked for the fields, with the caller's key; the call stands in the record as one beside the turn, its cost is the session's.",
            ),
            field(
                "max",
                Takes::Duration,
                "How long the request waits for that model; `\"20s\"` unless set, at most `\"1m\"`. Several results are asked about at once.",
            ),
        ],
        short: None,
        doc: "A tool's result cut to the named fields, in every later request too; the record has the whole. By paths it keeps its own shape, and does not apply to what is no JSON. With `model` any text will do, of a long one its first and last 32 KiB: what the agent's model gets is that model's words behind a line that says so. Where it fails, is late or says nothing shorter, the result stays whole, the record says why, and within `first` the next action has its turn.",
    },
    ActionWord {
        name: "partial",
        state: State::Acts,
        points: &[Point::ModelRequest, Point::ModelStream, Point::ModelResponse],
        fields: &[field("text", Takes::Text, "Why, a template; unless set it names the rule.")],
        short: Some("text"),
        doc: "End now with what there is, by the dialect's length stop: the text so far, the calls that are whole, the text and a confidence mark (see Meaning). At `model.stream` the provider's connection is closed; a whole answer counts as nothing until it is there, then `model.response` ends it with the note. At `model.request` the note is the answer. `\"partial\"` alone is enough.",
    },
    ActionWord {
        name: "retry",
        state: State::Acts,
        points: RESPONSE,
        fields: &[
            field("times", Takes::Count, "How often at most, from 1 to 5; 2 unless set."),
            field(
                "base",
                Takes::Duration,
                "The longest wait before the first retry, doubled before each further one; `\"500ms\"` unless set.",
            ),
            field("max", Takes::Duration, "What it is doubled up to, at most `\"1m\"`; `\"8s\"` unless set."),
        ],
        short: None,
        doc: "Make a call that failed again. Before each retry it waits a part of the longest wait that chance chooses, or as long as the provider's Retry-After says; where the provider says `x-should-retry`, that decides. It does not apply after a byte was forwarded, where the call itself is at fault (400, 401, 403, 404, 413, 422, a context too long), where the wait would outlast the client's patience, or where the same request, the client's own retries counted, was retried so often in the last ten minutes. `\"retry\"` alone is enough.",
    },
    ActionWord {
        name: "cached",
        state: State::Acts,
        points: &[Point::ModelRequest, Point::ToolCall, Point::ModelResponse],
        fields: &[field("max_age", Takes::Duration, "How old it may be: `\"10m\"` unless set, at most `\"168h\"`.")],
        short: Some("max_age"),
        doc: "The last good result instead of a new one. At `tool.call`, for a tool that `[tools] read_only` names: that of the same arguments in this session, else in another of the same agent; the model gets it with its age, and goes on inside the same response. At `model.request`, and at `model.response` where the attempt failed: the answer that exactly the same request got, where it called no tool. Without one it does not apply. Results are kept in memory. `\"cached\"` alone is enough.",
    },
    ActionWord {
        name: "redact",
        state: State::Acts,
        points: TEXTS,
        fields: &[
            field("pattern", Takes::Text, "A pattern's name: of `[pattern]`, or one that every file can name."),
            field("patterns", Takes::Texts, "Several."),
            field("regex", Takes::Text, "A regular expression instead."),
        ],
        short: Some("pattern"),
        doc: "What matches leaves under a token: at `model.request` and `tool.result` for the model; for the agent at `model.stream` (its text, which goes on streaming: only what could still become a match is held back), at `tool.call` (the call's arguments) and at `model.response` (its text, held back until it is complete). The runtime turns tokens back, see Meaning. Reasoning is signed, and left as it is.",
    },
    ActionWord {
        name: "replace",
        state: State::Acts,
        points: TEXTS,
        fields: &[
            field("with", Takes::Text, "The text in its place, a template. Required."),
            field(
                "pattern",
                Takes::Text,
                "As of `redact`; without any pattern the whole result, or the whole answer, is replaced.",
            ),
            field("patterns", Takes::Texts, "Several."),
            field("regex", Takes::Text, "A regular expression instead."),
        ],
        short: Some("with"),
        doc: "As `redact`, with a text that is not turned back.",
    },
];

pub fn action(name: &str) -> Option<&'static ActionWord> {
    ACTIONS.iter().find(|word| word.name == name)
}
