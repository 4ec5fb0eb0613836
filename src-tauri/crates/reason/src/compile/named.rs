//! What a test gives of the things that its file declares: `budget = { cost = { used = 0.9 } }`, `score = { injection = 0.7 }`.

use super::{Declared, given::json_of, section::Section};
use crate::{
    datum::Kind,
    language::{declared_fields, declared_in},
    nearest::did_you_mean,
    problem::Report,
};
use serde_json::{Map, Value as Json};
use std::ops::Range;
use toml_edit::Item;

pub(super) fn given(
    item: &Item,
    group: &str,
    policy: &str,
    declared: &Declared,
    span: Range<usize>,
    report: &mut Report<'_>,
) -> Json {
    let mut facts = Map::new();
    let Some(table) = item.as_table_like() else {
        report.error(span, format!("`{group}` is written {{ NAME = … }}"));
        return Json::Object(facts);
    };
    let things = Section::new(table, item.span().unwrap_or(span));
    let section = declared_in(group).unwrap_or(group);
    for (name, item) in things.iter() {
        if !declared.names(section).any(|known| known == name) {
            let hint = did_you_mean(name, declared.names(section));
            report.error_with_hint(things.key_span(name), format!("this file has no `[{section}.{name}]`"), hint);
        }
        match fact(&things, group, name, item, report) {
            Some(value) => facts.insert(format!("{policy}/{name}"), value),
            None => None,
        };
    }
    Json::Object(facts)
}

fn fact(things: &Section<'_>, group: &str, name: &str, item: &Item, report: &mut Report<'_>) -> Option<Json> {
    if let Some(whole) = declared_fields(group).find(|field| field.field.is_none()) {
        return value(item, whole.kind, &format!("{group}.{name}"), things.value_span(name), report);
    }
    let Some(fields) = things.table(name) else {
        let listed: Vec<&str> = declared_fields(group).filter_map(|field| field.field).collect();
        report.error(things.key_span(name), format!("write {{ {} = … }}", listed.join(" = …, ")));
        return None;
    };
    let mut facts = Map::new();
    for (field, item) in fields.iter() {
        let Some(known) = declared_fields(group).find(|known| known.field == Some(field)) else {
            let hint = did_you_mean(field, declared_fields(group).filter_map(|known| known.field));
            report.error_with_hint(fields.key_span(field), format!("unknown field `{field}` of {group}"), hint);
            continue;
        };
        let path = format!("{group}.{name}.{field}");
        facts.extend(value(item, known.kind, &path, fields.value_span(field), report).map(|v| (field.to_owned(), v)));
    }
    Some(Json::Object(facts))
}

fn value(item: &Item, kind: Kind, path: &str, span: Range<usize>, report: &mut Report<'_>) -> Option<Json> {
    let value = json_of(item)?;
    let fits = match kind {
        Kind::Bool => value.is_boolean(),
        Kind::Double => value.is_number(),
        Kind::Text => value.is_string(),
        _ => value.as_array().is_some_and(|items| items.iter().all(Json::is_string)),
    };
    if !fits {
        report.error(span, format!("`{path}` is {}", kind.described()));
        return None;
    }
    Some(value)
}
