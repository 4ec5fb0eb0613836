//! A TOML table read with its positions: unknown and planned keys, wrong types and choices become located problems.

use super::duration;
use crate::{
    language::{Key, State, Takes, names},
    nearest::did_you_mean,
    problem::Report,
    toml_text::TomlText,
};
use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// A table, the keys that it may have, and where it stands.
pub(super) struct Section<'t> {
    table: &'t dyn TableLike,
    pub span: Range<usize>,
}

impl<'t> Section<'t> {
    pub fn new(table: &'t dyn TableLike, span: Range<usize>) -> Self {
        Section { table, span }
    }

    /// Reports keys that are not in the table of keys, or that this version does not carry out.
    pub fn check_keys(&self, keys: &'static [Key], what: &str, report: &mut Report<'_>) {
        for (name, item) in self.table.iter() {
            let span = self.key_span(name);
            match keys.iter().find(|key| key.name == name) {
                Some(key) if key.state == State::Planned => report.error_with_hint(
                    span,
                    format!("this version does not carry out `{name}` yet"),
                    Some("remove it, or keep it behind a `#` until a version does".to_owned()),
                ),
                Some(key) if !fits(item, key.takes) => {
                    let span = item.span().unwrap_or(span);
                    report.error(span, format!("`{name}` takes {}, not {}", described(key.takes), item.type_name()));
                }
                Some(_) => {}
                None => {
                    let hint = did_you_mean(name, names(keys))
                        .or_else(|| Some(format!("{what} has: {}", names(keys).collect::<Vec<_>>().join(", "))));
                    report.error_with_hint(span, format!("unknown key `{name}`"), hint);
                }
            }
        }
    }

    pub fn key_span(&self, name: &str) -> Range<usize> {
        self.table.get_key_value(name).and_then(|(key, _)| key.span()).unwrap_or_else(|| self.span.clone())
    }

    pub fn item(&self, name: &str) -> Option<&'t Item> {
        self.table.get(name)
    }

    /// Where a key's value stands; the key, where the value is a table without a place of its own.
    pub fn value_span(&self, name: &str) -> Range<usize> {
        self.item(name).and_then(Item::span).unwrap_or_else(|| self.key_span(name))
    }

    pub fn text(&self, name: &str, report: &Report<'_>) -> Option<TomlText> {
        let value = self.item(name)?.as_str()?;
        Some(TomlText::locate(value, report.text(), self.value_span(name)))
    }

    pub fn count(&self, name: &str, report: &mut Report<'_>) -> Option<u32> {
        let value = self.item(name)?.as_integer()?;
        match u32::try_from(value) {
            Ok(value) => Some(value),
            Err(_) => {
                let message = format!("`{name}` takes a whole number from 0 to {}", u32::MAX);
                report.error(self.value_span(name), message);
                None
            }
        }
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        let item = self.item(name)?;
        item.as_float().or_else(|| item.as_integer().map(|whole| whole as f64))
    }

    /// Milliseconds.
    pub fn duration(&self, name: &str, report: &mut Report<'_>) -> Option<u64> {
        let text = self.text(name, report)?;
        duration::read(&text, report)
    }

    /// One of the allowed words, as what it means.
    pub fn choice<T: Copy>(&self, name: &str, words: &[(&'static str, T)], report: &mut Report<'_>) -> Option<T> {
        let given = self.item(name)?.as_str()?;
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let all = words.iter().map(|(word, _)| *word);
                let hint = did_you_mean(given, all.clone())
                    .or_else(|| Some(format!("one of: {}", all.collect::<Vec<_>>().join(", "))));
                report.error_with_hint(self.value_span(name), format!("`{name}` cannot be \"{given}\""), hint);
                None
            }
        }
    }

    /// The texts of a list, each with its place.
    pub fn texts(&self, name: &str, report: &mut Report<'_>) -> Option<Vec<(String, Range<usize>)>> {
        let list = self.item(name)?.as_array()?;
        let mut texts = Vec::new();
        for value in list {
            let span = value.span().unwrap_or_else(|| self.value_span(name));
            match value.as_str() {
                Some(text) => texts.push((text.to_owned(), span)),
                None => report.error(span, format!("`{name}` takes strings, not {}", value.type_name())),
            }
        }
        Some(texts)
    }

    /// The tables of `[[name]]` or `name = [{…}]`, each with its place.
    pub fn tables(&self, name: &str) -> Vec<Section<'t>> {
        match self.item(name) {
            Some(Item::ArrayOfTables(tables)) => tables
                .iter()
                .map(|table| Section::new(table, table.span().unwrap_or_else(|| self.key_span(name))))
                .collect(),
            Some(Item::Value(Value::Array(values))) => values
                .iter()
                .filter_map(|value| {
                    let table = value.as_inline_table()?;
                    Some(Section::new(table, value.span().unwrap_or_else(|| self.key_span(name))))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    pub fn table(&self, name: &str) -> Option<Section<'t>> {
        let item = self.item(name)?;
        Some(Section::new(item.as_table_like()?, item.span().unwrap_or_else(|| self.key_span(name))))
    }

    /// From the table's head to its last value; the span alone is only the head.
    pub fn extent(&self) -> Range<usize> {
        self.span.start..last_byte(self.table).max(self.span.end)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'t str, &'t Item)> {
        self.table.iter()
    }
}

fn last_byte(table: &dyn TableLike) -> usize {
    let end = |item: &Item| {
        let inner = item.as_table().map_or(0, |table| last_byte(table));
        item.span().map_or(inner, |span| span.end.max(inner))
    };
    table.iter().map(|(_, item)| end(item)).max().unwrap_or(0)
}

fn fits(item: &Item, takes: Takes) -> bool {
    match takes {
        Takes::Text | Takes::Choice(_) | Takes::Condition | Takes::Duration => item.is_str(),
        Takes::Count => item.is_integer(),
        Takes::Number => item.is_integer() || item.is_float(),
        Takes::Texts | Takes::Choices(_) => item.is_array(),
        Takes::Actions => item.is_array(),
        Takes::Table(_) | Takes::Facts | Takes::Models | Takes::Patterns | Takes::Named(_) => item.is_table_like(),
        Takes::Tables(_) => {
            item.is_array_of_tables() || item.as_array().is_some_and(|values| values.iter().all(Value::is_inline_table))
        }
        Takes::Moment => {
            item.as_datetime().is_some_and(|at| at.date.is_some() && at.time.is_some() && at.offset.is_some())
        }
        Takes::Anything => true,
    }
}

pub(crate) fn described(takes: Takes) -> &'static str {
    match takes {
        Takes::Text => "a string",
        Takes::Choice(_) => "a word",
        Takes::Condition => "a condition as a string",
        Takes::Count => "a whole number",
        Takes::Number => "a number",
        Takes::Texts => "a list of strings",
        Takes::Choices(_) => "a list of words",
        Takes::Duration => "a duration as a string",
        Takes::Moment => "a moment with its offset (2026-12-31T00:00:00Z)",
        Takes::Actions => "a list of actions",
        Takes::Table(_) | Takes::Facts => "a table",
        Takes::Models => "a table of models",
        Takes::Patterns => "a table of regular expressions",
        Takes::Named(_) => "tables by name (`[….NAME]`)",
        Takes::Tables(_) => "tables (`[[…]]`)",
        Takes::Anything => "anything",
    }
}
