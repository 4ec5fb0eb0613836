//! What a person's commands take.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};
use specta::Type;
use specta_typescript::{Number, Unknown};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Approve,
    Edit,
    #[default]
    Deny,
}

/// How long an order lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum OrderScope {
    /// The next model call, or the one that is held.
    Call,
    /// Until the next user message.
    Run,
    #[default]
    Session,
}

/// Whose calls a rule made of an answer is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum AllowScope {
    #[default]
    Session,
    /// Every session of this agent.
    Agent,
    Everywhere,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum InjectRole {
    #[default]
    User,
    System,
}

args! {
    ResolveEscalation {
        pub escalation: String,
        pub decision: Decision,
        /// The tool call's new arguments, as an object or as JSON text; or the new message.
        #[specta(optional, type = Option<Unknown>)]
        pub edit: Option<Value>,
        /// The model is told it.
        #[specta(optional)]
        pub reason: Option<String>,
    }
    PauseAll {
        /// False resumes.
        pub pause: bool,
    }
    SetBreakpoint {
        /// `model.request`, `tool.call` or `model.response`.
        pub on: String,
        /// This session only.
        #[specta(optional)]
        pub session: Option<String>,
        /// A CEL condition, as a rule's `when`; always unless given.
        #[specta(optional)]
        pub when: Option<String>,
        /// Only where this rule matches, in whatever mode: `POLICY/RULE`, or the rule's id.
        #[specta(optional)]
        pub rule: Option<String>,
        /// Shown where it stops; the condition or the rule unless given.
        #[specta(optional)]
        pub name: Option<String>,
    }
    ClearBreakpoint {
        pub breakpoint: String,
    }
    SetBreaker {
        /// `POLICY/NAME`, or the name alone where one policy has it.
        pub breaker: String,
        /// The provider, `provider/model`, or the tool.
        pub key: String,
        /// `forced_open`, `forced_closed`, or `closed`: it is what it sees again.
        pub state: String,
    }
    BeginRewind {
        /// The exchange that is live again; what stands before it is answered from the record.
        pub exchange: String,
        /// The agent's name; the recorded one unless given.
        #[specta(optional)]
        pub agent: Option<String>,
    }
    ForkSession {
        /// Whose request is asked again, as it went upstream.
        pub exchange: String,
        #[specta(optional)]
        pub model: Option<String>,
        /// In the place of the newest message of the user's; after tool results it is added.
        #[specta(optional)]
        pub message: Option<String>,
        /// The whole request in its dialect, as an object or as JSON text; before `model` and `message`.
        #[specta(optional, type = Option<Unknown>)]
        pub body: Option<Value>,
        /// Rules that the fork is judged without, by id or `policy/rule`.
        #[serde(default)]
        #[specta(optional)]
        pub without: Vec<String>,
        /// One with a key of the user's own; the recorded one, else any of its dialect, unless given.
        #[specta(optional)]
        pub provider: Option<String>,
    }
    CompareExchanges {
        pub exchange: String,
        pub with: String,
    }
    AlwaysAllow {
        pub escalation: String,
        #[serde(default)]
        pub scope: AllowScope,
        /// RFC 3339; never unless given.
        #[specta(optional)]
        pub expires: Option<String>,
        /// Top-level arguments that must be the same; all, and no other ones, unless given.
        #[specta(optional)]
        pub arguments: Option<Vec<String>>,
    }
}

/// A command to one session: `session`, `command`, and the command's own fields beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct ControlSession {
    pub session: String,
    #[serde(flatten)]
    pub order: Order,
}

/// A tool call in place of another, or of a message's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    pub name: String,
    /// An object, or JSON text.
    #[specta(type = Unknown)]
    pub arguments: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Hold at the next model call.
    Pause {},
    Resume {},
    /// Let what is held go, hold at the next point.
    Step {},
    /// Let what is held go, hold at the next model call.
    StepOver {},
    /// What goes upstream in place of a held request.
    EditRequest {
        #[specta(optional)]
        exchange: Option<String>,
        /// The whole body in its dialect, as an object or as JSON text.
        #[specta(type = Unknown)]
        body: Value,
    },
    /// What the agent gets in place of a held response: `arguments` for one of its calls, a message of `text` and `calls`, or an
    /// exact `body`.
    EditResponse {
        #[specta(optional)]
        exchange: Option<String>,
        /// The call's id; the held one unless given.
        #[specta(optional)]
        call: Option<String>,
        /// An object, or JSON text.
        #[specta(optional, type = Option<Unknown>)]
        arguments: Option<Value>,
        #[specta(optional)]
        text: Option<String>,
        #[serde(default)]
        #[specta(optional)]
        calls: Vec<NewCall>,
        #[specta(optional)]
        body: Option<String>,
    },
    /// Answers a held request, or the next one, without the model.
    Answer {
        #[specta(optional)]
        exchange: Option<String>,
        text: String,
    },
    /// A message to the model.
    Inject {
        #[serde(default)]
        #[specta(optional)]
        role: InjectRole,
        text: String,
        /// Anew in each run.
        #[serde(default)]
        #[specta(optional)]
        standing: bool,
    },
    Model {
        model: String,
        #[serde(default)]
        #[specta(optional)]
        scope: OrderScope,
    },
    Tools {
        #[serde(default)]
        #[specta(optional)]
        withhold: Vec<String>,
        #[serde(default)]
        #[specta(optional)]
        offer: Vec<String>,
    },
    /// Sets or raises a budget of a policy in force.
    Budget {
        /// Its key, such as `token_budget_per_session` or `budget.NAME`, or `policy/rule`.
        name: String,
        #[specta(optional, type = Option<Number>)]
        set: Option<f64>,
        #[specta(optional, type = Option<Number>)]
        raise: Option<f64>,
    },
    /// Takes a rule out of force for this session; `off` puts it back.
    Mute {
        /// Its id, or `policy/rule`.
        rule: String,
        #[serde(default)]
        #[specta(optional)]
        off: bool,
    },
    /// The next request goes on from this exchange.
    Rollback {
        exchange: String,
        /// A word to the model.
        #[serde(default)]
        #[specta(optional)]
        text: String,
    },
    /// Ends the session.
    Kill {
        /// What is held, and every later request, is answered with it.
        #[serde(default)]
        #[specta(optional)]
        text: String,
        #[serde(default)]
        #[specta(optional)]
        as_error: bool,
    },
}

// Flattening cannot refuse unknown fields, so the session is taken out first.
impl<'de> Deserialize<'de> for ControlSession {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(from)?;
        let session = fields.remove("session").ok_or_else(|| D::Error::missing_field("session"))?;
        let session = serde_json::from_value(session).map_err(|error| D::Error::custom(format!("session: {error}")))?;
        let order = serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(ControlSession { session, order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<ControlSession, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_stands_flat_beside_its_session_and_comes_back_so() {
        for value in [
            json!({"session": "s", "command": "pause"}),
            json!({"session": "s", "command": "step_over"}),
            json!({"session": "s", "command": "inject", "role": "system", "text": "hi", "standing": true}),
            json!({"session": "s", "command": "model", "model": "m", "scope": "run"}),
            json!({"session": "s", "command": "kill", "text": "enough", "as_error": false}),
        ] {
            let command = read(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(command).unwrap(), value);
        }
        let short = read(json!({"session": "s", "command": "inject", "text": "hi"})).unwrap();
        assert_eq!(short.order, Order::Inject { role: InjectRole::User, text: "hi".into(), standing: false });
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        let error = |value| read(value).unwrap_err();
        assert!(error(json!({"session": "s", "command": "puase"})).contains("expected one of `pause`"));
        assert!(error(json!({"session": "s", "command": "pause", "when": 1})).contains("unknown field `when`"));
        let inject = error(json!({"session": "s", "command": "inject", "txt": "x"}));
        assert!(inject.contains("unknown field `txt`, expected one of `role`, `text`, `standing`"), "{inject}");
        assert_eq!(error(json!({"command": "pause"})), "missing field `session`");
        assert_eq!(error(json!({"session": "s"})), "missing field `command`");
    }
}
