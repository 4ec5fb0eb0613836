//! Commands carried out in the session's task: each changes the orders or lets something go, and is an intervention by a person.

use super::{
    desk::{Release, Released},
    orders::*,
};
use crate::{core::Core, session::Session};
use domain::*;

const REQUEST: &[Point] = &[Point::ModelRequest];
/// Where arguments can be edited, and where a message can; the first is what is missed where nothing is held.
const ARGUMENTS: &[Point] = &[Point::ToolCall, Point::ModelResponse];
const MESSAGE: &[Point] = &[Point::ModelResponse, Point::ToolCall];

/// What was done, and the records of it.
pub(crate) type Carried = Result<(Done, Vec<Record>), HandError>;

/// One command under way.
struct Hands<'a> {
    core: &'a Core,
    session: &'a mut Session,
    at: Timestamp,
}

pub(crate) fn carry_out(core: &Core, session: &mut Session, command: Command) -> Carried {
    if session.desk.orders.killed.is_some() && !matches!(command, Command::Kill { .. }) {
        return Err(HandError::Refused("the session has ended: nothing of it goes on that could be commanded".into()));
    }
    let mut hands = Hands { core, session, at: core.now() };
    match command {
        Command::Pause => hands.pause(),
        Command::Resume => hands.resume(),
        Command::Step => hands.step(Gate::Stepping),
        Command::StepOver => hands.step(Gate::SteppingOver),
        Command::EditRequest { exchange, body } => {
            let release = Release::Request(body.clone().into());
            hands.let_go(exchange, REQUEST, "edit_request", "Edited the request", body, release)
        }
        Command::EditResponse { exchange, edit } => {
            let after = serde_json::to_string(&edit).unwrap_or_default();
            let points = if matches!(edit, ResponseEdit::Arguments { .. }) { ARGUMENTS } else { MESSAGE };
            hands.let_go(exchange, points, "edit_response", "Edited the response", after, Release::Response(edit))
        }
        Command::Answer { exchange, text } => hands.answer(exchange, text),
        Command::Inject { role, text, standing } => hands.inject(role, text, standing),
        Command::Model { model, scope } => hands.model(model, scope),
        Command::Tools { withhold, offer } => hands.tools(withhold, offer),
        Command::Budget { name, set, raise } => hands.budget(name, set, raise),
        Command::Mute { rule, off } => hands.mute(rule, off),
        Command::Rollback { exchange, text } => hands.rollback(exchange, text),
        Command::Kill { text, as_error } => hands.kill(text, as_error),
    }
}

impl Hands<'_> {
    fn orders(&mut self) -> &mut Orders {
        &mut self.session.desk.orders
    }

    fn new_id(&self) -> InterventionId {
        InterventionId(self.core.ports.clock.next_id())
    }

    /// The record of a person's act, beside the exchange that it concerns.
    fn done(
        &mut self,
        id: InterventionId,
        exchange: Option<ExchangeId>,
        action: &str,
        summary: String,
        (before, after): (String, String),
    ) -> Carried {
        let state = self.session.stand(self.at);
        let exchange = exchange.or_else(|| self.session.state.latest_exchange());
        let mut records = Vec::new();
        let mut intervention = None;
        if let Some(exchange) = exchange {
            let act = by_person(id, self.session.state.id(), exchange, self.at, action, &summary, before, after);
            self.session.state.intervened();
            records.push(Record::Intervened(Box::new(act)));
            intervention = Some(id);
        }
        records.push(self.session.ordered());
        records.push(Record::Session(Box::new(self.session.state.row())));
        Ok((Done { intervention, summary, state }, records))
    }

    /// Nothing was there to do: said, and no act.
    fn nothing(&mut self, summary: &str) -> Carried {
        let state = self.session.stand(self.at);
        Ok((Done { intervention: None, summary: summary.to_owned(), state }, Vec::new()))
    }

    fn pause(&mut self) -> Carried {
        if self.orders().gate == Gate::Paused {
            return self.nothing("It is paused already.");
        }
        self.orders().gate = Gate::Paused;
        let id = self.new_id();
        self.done(id, None, "pause", "Paused at the next model call".into(), ("running".into(), "paused".into()))
    }

    fn resume(&mut self) -> Carried {
        let was = std::mem::take(&mut self.orders().gate);
        let let_go = self.session.desk.release_gated();
        if was == Gate::Open && let_go == 0 {
            return self.nothing("It was running.");
        }
        let summary = match let_go {
            0 => "Resumed".to_owned(),
            one_or_more => format!("Resumed; {one_or_more} held let go"),
        };
        let id = self.new_id();
        self.done(id, None, "resume", summary, ("paused".into(), "running".into()))
    }

    fn step(&mut self, gate: Gate) -> Carried {
        self.orders().gate = gate;
        let held = self.session.desk.held().next().map(|call| (call.exchange, call.point.name()));
        let let_go = self.session.desk.release_gated();
        let (action, what) = match gate {
            Gate::SteppingOver => ("step_over", "Stepped to the next model call"),
            _ => ("step", "Stepped"),
        };
        let before = held.map(|(_, point)| point.to_owned()).unwrap_or_default();
        let summary =
            if let_go == 0 { format!("{what}: nothing was held, it stops at the next") } else { what.to_owned() };
        let id = self.new_id();
        self.done(id, held.map(|(exchange, _)| exchange), action, summary, (before, String::new()))
    }

    /// Lets a held exchange go with something of the person's in its place. A question that is held cannot be overruled this way: it
    /// wants its answer.
    fn let_go(
        &mut self,
        exchange: Option<ExchangeId>,
        points: &'static [Point],
        action: &str,
        summary: &str,
        after: String,
        release: Release,
    ) -> Carried {
        let hold = self.session.desk.find(exchange, points).ok_or(HandError::NothingHeld(points[0].name()))?;
        if let HoldCause::Escalation { id, .. } = &hold.call.cause {
            let message = format!("{id} waits for an answer: use `approve`, `deny`, or `approve --edit`");
            return Err(HandError::Refused(message));
        }
        (hold.check)(&release).map_err(HandError::BadEdit)?;
        let (call, before) = (hold.call.clone(), hold.before.clone());
        let id = self.new_id();
        self.session.desk.release(&call, Released { release, intervention: Some(id) });
        self.done(id, Some(call.exchange), action, summary.to_owned(), (before, after))
    }

    fn answer(&mut self, exchange: Option<ExchangeId>, text: String) -> Carried {
        if self.session.desk.find(exchange, REQUEST).is_some() {
            let release = Release::Answer(text.clone());
            return self.let_go(exchange, REQUEST, "answer", "Answered without the model", text, release);
        }
        if exchange.is_some() {
            return Err(HandError::NothingHeld(REQUEST[0].name()));
        }
        let id = self.new_id();
        self.orders().answer = Some(Answer { text: text.clone(), intervention: id });
        self.done(id, None, "answer", "Will answer the next request without the model".into(), (String::new(), text))
    }

    fn inject(&mut self, role: InjectRole, text: String, standing: bool) -> Carried {
        if text.trim().is_empty() {
            return Err(HandError::BadEdit("there is nothing to inject: the text is empty".into()));
        }
        if self.session.provider_holds {
            return Err(held_by_provider("add to"));
        }
        let id = self.new_id();
        self.orders().injections.push(Injection { role, text: text.clone(), standing, intervention: id });
        let when = if standing { "each run's first request" } else { "the next request" };
        self.done(id, None, "inject", format!("Injected into {when}"), (String::new(), text))
    }

    fn model(&mut self, model: String, scope: Scope) -> Carried {
        if model.trim().is_empty() {
            return Err(HandError::BadEdit("name the model to switch to".into()));
        }
        let before = self.session.state.row().models.last().cloned().unwrap_or_default();
        let id = self.new_id();
        let begun = !matches!(self.session.desk.state(), SessionState::Idle);
        self.orders().model =
            Some(Model { model: model.clone(), scope, intervention: id, begun, provider: None, by_rule: false });
        let long = match scope {
            Scope::Call => "the next call",
            Scope::Run => "the rest of the run",
            Scope::Session => "the session",
        };
        self.done(id, None, "model", format!("Switched to {model} for {long}"), (before, model))
    }

    fn tools(&mut self, withhold: Vec<String>, offer: Vec<String>) -> Carried {
        let orders = self.orders();
        let before = orders.withheld.join(", ");
        orders.withheld.retain(|tool| !offer.contains(tool));
        for tool in withhold {
            if !orders.withheld.contains(&tool) {
                orders.withheld.push(tool);
            }
        }
        let after = orders.withheld.join(", ");
        let summary = if after.is_empty() { "Offers every tool".to_owned() } else { format!("Withholds {after}") };
        let id = self.new_id();
        self.done(id, None, "tools", summary, (before, after))
    }

    fn budget(&mut self, name: String, set: Option<f64>, raise: Option<f64>) -> Carried {
        let own = self.session.desk.orders.budgets.iter().find(|(known, _)| *known == name).map(|(_, limit)| *limit);
        let policies = self.core.policies().for_agent(&self.session.state.row().agent);
        let Some(declared) = policies.limit(&name) else {
            let known = policies.limits().into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(", ");
            let known =
                if known.is_empty() { "no policy in force has a budget".into() } else { format!("there are: {known}") };
            return Err(HandError::Refused(format!("no budget is called “{name}”; {known}")));
        };
        let before = own.unwrap_or(declared);
        let after = match (set, raise) {
            (Some(limit), None) => limit,
            (None, Some(more)) => before + more,
            _ => {
                return Err(HandError::BadEdit(
                    "say either what to set the budget to, or by how much to raise it".into(),
                ));
            }
        };
        if !after.is_finite() || after < 0.0 {
            return Err(HandError::BadEdit(format!("a budget is a number from 0, not {after}")));
        }
        if policies.with_limit(&name, after).is_none() {
            return Err(HandError::BadEdit(format!(
                "{name} cannot be set to {after}: tokens, errors and milliseconds are whole numbers up to {}, a context limit is a share below 1",
                u32::MAX
            )));
        }
        let orders = self.orders();
        orders.budgets.retain(|(known, _)| *known != name);
        orders.budgets.push((name.clone(), after));
        let id = self.new_id();
        let texts = (before.to_string(), after.to_string());
        self.done(id, None, "budget", format!("Set {name} to {after} for this session"), texts)
    }

    fn mute(&mut self, rule: String, off: bool) -> Carried {
        let orders = self.orders();
        let known = orders.muted.contains(&rule);
        orders.muted.retain(|muted| *muted != rule);
        let summary = if off { format!("Unmuted {rule}") } else { format!("Muted {rule} for this session") };
        if !off {
            orders.muted.push(rule.clone());
        }
        if known != off {
            return self.nothing(if off { "It was not muted." } else { "It was muted already." });
        }
        let id = self.new_id();
        self.done(id, None, "mute", summary, (if off { "muted".into() } else { String::new() }, rule))
    }

    fn rollback(&mut self, exchange: ExchangeId, text: String) -> Carried {
        if self.session.provider_holds {
            return Err(held_by_provider("roll back"));
        }
        let Some(to) = self.session.desk.marked(exchange) else {
            return Err(HandError::Refused(format!("{exchange} is no request of this session that it can go back to")));
        };
        let id = self.new_id();
        let text = if text.trim().is_empty() { ROLLED_BACK.to_owned() } else { text };
        self.orders().rollback = Some(Rollback { to, text: text.clone(), intervention: id });
        self.done(id, Some(exchange), "rollback", "The next request goes on from here".into(), (String::new(), text))
    }

    fn kill(&mut self, text: String, as_error: bool) -> Carried {
        if self.session.desk.orders.killed.is_some() {
            return self.nothing("It has ended already.");
        }
        let text = if text.trim().is_empty() { "A person ended this session in Switchtower.".to_owned() } else { text };
        let id = self.new_id();
        let killed = Killed { text: text.clone(), as_error, intervention: id };
        self.orders().killed = Some(killed.clone());
        self.session.desk.end(&killed);
        self.done(id, None, "kill", format!("Ended the session: {text}"), (String::new(), text))
    }
}

const ROLLED_BACK: &str = "The user rolled this conversation back to here. What was done after it is undone as far as you are concerned; choose another way.";

fn held_by_provider(what: &str) -> HandError {
    HandError::Refused(format!(
        "the provider holds this conversation's history (previous_response_id or a conversation): there is nothing here to {what}"
    ))
}

#[expect(clippy::too_many_arguments, reason = "the fields of one record, each told by its caller")]
pub(crate) fn by_person(
    id: InterventionId,
    session: SessionId,
    exchange: ExchangeId,
    at: Timestamp,
    action: &str,
    summary: &str,
    before: String,
    after: String,
) -> Intervention {
    Intervention {
        id,
        session,
        exchange,
        at,
        cause: Cause::Person,
        rule: None,
        policy: None,
        version: None,
        action: action.to_owned(),
        mode: Mode::Enforce,
        summary: summary.to_owned(),
        before,
        after,
        effect: Effect { tokens: 0, usd: 0.0, ms: 0.0, basis: EffectBasis::Measured },
    }
}
