//! The lists under `do` and `again`, compiled.

use super::{attempt, context, hold, order, section::Section, spans};
use crate::{
    condition::Place,
    language::{ACTIONS, ActionWord, State, action as action_word},
    nearest::did_you_mean,
    policy::PlannedAction,
    problem::Report,
    template::Template,
    toml_text::TomlText,
};
use domain::{InjectRole, Point, RefuseAs};
use std::ops::Range;
use toml_edit::{Array, Value};

const ROLES: &[(&str, InjectRole)] = &[("user", InjectRole::User), ("system", InjectRole::System)];
const REFUSALS: &[(&str, RefuseAs)] = &[("answer", RefuseAs::Answer), ("error", RefuseAs::Error)];

/// The actions under `key`; none where the rule does not have it.
pub(super) fn compile(
    section: &Section<'_>,
    key: &str,
    rule: &str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<Vec<PlannedAction>> {
    let array = section.item(key)?.as_array()?;
    Some(list(array, section.value_span(key), key, rule, place, report))
}

fn list(
    array: &Array,
    span: Range<usize>,
    key: &str,
    rule: &str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Vec<PlannedAction> {
    if array.is_empty() {
        report.error(span.clone(), format!("`{key}` names no action"));
    }
    let mut actions = Vec::new();
    for value in array {
        let at = value.span().unwrap_or_else(|| span.clone());
        actions.extend(one(value, at, rule, place, report));
    }
    actions
}

/// `first`: a list of its own, without another `first` in it. What answers another rule's question cannot fail to apply, so it has no
/// place there.
fn first(
    value: Option<&Value>,
    span: Range<usize>,
    rule: &str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let Some(Value::Array(array)) = value else {
        let hint = Some("write { first = [{ reroute = \"tier:strong\" }, \"escalate\"] }".to_owned());
        report.error_with_hint(span, "`first` takes a list of actions", hint);
        return None;
    };
    let actions = list(array, span.clone(), "first", rule, place, report);
    let misplaced = |action: &PlannedAction| matches!(action, PlannedAction::First(_) | PlannedAction::Approve { .. });
    if actions.iter().any(misplaced) {
        report.error(span, "neither `first` nor `approve` stands within `first`");
        return None;
    }
    Some(PlannedAction::First(actions))
}

fn one(
    value: &Value,
    span: Range<usize>,
    rule: &str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let (name, name_span, body) = match value {
        Value::String(name) => (name.value().as_str(), span.clone(), None),
        Value::InlineTable(table) if table.len() == 1 => {
            let (name, body) = table.iter().next()?;
            let name_span = table.get_key_value(name).and_then(|(key, _)| key.span()).unwrap_or(span.clone());
            (name, name_span, Some(body))
        }
        _ => {
            let hint = Some("write \"block\" or { inject = { role = \"user\", text = \"…\" } }".to_owned());
            report.error_with_hint(span, "an action is a name, or a table with one name", hint);
            return None;
        }
    };
    let word = known(name, name_span.clone(), place.point, report)?;
    let span = body.and_then(Value::span).unwrap_or(span);
    if word.name == "first" {
        return first(body, span, rule, place, report);
    }
    match body {
        None => build(word, None, None, span, rule, place, report),
        Some(Value::InlineTable(table)) => {
            let section = Section::new(table, span.clone());
            section.check_keys(word.fields, name, report);
            build(word, Some(&section), None, span, rule, place, report)
        }
        Some(Value::String(text)) => {
            let text = TomlText::locate(text.value(), report.text(), span.clone());
            build(word, None, Some(text), span, rule, place, report)
        }
        Some(other) => {
            report.error(span, format!("`{name}` takes a table or a string, not {}", other.type_name()));
            None
        }
    }
}

/// The word, if it is one that acts at this point.
fn known(name: &str, span: Range<usize>, point: Point, report: &mut Report<'_>) -> Option<&'static ActionWord> {
    let Some(word) = action_word(name) else {
        let acting = || ACTIONS.iter().filter(|word| word.state == State::Acts).map(|word| word.name);
        let hint = did_you_mean(name, ACTIONS.iter().map(|word| word.name))
            .or_else(|| Some(format!("there are: {}", acting().collect::<Vec<_>>().join(", "))));
        report.error_with_hint(span, format!("unknown action `{name}`"), hint);
        return None;
    };
    if word.state == State::Planned {
        report.error(span, format!("this version does not carry out `{name}` yet"));
        return None;
    }
    if !word.points.contains(&point) {
        let points = word.points.iter().map(|point| point.name()).collect::<Vec<_>>().join(", ");
        let message = format!("`{name}` does not act at {}", point.name());
        report.error_with_hint(span, message, Some(format!("it acts at {points}")));
        return None;
    }
    Some(word)
}

fn build(
    word: &ActionWord,
    section: Option<&Section<'_>>,
    short: Option<TomlText>,
    span: Range<usize>,
    rule: &str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> Option<PlannedAction> {
    let field = |name: &str, report: &Report<'_>| match &short {
        Some(text) if word.short == Some(name) => Some(text.clone()),
        _ => section?.text(name, report),
    };
    let missing = |name: &str, report: &mut Report<'_>| {
        let hint = Some(format!("write {{ {} = {{ {name} = \"…\" }} }}", word.name));
        report.error_with_hint(span.clone(), format!("`{}` needs a `{name}`", word.name), hint);
    };
    match word.name {
        "block" => {
            let text = field("text", report).unwrap_or_else(|| refusal(rule, place, span.clone()));
            let refuse_as = section.and_then(|section| section.choice("as", REFUSALS, report)).unwrap_or_default();
            if let Some(section) =
                section.filter(|_| refuse_as == RefuseAs::Error && place.point == Point::ModelResponse)
            {
                let message = "an answer that has come cannot become an error: its head may have gone out";
                report.error_with_hint(section.value_span("as"), message, Some("leave `as` out".to_owned()));
            }
            Some(PlannedAction::Block { text: Template::compile(&text, place, report), refuse_as })
        }
        "inject" => {
            let role = section.and_then(|section| section.choice("role", ROLES, report));
            let Some(text) = field("text", report) else {
                missing("text", report);
                return None;
            };
            let text = Template::compile(&text, place, report);
            Some(PlannedAction::Inject { role: role.unwrap_or(InjectRole::User), text })
        }
        "escalate" => {
            let text = field("text", report).map(|text| Template::compile(&text, place, report)).unwrap_or_default();
            Some(hold::escalate(section, span, text, report))
        }
        "pause" => {
            let text = field("text", report).map(|text| Template::compile(&text, place, report)).unwrap_or_default();
            Some(PlannedAction::Pause { text })
        }
        "partial" => {
            let text = field("text", report).unwrap_or_else(|| partial(rule, place, span));
            Some(PlannedAction::Partial { text: Template::compile(&text, place, report) })
        }
        "approve" => match field("rule", report) {
            Some(named) => {
                if !named.value.contains('/') && !place.rules.contains(&named.value) {
                    let hint = did_you_mean(&named.value, place.rules.iter().map(String::as_str))
                        .or_else(|| Some("write \"POLICY/RULE\" for a rule of another file".to_owned()));
                    let message = format!("this file has no rule `{}`", named.value);
                    report.error_with_hint(named.in_file(0..named.value.len()), message, hint);
                }
                // Of this file alone: another may have a rule of that id.
                let own = !named.value.contains('/');
                let rule = if own { format!("{}/{}", place.policy, named.value) } else { named.value };
                Some(PlannedAction::Approve { rule })
            }
            None => {
                missing("rule", report);
                None
            }
        },
        "reroute" => match field("model", report) {
            Some(to) => order::reroute(to, section, place, report),
            None => {
                missing("model", report);
                None
            }
        },
        "limit" => order::limit(section, span, report),
        "redact" => spans::redact(short, section, span, place, report),
        "replace" => match field("with", report) {
            Some(with) => spans::replace(Template::compile(&with, place, report), section, span, place, report),
            None => {
                missing("with", report);
                None
            }
        },
        "truncate" => Some(context::truncate(section, report)),
        "extract" => context::extract(section, span, place, report),
        "compact" => context::compact(section, place, report),
        "retry" => attempt::retry(section, report),
        "cached" => attempt::cached(short, section, report),
        "stop" => {
            let text = field("text", report).unwrap_or_else(|| ended(rule, place, span));
            let refuse_as = section.and_then(|section| section.choice("as", REFUSALS, report)).unwrap_or_default();
            Some(order::stop(Template::compile(&text, place, report), refuse_as))
        }
        "rollback" => {
            let text = field("text", report).map(|text| Template::compile(&text, place, report));
            Some(order::rollback(section, text, report))
        }
        "alert" => match field("to", report) {
            Some(to) => {
                let text = section.and_then(|section| section.text("text", report)).unwrap_or_else(|| {
                    TomlText::made_from(format!("Rule {rule} of policy {} matched.", place.policy), span)
                });
                order::alert(to, Template::compile(&text, place, report), place, report)
            }
            None => {
                missing("to", report);
                None
            }
        },
        "taint" => match field("taint", report).map(|text| text.value).filter(|taint| !taint.is_empty()) {
            Some(taint) => Some(PlannedAction::Taint { taint }),
            None => {
                missing("taint", report);
                None
            }
        },
        _ => None,
    }
}

/// What ends a session that has no text of its own.
fn ended(rule: &str, place: Place<'_>, span: Range<usize>) -> TomlText {
    TomlText::made_from(format!("Rule {rule} of policy {} ended this session.", place.policy), span)
}

/// Why an answer ends early whose rule does not say.
fn partial(rule: &str, place: Place<'_>, span: Range<usize>) -> TomlText {
    TomlText::made_from(format!("Rule {rule} of policy {} ended this answer here.", place.policy), span)
}

/// What a block says that has no text of its own.
fn refusal(rule: &str, place: Place<'_>, span: Range<usize>) -> TomlText {
    let policy = place.policy;
    let text = match place.point {
        Point::ToolCall => format!("The call to {{{{call.name}}}} was refused by rule {rule} of policy {policy}."),
        _ => format!("Refused by rule {rule} of policy {policy}."),
    };
    TomlText::made_from(text, span)
}
