//! A complete tool call before its agent gets it: judged by rules, then, where one asks or a person wants to look, held and settled.

use super::{
    desk::Release,
    request::Reasons,
    wait::{self, Asked, Subject, Waited},
};
use crate::{
    budgets,
    exchange::Exchange,
    outlet::Outlet,
    pipeline::{self, Moment},
    relay::Removal,
};
use act::{Act, Step};
use domain::*;
use std::collections::VecDeque;
use wire::Framing;

/// What becomes of a call at once.
pub(crate) enum Fate {
    Keep,
    Remove(Removal),
    Wait(Pending),
}

/// A call that waits for one answer or several.
pub(crate) struct Pending {
    pub call: ToolCall,
    asked: VecDeque<Asked>,
    intent: String,
}

/// A call that leaves with other arguments.
#[derive(Debug, Clone)]
pub(crate) struct Edited {
    pub call: ToolCall,
    pub arguments: String,
    pub intervention: InterventionId,
    /// Who changed them.
    pub by: &'static str,
}

impl Edited {
    /// A call that a rule's texts changed for good, where its provider signs calls: it must get its own call again. What stands under a token,
    /// and calls that nobody signs, need no edge.
    pub fn by_rule(exchange: &Exchange, said: &ToolCall, real: &ToolCall) -> Option<Edited> {
        if exchange.request.dialect != Dialect::Gemini || said.arguments == real.arguments {
            return None;
        }
        let again = exchange.due().vault.to_model().apply_to_arguments(&real.arguments);
        if again.as_ref() == Some(&said.arguments) {
            return None;
        }
        let intervention = exchange.interventions().last().copied().unwrap_or(InterventionId(0));
        Some(Edited { call: said.clone(), arguments: real.arguments.clone(), intervention, by: "a rule" })
    }

    /// What the model is told of it, after the call's result.
    pub fn note(&self) -> String {
        format!(
            "Before it ran, {} changed the arguments of your call to {} from {} to {}. The result is that of the changed call.",
            self.by, self.call.name, self.call.arguments, self.arguments
        )
    }
}

pub(crate) enum Settled {
    Keep,
    Edited(Edited),
    Remove(Removal),
    /// The session was ended while it waited.
    End(Removal),
}

/// Why it was not settled.
pub(crate) enum Unsettled {
    TakenOver,
    AgentLeft,
    RuntimeHalts,
}

/// Judges a call. `held`: its response was held before; the questions about it keep their verdicts.
pub(crate) async fn judge(exchange: &Exchange, call: &ToolCall, held: bool, intent: &str) -> Fate {
    let subject = || subject(exchange, call, intent);
    if held && let Some(asked) = wait::take_up(exchange, &act::call_digest(call), subject()).await {
        return Fate::Wait(Pending { call: call.clone(), asked: VecDeque::from([asked]), intent: intent.to_owned() });
    }
    let mut judged = pipeline::intervene(exchange, Moment::Call(call.clone())).await;
    if let Some(removal) = removal(&judged.acts) {
        return Fate::Remove(removal);
    }
    let reasons = Reasons::of(&mut judged.acts, judged.stop);
    if let Some(ended) = reasons.ends {
        let asked = VecDeque::from([Asked::Answered(ended)]);
        return Fate::Wait(Pending { call: call.clone(), asked, intent: intent.to_owned() });
    }
    if reasons.is_empty() {
        return Fate::Keep;
    }
    let mut asked = VecDeque::new();
    for act in &reasons.asks {
        asked.extend(wait::ask(exchange, act, subject()).await);
    }
    if let Some(cause) = reasons.stops(exchange).await {
        asked.extend(wait::stop(exchange, cause, subject()).await.map(Asked::Waiting));
    }
    Fate::Wait(Pending { call: call.clone(), asked, intent: intent.to_owned() })
}

fn removal(acts: &[Act]) -> Option<Removal> {
    acts.iter().find_map(|act| match &act.step {
        Step::Remove { call, text } => {
            Some(Removal { call: call.clone(), text: text.clone(), intervention: act.intervention.id })
        }
        _ => None,
    })
}

/// Waits until everything that was asked about a call is answered.
pub(crate) async fn settle(
    exchange: &Exchange,
    outlet: &mut Outlet,
    framing: Framing,
    pending: Pending,
) -> Result<Settled, Unsettled> {
    let Pending { call, mut asked, intent } = pending;
    let mut edited: Option<Edited> = None;
    while let Some(next) = asked.pop_front() {
        let released = match next {
            Asked::Answered(released) => released,
            Asked::Waiting(waiting) => match wait::wait(exchange, outlet, framing, waiting).await {
                Waited::Released(released) => released,
                Waited::TakenOver => return Err(Unsettled::TakenOver),
                Waited::AgentLeft => return Err(Unsettled::AgentLeft),
                Waited::RuntimeHalts => return Err(Unsettled::RuntimeHalts),
            },
        };
        let intervention = released.intervention.unwrap_or(InterventionId(0));
        let removed = |text: &str| Removal { call: call.clone(), text: act::removal_text(text, &call), intervention };
        match released.release {
            Release::Go | Release::Request(_) => {}
            Release::Deny(text) | Release::Answer(text) => return Ok(Settled::Remove(removed(&text))),
            Release::End(killed) => return Ok(Settled::End(removed(&killed.text))),
            Release::Edit(arguments) | Release::Response(ResponseEdit::Arguments { arguments, .. }) => {
                let changed = ToolCall { arguments: arguments.clone(), ..call.clone() };
                edited = Some(Edited { call: call.clone(), arguments, intervention, by: "a person" });
                if let Some(removal) = judge_again(exchange, &changed, &intent, &mut asked).await {
                    return Ok(Settled::Remove(Removal { call: call.clone(), ..removal }));
                }
            }
            Release::Response(_) => {}
        }
    }
    // It takes its turn now that it is let through.
    if let Some(removal) = budgets::pace(exchange, &call, outlet).await? {
        return Ok(Settled::Remove(removal));
    }
    Ok(edited.map_or(Settled::Keep, Settled::Edited))
}

/// An edit re-enters policy: what it made of the call may be blocked, or asked about by a rule that has not asked yet.
async fn judge_again(
    exchange: &Exchange,
    changed: &ToolCall,
    intent: &str,
    asked: &mut VecDeque<Asked>,
) -> Option<Removal> {
    let have_asked = exchange.session.with({
        let id = exchange.id;
        move |session| session.desk.rules_asked(id)
    });
    let have_asked = have_asked.await.unwrap_or_default();
    let mut judged = pipeline::intervene_again(exchange, Moment::Call(changed.clone()), &have_asked).await;
    if let Some(removal) = removal(&judged.acts) {
        return Some(removal);
    }
    for act in &Reasons::of(&mut judged.acts, None).asks {
        asked.extend(wait::ask(exchange, act, subject(exchange, changed, intent)).await);
    }
    None
}

fn subject(exchange: &Exchange, call: &ToolCall, intent: &str) -> Subject {
    let custom = serde_json::from_str::<serde::de::IgnoredAny>(&call.arguments).is_err();
    let id = call.id.clone();
    Subject {
        point: Point::ToolCall,
        call: Some(call.clone()),
        before: call.arguments.clone(),
        shown: call.arguments.clone(),
        intent: intent.to_owned(),
        head_sent: exchange.request.stream,
        check: Box::new(move |release| {
            match release {
            Release::Edit(arguments) => json_object(arguments, custom),
            Release::Response(ResponseEdit::Arguments { call, arguments }) if *call == id => {
                json_object(arguments, custom)
            }
            Release::Response(ResponseEdit::Arguments { call, .. }) => {
                Err(format!("the call that is held is {id}, not {call}"))
            }
            Release::Response(_) => Err(
                "only its arguments can be edited while a tool call is held; step on to model.response to replace the whole answer"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
        }),
    }
}

/// A custom tool takes any text; every other a JSON object.
fn json_object(arguments: &str, custom: bool) -> Result<(), String> {
    if custom {
        return Ok(());
    }
    match serde_json::from_str::<serde_json::Value>(arguments) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err("a tool call's arguments are a JSON object".to_owned()),
        Err(error) => Err(format!("the arguments are not JSON: {error}")),
    }
}
