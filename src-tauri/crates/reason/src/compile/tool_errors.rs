//! `[tools] errors`: texts by which a policy knows that a tool failed, where the tool itself does not say so in a way that all agents share.

use super::section::Section;
use crate::problem::Report;
use globset::{Glob, GlobMatcher};
use regex::{Regex, RegexBuilder};

/// The part of a result in which they are looked for, in bytes.
const LOOKED_THROUGH: usize = 64 << 10;

/// What a failure of some tools looks like.
#[derive(Debug, Clone)]
pub(crate) struct ToolError {
    tools: GlobMatcher,
    text: Regex,
}

impl ToolError {
    pub fn is(&self, tool: &str, text: &str) -> bool {
        let end = (0..=text.len().min(LOOKED_THROUGH)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.tools.is_match(tool) && self.text.is_match(&text[..end])
    }
}

pub(super) fn declared(tools: &Section<'_>, report: &mut Report<'_>) -> Vec<ToolError> {
    let Some(errors) = tools.table("errors") else { return Vec::new() };
    let mut declared = Vec::new();
    for (name, item) in errors.iter() {
        let glob = Glob::new(name)
            .map_err(|error| report.error(errors.key_span(name), format!("not a glob: {}", error.kind())));
        let span = errors.value_span(name);
        let Some(source) = item.as_str() else {
            report.error(span, format!("`{name}` takes a regular expression as a string"));
            continue;
        };
        match RegexBuilder::new(source).size_limit(1 << 20).build() {
            Ok(text) if text.is_match("") => {
                report.error(span, "this matches where nothing stands, so every result would be an error")
            }
            Ok(text) => declared.extend(glob.map(|glob| ToolError { tools: glob.compile_matcher(), text })),
            Err(error) => {
                let last = error.to_string();
                let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                report.error(span, format!("not a regular expression: {why}"));
            }
        }
    }
    declared
}
