//! `[schema.NAME]`, compiled: the JSON Schema that a tool's results must fit, from a file beside the policy's or written in it.
//!
//! Nothing is fetched: a reference must stand in the schema itself. Its patterns are linear, as every other of the language.

use super::{Beside, section::Section};
use crate::{language::SCHEMA, problem::Report};
use domain::SchemaFacts;
use globset::{Glob, GlobMatcher};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::{ops::Range, sync::Arc};

/// The longest schema, and the longest result that is looked at, in bytes.
const LONGEST_SCHEMA: usize = 256 * 1024;
const LONGEST_RESULT: usize = 1 << 20;
/// What a mismatch may say, in characters.
const LONGEST_ERROR: usize = 300;

#[derive(Debug, Clone)]
pub(crate) struct ResultSchema {
    /// `policy/NAME`: its key in an observation.
    pub key: String,
    pub name: String,
    tool: GlobMatcher,
    /// None: its file was not at hand, and what it said then stands in the observations.
    validator: Option<Arc<Validator>>,
}

impl ResultSchema {
    pub fn is_of(&self, tool: &str) -> bool {
        self.validator.is_some() && self.tool.is_match(tool)
    }

    /// Whether a result fits, and where it does not.
    pub fn facts(&self, result: &str) -> SchemaFacts {
        let Some(validator) = &self.validator else { return SchemaFacts::default() };
        let wrong = |error: String| SchemaFacts { valid: false, error: error.chars().take(LONGEST_ERROR).collect() };
        if result.len() > LONGEST_RESULT {
            return wrong(format!("the result is longer than {LONGEST_RESULT} bytes and was not looked at"));
        }
        let value: Value = match serde_json::from_str(result) {
            Ok(value) => value,
            Err(error) => return wrong(format!("the result is not JSON: {error}")),
        };
        match validator.iter_errors(&value).next() {
            None => SchemaFacts::default(),
            Some(error) => {
                let place = error.instance_path().to_string();
                wrong(if place.is_empty() { error.to_string() } else { format!("{place}: {error}") })
            }
        }
    }
}

pub(super) fn declared(
    top: &Section<'_>,
    policy: &str,
    beside: Beside<'_>,
    report: &mut Report<'_>,
) -> Vec<ResultSchema> {
    let mut schemas = Vec::new();
    let Some(section) = top.table("schema") else { return schemas };
    for (name, item) in section.iter() {
        let span = item.span().unwrap_or_else(|| section.key_span(name));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`schema.{name}` takes a table: write `[schema.{name}]`"));
            continue;
        };
        let one = Section::new(table, span);
        one.check_keys(SCHEMA, "a schema", report);
        schemas.extend(one_schema(&one, name, policy, beside, report));
    }
    schemas
}

fn one_schema(
    section: &Section<'_>,
    name: &str,
    policy: &str,
    beside: Beside<'_>,
    report: &mut Report<'_>,
) -> Option<ResultSchema> {
    let tool = match section.text("tool", report).map(|text| Glob::new(&text.value)) {
        Some(Ok(glob)) => Some(glob.compile_matcher()),
        Some(Err(error)) => {
            report.error(section.value_span("tool"), format!("not a glob: {}", error.kind()));
            None
        }
        None => {
            report.error(section.span.clone(), format!("`schema.{name}` needs a `tool`"));
            None
        }
    };
    let validator = match (section.text("file", report), section.item("schema")) {
        (Some(_), Some(_)) => {
            report.error(section.key_span("schema"), "`file` and `schema` say the same thing; write one of them");
            None
        }
        (None, None) => {
            let hint = Some("write file = \"schemas/weather.json\", or schema = { type = \"object\" }".to_owned());
            report.error_with_hint(section.span.clone(), format!("`schema.{name}` has no schema"), hint);
            None
        }
        (Some(file), None) => from_file(&file.value, section.value_span("file"), beside, report),
        (None, Some(item)) => {
            let value = super::given::json_of(item).unwrap_or_default();
            validator(&value, "", section.value_span("schema"), report)
        }
    };
    Some(ResultSchema { key: format!("{policy}/{name}"), name: name.to_owned(), tool: tool?, validator })
}

fn from_file(file: &str, span: Range<usize>, beside: Beside<'_>, report: &mut Report<'_>) -> Option<Arc<Validator>> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !file.split('/').all(plain) || file.contains(['\\', ':']) {
        let hint = Some("name it relative to the policy's folder: \"schemas/weather.json\"".to_owned());
        report.error_with_hint(span, "a schema's file lies in the policy's folder, or in one below", hint);
        return None;
    }
    let source = match beside(file)? {
        Ok(source) => source,
        Err(why) => {
            report.error(span, format!("cannot read {file}: {why}"));
            return None;
        }
    };
    if source.len() > LONGEST_SCHEMA {
        report.error(span, format!("{file} is longer than {LONGEST_SCHEMA} bytes"));
        return None;
    }
    match serde_json::from_str(&source) {
        Ok(value) => validator(&value, &format!("{file}: "), span, report),
        Err(error) => {
            report.error(span, format!("{file} is not JSON: {error}"));
            None
        }
    }
}

fn validator(schema: &Value, whence: &str, span: Range<usize>, report: &mut Report<'_>) -> Option<Arc<Validator>> {
    if !schema.is_object() {
        report.error(span, format!("{whence}a JSON Schema is an object"));
        return None;
    }
    if let Some(reference) = outside(schema) {
        let hint = Some("put what it names under \"$defs\" of the same schema".to_owned());
        report.error_with_hint(span, format!("{whence}nothing is fetched: `{reference}` lies outside"), hint);
        return None;
    }
    match jsonschema::options().with_pattern_options(PatternOptions::regex()).build(schema) {
        Ok(validator) => Some(Arc::new(validator)),
        Err(error) => {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "the schema".to_owned() } else { place };
            report.error(span, format!("{whence}no JSON Schema: at {place}: {error}"));
            None
        }
    }
}

/// A reference to what does not stand in the schema.
fn outside(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(key, inner)| match (key.as_str(), inner) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) if !to.starts_with('#') => Some(to.clone()),
            _ => outside(inner),
        }),
        Value::Array(items) => items.iter().find_map(outside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile_beside;

    const WEATHER: &str = r#"{"type": "object", "required": ["celsius"], "properties": {"celsius": {"type": "number"}, "sky": {"pattern": "^(a+)+$"}}}"#;

    fn policy(schema: &str) -> String {
        format!(
            "version = 1\n[schema.weather]\n{schema}\n[[rule]]\nid = 'r'\non = 'tool.result'\nwhen = '!schema.weather.valid'\ndo = [{{ taint = 'odd' }}]\n"
        )
    }

    fn fit(schema: &str) -> ResultSchema {
        let (policy, _) = compile_beside("p.toml", &policy(schema), &|file| {
            Some(if file == "schemas/weather.json" { Ok(WEATHER.to_owned()) } else { Err("no such file".to_owned()) })
        })
        .unwrap();
        policy.declared.schemas[0].clone()
    }

    fn mistake(schema: &str, file: &str) -> String {
        let compiled = compile_beside("p.toml", &policy(schema), &|_| Some(Ok(file.to_owned())));
        let problem = compiled.unwrap_err().0.remove(0);
        format!("{}:{}: {}", problem.line, problem.column, problem.message)
    }

    #[test]
    fn a_result_fits_or_its_first_mismatch_is_told() {
        for fit in [
            fit("tool = 'get_*'\nfile = 'schemas/weather.json'"),
            fit(
                "tool = 'get_*'\nschema = { type = 'object', required = ['celsius'], properties = { celsius = { type = 'number' } } }",
            ),
        ] {
            assert!(fit.is_of("get_weather") && !fit.is_of("set_weather"));
            assert_eq!(fit.facts(r#"{"celsius": 21.5}"#), SchemaFacts::default());
            let odd = fit.facts(r#"{"celsius": "warm"}"#);
            assert_eq!((odd.valid, &*odd.error), (false, r#"/celsius: "warm" is not of type "number""#));
            assert!(fit.facts("{}").error.contains("celsius"));
            assert!(fit.facts("sunny").error.starts_with("the result is not JSON"));
            assert!(!fit.facts(&" ".repeat(LONGEST_RESULT + 1)).valid);
        }
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        let in_file = "tool = 'a'\nfile = 'a.json'";
        assert!(mistake("tool = 'a'", "").ends_with("`schema.weather` has no schema"));
        assert!(mistake("file = 'a.json'", WEATHER).ends_with("needs a `tool`"));
        assert_eq!(mistake("tool = 'a'\nfile = '../a.json'", "").split_once(": ").unwrap().0, "4:8");
        assert!(mistake(in_file, "{").starts_with("4:8: a.json is not JSON: EOF"));
        assert!(mistake(in_file, r#"{"type": "strnig"}"#).starts_with("4:8: a.json: no JSON Schema: at /type"));
        assert!(mistake(in_file, r#"{"$ref": "https://x.example/s"}"#).contains("nothing is fetched"));
        assert!(mistake("tool = 'a'\nschema = { type = 3 }", "").starts_with("4:10: no JSON Schema"));
    }
}
