//! Problems with a place: what is wrong in a policy file, where, and what was probably meant.
//!
//! Positions are computed once, when a problem is made, so that nobody else needs the source to show it.

use serde::Serialize;
use std::{fmt, ops::Range};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// The file is taken; the author should look.
    Warning,
}

/// One mistake, with everything needed to show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In characters, at least 1; never beyond the line.
    pub length: u32,
    pub severity: Severity,
    pub message: String,
    /// What to do, or the nearest known name.
    pub hint: Option<String>,
    /// The line as written.
    pub excerpt: String,
}

/// `file:line:column`, the message, the line and a caret line under it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, column, message, excerpt, .. } = self;
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs under the line, so that the caret stands where it should.
        let indent: String =
            excerpt.chars().take(*column as usize - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(self.length.max(1) as usize);
        writeln!(f, "{severity}: {message}")?;
        writeln!(f, "{margin}--> {file}:{line}:{column}")?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {excerpt}")?;
        write!(f, "{margin} | {indent}{carets}")?;
        match &self.hint {
            Some(hint) => write!(f, "\n{margin} = {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that kept a file from being taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct Problems(pub Vec<Problem>);

/// A file's text while it is compiled, and what was found wrong in it so far.
pub(crate) struct Report<'s> {
    file: &'s str,
    text: &'s str,
    problems: Vec<Problem>,
}

impl<'s> Report<'s> {
    pub fn new(file: &'s str, text: &'s str) -> Self {
        Report { file, text, problems: Vec::new() }
    }

    pub fn text(&self) -> &'s str {
        self.text
    }

    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.add(Severity::Error, span, message.into(), None);
    }

    pub fn error_with_hint(&mut self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.add(Severity::Error, span, message.into(), hint);
    }

    pub fn warn(&mut self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.add(Severity::Warning, span, message.into(), hint);
    }

    pub fn failed(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// In the order of the file.
    pub fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems.dedup();
        self.problems
    }

    fn add(&mut self, severity: Severity, span: Range<usize>, message: String, hint: Option<String>) {
        let start = floor_char(self.text, span.start);
        let end = floor_char(self.text, span.end).max(start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let excerpt = self.text[line_start..line_end].trim_end_matches('\r').to_owned();
        let length = self.text[start..end.min(line_end)].trim_end().chars().count().max(1);
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: before.matches('\n').count() as u32 + 1,
            column: self.text[line_start..start].chars().count() as u32 + 1,
            length: length as u32,
            severity,
            message,
            hint,
            excerpt,
        });
    }
}

/// The nearest character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_with_a_caret_under_the_mistake() {
        let mut report = Report::new("a.toml", "version = 1\nnäme = \"x\"\n");
        report.error_with_hint(12..17, "unknown key `näme`", Some("did you mean `name`?".into()));
        let problem = report.into_problems().remove(0);
        assert_eq!((problem.line, problem.column, problem.length), (2, 1, 4));
        assert_eq!(
            problem.to_string(),
            "error: unknown key `näme`\n --> a.toml:2:1\n  |\n2 | näme = \"x\"\n  | ^^^^\n  = did you mean `name`?"
        );
    }

    #[test]
    fn a_span_beyond_the_end_points_at_the_end() {
        let mut report = Report::new("a.toml", "ä");
        report.error(1..99, "cut off");
        let problem = report.into_problems().remove(0);
        assert_eq!((problem.line, problem.column, problem.length), (1, 1, 1));
    }
}
