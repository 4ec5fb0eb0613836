//! Templates: `{{path}}` in a text, checked at load like a variable, filled from the observation.

use crate::{
    condition::{Place, check_path},
    datum::cut,
    problem::Report,
    read::Read,
    toml_text::TomlText,
};
use domain::Observation;

/// What one filled value may add, in characters.
const LONGEST_VALUE: usize = 2_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Read(Read),
}

impl Template {
    pub fn compile(text: &TomlText, place: Place<'_>, report: &mut Report<'_>) -> Template {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(open) = text.value[at..].find("{{").map(|found| at + found) {
            parts.push(Part::Text(text.value[at..open].to_owned()));
            let Some(close) = text.value[open..].find("}}").map(|found| open + found) else {
                report.error(text.in_file(open..open + 2), "`{{` without `}}`");
                return Template { parts };
            };
            let inside = &text.value[open + 2..close];
            let start = open + 2 + (inside.len() - inside.trim_start().len());
            match check_path(inside.trim(), place) {
                Ok(read) => parts.push(Part::Read(read)),
                Err(mistakes) => {
                    for mistake in mistakes {
                        let span = text.in_file(start + mistake.span.start..start + mistake.span.end);
                        report.error_with_hint(span, mistake.message, mistake.hint);
                    }
                }
            }
            at = close + 2;
        }
        parts.push(Part::Text(text.value[at..].to_owned()));
        Template { parts }
    }

    pub fn reads(&self) -> impl Iterator<Item = &Read> {
        self.parts.iter().filter_map(|part| match part {
            Part::Read(read) => Some(read),
            Part::Text(_) => None,
        })
    }

    /// An absent value reads `(none)`.
    pub fn fill(&self, observation: &Observation) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Read(read) => match read.value(observation) {
                    Some(datum) => cut(&datum.to_string(), LONGEST_VALUE).into_owned(),
                    None => "(none)".to_owned(),
                },
            })
            .collect()
    }
}
