//! `[[test]]`: an observation written as the variables that matter, and the actions that it should lead to.

use super::{FileScope, named, section::Section};
use crate::{
    datum::Kind,
    language::{ACTIONS, HISTORY, State, TEST, VARIABLES, declared_in, roots, variable},
    nearest::did_you_mean,
    policy::Rule,
    problem::Report,
    trial::Case,
};
use domain::*;
use serde_json::{Map, Value as Json, json};
use std::ops::Range;
use toml_edit::{Item, Value};

pub(super) fn cases(top: &Section<'_>, file: FileScope<'_>, rules: &[Rule], report: &mut Report<'_>) -> Vec<Case> {
    let sections = top.tables("test");
    sections.iter().filter_map(|section| case(section, file, rules, report)).collect()
}

fn case(section: &Section<'_>, file: FileScope<'_>, rules: &[Rule], report: &mut Report<'_>) -> Option<Case> {
    let ids = file.rules;
    section.check_keys(TEST, "a test", report);
    let name = section.text("name", report).map(|text| text.value);
    let rule = section.text("rule", report).map(|text| text.value);
    if let Some(rule) = rule.as_ref().filter(|rule| !ids.contains(rule)) {
        let hint = did_you_mean(rule, ids.iter().map(String::as_str));
        report.error_with_hint(section.value_span("rule"), format!("this file has no rule `{rule}`"), hint);
    }
    let expect = section.texts("expect", report);
    for (word, span) in expect.iter().flatten() {
        let acting = || ACTIONS.iter().filter(|action| action.state == State::Acts).map(|action| action.name);
        if !acting().any(|action| action == word) {
            report.error_with_hint(span.clone(), format!("no action `{word}`"), did_you_mean(word, acting()));
        }
    }
    let Some(given) = section.table("given") else {
        report.error(section.span.clone(), "a test needs a `given`");
        return None;
    };
    let Some(expect) = expect else {
        report.error(section.span.clone(), "a test needs an `expect`; `[]` for no action");
        return None;
    };
    let point = point(&given, rules.iter().find(|r| Some(&r.id) == rule.as_ref()).map(|r| r.point), report)?;
    let observation = observation(&given, point, file, report)?;
    let line = report.text()[..section.span.start.min(report.text().len())].matches('\n').count() as u32 + 1;
    Some(Case { name, rule, line, observation, expect: expect.into_iter().map(|(word, _)| word).collect() })
}

/// `given.on`, which must be the rule's own point; the rule's where it is left out.
fn point(given: &Section<'_>, of_rule: Option<Point>, report: &mut Report<'_>) -> Option<Point> {
    let points: Vec<(&'static str, Point)> = Point::ALL.iter().map(|point| (point.name(), *point)).collect();
    let on = given.choice("on", &points, report);
    match (on, of_rule) {
        (Some(on), Some(point)) if on != point => {
            report.error(given.value_span("on"), format!("the rule is evaluated at {}", point.name()));
            None
        }
        (Some(point), _) | (None, Some(point)) => Some(point),
        (None, None) => {
            if given.item("on").is_none() {
                report.error(given.span.clone(), "`given` needs an `on`");
            }
            None
        }
    }
}

/// The observation: nothing has happened, but for what is given.
fn observation(given: &Section<'_>, point: Point, file: FileScope<'_>, report: &mut Report<'_>) -> Option<Observation> {
    let FileScope { policy, rules, declared } = file;
    let mut json = serde_json::to_value(nothing(point)).ok()?;
    for (group, item) in given.iter().filter(|(group, _)| *group != "on") {
        let span = given.key_span(group);
        if group == "history" {
            json["history"] = history(item, policy, rules, span, report);
            continue;
        }
        if declared_in(group).is_some() {
            json["named"][group] = named::given(item, group, policy, declared, span, report);
            continue;
        }
        if !roots().contains(&group) {
            report.error_with_hint(span, format!("unknown variable `{group}`"), did_you_mean(group, roots()));
            continue;
        }
        let Some(fields) = item.as_table_like() else {
            report.error(span, format!("`{group}` is a group of variables: write {{ … }}"));
            continue;
        };
        if group == "trace" {
            report.error(span, "the trace's ids cannot be given");
            continue;
        }
        let fields = Section::new(fields, item.span().unwrap_or(span));
        for (field, item) in fields.iter() {
            if let Some(value) = fact(&fields, group, field, item, point, report) {
                json[group][field] = value;
            }
        }
    }
    same_tool(&mut json);
    match serde_json::from_value(json) {
        Ok(observation) => Some(observation),
        Err(error) => {
            report.error(given.span.clone(), format!("no such moment: {error}"));
            None
        }
    }
}

fn nothing(point: Point) -> Observation {
    let has = |path: &str| variable(path).is_some_and(|variable| variable.points.contains(&point));
    Observation {
        point,
        at: Timestamp(0),
        trace: TraceFacts { session: SessionId(0), exchange: ExchangeId(0) },
        session: SessionFacts::default(),
        run: RunFacts::default(),
        request: RequestFacts::default(),
        response: has("response.text").then(ResponseFacts::default),
        tool: has("tool.name").then(ToolFacts::default),
        call: has("call.name").then(CallFacts::default),
        result: has("result.text").then(ResultFacts::default),
        history: Default::default(),
        named: NamedFacts::default(),
    }
}

/// One variable's value, of its kind.
fn fact(
    section: &Section<'_>,
    group: &str,
    field: &str,
    item: &Item,
    point: Point,
    report: &mut Report<'_>,
) -> Option<Json> {
    let path = format!("{group}.{field}");
    let Some(variable) = variable(&path) else {
        let fields = VARIABLES.iter().filter_map(|v| v.path.split_once('.')).filter(|(g, _)| *g == group);
        let hint = did_you_mean(field, fields.map(|(_, field)| field));
        report.error_with_hint(section.key_span(field), format!("unknown variable `{path}`"), hint);
        return None;
    };
    let span = section.value_span(field);
    if !variable.points.contains(&point) {
        report.error(section.key_span(field), format!("`{path}` does not exist at {}", point.name()));
        return None;
    }
    let value = json_of(item)?;
    let fits = match variable.kind {
        Kind::Bool => value.is_boolean(),
        Kind::Int => value.is_u64(),
        Kind::Double => value.is_number(),
        Kind::Text => value.is_string(),
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Json::is_string)),
        _ => value.is_object(),
    };
    if !fits {
        report.error(span, format!("`{path}` is {}", variable.kind.described()));
        return None;
    }
    Some(value)
}

fn history(item: &Item, policy: &str, rules: &[String], span: Range<usize>, report: &mut Report<'_>) -> Json {
    let mut history = Map::new();
    let Some(table) = item.as_table_like() else {
        report.error(span, "`history` is written { rule = { fires_in_session = 1 } }");
        return Json::Object(history);
    };
    let section = Section::new(table, item.span().unwrap_or(span));
    for (rule, item) in section.iter() {
        if !rules.iter().any(|known| known == rule) {
            let hint = did_you_mean(rule, rules.iter().map(String::as_str));
            report.error_with_hint(section.key_span(rule), format!("this file has no rule `{rule}`"), hint);
        }
        let Some(fields) = section.table(rule) else {
            report.error(section.key_span(rule), "write { fires_in_session = 1 }");
            continue;
        };
        for (field, item) in fields.iter() {
            let Some(known) = HISTORY.iter().find(|known| known.name == field) else {
                let hint = did_you_mean(field, HISTORY.iter().map(|known| known.name));
                report.error_with_hint(fields.key_span(field), format!("unknown field `{field}` of history"), hint);
                continue;
            };
            let fits = match known.kind {
                Kind::Bool => item.is_bool(),
                _ => item.as_integer().is_some_and(|value| value >= 0),
            };
            if !fits {
                let what = if known.kind == Kind::Bool { "true or false" } else { "a whole number" };
                report.error(fields.value_span(field), format!("`{field}` is {what}"));
            }
        }
        history.insert(format!("{policy}/{rule}"), json_of(item).unwrap_or(Json::Null));
    }
    Json::Object(history)
}

/// A tool's name given once stands in both places.
fn same_tool(json: &mut Json) {
    let name = |json: &Json, group: &str| json[group]["name"].as_str().unwrap_or_default().to_owned();
    let (tool, call) = (name(json, "tool"), name(json, "call"));
    if call.is_empty() && !tool.is_empty() {
        json["call"]["name"] = json!(tool);
    } else if tool.is_empty() && !call.is_empty() {
        json["tool"]["name"] = json!(call);
    }
}

pub(super) fn json_of(item: &Item) -> Option<Json> {
    match item {
        Item::Value(value) => Some(json_of_value(value)),
        Item::Table(table) => {
            Some(Json::Object(table.iter().filter_map(|(k, v)| Some((k.to_owned(), json_of(v)?))).collect()))
        }
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().map(|table| {
                Json::Object(table.iter().filter_map(|(k, v)| Some((k.to_owned(), json_of(v)?))).collect())
            });
            Some(Json::Array(tables.collect()))
        }
        Item::None => None,
    }
}

fn json_of_value(value: &Value) -> Json {
    match value {
        Value::String(text) => json!(text.value()),
        Value::Integer(number) => json!(number.value()),
        Value::Float(number) => json!(number.value()),
        Value::Boolean(truth) => json!(truth.value()),
        Value::Datetime(at) => json!(at.value().to_string()),
        Value::Array(values) => Json::Array(values.iter().map(json_of_value).collect()),
        Value::InlineTable(table) => {
            Json::Object(table.iter().map(|(k, v)| (k.to_owned(), json_of_value(v))).collect())
        }
    }
}
