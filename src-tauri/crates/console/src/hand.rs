//! A person's hand, as commands: read and checked here, carried out by the runtime.

use crate::{
    Console, ControlSession, Decision, ErrorCode, InjectRole, Order, OrderScope, PauseAll, ResolveEscalation, RpcError,
    error::wrong, query::id, tools, view::*,
};
use domain::{Choice, Command, HandError, Resolution, ResponseEdit, Scope};
use serde_json::Value;

impl Console {
    pub async fn resolve_escalation(&self, args: ResolveEscalation) -> Result<EscalationView, RpcError> {
        let runtime = self.live()?;
        let asked = self.ledger.escalation(id(&args.escalation)?).await?;
        let edit = match (args.decision, args.edit) {
            (Decision::Edit, None) => {
                return Err(wrong("an edit needs `edit`").with_hint("the call's new arguments, or the new message"));
            }
            (Decision::Edit, Some(edit)) => Some(self.edit(&asked, edit).await?),
            (_, Some(_)) => {
                return Err(wrong("`edit` goes with the decision edit only").with_hint("say decision = edit"));
            }
            (_, None) => None,
        };
        let choice = match args.decision {
            Decision::Approve => Choice::Approve,
            Decision::Edit => Choice::Edit,
            Decision::Deny => Choice::Deny,
        };
        let resolution = Resolution { choice, edit, reason: args.reason };
        let answered = match runtime.resolve(asked.session, asked.id, resolution).await {
            // What was answered and carried out, the runtime forgets; the ledger does not.
            Err(HandError::NoEscalation(id)) if !asked.state.is_open() => {
                return Err(HandError::AlreadyDecided(id, asked.state.name()).into());
            }
            answered => answered?,
        };
        self.escalation(answered).await
    }

    async fn edit(&self, asked: &domain::Escalation, edit: Value) -> Result<String, RpcError> {
        let Some(tool) = &asked.tool else {
            return Ok(text_of(edit));
        };
        let scene = self.ledger.scene(asked.exchange, 0).await?;
        let schema = scene.tools.and_then(|tools| tools::schema(&tools, tool));
        tools::arguments(&edit, schema.as_ref())
    }

    pub async fn control_session(&self, args: ControlSession) -> Result<DoneView, RpcError> {
        let runtime = self.live()?;
        let session = id(&args.session)?;
        let command = match args.order {
            Order::EditResponse { exchange, call, arguments: Some(arguments), text: None, calls, body: None }
                if calls.is_empty() =>
            {
                let exchange = exchange.as_deref().map(id).transpose()?;
                self.edit_call(session, exchange, call, &arguments).await?
            }
            order => command(order)?,
        };
        Ok(runtime.control(session, command).await?.into())
    }

    /// Other arguments for a held call: the one named, else the one that is in question.
    async fn edit_call(
        &self,
        session: domain::SessionId,
        exchange: Option<domain::ExchangeId>,
        call: Option<String>,
        arguments: &Value,
    ) -> Result<Command, RpcError> {
        let held = self.live()?.held(Some(session)).await;
        let meant = held.into_iter().find(|held| exchange.is_none_or(|exchange| exchange == held.exchange));
        let meant = meant.and_then(|held| Some((held.exchange, held.call?)));
        let meant = meant.filter(|(_, held)| call.as_ref().is_none_or(|call| *call == held.id));
        let schema = match &meant {
            Some((exchange, held)) => {
                let scene = self.ledger.scene(*exchange, 0).await?;
                scene.tools.and_then(|tools| tools::schema(&tools, &held.name))
            }
            None => None,
        };
        let arguments = tools::arguments(arguments, schema.as_ref())?;
        let call = call.or_else(|| meant.map(|(_, held)| held.id)).ok_or_else(|| {
            RpcError::new(ErrorCode::Conflict, "no tool call of this session is held")
                .with_hint("name the `call` of a held response, or set a breakpoint on tool.call")
        })?;
        Ok(Command::EditResponse { exchange, edit: ResponseEdit::Arguments { call, arguments } })
    }

    pub async fn pause_all(&self, args: PauseAll) -> Result<PausedView, RpcError> {
        Ok(PausedView { changed: self.live()?.pause_all(args.pause).await })
    }
}

/// Text as it is, anything else as JSON.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn json_of(value: Value, what: &str) -> Result<String, RpcError> {
    let text = text_of(value);
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(wrong(format!("{what} is no JSON: {error}"))),
    }
}

fn said(text: String, what: &str) -> Result<String, RpcError> {
    if text.trim().is_empty() { Err(wrong(format!("{what} needs a `text`"))) } else { Ok(text) }
}

/// An order as the runtime takes it.
fn command(order: Order) -> Result<Command, RpcError> {
    Ok(match order {
        Order::Pause {} => Command::Pause,
        Order::Resume {} => Command::Resume,
        Order::Step {} => Command::Step,
        Order::StepOver {} => Command::StepOver,
        Order::EditRequest { exchange, body } => Command::EditRequest {
            exchange: exchange.as_deref().map(id).transpose()?,
            body: json_of(body, "the new body")?,
        },
        Order::EditResponse { exchange, call: None, arguments: None, text, calls, body } => {
            let edit = match (text, body) {
                (None, Some(body)) if calls.is_empty() => ResponseEdit::Raw { body },
                (text, None) if text.is_some() || !calls.is_empty() => {
                    let calls =
                        calls.into_iter().map(|call| Ok((call.name, json_of(call.arguments, "a call's `arguments`")?)));
                    ResponseEdit::Message {
                        text: text.unwrap_or_default(),
                        calls: calls.collect::<Result<_, RpcError>>()?,
                    }
                }
                _ => return Err(one_edit()),
            };
            Command::EditResponse { exchange: exchange.as_deref().map(id).transpose()?, edit }
        }
        Order::EditResponse { .. } => return Err(one_edit()),
        Order::Answer { exchange, text } => {
            Command::Answer { exchange: exchange.as_deref().map(id).transpose()?, text: said(text, "an answer")? }
        }
        Order::Inject { role, text, standing } => Command::Inject {
            role: match role {
                InjectRole::User => domain::InjectRole::User,
                InjectRole::System => domain::InjectRole::System,
            },
            text: said(text, "inject")?,
            standing,
        },
        Order::Model { model, .. } if model.trim().is_empty() => return Err(wrong("`model` names no model")),
        Order::Model { model, scope } => Command::Model {
            model,
            scope: match scope {
                OrderScope::Call => Scope::Call,
                OrderScope::Run => Scope::Run,
                OrderScope::Session => Scope::Session,
            },
        },
        Order::Tools { withhold, offer } if withhold.is_empty() && offer.is_empty() => {
            return Err(wrong("tools needs `withhold` or `offer`, lists of names"));
        }
        Order::Tools { withhold, offer } => Command::Tools { withhold, offer },
        Order::Budget { name, set, raise } => {
            let number = |n: Option<f64>| n.is_none_or(|n| n.is_finite() && n >= 0.0);
            if set.is_some() == raise.is_some() || !number(set) || !number(raise) {
                return Err(wrong("budget takes either `set` or `raise`, a number of at least 0"));
            }
            Command::Budget { name, set, raise }
        }
        Order::Mute { rule, off } => Command::Mute { rule, off },
        Order::Rollback { exchange, text } => Command::Rollback { exchange: id(&exchange)?, text },
        Order::Kill { text, as_error } => Command::Kill { text, as_error },
    })
}

fn one_edit() -> RpcError {
    wrong("edit_response takes one of: `arguments` (with `call`), `text` (with `calls`), `body`")
}

impl From<HandError> for RpcError {
    fn from(error: HandError) -> RpcError {
        let (code, hint) = match &error {
            HandError::NoSession(_) => (
                ErrorCode::NotFound,
                Some(
                    "only a session that calls models through this runtime can be commanded; list_sessions gives them",
                ),
            ),
            HandError::NoEscalation(_) => (ErrorCode::NotFound, Some("list_escalations gives those that there are")),
            HandError::NothingHeld(_) => {
                (ErrorCode::Conflict, Some("pause the session, or set a breakpoint, and wait until it stops"))
            }
            HandError::AlreadyDecided(..) => {
                (ErrorCode::Conflict, Some("an answer counts once; list_escalations shows what was decided"))
            }
            HandError::NotAllowed(_) => {
                (ErrorCode::BadRequest, Some("the escalation's `allow` lists how it can be answered"))
            }
            HandError::BadEdit(_) => (ErrorCode::BadRequest, None),
            HandError::Refused(_) => (ErrorCode::Refused, None),
            HandError::Stopping => {
                (ErrorCode::Unreachable, Some("start it again with `switchtower serve`; what waits is kept"))
            }
        };
        let told = RpcError::new(code, error.to_string());
        match hint {
            Some(hint) => told.with_hint(hint),
            None => told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(fields: Value) -> Result<Command, RpcError> {
        let mut fields = fields;
        fields["session"] = "s".into();
        let args: ControlSession = serde_json::from_value(fields).map_err(|error| wrong(error.to_string()))?;
        command(args.order)
    }

    #[test]
    fn every_command_reaches_the_runtime_as_it_was_meant() {
        let exchange = domain::ExchangeId(7);
        let named = exchange.to_string();
        let none = None;
        for (fields, expected) in [
            (json!({"command": "pause"}), Command::Pause),
            (json!({"command": "resume"}), Command::Resume),
            (json!({"command": "step"}), Command::Step),
            (json!({"command": "step_over"}), Command::StepOver),
            (
                json!({"command": "edit_request", "exchange": named, "body": {"model": "m"}}),
                Command::EditRequest { exchange: Some(exchange), body: r#"{"model":"m"}"#.into() },
            ),
            (
                json!({"command": "edit_response", "text": "hi", "calls": [{"name": "f", "arguments": {"a": 1}}]}),
                Command::EditResponse {
                    exchange: none,
                    edit: ResponseEdit::Message { text: "hi".into(), calls: vec![("f".into(), r#"{"a":1}"#.into())] },
                },
            ),
            (
                json!({"command": "edit_response", "body": "data: x\n\n"}),
                Command::EditResponse { exchange: none, edit: ResponseEdit::Raw { body: "data: x\n\n".into() } },
            ),
            (json!({"command": "answer", "text": "42"}), Command::Answer { exchange: none, text: "42".into() }),
            (
                json!({"command": "inject", "role": "system", "text": "x", "standing": true}),
                Command::Inject { role: domain::InjectRole::System, text: "x".into(), standing: true },
            ),
            (json!({"command": "model", "model": "m"}), Command::Model { model: "m".into(), scope: Scope::Session }),
            (
                json!({"command": "tools", "withhold": ["rm"]}),
                Command::Tools { withhold: vec!["rm".into()], offer: vec![] },
            ),
            (
                json!({"command": "budget", "name": "b", "raise": 5}),
                Command::Budget { name: "b".into(), set: None, raise: Some(5.0) },
            ),
            (json!({"command": "mute", "rule": "p/r"}), Command::Mute { rule: "p/r".into(), off: false }),
            (json!({"command": "rollback", "exchange": named}), Command::Rollback { exchange, text: String::new() }),
            (json!({"command": "kill", "text": "end"}), Command::Kill { text: "end".into(), as_error: false }),
        ] {
            assert_eq!(order(fields.clone()), Ok(expected), "{fields}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_a_bad_request() {
        for (fields, told) in [
            (json!({"command": "edit_request", "body": "{oops"}), "the new body is no JSON"),
            (json!({"command": "edit_request", "exchange": "exc_1", "body": {}}), "is no exchange id"),
            (json!({"command": "edit_response"}), "takes one of"),
            (json!({"command": "edit_response", "text": "x", "body": "y"}), "takes one of"),
            (json!({"command": "edit_response", "text": "x", "call": "c"}), "takes one of"),
            (json!({"command": "answer", "text": " "}), "an answer needs a `text`"),
            (json!({"command": "model", "model": ""}), "names no model"),
            (json!({"command": "tools"}), "needs `withhold` or `offer`"),
            (json!({"command": "budget", "name": "b"}), "either `set` or `raise`"),
            (json!({"command": "budget", "name": "b", "set": 1, "raise": 1}), "either `set` or `raise`"),
            (json!({"command": "budget", "name": "b", "set": -1}), "at least 0"),
        ] {
            let error = order(fields.clone()).unwrap_err();
            assert_eq!(error.code, ErrorCode::BadRequest, "{fields}");
            assert!(error.message.contains(told), "{fields}: {}", error.message);
        }
    }

    #[test]
    fn each_refusal_of_the_runtime_says_what_to_do() {
        let decided = RpcError::from(HandError::AlreadyDecided(domain::EscalationId(1), "approved"));
        assert_eq!((decided.code, decided.status()), (ErrorCode::Conflict, 409));
        assert!(decided.message.ends_with("was already approved") && decided.hint.is_some());
        assert_eq!(RpcError::from(HandError::NoSession(domain::SessionId(1))).code, ErrorCode::NotFound);
        let refused = RpcError::from(HandError::Refused("the provider holds this history".into()));
        assert_eq!((refused.code, refused.status()), (ErrorCode::Refused, 409));
    }
}
